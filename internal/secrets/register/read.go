package register

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a text that is read. The largest stack that was measured has 3000
// secrets.
const (
	MaxBytes      = 8 << 20
	maxEntries    = 20_000
	maxAddress    = 1000
	maxGeneration = 1_000_000
)

// Error is a text that is no register.
type Error struct {
	Line   int // from 1
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Read parses a text that Bytes wrote, perhaps merged and edited since. Whatever
// Bytes would not write again is an error, so that nothing is lost without a word.
func Read(text []byte) (*Register, error) {
	if len(text) > MaxBytes {
		return nil, &Error{1, "it is larger than 8 MiB"}
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		for _, marker := range []string{"<<<<<<<", "=======", ">>>>>>>", "|||||||"} {
			if bytes.HasPrefix(line, []byte(marker)) {
				return nil, &Error{i + 1, "a conflict of a merge stands there, with its markers"}
			}
		}
	}
	if !utf8.Valid(text) {
		return nil, &Error{1, "it is not in UTF-8"}
	}
	p := &parser{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	r := New("")
	if err := p.file(r); err != nil {
		return nil, p.at(err)
	}
	return r, nil
}

type parser struct {
	text []byte
	dec  *json.Decoder
}

// at finds the line that the decoder had come to.
func (p *parser) at(err error) *Error {
	offset := p.dec.InputOffset()
	reason := err.Error()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset, reason = syntax.Offset, "it is not JSON"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, reason = int64(len(p.text)), "it ends too early"
	}
	offset = min(max(offset, 0), int64(len(p.text)))
	return &Error{bytes.Count(p.text[:offset], []byte("\n")) + 1, reason}
}

func (p *parser) file(r *Register) error {
	format := 0
	err := p.object(func(key string) error {
		switch key {
		case "format":
			if err := p.value(&format); err != nil {
				return err
			}
			if format != Format {
				return fmt.Errorf("its format is %d, and this nselfc knows %d only", format, Format)
			}
			return nil
		case "stack":
			if err := p.value(&r.Stack); err != nil {
				return err
			}
			if !printable(r.Stack) {
				return errors.New("the name of the stack is not one")
			}
			return nil
		case "secrets":
			return p.object(func(address string) error { return p.entry(r, address) })
		}
		return fmt.Errorf("it has a member %.40q, which no version of nselfc writes", key)
	})
	if err != nil {
		return err
	}
	if format == 0 {
		return errors.New("it does not say its format")
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end")
	}
	return nil
}

// object reads an object member by member. The decoder of the standard library
// would take the last of two members of one name, and forget the first.
func (p *parser) object(member func(key string) error) error {
	t, err := p.dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errors.New("an object is expected")
	}
	seen := map[string]bool{}
	for p.dec.More() {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string) // the decoder lets nothing else through
		if seen[key] {
			return fmt.Errorf("%.80q stands there twice", key)
		}
		if seen[key] = true; len(seen) > maxEntries {
			return fmt.Errorf("it has more than %d secrets", maxEntries)
		}
		if err := member(key); err != nil {
			return err
		}
	}
	_, err = p.dec.Token()
	return err
}

// value reads a number or a text.
func (p *parser) value(v any) error {
	err := p.dec.Decode(v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("a value has the wrong type")
	}
	return err
}

func (p *parser) entry(r *Register, address string) error {
	e := &Entry{}
	members := map[string]any{
		"kind": &e.Kind, "generation": &e.Generation, "created": &e.Created, "rotated": &e.Rotated,
		"origin": &e.Origin, "fingerprint": &e.Fingerprint,
		"next": &e.Next, "previous": &e.Previous,
	}
	err := p.object(func(key string) error {
		v, ok := members[key]
		if !ok {
			return fmt.Errorf("%.80q has a member %.40q, which no version of nselfc writes", address, key)
		}
		return p.value(v)
	})
	if err != nil {
		return err
	}
	if problem := e.problem(address); problem != "" {
		return fmt.Errorf("%.80q %s", address, problem)
	}
	r.Entries[address] = e
	return nil
}

// problem says what Bytes would not have written, or "".
func (e *Entry) problem(address string) string {
	raw, err := hex.DecodeString(e.Fingerprint)
	switch {
	case address == "" || len(address) > maxAddress || !printable(address):
		return "is no address of a secret"
	case e.Kind == "" || len(e.Kind) > 32 || strings.Trim(e.Kind, "abcdefghijklmnopqrstuvwxyz0123456789_") != "":
		return "has no kind of secret"
	case e.Generation < 1 || e.Generation > maxGeneration:
		return "has a generation that cannot be"
	case !day(e.Created) || e.Rotated != "" && !day(e.Rotated):
		return "has a day that is not of the form 2027-01-31"
	case !e.Origin.known(), e.Next != "" && !e.Next.known(), e.Previous != "" && !e.Previous.known():
		return "has an origin that is none of generated, set and found"
	case e.Fingerprint != "" && (err != nil || len(raw) != 12 || strings.ToLower(e.Fingerprint) != e.Fingerprint):
		return "has a fingerprint that is not one"
	case e.Fingerprint != "" && e.Origin != Generated:
		return "has a fingerprint, which only values that nselfc made have"
	}
	return ""
}

func (o Origin) known() bool { return o == Generated || o == Set || o == Found }

func printable(s string) bool {
	return len(s) <= maxAddress && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// day tells a date of the calendar; what is left of it is compared as text.
func day(s string) bool {
	if len(s) != len(Day) || s[4] != '-' || s[7] != '-' {
		return false
	}
	n := [3]int{}
	for i, part := range [3]string{s[:4], s[5:7], s[8:]} {
		for _, c := range []byte(part) {
			if c < '0' || c > '9' {
				return false
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	return n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= 31
}
