package model

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// document wraps resources as Bytes does.
func document(resources string) string {
	return "{\n\"format_version\": \"1.0\",\n\"resources\": {\n" + resources + "\n}\n}\n"
}

// FuzzRead reads what anybody may have committed, compares it, and writes it again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(document(`"service.a": {"type":"service","name":"a"},`+"\n"+`"stack": {"type":"stack"}`)), []byte(document(`"service.b": {"type":"service","name":"a"}`)))
	f.Add([]byte(document(`"a": {"a":1},`+"\n"+`"a": {"a":2}`)), []byte(`{"format_version":"1.7","resources":{"x":null,"y":[1],"z":{"a":{"b":null}}}}`))
	f.Add([]byte("<<<<<<< HEAD\n"), []byte(`{"format_version":"2.0"}`))
	f.Add([]byte(document(`"a": {"": {"`+"\x1b"+`": 1e999}}`)), []byte(strings.Repeat("[", 20000)))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		old, errOld := Read(a)
		now, errNow := Read(b)
		for _, m := range []*Model{old, now} {
			if m == nil {
				continue
			}
			if changes, err := Diff(m, m); err == nil && len(changes) > 0 {
				t.Fatalf("a model differs from itself: %v", changes)
			}
			again, err := Read(written(m))
			if err != nil {
				continue // the text of a resource was never parsed
			}
			if !bytes.Equal(written(again), written(m)) {
				t.Fatalf("written again, it is another:\n%q\n%q", written(m), written(again))
			}
		}
		if errOld != nil || errNow != nil {
			return
		}
		changes, err := Diff(old, now)
		if err != nil {
			return
		}
		for _, c := range changes {
			if c.Action == Update && !c.Renamed() && len(c.Attributes) == 0 {
				t.Fatalf("%s changes in nothing", c.Address)
			}
		}
	})
}

// TestRead tells apart why a model cannot be read.
func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		text  string
		newer bool
	}{
		"empty":          {"", false},
		"markers":        {"<<<<<<< HEAD\n" + document(`"a": {"type":"service"}`), false},
		"markers inside": {document("<<<<<<< HEAD\n" + `"a": {"type":"service"}`), false},
		"cut":            {document(`"a": {"type":"service"}`)[:60], false},
		"a list":         {"[]", false},
		"no version":     {`{"resources":{}}`, false},
		"another word":   {`{"format_version":"x","resources":{}}`, false},
		"newer":          {`{"format_version":"2.0","resources":{}}`, true},
		"much newer":     {`{"format_version":"10.0","resources":{}}`, true},
		"older":          {`{"format_version":"0.9","resources":{}}`, false},
		"twice":          {document(`"a": {"type":"service"},` + "\n" + `"a": {"type":"volume"}`), false},
		"deep":           {document(`"a": {"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}"), false},
		"large":          {document(`"a": {"a":"` + strings.Repeat("a", maxBytes) + `"}`), false},
	} {
		m, err := Read([]byte(tc.text))
		if err == nil {
			_, err = Diff(m, &Model{})
		}
		if err == nil || errors.Is(err, ErrNewer) != tc.newer {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"a newer minor version": `{"format_version":"1.7","resources":{"a":{"type":"service"}},"more":1}`,
		"another layout":        `{"resources": {"a": {"type": "service"}}, "format_version": "1.0"}`,
		"none":                  `{"format_version":"1.0","resources":{}}`,
	} {
		if _, err := Read([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// written writes a model that was read, as Of writes one.
func written(m *Model) []byte {
	b := append(appendString([]byte(head), FormatVersion), mid...)
	for i, r := range m.Resources {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(append(b, '\n'), r.Address), ": "...)
		b = append(b, r.Text...)
	}
	return append(b, tail...)
}
