package secretstore

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"

	"nselfc/lang/escape"
)

// login is how the server knows this host: by a token that somebody made, or by an
// AppRole, which gives a token of its own for a while. That one is kept here alone,
// and is taken back by Close.
type login struct {
	source   string // where the credential comes from, for people
	token    string // "" until an AppRole has logged in
	roleID   string // of an AppRole; "" for a token
	secretID string
}

// who names the credential in a sentence.
func (l login) who() string {
	if l.roleID != "" {
		return "the role of " + l.source
	}
	return "the token of " + l.source
}

// credentials finds what to log in with, in the environment or in files. The
// variables are those of Vault, and where they are not set those of OpenBao.
func (v *vault) credentials(auth string, o Options) (login, error) {
	if auth == "approle" {
		role, source, err := v.credential(o, "ROLE_ID")
		if err != nil {
			return login{}, err
		}
		secret, _, err := v.credential(o, "SECRET_ID")
		if err != nil {
			return login{}, err
		}
		if role == "" || secret == "" {
			return login{}, v.fail(ErrDenied, "is opened by an AppRole, whose two halves are not set on this host.",
				"Set both, or the files that hold them:\n\n    export VAULT_ROLE_ID=…\n    export VAULT_SECRET_ID_FILE=/etc/nselfc/vault-secret-id")
		}
		return login{source: source, roleID: role, secretID: secret}, nil
	}
	token, source, err := v.credential(o, "TOKEN")
	if err != nil {
		return login{}, err
	}
	if home := o.getenv("HOME"); token == "" && home != "" {
		source = filepath.Join(home, ".vault-token")
		if token, err = v.fromFile(source); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return login{}, err
		}
	}
	if token == "" {
		return login{}, v.fail(ErrDenied, "needs a token, and there is none on this host.",
			"Log in, which keeps one in ~/.vault-token, or set the variable VAULT_TOKEN:\n\n    vault login -address="+escape.ShellWord(v.base.String()))
	}
	return login{source: source, token: token}, nil
}

// credential looks into VAULT_NAME and BAO_NAME, and into the files that
// VAULT_NAME_FILE and BAO_NAME_FILE name.
func (v *vault) credential(o Options, name string) (value, source string, err error) {
	for _, variable := range []string{"VAULT_" + name, "BAO_" + name} {
		if value := o.getenv(variable); value != "" {
			return value, variable, v.printable(value, variable)
		}
		if file := o.getenv(variable + "_FILE"); file != "" {
			if value, err = v.fromFile(file); errors.Is(err, fs.ErrNotExist) {
				err = v.fail(ErrDenied, "needs the credential in "+file+", which does not exist.", "The variable "+variable+"_FILE names it. Mend the variable, or make the file.")
			}
			return value, file, err
		}
	}
	return "", "", nil
}

func (v *vault) fromFile(path string) (string, error) {
	value, err := readCredential(v.name, path)
	if err != nil {
		return "", err
	}
	return value, v.printable(value, path)
}

// printable refuses what no header may hold: a value of two lines is another file.
func (v *vault) printable(value, source string) error {
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' {
			return v.fail(ErrInvalid, "needs the credential in "+source+", which holds spaces, line ends or other characters that none has.", "Put the credential there alone.")
		}
	}
	return nil
}

// authorised sends a request with a token. An AppRole whose token was good for
// less time than a person needs to type a value logs in a second time.
func (v *vault) authorised(ctx context.Context, r request) (answer, error) {
	fresh := v.login.token == ""
	if fresh {
		if err := v.enter(ctx); err != nil {
			return answer{}, err
		}
	}
	r.token = v.login.token
	a, err := v.call(ctx, r)
	if err != nil || a.status != http.StatusForbidden || fresh || v.login.roleID == "" {
		return a, err
	}
	v.leave(ctx)
	if err := v.enter(ctx); err != nil {
		return answer{}, err
	}
	r.token = v.login.token
	return v.call(ctx, r)
}

// enter logs in with the AppRole.
func (v *vault) enter(ctx context.Context) error {
	a, err := v.call(ctx, request{
		method: http.MethodPost, path: []string{"auth", "approle", "login"},
		body: map[string]string{"role_id": v.login.roleID, "secret_id": v.login.secretID},
	})
	if err != nil {
		return err
	}
	switch a.status {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnauthorized, http.StatusNotFound:
		return v.fail(ErrDenied, "was refused: the server does not take "+v.login.who()+" with its secret ID, or knows no AppRole in this namespace.",
			"A secret ID expires, and may be good for a number of logins only. Make a new one, with the name of the role:\n\n    vault write -f auth/approle/role/NAME/secret-id")
	default:
		return v.refused(ctx, a)
	}
	var said struct {
		Auth struct {
			Token string `json:"client_token"`
		} `json:"auth"`
	}
	if json.Unmarshal(a.body, &said) != nil || said.Auth.Token == "" || v.printable(said.Auth.Token, "") != nil {
		return v.strange("answered a login with something that is not its protocol.")
	}
	v.login.token = said.Auth.Token
	return nil
}

// leave takes back the token that an AppRole got. A token that somebody made is
// theirs. When the server cannot be reached the token expires by itself, and so
// this is worth neither a second try nor an error.
func (v *vault) leave(ctx context.Context) {
	if v.login.roleID == "" || v.login.token == "" {
		return
	}
	_, _ = v.once(ctx, request{method: http.MethodPost, path: []string{"auth", "token", "revoke-self"}, token: v.login.token}, nil)
	v.login.token = ""
}

// Close ends the login of an AppRole.
func (v *vault) Close() error {
	v.leave(context.Background())
	v.client.CloseIdleConnections()
	return nil
}
