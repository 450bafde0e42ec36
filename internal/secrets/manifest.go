package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

const (
	manifestPath = Dir + "/.manifest"
	ignorePath   = Dir + "/.gitignore"
)

const manifestHeader = "# What nselfc rendered here, so that it knows its files from yours. Not for editing.\n"

// manifest says which files below .secrets.d are ours, by the digests of what we
// wrote there. While files are being replaced a file has two: the old text's and
// the new one's, so that a crash in between leaves nothing that looks edited. The
// digests lie beside the texts, behind the same door, and give nothing away.
type manifest map[string][]string // path below the output directory → hex SHA-256

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// bytes writes one line a file: the digests, a blank, the path.
func (m manifest) bytes() []byte {
	var b strings.Builder
	b.WriteString(manifestHeader)
	for _, path := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s %s\n", strings.Join(m[path], ","), path)
	}
	return []byte(b.String())
}

// readManifest reads what an earlier run wrote, as untrusted input: a path that
// is not one that we would write is an error, not a file to delete.
func (st *store) readManifest() (manifest, []byte, *diag.Diagnostic) {
	text, _, d := st.read(manifestPath)
	if text == nil || d != nil {
		return manifest{}, nil, d
	}
	m := manifest{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		digests, path, ok := strings.Cut(line, " ")
		all := strings.Split(digests, ",")
		bad := slices.ContainsFunc(all, func(s string) bool { raw, err := hex.DecodeString(s); return err != nil || len(raw) != sha256.Size })
		if !ok || bad || badPath(path) != "" {
			full := filepath.Join(st.dir, manifestPath)
			return nil, nil, diag.Errorf(codeManifest, onFile(full), "Damaged manifest of secret files",
				"Line %d of %s is not one that nselfc wrote, so it cannot tell its own files from yours.\n\nEverything below %s can be made again from %s: save what is yours, remove the directory, and build again:\n\n    rm -r %s",
				n, full, Dir, File, escape.ShellWord(filepath.Join(st.dir, Dir)))
		}
		m[path] = all
	}
	return m, text, nil
}
