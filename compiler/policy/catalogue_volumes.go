package policy

// volumeRules are about what containers mount.
func volumeRules() []Rule {
	return []Rule{
		reported("NS305", "Invalid path in the container", Volumes, Medium, ByCheck, Error, Error, "CWE-706"),
		reported("NS306", "Two mounts at one path", Volumes, Low, ByCheck, Error, Error, "Compose specification, volumes"),
		reported("NS307", "Invalid path on the host", Volumes, High, ByCheck, Error, Error, "CIS Docker Benchmark 5.6 and 5.32", "CWE-22", "CWE-59"),
		writableBind(),
		reported("NS329", "Two volumes with one name", Volumes, Low, ByCheck, Error, Error, "KICS 8c978947"),
		constructed("NS1301", "Folder of the host in a container", Volumes, High, "CIS Docker Benchmark 5.6", "KICS 1c1325ff"),
		constructed("NS1302", "Mount that others see", Volumes, High, "CIS Docker Benchmark 5.20", "KICS baa452f0"),
		constructed("NS1303", "Missing path is made by Docker", Volumes, Medium, "Compose specification, volumes: create_host_path", "CWE-276"),
		constructed("NS1304", "Mount in another form", Volumes, Medium, "Compose specification, volumes: long syntax"),
		constructed("NS1305", "Container can write what nselfc has written", Volumes, Medium, "OWASP Docker D8", "CWE-732"),
		constructed("NS1306", "Path that is not what it seems", Volumes, High, "CWE-22"),
		constructed("NS1307", "Container sees secrets that are not its own", Volumes, Critical, "OWASP Docker D12", "CWE-668"),
		constructed("NS1308", "Volume that is a folder of the host", Volumes, High, "KICS 1c1325ff", "CIS Docker Benchmark 5.6"),
		constructed("NS1309", "Volume without a declaration", Volumes, Low, "Compose specification, volumes"),
		constructed("NS1310", "Mount hides what the container needs", Volumes, High, "CWE-706", "KICS 1c1325ff"),
		constructed("NS1311", "Memory file system without bounds", Volumes, Low, "OWASP Docker D8", "CIS Docker Benchmark 5.13", "CWE-770"),
	}
}
