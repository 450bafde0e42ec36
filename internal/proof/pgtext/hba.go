// Package pgtext reads what PostgreSQL and psql read: pg_hba.conf, postgresql.conf
// and scripts of SQL, from the manual's chapters 19.1, 20.1 and 4.1 and nothing of
// ours. Each reader takes one pass and refuses what it does not understand.
package pgtext

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Record is one line of pg_hba.conf. The first that fits a connection decides.
type Record struct {
	Line      int
	Type      string // local, host, hostssl, hostnossl …
	Databases []string
	Users     []string
	Address   string // "" for local
	Method    string
	Options   []string
}

// HBA reads a pg_hba.conf. A mask in a field of its own is refused: nobody sees at a
// glance how wide it is.
func HBA(text string) ([]Record, error) {
	var out []Record
	line := 0
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSuffix(s, "\n")
		fields, err := hbaFields(s)
		if strings.HasSuffix(strings.TrimSuffix(s, "\r"), `\`) { // of a comment too
			err = errors.New("a backslash at the end, which joins the next line to this one")
		}
		if err == nil && len(fields) > 0 {
			var r Record
			r, err = record(line, fields)
			out = append(out, r)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	return out, nil
}

func record(line int, fields [][]string) (Record, error) {
	r := Record{Line: line, Type: fields[0][0]}
	want := 5
	switch r.Type {
	case "local":
		want = 4
	case "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc":
	default:
		return r, fmt.Errorf("no type of connection: %q", r.Type)
	}
	if len(fields) < want || len(fields[0]) > 1 {
		return r, errors.New("fields are missing")
	}
	r.Databases, r.Users = fields[1], fields[2]
	if want == 5 {
		r.Address = strings.Join(fields[3], ",")
	}
	r.Method = strings.Join(fields[want-1], ",")
	if strings.Trim(r.Method, "abcdefghijklmnopqrstuvwxyz-0123456789") != "" || strings.Contains(r.Method, ".") {
		return r, fmt.Errorf("no method: %q", r.Method)
	}
	for _, o := range fields[want:] {
		r.Options = append(r.Options, strings.Join(o, ","))
	}
	return r, nil
}

// hbaFields cuts a line into fields, and each field at its commas. A name in quotes
// is no keyword; its quotes stay, so that "all" and all are not the same.
func hbaFields(s string) ([][]string, error) {
	var out [][]string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '#':
			return out, nil
		case c == ' ' || c == '\t':
			i++
		default:
			var field []string
			for {
				word, n, err := hbaWord(s[i:])
				if err != nil {
					return nil, err
				}
				field, i = append(field, word), i+n
				if i == len(s) || s[i] != ',' {
					break
				}
				i++
				for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
					i++
				}
			}
			out = append(out, field)
		}
	}
	return out, nil
}

func hbaWord(s string) (string, int, error) {
	if strings.HasPrefix(s, "@") {
		return "", 0, errors.New("names of another file")
	}
	quoted := false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c < ' ' && c != '\t' || c == 0x7f:
			return "", 0, fmt.Errorf("control character %#02x", c)
		case !quoted && (c == ' ' || c == '\t' || c == ',' || c == '#'):
			if i == 0 {
				return "", 0, errors.New("a name is missing")
			}
			return s[:i], i, nil
		}
	}
	if quoted || s == "" {
		return "", 0, errors.New("a quotation mark that is not closed, or a name that is missing")
	}
	return s, len(s), nil
}

// Setting is one line of postgresql.conf.
type Setting struct {
	Line        int
	Name, Value string // the name in lower case, the value without quotes
}

// Settings reads a postgresql.conf. A name that is set twice is refused: the last
// one counts, and a reader sees the first. So is include, which would bring more.
func Settings(text string) ([]Setting, error) {
	var out []Setting
	line := 0
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSpace(s)
		if s == "" || s[0] == '#' {
			continue
		}
		set, err := setting(s)
		set.Line = line
		if err == nil && slices.ContainsFunc(out, func(o Setting) bool { return o.Name == set.Name }) {
			err = fmt.Errorf("%s is set twice", set.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		out = append(out, set)
	}
	return out, nil
}

func setting(s string) (Setting, error) {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] == '.' || 'a' <= s[n]|0x20 && s[n]|0x20 <= 'z' || '0' <= s[n] && s[n] <= '9') {
		n++
	}
	out := Setting{Name: strings.ToLower(s[:n])}
	rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s[n:]), "="))
	if out.Name == "" || rest == "" || strings.HasPrefix(out.Name, "include") {
		return out, fmt.Errorf("no setting: %s", s)
	}
	if rest[0] != '\'' {
		value, _, _ := strings.Cut(rest, "#")
		out.Value = strings.TrimSpace(value)
		if strings.ContainsAny(out.Value, " \t'\"\\") {
			return out, fmt.Errorf("no value: %s", rest)
		}
		return out, nil
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\'' && i+1 < len(rest) && rest[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case rest[i] == '\'':
			if behind := strings.TrimSpace(rest[i+1:]); behind != "" && behind[0] != '#' {
				return out, fmt.Errorf("something stands behind the value: %s", behind)
			}
			out.Value = b.String()
			return out, nil
		case rest[i] == '\\':
			return out, errors.New("a backslash in a value")
		default:
			b.WriteByte(rest[i])
		}
	}
	return out, errors.New("a quotation mark that is not closed")
}
