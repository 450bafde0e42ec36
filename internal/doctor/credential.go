package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
)

// takes and refuses are the exit codes of the commands that log in (rotation.prove
// of a secret).
const (
	takes   = 0
	refuses = 3
)

func credentialChecks() []check {
	return []check{{code: "NS2055", security: true, run: defaults}}
}

// login is a name and a password that everybody knows.
type login struct{ user, password string }

// defaults tries well-known passwords at every server of the stack, from inside of
// its container. They go in on standard input; no argument holds one.
func defaults(ctx context.Context, x *examination) (string, []Finding, error) {
	own, err := x.own()
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	var unknown []error
	tried, asked := 0, 0
	for _, s := range x.Stack.Secrets {
		if s.Rotation == nil || len(s.Rotation.Prove) == 0 || s.Rotation.User.V == "" {
			continue
		}
		i := slices.IndexFunc(own, func(c container) bool { return c.service() == s.Rotation.Service && c.State.Running })
		if i < 0 {
			unknown = append(unknown, fmt.Errorf("%s does not run", s.Rotation.Service))
			continue
		}
		asked++
		logins := x.logins(s)
		codes, err := x.try(ctx, own[i], words(s.Rotation.Prove), logins)
		if err != nil {
			unknown = append(unknown, err)
			continue
		}
		tried += len(codes)
		for n, l := range logins {
			switch {
			case codes[n] == takes:
				found = append(found, Finding{
					Object: own[i].object() + ", user " + l.user, At: s.Site,
					Evidence: fmt.Sprintf("%s lets the user %s in with a password that everybody tries first (its own name, that of the program, or \"changeme\").", own[i].Name, l.user),
					Fix:      "Give it a new one, which the server is told of before any service has it:\n\n    nselfc secrets rotate --compromised '" + s.Address + "'",
				})
			case codes[n] != refuses && l.user != "postgres": // whom pg_hba.conf turns away without asking
				unknown = append(unknown, fmt.Errorf("%s did not say whether it lets %s in", own[i].Name, l.user))
			}
		}
	}
	if asked == 0 && len(unknown) == 0 {
		return "", nil, nothing("no secret of the stack says how to log in with it")
	}
	return counted(tried, "login") + " with well-known passwords, refused", found, errors.Join(unknown[:min(1, len(unknown))]...)
}

// attempts hands each login to a command, and prints how it ended. What it hands on
// is in no argument: printf is the shell's own.
const attempts = `while IFS= read -r user && IFS= read -r password; do printf '%s\n%s\n' "$user" "$password" | "$@" >/dev/null 2>&1; echo $?; done`

// try logs in, in one go in a container, and gives the code of each login.
func (x *examination) try(ctx context.Context, c container, prove []string, logins []login) ([]int, error) {
	var in strings.Builder
	for _, l := range logins {
		in.WriteString(l.user + "\n" + l.password + "\n")
	}
	said, err := x.inside(ctx, c, in.String(), append([]string{"sh", "-c", attempts, "sh"}, prove...)...)
	if err != nil {
		return nil, err
	}
	var codes []int
	for word := range strings.FieldsSeq(said.Out) {
		code, err := strconv.Atoi(word)
		if err != nil {
			break
		}
		codes = append(codes, code)
	}
	if len(codes) != len(logins) {
		return nil, fmt.Errorf("%s did not say whether it lets anybody in", c.Name)
	}
	return codes, nil
}

// logins are the users of a secret and of its server, each with what is tried first.
func (x *examination) logins(s *ir.Secret) []login {
	users := []string{s.Rotation.User.V}
	if s.Rotation.Class.V == "pair" {
		users = []string{s.Rotation.User.V + "_a", s.Rotation.User.V + "_b"}
	}
	store := ""
	if service := x.service(s.Rotation.Service); service != nil {
		store = service.Store.V
	}
	if administrator := map[string]string{"postgres": "postgres", "redis": "default"}[store]; administrator != "" {
		users = append(users, administrator)
	}
	var out []login
	for _, u := range users {
		for _, p := range []string{u, s.Rotation.User.V, store, "changeme"} {
			if l := (login{u, p}); p != "" && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

func words(list []ir.String) []string {
	out := make([]string, 0, len(list))
	for _, w := range list {
		out = append(out, w.V)
	}
	return out
}
