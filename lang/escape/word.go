package escape

import (
	"errors"
	"fmt"
	"strings"
)

// maxNginx keeps a parameter inside nginx's 4096-byte read buffer
// (NGX_CONF_BUFFER): a longer one stops nginx with "too long parameter".
const maxNginx = 4000

// NginxQuote writes one parameter of an nginx directive in double quotes. It
// fails on NUL, on `$` (nginx expands variables in quotes too and has no escape
// for the sign) and on more than 4000 bytes once written.
func NginxQuote(s string) (string, error) {
	if strings.Contains(s, "\x00") {
		return "", errNUL
	}
	if strings.Contains(s, "$") {
		return "", errors.New("it holds a `$`, and nginx has no way to write one that is not a variable")
	}
	// ngx_conf_read_token turns \" \\ \t \r \n into their characters, and keeps
	// any other backslash, so that only these two and line ends need one.
	out := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
	if len(out) > maxNginx {
		return "", fmt.Errorf("it takes %d bytes, and nginx reads parameters of up to %d", len(out), maxNginx)
	}
	return out, nil
}

// ShellQuote writes one word of a POSIX shell (XCU 2.2.2, single quotes). It
// fails on NUL, which no argument can hold.
func ShellQuote(s string) (string, error) {
	if strings.Contains(s, "\x00") {
		return "", errNUL
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'", nil
}

// ShellWord writes one word of a POSIX shell for a command that people copy: bare
// where every shell reads it as it stands, else quoted. NUL, which no argument can
// hold, is left out.
func ShellWord(s string) string {
	const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,="
	if s != "" && s[0] != '-' && strings.Trim(s, bare) == "" {
		return s
	}
	q, _ := ShellQuote(strings.ReplaceAll(s, "\x00", "")) // its one error is NUL
	return q
}

// Dotenv writes a value as compose-go's dotenv reader takes it: bare when
// nothing in it could be read otherwise, else in single quotes, which expand
// nothing, else in double quotes with escapes. A backslash or quote never goes
// into single quotes: `'a\'` is unterminated there. A backquote in double quotes is
// written as an octal escape: a shell that is made to read the file, which it is not
// meant for, would run what stands between two of them. It fails on NUL, which no
// environment can hold.
func Dotenv(s string) (string, error) {
	if strings.Contains(s, "\x00") {
		return "", errNUL
	}
	bare := s != ""
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte("_-./:@%+,=", s[i]) < 0 {
			bare = false
			break
		}
	}
	switch {
	case bare:
		return s, nil
	case !strings.ContainsAny(s, "'\\\r\n"):
		return "'" + s + "'", nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", `\0140`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`, nil
}
