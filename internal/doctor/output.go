package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"nselfc/emit/outdir"
)

func outputChecks() []check {
	return []check{{code: "NS2008", run: writable}, {code: "NS2009", run: asCompiled}}
}

// committed lists the files that a build writes for git.
func (x *examination) committed() []string {
	var out []string
	for _, f := range x.Files {
		if !f.Secret() {
			out = append(out, f.Path)
		}
	}
	return out
}

// writable finds files and folders of the output that others may change: what runs
// as root here is then theirs.
func writable(_ context.Context, x *examination) (string, []Finding, error) {
	paths := []string{"."}
	for _, file := range x.committed() {
		for p := file; p != "."; p = path.Dir(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	var found []Finding
	n := 0
	for _, p := range paths {
		full := filepath.Join(x.Dir, filepath.FromSlash(p))
		fi, err := os.Lstat(full)
		if errors.Is(err, fs.ErrNotExist) {
			continue // what is missing has a finding of its own
		}
		if err != nil {
			return "", found, reason(err)
		}
		n++
		if user, other := x.another(fi); other {
			found = append(found, Finding{
				Object:   p,
				Evidence: fmt.Sprintf("%s belongs to user %d, and what is around it to another: that user may change what Docker, nginx and ufw are told here.", full, user),
				Fix:      fmt.Sprintf("See who put it there, and give it to the owner of the folder:\n\n    sudo chown --no-dereference --reference=%s %s", x.Dir, full),
			})
			continue
		}
		if fi.Mode()&fs.ModeSymlink == 0 && fi.Mode().Perm()&0o022 != 0 {
			found = append(found, Finding{
				Object:   p,
				Evidence: fmt.Sprintf("%s has mode %04o: others than its owner may change what Docker, nginx and ufw are told here.", full, fi.Mode().Perm()),
				Fix:      fmt.Sprintf("    chmod %04o %s\n\nor nselfc doctor --fix, which shows what it does first.", fi.Mode().Perm()&^0o022, full),
			})
		}
	}
	if n == 0 {
		return "", nil, fmt.Errorf("there is no output at %s: build it, or name it with --out", x.Dir)
	}
	return counted(n, "file or folder") + " of the output, which only the owner may write", found, nil
}

// another tells whether a file belongs to somebody who is neither the owner of the
// output nor root.
func (x *examination) another(fi fs.FileInfo) (user int, other bool) {
	s, ok := fi.Sys().(*syscall.Stat_t)
	dir, err := os.Stat(x.Dir)
	if !ok || err != nil {
		return 0, false
	}
	owner, ok := dir.Sys().(*syscall.Stat_t)
	return int(s.Uid), ok && s.Uid != owner.Uid && s.Uid != 0
}

// asCompiled compares the output with what the stack compiles to.
func asCompiled(_ context.Context, x *examination) (string, []Finding, error) {
	if _, err := os.Stat(x.Dir); err != nil {
		return "", nil, fmt.Errorf("there is no output at %s: build it, or name it with --out", x.Dir)
	}
	var found []Finding
	files := x.committed()
	for _, name := range files {
		full := filepath.Join(x.Dir, filepath.FromSlash(name))
		want := x.file(name)
		text, err := readBelow(x.Dir, filepath.FromSlash(name), int64(len(want)))
		evidence := ""
		switch {
		case errors.Is(err, fs.ErrNotExist):
			evidence = full + " is not there."
		case errors.Is(err, errNoFile), errors.Is(err, syscall.ELOOP):
			evidence = full + " is a link, a pipe or another thing than the file that was built: what reads it gets what somebody else put there."
		case err != nil && !errors.Is(err, errTooLarge):
			return "", found, err
		case text != want: // nothing is read of what is larger
			evidence = full + " is not what the stack compiles to: somebody edited it, or the stack was changed and not built."
		}
		if evidence != "" {
			found = append(found, Finding{Object: name, Evidence: evidence, Fix: "See what differs, and build:\n\n    nselfc check" + envFlag(x.Stack.Environment) + "\n    nselfc build" + envFlag(x.Stack.Environment)})
		}
	}
	f, err := x.damagedLock()
	if f != nil {
		found = append(found, *f)
	}
	return counted(len(files), "file") + ", as the stack compiles", found, err
}

// damagedLock tells whether the next build could not tell an edit of somebody's from
// its own files.
func (x *examination) damagedLock() (*Finding, error) {
	const most = 16 << 20
	text, err := readBelow(x.Dir, outdir.LockName, most)
	evidence := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		evidence = "is not there."
	case errors.Is(err, errNoFile), errors.Is(err, syscall.ELOOP), errors.Is(err, errTooLarge):
		evidence = "is not the file that was built."
	case err != nil:
		return nil, err
	default:
		if _, diags := outdir.ReadLock(outdir.LockName, []byte(text)); diags.HasErrors() {
			evidence, _, _ = strings.Cut(diags[0].Detail, "\n\n")
			evidence = "cannot be read: " + evidence
		}
	}
	if evidence == "" {
		return nil, nil //nolint:nilnil // nothing is wrong with it
	}
	return &Finding{
		Object: outdir.LockName, Evidence: filepath.Join(x.Dir, outdir.LockName) + " " + evidence + " Without it, a build cannot tell what somebody edited from what it wrote.",
		Fix: "Take it from the last commit, or build anew:\n\n    git checkout -- " + outdir.LockName + "\n    nselfc build" + envFlag(x.Stack.Environment),
	}, nil
}

func envFlag(name string) string {
	if name == "" {
		return ""
	}
	return " --env " + strings.TrimSpace(name)
}
