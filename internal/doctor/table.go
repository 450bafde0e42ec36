package doctor

import (
	"strconv"
	"strings"
)

// tableDate is the day up to which the table below was held against what the
// projects publish.
const tableDate = "2026-08-31"

// product is an image's program, with its lines of releases.
type product struct {
	name  string
	width int // how many numbers name a line of releases
	// first are the oldest releases of each line without a known fault that a client
	// can use, oldest line first. A release of no line is safe when it is newer.
	first []string
	why   string
	end   map[string]string // line to the day on which its support ends
}

// products is the table. Sources: postgresql.org/support (versioning, security),
// redis.io (security advisories), nginx.org (security advisories), valkey's releases.
func products() []product {
	return []product{
		{
			name: "postgres", width: 1, first: []string{"14.25", "15.20", "16.16", "17.12", "18.7"},
			why: "A user of the database can run code of his own (CVE-2026-2005, CVE-2026-2006), or read memory of the server (CVE-2026-6460).",
			end: map[string]string{
				"10": "2022-11-10", "11": "2023-11-09", "12": "2024-11-21", "13": "2025-11-13", "14": "2026-11-12",
				"15": "2027-11-11", "16": "2028-11-09", "17": "2029-11-08", "18": "2030-11-14",
			},
		},
		{
			name: "redis", width: 2, first: []string{"6.2.24", "7.2.16", "7.4.11", "8.2.9", "8.4.6", "8.6.6", "8.8.2", "8.10.1"},
			why: "A client can run code of his own (CVE-2025-49844, CVE-2026-23479; with TLS without logging in, CVE-2026-81934).",
		},
		{
			name: "valkey", width: 2, first: []string{"7.2.11", "8.0.6", "8.1.4"},
			why: "A client that is logged in can run code of his own (CVE-2025-49844).",
		},
		{
			name: "nginx", width: 2, first: []string{"1.30.4", "1.31.3"},
			why: "A client can run code of his own, or read memory of the server (CVE-2026-42945, CVE-2026-9256, CVE-2026-42533, CVE-2026-60005).",
		},
	}
}

// program gives the name by which the table knows what is in an image, or a package:
// others give theirs the releases of the project and a name of their own.
func program(name string) string {
	switch name {
	case "postgresql":
		return "postgres"
	case "nginx-unprivileged":
		return "nginx"
	}
	return name
}

// line names the line of releases that a release is of.
func line(v version, width int) string {
	var parts []string
	for _, n := range v[:min(width, len(v))] {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Join(parts, ".")
}

// newer gives the release to go to: of the same line where it has a safe one.
func (k product) newer(v version) string {
	for _, f := range k.first {
		if o := version(numbers(f)); len(v) > 0 && line(o, k.width) == line(v, k.width) && o.compare(v) > 0 {
			return f
		}
	}
	return k.first[len(k.first)-1]
}
