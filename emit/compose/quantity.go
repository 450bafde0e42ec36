package compose

import (
	"strconv"
	"strings"
)

// appendSize prints a number of bytes as people write it in compose files: in
// the largest unit of b, k, m and g that leaves no remainder. The units are
// powers of 1024 to Docker (go-units, RAMInBytes) and to tmpfs (tmpfs(5)) alike.
func appendSize(b []byte, n int64) []byte {
	const units = "bkmg"
	i := 0
	for i < len(units)-1 && n != 0 && n%1024 == 0 {
		n, i = n/1024, i+1
	}
	return append(strconv.AppendInt(b, n, 10), units[i])
}

// appendCores prints a number of CPUs without an exponent, in quotes: the form
// that every release of Compose reads.
func appendCores(b []byte, n float64) []byte {
	return append(strconv.AppendFloat(append(b, '\''), n, 'f', -1, 64), '\'')
}

// relative makes a path below the output directory, or beside it, explicit.
func relative(path string) string {
	if isExplicit(path) {
		return path
	}
	return "./" + path
}

func isExplicit(path string) bool {
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") || path == "." || path == ".."
}
