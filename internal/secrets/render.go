package secrets

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/internal/passhash"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// rendered is a secret file with its values filled in.
type rendered struct {
	path string // below the output directory
	mode uint32
	text []byte
}

// render fills the values into every file that holds secrets. Salts and hashes
// that are new go into the document, which must be saved before the files are.
func (b *book) render(files []emit.File) ([]rendered, diag.List) {
	var diags diag.List
	var out []rendered
	e := &evaluator{book: b, done: map[string]string{}}
	taken := map[string]bool{}
	for _, f := range files {
		if !f.Secret() {
			continue
		}
		e.at = b.origin(f)
		if problem := badPath(f.Path); problem != "" || taken[f.Path] {
			diags = append(diags, b.bug(e.at, "The secret file %q cannot be written: its path %s.", f.Path, problem+" or is taken"))
			continue
		}
		taken[f.Path] = true
		e.path = f.Path
		text, d := e.text(f.Text)
		if d != nil {
			diags = append(diags, d)
			continue
		}
		mode := f.Mode &^ 0o222 // it is rendered again, never written to
		if mode == 0 {
			mode = 0o444
		}
		out = append(out, rendered{path: f.Path, mode: mode, text: []byte(text)})
	}
	slices.SortFunc(out, func(a, b rendered) int { return strings.Compare(a.path, b.path) })
	return out, diags
}

// badPath says why a file cannot lie at a path, or "".
func badPath(p string) string {
	switch {
	case !filepath.IsLocal(p) || path.Clean(p) != p || strings.ContainsAny(p, "\\\n\r\x00"):
		return "is not a clean relative path"
	case !strings.HasPrefix(p, Dir+"/"):
		return "is not below " + Dir
	case p == ignorePath || p == manifestPath || strings.HasPrefix(path.Base(p), tempPrefix):
		return "is reserved"
	}
	return ""
}

// origin finds the source of an emitted file: its own file of the ir, or the
// first secret in it.
func (b *book) origin(f emit.File) source.Range {
	for _, m := range f.Marks {
		if !m.Origin.Range.IsZero() {
			return m.Origin.Range
		}
	}
	for _, irf := range b.stack.Files {
		if irf.Path == f.Path && !irf.Origin.Range.IsZero() {
			return irf.Origin.Range
		}
	}
	for _, s := range b.stack.Secrets {
		if slices.Contains(f.Text.Addresses(), s.Address) {
			return s.Origin.Range
		}
	}
	return source.Range{}
}

// evaluator computes texts that hold secrets.
type evaluator struct {
	*book
	done map[string]string // results of the slow functions, by the key of their salt
	at   source.Range      // of the file that is being rendered
	path string
	// beside computes with the next or the previous value of each secret that has one.
	beside bool
}

func (e *evaluator) text(t secret.Text) (string, *diag.Diagnostic) {
	var b strings.Builder
	for _, p := range t {
		if p.Secret == nil {
			b.WriteString(p.Literal)
			continue
		}
		v, d := e.expr(p.Secret)
		if d != nil {
			return "", d
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

func (e *evaluator) expr(x *secret.Expr) (string, *diag.Diagnostic) {
	if x.Func == "" {
		return e.value(x)
	}
	f, ok := escape.Lookup(x.Func)
	if !ok || len(x.Args) != 1 {
		return "", e.bug(e.at, "The file %s calls %s with %d arguments, which no function of secrets is.", e.path, x.Func, len(x.Args))
	}
	switch {
	case f.OfLogin():
		return e.ofLogin(x)
	case f.EachValid():
		return e.each(x, f)
	}
	arg, d := e.text(x.Args[0])
	if d != nil {
		return "", d
	}
	var out string
	var err error
	if f.Salted() {
		out, err = e.salted(x, arg)
	} else {
		out, err = f.Apply(arg)
	}
	if err != nil {
		return "", e.unwritable(x, err)
	}
	return out, nil
}

func (e *evaluator) unwritable(x *secret.Expr, err error) *diag.Diagnostic {
	return diag.Errorf(codeUnwritable, e.at, "Secret that cannot be written",
		"%s cannot be computed for %s: %s.\n\nReplace the value where it is in use, and then in %s.", x, e.path, err, e.file)
}

// value gives a declared secret, or the field of one.
func (e *evaluator) value(x *secret.Expr) (string, *diag.Diagnostic) {
	values, ok := e.values[x.Address]
	if !ok {
		return "", e.bug(e.at, "The file %s refers to %s, which no secret declares.", e.path, x.Address)
	}
	if e.authorityKey(x) {
		return "", refuseCAKey(e.at, e.path, x.Address)
	}
	if beside, ok := e.book.beside[x.Address]; ok && e.beside {
		values = beside
	}
	v, ok := values[x.Field]
	if !ok {
		return "", e.bug(e.at, "The file %s refers to %s, a field that the secret does not have.", e.path, x)
	}
	return v, nil
}

// salted computes a function whose salt or hash is kept in .secrets. It is slow
// on purpose, so each expression is computed once.
func (e *evaluator) salted(x *secret.Expr, arg string) (string, error) {
	key := e.saltKey(x)
	switch x.Func {
	case "bcrypt":
		if out, ok := e.done[key]; ok {
			return out, nil
		}
		kept, _ := e.doc.Get(key)
		out, err := passhash.Bcrypt(arg, kept)
		if err == nil && out != kept {
			err = e.doc.Set(key, out, "")
		}
		if err == nil {
			e.done[key] = out
		}
		return out, err
	case "scram_verifier":
		return e.saltedWith(key, arg, passhash.SCRAM)
	case "pbkdf2_sha256":
		return e.saltedWith(key, arg, passhash.PBKDF2)
	}
	return "", fmt.Errorf("%s is not known here", x.Func)
}

// saltedWith derives from a value with the salt that is kept under a key.
func (e *evaluator) saltedWith(key, value string, derive func(string, []byte) (string, error)) (string, error) {
	if out, ok := e.done[key]; ok {
		return out, nil
	}
	salt, err := e.salt(key)
	if err != nil {
		return "", err
	}
	out, err := derive(value, salt)
	if err == nil {
		e.done[key] = out
	}
	return out, err
}

// salt gives the kept salt, or makes one. A damaged one is an error: what it
// salted may be in use.
func (e *evaluator) salt(key string) ([]byte, error) {
	kept, ok := e.doc.Get(key)
	if !ok {
		salt := random(passhash.SaltBytes)
		return salt, e.doc.Set(key, b64(salt), "")
	}
	salt, err := base64.StdEncoding.Strict().DecodeString(kept)
	if err != nil || len(salt) != passhash.SaltBytes {
		return nil, fmt.Errorf("%s on line %d of %s is not a salt of %d bytes in base64; delete that line, and the verifier is made again", key, e.doc.Line(key), File, passhash.SaltBytes)
	}
	return salt, nil
}

// claim notes the keys of .secrets that the files' salts are kept under, so that
// they are not reported as nobody's.
func (b *book) claim(files []emit.File) {
	for _, f := range files {
		f.Text.Walk(func(x *secret.Expr) {
			switch fn, ok := escape.Lookup(x.Func); {
			case !ok || len(x.Args) != 1:
			case fn.OfLogin(): // their salts belong to the secret
			case fn.Salted():
				b.used[b.saltKey(x)] = true
			}
		})
	}
}

// saltKey names what is kept for an expression: after the secret when that is
// all of the argument, and else after the first secret in it, made unique by a
// digest of the expression, which holds no value.
func (b *book) saltKey(x *secret.Expr) string {
	suffix := map[string]string{"scram_verifier": suffixSCRAM, "pbkdf2_sha256": suffixPBKDF2, "bcrypt": suffixBcrypt}[x.Func]
	arg := x.Args[0]
	name := "LITERAL"
	if all := arg.Addresses(); len(all) > 0 && b.secrets[all[0]] != nil {
		name = b.secrets[all[0]].Key
	}
	if len(arg) == 1 && arg[0].Secret != nil && arg[0].Secret.Address != "" && arg[0].Secret.Field == "" {
		return name + suffix
	}
	sum := sha256.Sum256([]byte(arg.String()))
	return name + suffix + "_" + strings.ToUpper(hex.EncodeToString(sum[:6]))
}
