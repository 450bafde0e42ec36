package doctor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/rotation"
	"nselfc/internal/secrets"
)

// takes and refuses are the exit codes of the commands that log in (rotation.prove
// of a secret).
const (
	takes   = 0
	refuses = 3
)

func credentialChecks() []check {
	return []check{
		{code: "NS2055", security: true, run: refused(lock{
			logins: (*examination).logins,
			none:   "no secret of the stack says how to log in with it",
			seen:   "with well-known passwords",
			accepted: func(c container, l login) string {
				return fmt.Sprintf("%s lets the user %s in with a password that everybody tries first (its own name, that of the program, or one that instructions print, such as \"changeme\").", c.Name, l.user)
			},
			fix: "Give it a new one, which the server is told of before any service has it:\n\n    nselfc secrets rotate --compromised '%s'",
		})},
		{code: "NS2056", security: true, run: refused(lock{
			logins: (*examination).retired,
			none:   "no password that is out of use is kept here",
			seen:   "with passwords that are out of use",
			accepted: func(c container, l login) string {
				return fmt.Sprintf("%s lets the user %s in with a password that is out of use: %s. Whoever has got hold of it can still log in.", c.Name, l.user, l.why)
			},
			fix: "Where a rotation has not ended, end it. Else give the server a new value, which it takes alone:\n\n    nselfc secrets rotate --resume\n    nselfc secrets rotate --compromised '%s'",
		})},
	}
}

// login is a name and a password that is to be refused.
type login struct{ user, password, why string }

// lock is one sort of passwords, tried at every server of the stack.
type lock struct {
	logins     func(x *examination, s *ir.Secret) ([]login, error)
	none, seen string
	accepted   func(c container, l login) string
	fix        string // with the address of the secret
}

// refused tries passwords from inside of the container of each server. They go in on
// standard input; no argument holds one.
func refused(t lock) func(context.Context, *examination) (string, []Finding, error) {
	return func(ctx context.Context, x *examination) (string, []Finding, error) {
		own, err := x.own()
		if err != nil {
			return "", nil, err
		}
		var found []Finding
		var unknown []error
		tried, asked := 0, 0
		once := map[string]bool{} // the administrator is the same for each secret of a server
		for _, s := range x.Stack.Secrets {
			if s.Rotation == nil || len(s.Rotation.Prove) == 0 || s.Rotation.User.V == "" {
				continue
			}
			logins, err := t.logins(x, s)
			if err != nil {
				unknown = append(unknown, err)
			}
			logins = slices.DeleteFunc(logins, func(l login) bool {
				key := strings.Join([]string{s.Rotation.Service, l.user, l.password}, "\n")
				again := once[key]
				once[key] = true
				return again
			})
			if len(logins) == 0 {
				continue
			}
			i := slices.IndexFunc(own, func(c container) bool { return c.service() == s.Rotation.Service && c.State.Running })
			if i < 0 {
				unknown = append(unknown, fmt.Errorf("%s does not run", s.Rotation.Service))
				continue
			}
			asked++
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
						Object: own[i].object() + ", user " + l.user, At: s.Site, Evidence: t.accepted(own[i], l), Fix: fmt.Sprintf(t.fix, s.Address),
					})
				case codes[n] != refuses && l.user != "postgres": // whom pg_hba.conf turns away without asking
					unknown = append(unknown, fmt.Errorf("%s did not say whether it lets %s in", own[i].Name, l.user))
				}
			}
		}
		if asked == 0 && len(unknown) == 0 {
			return "", nil, nothing(t.none)
		}
		return counted(tried, "login") + " " + t.seen + ", refused", found, errors.Join(unknown[:min(1, len(unknown))]...)
	}
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
func (x *examination) logins(s *ir.Secret) ([]login, error) {
	users := usersOf(s)
	store := ""
	if service := x.service(s.Rotation.Service); service != nil {
		store = service.Store.V
	}
	if administrator := map[string]string{"postgres": "postgres", "redis": "default"}[store]; administrator != "" {
		users = append(users, administrator)
	}
	var out []login
	for _, u := range users {
		for _, p := range append([]string{u, s.Rotation.User.V, store}, printed(store)...) {
			if l := (login{u, p, ""}); p != "" && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out, nil
}

// printed are the passwords of the instructions that people set a store up by: of the
// pages of its image, of its configuration, and of nself.
func printed(store string) []string {
	switch store {
	case "postgres":
		return []string{"changeme", "password", "mysecretpassword", "postgres-dev-password"}
	case "redis":
		return []string{"changeme", "password", "foobared"}
	}
	return []string{"changeme", "password"}
}

// usersOf are those who log in with a secret.
func usersOf(s *ir.Secret) []string {
	if s.Rotation.Class.V == "pair" {
		return []string{s.Rotation.User.V + "_a", s.Rotation.User.V + "_b"}
	}
	return []string{s.Rotation.User.V}
}

// rotationTime is how long a rotation may take beside its grace period.
const rotationTime = time.Hour

// retired are the values of a secret that were taken out of use and are still known
// here: the one before, when no rotation is at work on it any more, and those that
// somebody retired. While a rotation is under way, servers take both.
func (x *examination) retired(s *ir.Secret) ([]login, error) {
	if x.stranger() != nil {
		return nil, nil // the checks of .secrets say that it is not to be read
	}
	var out []login
	var unknown error
	j, diags := rotation.ReadJournal(x.Dir)
	for _, old := range secrets.OutOfUse(x.Dir, s) {
		why := "it was retired on " + old.Retired
		if old.Retired == "" {
			if diags.HasErrors() {
				unknown = fmt.Errorf("%s cannot be read, so nobody can tell whether the value before the current one is out of use", filepath.Join(x.Dir, rotation.JournalFile))
				continue
			}
			if j != nil && x.Now.Before(due(j)) {
				continue
			}
			why = "it is the one before, and no rotation is under way"
			if j != nil {
				why = "the rotation that began on " + day(j.Begun) + " should have ended on " + day(due(j))
			}
		}
		for _, u := range usersOf(s) {
			out = append(out, login{u, old.Value.Reveal(), why})
		}
	}
	return out, unknown
}

// due is when a rotation is past its time.
func due(j *rotation.Journal) time.Time {
	begun := j.Switched
	if begun.IsZero() {
		begun = j.Begun
	}
	return begun.Add(j.Grace + rotationTime)
}

func words(list []ir.String) []string {
	out := make([]string, 0, len(list))
	for _, w := range list {
		out = append(out, w.V)
	}
	return out
}
