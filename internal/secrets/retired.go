package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"nselfc/emit/dotsecrets"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// RetiredFile keeps the values that were retired, until they are purged. It is
// covered by what covers .secrets: the same .gitignore, and the same search of git.
const RetiredFile = ".secrets.retired"

// retiredFormat is the version of its text.
const retiredFormat = 1

// Retired is a secret that was taken out of .secrets, by its key.
type Retired struct {
	Key  string
	Date string // YYYY-MM-DD, UTC
}

// retired is the text of RetiredFile.
type retired struct {
	Format  int            `json:"format"`
	Retired []retiredEntry `json:"retired"` // the oldest first
}

type retiredEntry struct {
	Key    string            `json:"key"`
	Date   string            `json:"date"`
	Values map[string]string `json:"values"` // by key of .secrets: the value, and what is kept beside it
}

// loadRetired reads what was retired. A file that is not there is an empty one.
func (st *store) loadRetired() (*retired, *diag.Diagnostic) {
	r := &retired{Format: retiredFormat}
	text, fi, d := st.read(RetiredFile)
	if text == nil || d != nil {
		return r, d
	}
	if d := st.private(RetiredFile, fi, "600"); d != nil {
		return nil, d
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(r)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("trailing data")
		}
	}
	if err != nil || r.Format != retiredFormat || slices.ContainsFunc(r.Retired, retiredEntry.damaged) {
		full := filepath.Join(st.dir, RetiredFile)
		return nil, diag.Errorf(codeRetired, onFile(full), "Damaged file of retired secrets",
			"%s is not as nselfc wrote it, so nothing in it can be relied upon, and writing it anew would lose what is there.\n\nRestore it from a backup. If nothing in it is needed any more, move it away:\n\n    mv %s %s",
			full, escape.ShellWord(full), escape.ShellWord(full+".damaged"))
	}
	return r, nil
}

func (e retiredEntry) damaged() bool {
	_, err := time.Parse(time.DateOnly, e.Date)
	if err != nil || !dotsecrets.ValidName(e.Key) || len(e.Values) == 0 {
		return true
	}
	for key := range e.Values {
		if !dotsecrets.ValidName(key) || baseKey(key) != e.Key {
			return true
		}
	}
	return false
}

// readRetired lists what was retired, without values.
func (st *store) readRetired() ([]Retired, *diag.Diagnostic) {
	r, d := st.loadRetired()
	if d != nil {
		return nil, d
	}
	var out []Retired
	for _, e := range r.Retired {
		out = append(out, Retired{e.Key, e.Date})
	}
	return out, nil
}

// saveRetired writes the file, or removes it when nothing is left in it.
func (st *store) saveRetired(r *retired) error {
	if len(r.Retired) == 0 {
		if !st.exists(RetiredFile) {
			return nil
		}
		if err := st.remove(RetiredFile); err != nil {
			return err
		}
		return st.syncDir(".")
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	if err := st.write(RetiredFile, b.Bytes(), 0o600, -1); err != nil {
		return err
	}
	return st.syncDir(".")
}

// add takes a secret in. The same values twice are one entry: a run that was
// killed between the two files finishes when it is repeated.
func (r *retired) add(e retiredEntry) {
	for _, have := range r.Retired {
		if have.Key == e.Key && maps.Equal(have.Values, e.Values) {
			return
		}
	}
	r.Retired = append(r.Retired, e)
}

// last finds the newest entry of a key, or -1.
func (r *retired) last(key string) int {
	for i, e := range slices.Backward(r.Retired) {
		if e.Key == key {
			return i
		}
	}
	return -1
}
