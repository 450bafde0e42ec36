package secrets

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"

	"nselfc/lang/diag"
)

// tracked refuses to go on when git has .secrets in its index: the next commit
// would publish every value. It reads the index itself, so that no git is needed.
func (st *store) tracked() *diag.Diagnostic {
	dir := st.root.Name() // resolved and absolute
	for top := dir; ; top = filepath.Dir(top) {
		index, err := os.ReadFile(filepath.Join(gitDir(top), "index"))
		if err == nil {
			rel, err := filepath.Rel(top, filepath.Join(dir, File))
			if err != nil {
				return nil
			}
			name := inIndex(index, filepath.ToSlash(rel))
			if name == "" {
				return nil
			}
			full := filepath.Join(st.dir, strings.TrimPrefix(name, strings.TrimSuffix(filepath.ToSlash(rel), File)))
			return diag.Errorf(codeTracked, onFile(full), "Secrets tracked by git",
				"%s is in the index of git: the next commit publishes every value in it, if an earlier one has not.\n\n"+
					"Take it out of the index (the file stays), and rotate every secret if it was ever pushed:\n\n    git rm --cached %s", full, word(full))
		}
		if top == filepath.Dir(top) {
			return nil
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

// inIndex finds .secrets, given by its path, or a file below .secrets.d beside it
// in a git index of version 2 or 3 (gitformat-index(5)). In
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
