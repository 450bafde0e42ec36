package secrets

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"

	"nselfc/lang/diag"
)

// tracked refuses to go on when git has .secrets in its index: the next commit
// would publish every value. It reads the index itself, so that no git is needed.
func (st *store) tracked() *diag.Diagnostic {
	dir := st.root.Name() // resolved and absolute
	for top := dir; ; top = filepath.Dir(top) {
		index, err := os.ReadFile(filepath.Join(top, ".git", "index"))
		if err == nil {
			rel, err := filepath.Rel(top, filepath.Join(dir, File))
			if err != nil || !inIndex(index, filepath.ToSlash(rel)) {
				return nil
			}
			full := filepath.Join(st.dir, File)
			return diag.Errorf(codeTracked, onFile(full), "Secrets tracked by git",
				"%s is in the index of git: the next commit publishes every value in it, if an earlier one has not.\n\n"+
					"Take it out of the index (the file stays), and rotate every secret if it was ever pushed:\n\n    git rm --cached %s", full, full)
		}
		if top == filepath.Dir(top) {
			return nil
		}
	}
}

// inIndex finds a path in a git index of version 2 or 3 (gitformat-index(5)). In
// version 4, which nobody gets without asking, paths are cut short; there, and in
// a file that is not an index, nothing is found.
func inIndex(index []byte, path string) bool {
	const header, fixed, extended = 12, 62, 0x4000
	if len(index) < header || string(index[:4]) != "DIRC" {
		return false
	}
	version, count := binary.BigEndian.Uint32(index[4:]), binary.BigEndian.Uint32(index[8:])
	if version != 2 && version != 3 {
		return false
	}
	rest := index[header:]
	for ; count > 0 && len(rest) > fixed; count-- {
		name := fixed
		if binary.BigEndian.Uint16(rest[fixed-2:])&extended != 0 {
			name += 2
		}
		end := bytes.IndexByte(rest[min(name, len(rest)):], 0)
		if end < 0 {
			return false
		}
		if string(rest[name:name+end]) == path {
			return true
		}
		size := (name + end + 8) / 8 * 8 // padded by one to eight NULs
		if size > len(rest) {
			return false
		}
		rest = rest[size:]
	}
	return false
}
