package escape

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What a target language cannot hold. The texts carry no part of the value.
var (
	errUTF8 = errors.New("it is not valid UTF-8")
	errNUL  = errors.New("it holds a NUL byte")
)

// JSON writes a JSON string (RFC 8259, section 7), quotes included. U+2028 and
// U+2029 are escaped too, so that the text may stand in JavaScript. It fails on
// invalid UTF-8, which JSON cannot hold.
func JSON(s string) (string, error) {
	inner, err := JSONInner(s)
	if err != nil {
		return "", err
	}
	return `"` + inner + `"`, nil
}

// JSONInner is JSON without the quotes.
func JSONInner(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errUTF8
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), nil
}

// YAML writes a double-quoted scalar (YAML 1.2.2, section 7.3.1) on one line.
// What YAML calls not printable (section 5.1), and the line separators of
// Unicode, are escaped. It fails on invalid UTF-8.
func YAML(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errUTF8
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String(), nil
}

// SQLLiteral writes a PostgreSQL string constant. Quotes are doubled; a text
// with a backslash becomes an escape (E) constant, which reads alike whatever
// standard_conforming_strings says (PostgreSQL manual, section 4.1.2). It fails
// on NUL, which no PostgreSQL text can hold, and on invalid UTF-8, which a UTF8
// database refuses.
func SQLLiteral(s string) (string, error) {
	if err := sqlText(s); err != nil {
		return "", err
	}
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`), nil
	}
	return quoted, nil
}

// maxIdent is NAMEDATALEN-1: PostgreSQL cuts longer identifiers with no more
// than a notice, and two roles would become one.
const maxIdent = 63

// SQLIdent writes a quoted PostgreSQL identifier. It fails on an empty one, on
// one of more than 63 bytes, on NUL and on invalid UTF-8.
func SQLIdent(s string) (string, error) {
	if err := sqlText(s); err != nil {
		return "", err
	}
	if s == "" {
		return "", errors.New("an identifier cannot be empty")
	}
	if len(s) > maxIdent {
		return "", fmt.Errorf("it has %d bytes, and PostgreSQL cuts identifiers at %d", len(s), maxIdent)
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`, nil
}

func sqlText(s string) error {
	if strings.Contains(s, "\x00") {
		return errNUL
	}
	if !utf8.ValidString(s) {
		return errUTF8
	}
	return nil
}
