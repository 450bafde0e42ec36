package policy

// imageRules are about what runs.
func imageRules() []Rule {
	return []Rule{
		reported("NS300", "Invalid image reference", Images, Low, ByCheck, Error, Error, "CIS Docker Benchmark 5.28", "distribution, reference grammar"),
		floatingTag(),
		missingDigest(),
		outdatedNginx(),
		reported("NS347", "Service without an image", Images, Low, ByCheck, Error, Error, "Compose specification, image and build"),
		reported("NS349", "Build context holds the secrets", Images, Critical, ByCheck, Error, Error, "CIS Docker Benchmark 4.10", "OWASP Docker D12", "CWE-312"),
		constructed("NS1201", "Image reference that Docker does not take", Images, Low, "CIS Docker Benchmark 5.28", "distribution, reference grammar"),
		constructed("NS1202", "Digest that pins nothing", Images, Medium, "CIS Docker Benchmark 5.28", "OWASP Docker D13", "Checkov CKV_K8S_43"),
		constructed("NS1203", "Image built from elsewhere", Images, Medium, "dclint no-build-and-image", "NIST SP 800-190, 4.1.5", "CWE-494"),
		constructed("NS1204", "Build with the host's powers", Images, High, "CIS Docker Benchmark 4.10", "OWASP Docker D12", "CWE-250"),
		constructed("NS1205", "Dockerfile from outside the stack", Images, Low, "CWE-22", "NIST SP 800-190, 4.1.5"),
		constructed("NS1206", "Service that runs nothing", Images, Low, "Compose specification, image and build"),
	}
}
