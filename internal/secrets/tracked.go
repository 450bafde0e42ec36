package secrets

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// tracked refuses to go on when git has .secrets in its index: the next commit
// would publish every value.
func (st *store) tracked() *diag.Diagnostic {
	name := inGit(filepath.Join(st.root.Name(), File)) // resolved and absolute
	if name == "" {
		return nil
	}
	full := filepath.Join(st.dir, name)
	return diag.Errorf(codeTracked, onFile(full), summaryTracked,
		"%s is in the index of git: the next commit publishes every value in it, if an earlier one has not.\n\n"+
			"Take it out of the index (the file stays), and rotate every secret if it was ever pushed:\n\n    git rm --cached %s", full, word(full))
}

const summaryTracked = "Secrets tracked by git"

// trackedKey says the same of a private key that its owner brings.
func (b *book) trackedKey(s *ir.Secret) *diag.Diagnostic {
	path, err := filepath.EvalSymlinks(b.onHost(s.Files.PrivateKey))
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil || inGit(path) == "" {
		return nil // it has been read already: where it is gone, there is nothing to publish
	}
	name := b.onHost(s.Files.PrivateKey)
	return diag.Errorf(codeTracked, rangeOf(s.Files.PrivateKey, s), summaryTracked,
		"%s is in the index of git: the next commit publishes the private key, if an earlier one has not.\n\n"+
			"Keep it out of the repository, or at least out of the index (the file stays), and get a new certificate if it was ever pushed:\n\n    git rm --cached %s\n    echo '*.pem' >> .gitignore", name, word(name))
}

// inGit tells whether git, in a work tree around it, has a file in its index, or
// one below the folder PATH.d beside it: then its name from the file's folder,
// else "". It reads the index itself, so that no git is needed. path is absolute.
func inGit(path string) string {
	for top := filepath.Dir(path); ; top = filepath.Dir(top) {
		if index, err := os.ReadFile(filepath.Join(gitDir(top), "index")); err == nil {
			rel, err := filepath.Rel(top, path)
			if err != nil {
				return ""
			}
			rel = filepath.ToSlash(rel)
			return strings.TrimPrefix(inIndex(index, rel), strings.TrimSuffix(rel, filepath.Base(path)))
		}
		if top == filepath.Dir(top) {
			return ""
		}
	}
}

// gitDir gives the directory of a work tree's index. In a linked work tree or a
// submodule .git is a file that names it (gitrepository-layout(5)).
func gitDir(top string) string {
	dir := filepath.Join(top, ".git")
	text, err := os.ReadFile(dir)
	link, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	switch {
	case err != nil || !ok || len(text) > 4096:
		return dir
	case filepath.IsAbs(link):
		return link
	}
	return filepath.Join(top, link)
}

// inIndex finds a file, or one below the folder of its name and ".d", in a git
// index of version 2 or 3 (gitformat-index(5)). In
// version 4, which nobody gets without asking, paths are cut short; there, and in
// a file that is not an index, nothing is found. It gives the name that it found.
func inIndex(index []byte, path string) string {
	const header, fixed, extended = 12, 62, 0x4000
	if len(index) < header || string(index[:4]) != "DIRC" {
		return ""
	}
	version, count := binary.BigEndian.Uint32(index[4:]), binary.BigEndian.Uint32(index[8:])
	if version != 2 && version != 3 {
		return ""
	}
	rest := index[header:]
	for ; count > 0 && len(rest) > fixed; count-- {
		name := fixed
		if binary.BigEndian.Uint16(rest[fixed-2:])&extended != 0 {
			name += 2
		}
		end := bytes.IndexByte(rest[min(name, len(rest)):], 0)
		if end < 0 {
			return ""
		}
		if found := string(rest[name : name+end]); found == path || strings.HasPrefix(found, path+".d/") {
			return found
		}
		size := (name + end + 8) / 8 * 8 // padded by one to eight NULs
		if size > len(rest) {
			return ""
		}
		rest = rest[size:]
	}
	return ""
}
