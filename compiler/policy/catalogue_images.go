package policy

// imageRules are about what runs.
func imageRules() []Rule {
	return []Rule{
		reported(Images, "NS300", "Invalid image reference", Low, "CIS Docker Benchmark 5.28", "distribution, reference grammar"),
		floatingTag(),
		missingDigest(),
		outdatedNginx(),
		reported(Images, "NS347", "Service without an image", Low, "Compose specification, image and build"),
		reported(Images, "NS349", "Build context holds the secrets", Critical, "CIS Docker Benchmark 4.10", "OWASP Docker D12", "CWE-312"),
		proved(Images, "NS1201", "Image reference that Docker does not take", Low, "CIS Docker Benchmark 5.28", "distribution, reference grammar"),
		proved(Images, "NS1202", "Digest that pins nothing", Medium, "CIS Docker Benchmark 5.28", "OWASP Docker D13", "Checkov CKV_K8S_43"),
		proved(Images, "NS1203", "Image built from elsewhere", Medium, "dclint no-build-and-image", "NIST SP 800-190, 4.1.5", "CWE-494"),
		proved(Images, "NS1204", "Build with the host's powers", High, "CIS Docker Benchmark 4.10", "OWASP Docker D12", "CWE-250"),
		proved(Images, "NS1205", "Dockerfile from outside its context", Low, "CWE-22", "NIST SP 800-190, 4.1.5"),
		proved(Images, "NS1206", "Service that runs nothing", Low, "Compose specification, image and build"),
	}
}
