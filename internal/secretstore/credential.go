package secretstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"nselfc/lang/escape"
)

// maxCredential is far above any token, role or identity file.
const maxCredential = 64 << 10

// readCredential reads a credential that is one line of text.
func readCredential(store, path string) (string, error) {
	text, err := privateFile(store, path)
	return strings.TrimSpace(string(text)), err
}

// privateFile reads the file of a credential, which nobody but its owner may
// read or change, and whose owner is whoever runs the command, or root. Links are
// followed, as mounts of secrets are made of them; what they lead to is judged. An
// error wraps fs.ErrNotExist when there is no file.
func privateFile(store, path string) ([]byte, error) {
	wrong := func(problem, advice string) error {
		return &Error{Kind: ErrInvalid, Store: store, Problem: fmt.Sprintf("needs the credential in %s, which ", path) + problem, Advice: advice}
	}
	// Without O_NONBLOCK a named pipe would hold the command for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	look := "See its owner and mode with\n\n    ls -lL " + escape.ShellWord(path)
	if err != nil {
		return nil, wrong("cannot be read.", look)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, wrong("is not a file.", look)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return nil, wrong("belongs to somebody else.", look)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, wrong(fmt.Sprintf("others can read or change (its mode is %04o).", info.Mode().Perm()),
			"Whoever reads it can read every secret of the environment. Close it, and make a new credential if other people use this host:\n\n    chmod 600 "+escape.ShellWord(path))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCredential+1))
	switch {
	case err != nil:
		return nil, wrong("cannot be read.", look)
	case len(text) > maxCredential:
		return nil, wrong("is too long to be one.", look)
	}
	return text, nil
}

// first gives the first of some variables that is set.
func first(o Options, names ...string) string {
	for _, n := range names {
		if v := o.getenv(n); v != "" {
			return v
		}
	}
	return ""
}
