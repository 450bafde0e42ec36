package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"nselfc/internal/secrets"
)

// Mending is a mode to be changed.
type Mending struct {
	Path     string // below the output directory
	From, To fs.FileMode
}

// Mendings lists the modes in the output directory that are too wide: of the secrets,
// and of what others than the owner may write. It follows no link.
func Mendings(subject Subject) ([]Mending, error) {
	root, err := outputRoot(subject.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var out []Mending
	look := func(name string, limit fs.FileMode) {
		fi, err := root.Lstat(name)
		if err == nil && fi.Mode()&fs.ModeSymlink == 0 && fi.Mode().Perm()&^limit != 0 {
			out = append(out, Mending{name, fi.Mode().Perm(), fi.Mode().Perm() & limit})
		}
	}
	for _, name := range []string{secrets.File, secrets.RetiredFile} {
		look(name, 0o600)
	}
	look(secrets.Dir, 0o700)
	paths := []string{"."}
	for _, f := range subject.Files {
		if f.Secret() {
			continue // the folder around it is closed
		}
		for p := f.Path; p != "."; p = path.Dir(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		look(p, 0o755)
	}
	return out, nil
}

// errChanged says that a path is not what was shown to the person who agreed.
var errChanged = errors.New("it was changed meanwhile")

// Mend changes a mode, of what still is as it was shown: a file with one name, or a
// folder, and no link to it.
func Mend(dir string, m Mending) error {
	root, err := outputRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.OpenFile(m.Path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return reason(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return reason(err)
	}
	named, err := root.Lstat(m.Path)
	if err != nil || !os.SameFile(fi, named) || !fi.IsDir() && !fi.Mode().IsRegular() || fi.Mode().Perm() != m.From {
		return fmt.Errorf("%s: %w", filepath.Join(dir, m.Path), errChanged)
	}
	if s, ok := fi.Sys().(*syscall.Stat_t); ok && !fi.IsDir() && s.Nlink > 1 {
		return fmt.Errorf("%s has another name somewhere, and is left as it is", filepath.Join(dir, m.Path))
	}
	// A folder's setgid and sticky bits let nobody in, and somebody has set them.
	return reason(f.Chmod(fi.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) | m.To))
}

// outputRoot opens the output, which is a folder of its own and no link to one: no
// build writes into another, and whose files are there, nobody knows.
func outputRoot(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, reason(err)
	}
	named, err := os.Lstat(dir)
	opened, statErr := root.Stat(".")
	if err != nil || statErr != nil || !os.SameFile(named, opened) { // of a link, Lstat gives the link
		return nil, errors.Join(fmt.Errorf("%s is a link, or was changed meanwhile: nothing is changed behind it", dir), root.Close())
	}
	return root, nil
}
