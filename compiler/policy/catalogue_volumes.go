package policy

// volumeRules are about what containers mount.
func volumeRules() []Rule {
	return []Rule{
		reported(Volumes, "NS305", "Invalid path in the container", Medium, "CWE-706"),
		reported(Volumes, "NS306", "Two mounts at one path", Low, "Compose specification, volumes"),
		reported(Volumes, "NS307", "Invalid path on the host", High, "CIS Docker Benchmark 5.6 and 5.32", "CWE-22", "CWE-59"),
		writableBind(),
		reported(Volumes, "NS329", "Two volumes with one name", Low, "KICS 8c978947"),
		proved(Volumes, "NS1301", "Folder of the host in a container", High, "CIS Docker Benchmark 5.6", "KICS 1c1325ff"),
		proved(Volumes, "NS1302", "Mount that others see", High, "CIS Docker Benchmark 5.20", "KICS baa452f0"),
		proved(Volumes, "NS1303", "Missing path is made by Docker", Medium, "Compose specification, volumes: create_host_path", "CWE-276"),
		proved(Volumes, "NS1304", "Mount in another form", Medium, "Compose specification, volumes: long syntax"),
		proved(Volumes, "NS1305", "Container can write what nselfc has written", Medium, "OWASP Docker D8", "CWE-732"),
		proved(Volumes, "NS1306", "Path that is not what it seems", High, "CWE-22"),
		proved(Volumes, "NS1307", "Container sees secrets that are not its own", Critical, "OWASP Docker D12", "CWE-668"),
		proved(Volumes, "NS1308", "Volume that is a folder of the host", High, "KICS 1c1325ff", "CIS Docker Benchmark 5.6"),
		proved(Volumes, "NS1309", "Volume without a declaration", Low, "Compose specification, volumes"),
		proved(Volumes, "NS1310", "Mount hides what the container needs", High, "CWE-706", "KICS 1c1325ff"),
		proved(Volumes, "NS1311", "Memory file system without bounds", Low, "OWASP Docker D8", "CIS Docker Benchmark 5.13", "CWE-770"),
	}
}
