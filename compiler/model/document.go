package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The document is an object whose members stand on lines of their own, so that a
// diff of two models, and a merge, is one of resources.
const (
	head = "{\n\"format_version\": "
	mid  = ",\n\"resources\": {"
	tail = "\n}\n}\n"
)

// FirstLine is the line, from 1, of the first resource.
const FirstLine = 4

// Document gives the text of the file: of a model that Of made. The same stack gives
// the same bytes.
func (m *Model) Document() string { return m.doc }

// maxBytes bounds a model that is read; one of 5000 services has a tenth.
const maxBytes = 64 << 20

// ErrNewer says that a model was written by a newer nselfc.
var ErrNewer = errors.New("the model has a newer format")

// Read reads a model, which it does not trust: what it gives is well formed, and
// nothing more. A document that Bytes wrote is cut into lines, and only what
// differs is ever parsed; any other is parsed whole.
func Read(b []byte) (*Model, error) {
	if len(b) > maxBytes {
		return nil, fmt.Errorf("it is larger than %d MiB", maxBytes>>20)
	}
	if m, ok := lines(string(b)); ok {
		return m, nil
	}
	var doc struct {
		FormatVersion string `json:"format_version"`
		Resources     texts  `json:"resources"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	m := &Model{}
	var err error
	if m.Minor, err = minorOf(doc.FormatVersion); err != nil {
		return nil, err
	}
	for address, text := range doc.Resources {
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			return nil, err
		}
		m.Resources = append(m.Resources, Resource{Address: address, Text: compact.String()})
	}
	slices.SortFunc(m.Resources, func(a, b Resource) int { return compare(a.Address, b.Address) })
	return m, nil
}

// minorOf gives the minor version of a form of this major one.
func minorOf(version string) (int, error) {
	first, second, _ := strings.Cut(version, ".")
	x, err := strconv.ParseUint(first, 10, 31)
	y, errMinor := strconv.ParseUint(second, 10, 31)
	switch {
	case err != nil || errMinor != nil || x < major:
		return 0, fmt.Errorf("%.20q is not the version of a format", version)
	case x > major:
		return 0, ErrNewer
	}
	return int(y), nil
}

// texts are the resources of a document. One that stands there twice, as after a
// merge, is an error: encoding/json would take the last.
type texts map[string]json.RawMessage

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return errors.New("the resources are no object")
	}
	*t = texts{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		address, _ := name.(string) // names of members are strings
		var text json.RawMessage
		if err := d.Decode(&text); err != nil {
			return err
		}
		if _, twice := (*t)[address]; twice {
			return fmt.Errorf("%.100q stands there twice", address)
		}
		(*t)[address] = text
	}
	return nil
}

// lines cuts a document that is laid out as Bytes does it.
func lines(s string) (*Model, bool) {
	body, ok := strings.CutPrefix(s, head+`"`)
	if !ok {
		return nil, false
	}
	version, body, ok := strings.Cut(body, `"`+mid+"\n")
	if !ok {
		return nil, false
	}
	n, err := minorOf(version)
	if err != nil {
		return nil, false
	}
	if body, ok = strings.CutSuffix(body, tail); !ok {
		return nil, false
	}
	m := &Model{Resources: make([]Resource, 0, strings.Count(body, "\n")+1), Minor: n}
	for line := range strings.SplitSeq(body, "\n") {
		text := strings.TrimSuffix(line, ",")
		i := strings.Index(text, `": {"`)
		if i < 1 || text[0] != '"' {
			return nil, false
		}
		// A long quote is the text of a key, which may hold ": {" itself.
		var address string
		if err := json.Unmarshal([]byte(text[:i+1]), &address); err != nil {
			return nil, false
		}
		if n := len(m.Resources); n > 0 && m.Resources[n-1].Address >= address {
			return nil, false
		}
		m.Resources = append(m.Resources, Resource{Address: address, Text: text[i+3:]})
	}
	return m, true
}

// Attributes parses the text of a resource. Numbers are json.Number.
func (r *Resource) Attributes() (map[string]any, error) {
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(r.Text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("%.100s: %w", r.Address, err)
	}
	if d.More() {
		return nil, fmt.Errorf("%.100s: more than one value", r.Address)
	}
	return out, nil
}
