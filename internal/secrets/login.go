package secrets

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/internal/passhash"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/secret"
)

// notLogin is what PostgreSQL is told of a login that nobody may use now.
const notLogin = "NOLOGIN PASSWORD NULL"

// slotSalt is where the salt of a login of a pair is kept.
func slotSalt(s *ir.Secret, slot string) string {
	return s.Key + suffixSCRAM + map[string]string{slotA: "_A", slotB: "_B"}[slot]
}

// ofLogin computes a function of the logins of a pair. Which of the two has which
// value follows from the secret's slot, so that what is said of a login stays when
// the other one becomes current.
func (e *evaluator) ofLogin(x *secret.Expr) (string, *diag.Diagnostic) {
	arg := x.Args[0]
	var s *ir.Secret
	if len(arg) == 1 && arg[0].Secret != nil && arg[0].Secret.Field == "" {
		s = e.secrets[arg[0].Secret.Address]
	}
	if s == nil || class(s) != classPair {
		return "", e.bug(e.at, "The file %s calls %s, whose secret is of no pair of logins.", e.path, x)
	}
	if x.Func == escape.Login {
		return e.login(s), nil
	}
	slot := map[string]string{escape.LoginA: slotA, escape.LoginB: slotB}[x.Func]
	value, ok := e.values[s.Address][""]
	if slot != e.slot(s) {
		value, ok = e.book.beside[s.Address][""]
	}
	if !ok {
		return notLogin, nil
	}
	verifier, err := e.saltedWith(slotSalt(s, slot), value, passhash.SCRAM)
	if err != nil {
		return "", e.unwritable(x, err)
	}
	return "LOGIN PASSWORD '" + verifier + "'", nil // base64, $ and : need no escape
}

// each computes a function of a text for every value that is valid now: two while
// a secret of the text is rotated. Their order does not tell which is current.
func (e *evaluator) each(x *secret.Expr, f escape.Func) (string, *diag.Diagnostic) {
	var all []string
	for _, beside := range []bool{false, true} {
		e.beside = beside
		arg, d := e.text(x.Args[0])
		e.beside = false
		if d != nil {
			return "", d
		}
		out, err := f.Apply(arg)
		if err != nil {
			return "", e.unwritable(x, err)
		}
		all = append(all, out)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " "), nil
}
