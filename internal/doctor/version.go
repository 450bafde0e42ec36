package doctor

import (
	"slices"
	"strconv"
	"strings"
)

// version is the numbers of a release.
type version []int

// parseVersion reads the numbers that a tag or release begins with: "17.6-alpine",
// "v2.36.0", "26.1.5+dfsg1". ok tells whether there is one.
func parseVersion(text string) (version, bool) {
	v := version(numbers(strings.TrimPrefix(text, "v")))
	return v, len(v) > 0
}

func numbers(text string) []int {
	var out []int
	for part := range strings.SplitSeq(text, ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			return out
		}
		if out = append(out, n); digits != part {
			return out
		}
	}
	return out
}

// compare orders releases; numbers that are not there are 0.
func (v version) compare(o version) int {
	for i := range max(len(v), len(o)) {
		a, b := 0, 0
		if i < len(v) {
			a = v[i]
		}
		if i < len(o) {
			b = o[i]
		}
		if a != b {
			return a - b
		}
	}
	return 0
}

func (v version) atLeast(o version) bool { return v.compare(o) >= 0 }

// safe holds a release against the first safe one of each line: those of the same
// line, and otherwise newer than all. A release is of the line with which it shares
// all numbers but the last.
func (v version) safe(first []string) bool {
	newest := version{}
	for _, f := range first {
		o := version(numbers(f))
		if n := len(o) - 1; len(v) >= n && slices.Equal(v[:n], o[:n]) {
			return v.atLeast(o)
		}
		if o.compare(newest) > 0 {
			newest = o
		}
	}
	return v.atLeast(newest)
}
