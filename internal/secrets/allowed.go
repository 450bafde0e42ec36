package secrets

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// AllowFile is committed in the folder of a stack. It names what stands in old commits,
// has the form of a credential, and opens nothing: no line can be added there that
// would say so.
const AllowFile = "nself.scan-allow"

// mostAllowed is the largest such file, in bytes.
const mostAllowed = 1 << 20

// allowance is a line of it: COMMIT:PATH  # why.
type allowance struct {
	line         int
	commit, path string
	used         bool
}

// allowances are those of a stack.
type allowances struct {
	file  string
	lines []allowance
	diags diag.List
}

// readAllowances reads the file of a folder. A line that cannot be understood allows
// nothing, and is told.
func readAllowances(folder string) *allowances {
	a := &allowances{file: filepath.ToSlash(filepath.Join(folder, AllowFile))}
	info, err := os.Lstat(filepath.Join(folder, AllowFile))
	if err != nil {
		return a
	}
	var text []byte
	if !info.Mode().IsRegular() {
		err = fmt.Errorf("it is not a regular file")
	} else if f, opened := os.OpenFile(filepath.Join(folder, AllowFile), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0); opened != nil {
		err = opened
	} else {
		text, err = io.ReadAll(io.LimitReader(f, mostAllowed+1))
		_ = f.Close() // read only
	}
	if err == nil && len(text) > mostAllowed {
		err = fmt.Errorf("it is larger than %d MiB", mostAllowed>>20)
	}
	if err != nil {
		a.without(1, fmt.Sprintf("%s allows nothing, as it cannot be read: %s.", a.file, reason(err)))
		return a
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		what, why, _ := strings.Cut(line, " #")
		commit, path, ok := strings.Cut(strings.TrimSpace(what), ":")
		switch {
		case !ok || len(commit) < short || len(commit) > 64 || span(commit, "0123456789abcdef", len(commit)) != len(commit):
			a.without(n, fmt.Sprintf("Line %d of %s does not begin with a commit, of %d hexadecimal digits or more, a colon and a path, as findings have them.", n, a.file, short))
		case strings.TrimSpace(why) == "":
			a.without(n, fmt.Sprintf("Line %d of %s does not say why that opens nothing: nobody who reviews it could tell.", n, a.file))
		default:
			a.lines = append(a.lines, allowance{line: n, commit: commit, path: path})
		}
	}
	return a
}

// covers tells whether what is in a file of a commit is allowed.
func (a *allowances) covers(commit, path string) bool {
	found := false
	for i := range a.lines {
		if l := &a.lines[i]; l.path == path && strings.HasPrefix(commit, l.commit) {
			l.used, found = true, true
		}
	}
	return found
}

// unused warns of lines that no finding needed.
func (a *allowances) unused() diag.List {
	for _, l := range a.lines {
		if !l.used {
			a.without(l.line, fmt.Sprintf("Line %d of %s allows what is not found: the commit is not the first that has it, the path is another one, or it is gone. A value of .secrets is never allowed.", l.line, a.file))
		}
	}
	return a.diags
}

func (a *allowances) without(line int, problem string) {
	at := source.Pos{Line: int32(line), Byte: 0}
	a.diags = append(a.diags, diag.Warningf(codeWithoutEffect, source.Range{File: a.file, Start: at, End: at}, "Line without effect in "+AllowFile,
		"%s\n\nWrite the place as the finding has it, and why it opens nothing; or remove the line:\n\n    1a2b3c4d5e6f:test/fixture.env  # a server of the tests, gone since", problem))
}
