package proof

import (
	"fmt"
	"path"
	"strings"

	"nselfc/emit"
	"nselfc/internal/proof/pgtext"
)

// stores are the files of the stores that the catalog knows. A kind of the project's
// own may hold what it likes: only its author can tell what is right there.
type stores struct {
	broken   []Finding
	hba      []hbaFile
	settings []settingsFile
	roles    []rolesFile
	acl      []linesFile // users.acl
	redis    []linesFile // redis.conf
}

type hbaFile struct {
	path    string
	records []pgtext.Record
}

type settingsFile struct {
	path     string
	settings []pgtext.Setting
}

type rolesFile struct {
	path       string
	statements []pgtext.Statement
}

// linesFile is a file of Redis: a directive a line, words between blanks.
type linesFile struct {
	path  string
	lines []words
}

type words struct {
	line int
	list []string
}

func readStores(files []emit.File) *stores {
	s := &stores{}
	for _, f := range files {
		if !strings.HasPrefix(f.Declared, "catalog/") {
			continue
		}
		if err := s.read(f.Path, f.Text.String()); err != nil {
			s.broken = append(s.broken, Finding{Place: Place{File: f.Path, Line: 1}, Detail: err.Error()})
		}
	}
	return s
}

// read adds a file that it knows by its name. One that cannot be read is left out.
func (s *stores) read(file, text string) error {
	switch path.Base(file) {
	case "pg_hba.conf":
		records, err := pgtext.HBA(text)
		if err != nil {
			return err
		}
		s.hba = append(s.hba, hbaFile{file, records})
	case "postgresql.conf":
		settings, err := pgtext.Settings(text)
		if err != nil {
			return err
		}
		s.settings = append(s.settings, settingsFile{file, settings})
	case "roles.sql":
		statements, err := pgtext.SQL(text)
		if err != nil {
			return err
		}
		s.roles = append(s.roles, rolesFile{file, statements})
	case "users.acl", "redis.conf":
		lines, err := redisLines(text)
		if err != nil {
			return err
		}
		if path.Base(file) == "users.acl" {
			s.acl = append(s.acl, linesFile{file, lines})
		} else {
			s.redis = append(s.redis, linesFile{file, lines})
		}
	}
	return nil
}

// redisLines reads what Redis reads: words between blanks, "" for an empty one. It
// refuses other quotation marks and escapes, which no file of ours has, and a # that
// is no comment, as Redis takes it for a word.
func redisLines(text string) ([]words, error) {
	var out []words
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		w := words{line: n}
		for _, word := range fieldsWithTokens(line) {
			switch {
			case word == `""`:
				word = ""
			case !strings.HasPrefix(word, "${") && strings.ContainsAny(word, "'\"\\"):
				return nil, fmt.Errorf("line %d: a quotation mark or a backslash in %s", n, w.list)
			}
			w.list = append(w.list, word)
		}
		out = append(out, w)
	}
	return out, nil
}

// fieldsWithTokens cuts a line at blanks, but not within the token of a secret.
func fieldsWithTokens(line string) []string {
	var out []string
	start, inside, quoted := -1, false, false
	for i := range len(line) {
		switch c := line[i]; {
		case !inside && strings.HasPrefix(line[i:], "${"):
			inside = true
			if start < 0 {
				start = i
			}
		case inside && c == '"':
			quoted = !quoted
		case inside && c == '}' && !quoted:
			inside = false
		case !inside && (c == ' ' || c == '\t'):
			if start >= 0 {
				out = append(out, line[start:i])
			}
			start = -1
		case start < 0:
			start = i
		}
	}
	if start >= 0 {
		out = append(out, line[start:])
	}
	return out
}
