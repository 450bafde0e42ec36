package outdir

import (
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names of our own in the output directory, all ignored by git.
const (
	stagingName = ".nself.staging" // directory of files that are not in force yet
	nextName    = ".nself.next"    // the lock of a build that is under way
)

// Limits that Linux sets: NAME_MAX of every common file system, and a quarter of
// PATH_MAX (limits.h), which leaves room for the way to the output directory.
const (
	maxComponent = 255
	maxPath      = 1024
)

// checkPath says why p cannot be the path of a generated file, or gives "".
func checkPath(p string) string {
	switch {
	case p == "" || p == ".":
		return "is empty"
	case len(p) > maxPath:
		return "is longer than 1024 bytes"
	case !utf8.ValidString(p):
		return "is not UTF-8"
	case strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "holds an unprintable character"
	case strings.Contains(p, `\`):
		return "holds a backslash"
	case path.IsAbs(p):
		return "is absolute"
	case !filepath.IsLocal(p):
		return "leads out of the directory"
	case path.Clean(p) != p:
		return "is not in its shortest form"
	}
	for part := range strings.SplitSeq(p, "/") {
		low := fold(part)
		switch {
		case len(part) > maxComponent:
			return "has a part longer than 255 bytes"
		case low == ".git":
			return "belongs to git"
		case strings.Contains(low, ".secrets"):
			return "belongs to the secret store"
		case strings.HasPrefix(low, ".nself."):
			return "is a name that the build keeps for itself"
		}
	}
	if fold(p) == LockName {
		return "names the lock itself"
	}
	return ""
}

// fold gives the form of a path that a file system which ignores case compares.
func fold(p string) string {
	ascii := true
	for i := range len(p) {
		if p[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(p)
	}
	return strings.Map(func(r rune) rune {
		// The smallest rune of the orbit stands for all that fold together
		// (k, K and the Kelvin sign), but for ASCII, which goes to lower case.
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return unicode.ToLower(least)
	}, p)
}

// parents calls f for every directory above p, nearest first, until it returns
// false.
func parents(p string, f func(dir string) bool) {
	for i := strings.LastIndexByte(p, '/'); i > 0; i = strings.LastIndexByte(p[:i], '/') {
		if !f(p[:i]) {
			return
		}
	}
}
