package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"nselfc/internal/passhash"
	"nselfc/internal/strength"
	"nselfc/internal/term"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// The codes of hashes.
const (
	codeHash     = "NS456" // cannot be made or read
	codeNoMatch  = "NS457"
	codeWeakHash = "NS458"
)

// HashForms are the values of --form.
func HashForms() []string { return passhash.Forms() }

// HashOptions are the flags of secrets hash.
type HashOptions struct {
	Form string
	User string // of a line of htpasswd
	File string // with the value; "" for standard input
	// Verify names a file with a hash to hold the value against; "-" takes the hash
	// from the second line of standard input. "" makes a hash.
	Verify string
}

// maxHashFile bounds a file of hashes: an htpasswd of ten thousand users.
const maxHashFile = 1 << 20

// Hash makes the hash of a value, or tells whether a value fits one. It needs no
// stack and keeps nothing.
func Hash(ctx context.Context, env Env, d Display, o HashOptions) int {
	at := source.Range{File: "standard input", Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	if o.Verify != "" {
		return o.verify(ctx, env, d, at)
	}
	value, found := readValue(ctx, env, valueInput{File: o.File, What: "value to hash", At: at})
	if found != nil || ctx.Err() != nil || value == "" {
		return interruptedOr(d.Show(env, present(found), nil, nil))
	}
	hash, err := passhash.Make(o.Form, o.User, value)
	if err != nil {
		return d.Show(env, diag.List{diag.Errorf(codeHash, at, "Hash that cannot be made or read", "The value cannot be hashed: %v.", err)}, nil, nil)
	}
	var diags diag.List
	if problem := strength.Problem(value, len(value), nil); problem != "" {
		diags = diag.List{diag.Warningf(codeWeakHash, at, "Hash that is easy to guess",
			"The value %s. Whoever gets the hash has the value soon after.\n\nTake another, as a random source gives it:\n\n    openssl rand -base64 24", problem)}
	}
	if code := d.Show(env, diags, nil, nil); code != OK {
		return code
	}
	return stopped(ctx, Print(env, hash+"\n"))
}

// interruptedOr gives the code of a report, or that of a prompt that somebody left.
func interruptedOr(code int) int {
	if code == OK {
		return Interrupted
	}
	return code
}

func (o HashOptions) verify(ctx context.Context, env Env, d Display, at source.Range) int {
	value, text, found := o.both(ctx, env, at)
	if found != nil || ctx.Err() != nil || value == "" {
		return interruptedOr(d.Show(env, present(found), nil, nil))
	}
	if o.Verify != "-" {
		at.File = o.Verify
	}
	unread := func(detail string, args ...any) int {
		return d.Show(env, diag.List{diag.Errorf(codeHash, at, "Hash that cannot be made or read", detail, args...)}, nil, nil)
	}
	line, number, err := pickLine(text, o.User)
	at.Start.Line, at.End.Line = number, number
	if err != nil {
		return unread("No hash can be taken from there: %v.", err)
	}
	hash, err := passhash.Parse(line)
	if err != nil {
		return unread("What stands there cannot be verified: %v.", err)
	}
	if o.User != "" && hash.User != o.User {
		return unread("What stands there is not the line of the user that --user names.")
	}
	fits, err := hash.Verify(value)
	if err != nil {
		return unread("The value cannot be held against the hash: %v.", err)
	}
	var diags diag.List
	for _, w := range hash.Weaknesses(value) {
		diags = append(diags, diag.Warningf(codeWeakHash, at, "Hash that is easy to guess",
			"It is one of the form %s: %s. Make it again from the value:\n\n    nselfc secrets hash --form %s", hash.Form, w, strings.Replace(hash.Form, "bcrypt", passhash.Htpasswd, 1)))
	}
	if !fits {
		diags = append(diags, diag.Errorf(codeNoMatch, at, "Value does not fit the hash",
			"The hash, of the form %s, is of another value. A blank or a line end at the end of a value counts, except for one line end.", hash.Form))
	}
	if code := d.Show(env, diags, nil, nil); code != OK || !fits {
		return code
	}
	return stopped(ctx, Print(env, fmt.Sprintf("The value fits the hash, which is of the form %s.\n", hash.Form)))
}

// both reads the value and the file with the hash.
func (o HashOptions) both(ctx context.Context, env Env, at source.Range) (value, text string, found *diag.Diagnostic) {
	if o.Verify != "-" {
		text, err := readHashes(o.Verify)
		if err != nil { // before anybody types a value
			at.File = o.Verify
			return "", "", diag.Errorf(codeHash, at, "Hash that cannot be made or read", "The file with the hash cannot be read: %v.", err)
		}
		value, found = readValue(ctx, env, valueInput{File: o.File, What: "value to verify", Once: true, At: at})
		return value, text, found
	}
	refuse := func(detail string) *diag.Diagnostic {
		return diag.Errorf(codeHash, at, "Hash that cannot be made or read", "%s", detail)
	}
	if o.File != "" {
		text, err := io.ReadAll(io.LimitReader(env.Stdin, maxHashFile+1))
		if err != nil || len(text) > maxHashFile {
			return "", "", refuse("The hash on standard input cannot be read, or has more than 1 MiB.")
		}
		value, found = readValue(ctx, env, valueInput{File: o.File, Once: true, At: at})
		return value, string(text), found
	}
	if stdin, ok := env.Stdin.(*os.File); ok && term.IsTerminal(stdin) {
		return "", "", refuse("With --verify - the value and the hash are two lines of standard input, and that is a terminal, which would show both.\n\nPut the hash into a file and name that.")
	}
	in, err := io.ReadAll(io.LimitReader(env.Stdin, maxHashFile+1))
	first, rest, ok := strings.Cut(string(in), "\n")
	if err != nil || !ok || len(in) > maxHashFile {
		return "", "", refuse("With --verify - the value is the first line of standard input and the hash is the second, and there are not these two.")
	}
	inner := env
	inner.Stdin = strings.NewReader(strings.TrimSuffix(first, "\r"))
	value, found = readValue(ctx, inner, valueInput{Once: true, At: at})
	return value, rest, found
}

func readHashes(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(f, maxHashFile+1))
	if err == nil && len(text) > maxHashFile {
		err = errors.New("it has more than 1 MiB")
	}
	return string(text), err
}

// pickLine gives the line with the hash, and its number: the only one that is
// neither blank nor a comment, or that of a user.
func pickLine(text, user string) (line string, number int32, err error) {
	n, found := int32(0), 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "#") || user != "" && !strings.HasPrefix(l, user+":") {
			continue
		}
		if found++; found == 1 {
			line, number = l, n
		}
	}
	switch {
	case found == 0 && user != "":
		return "", 1, errors.New("there is no line of the user that --user names")
	case found == 0:
		return "", 1, errors.New("there is none")
	case found > 1 && user == "":
		return "", 1, errors.New("there are several lines. Of a file of htpasswd, name the user with --user")
	}
	return line, number, nil // of two lines of one user, nginx and Apache take the first
}
