package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/policy"
	"nselfc/internal/build"
	"nselfc/internal/doctor"
	"nselfc/internal/term"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
)

// DoctorOptions are the flags of doctor.
type DoctorOptions struct {
	SecretsOptions
	doctor.Options
	Format DoctorFormat
	FailOn Severity
	Unseen UnseenFlag
	Fix    bool // change modes that are too wide, after asking
	Yes    bool // do not ask
}

// Severity is a flag's value: one of policy's.
type Severity struct{ policy.Severity }

// DefaultFailOn is the severity of what must not stay.
func DefaultFailOn() Severity { return Severity{policy.High} }

// UnseenFlag is the value of --fail-on-unseen: a severity, or that the flag is not given.
type UnseenFlag struct {
	Severity
	given bool
}

// Set implements pflag.Value.
func (u *UnseenFlag) Set(word string) error {
	err := u.Severity.Set(word)
	u.given = err == nil
	return err
}

// String implements pflag.Value.
func (u *UnseenFlag) String() string {
	if !u.given {
		return ""
	}
	return u.Severity.String()
}

// Severities are the words for it, the least first.
func Severities() []string {
	var out []string
	for s := policy.Info; s <= policy.Critical; s++ {
		out = append(out, s.String())
	}
	return out
}

// Set implements pflag.Value.
func (s *Severity) Set(word string) error {
	i := slices.Index(Severities(), word)
	if i < 0 {
		return fmt.Errorf("it is %s", strings.Join(Severities(), ", "))
	}
	s.Severity = policy.Severity(i) //nolint:gosec // one of five
	return nil
}

// Type implements pflag.Value.
func (s *Severity) Type() string { return "SEVERITY" }

// DoctorFormat is the value of doctor's --format.
type DoctorFormat string

// DoctorFormats are its values.
func DoctorFormats() []string {
	return []string{string(FormatText), string(FormatJSON), string(FormatSARIF)}
}

// Set implements pflag.Value.
func (f *DoctorFormat) Set(s string) error {
	if !slices.Contains(DoctorFormats(), s) {
		return fmt.Errorf("it is %s", strings.Join(DoctorFormats(), ", "))
	}
	*f = DoctorFormat(s)
	return nil
}

// String implements pflag.Value.
func (f *DoctorFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *DoctorFormat) Type() string { return "FORMAT" }

// Doctor looks at this host, and ends with Failed when what it finds is as severe as
// --fail-on says, or what it could not see as --fail-on-unseen does. A run that saw
// nothing at all ends with IO.
func Doctor(ctx context.Context, env Env, d Display, o DoctorOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	subject := doctor.Subject{
		Stack: h.Stack, Files: h.Files, Dir: absolute(h.Dir), StackDir: absolute(c.Dir), Secrets: h.Options,
		Shared: c.SharedSecrets(guard(env, o.SecretsOptions.Options)),
	}
	if o.Fix {
		if code := mend(env, subject, o.Yes); code != OK {
			return code
		}
	}
	r := doctor.Examine(ctx, doctor.Real(env.Now(), env.Secrets.Run), subject, o.Options)
	if ctx.Err() != nil {
		return Interrupted
	}
	if code := o.print(env, c, r); code != OK {
		return code
	}
	unseen := r.Unseen(policy.Info)
	if Format(o.Format) == FormatSARIF && unseen > 0 { // which has no place for it
		say(env, "nselfc: %d of %d checks could not see all that they look at: --format json says why\n", unseen, len(r.Results))
	}
	if r.Count(o.FailOn.Severity) > 0 {
		return Failed
	}
	if n := r.Unseen(o.Unseen.Severity.Severity); o.Unseen.given && n > 0 {
		return Fail(env, Failed, "%d checks of severity %s or above could not see all that they look at", n, o.Unseen.Severity)
	}
	if r.Blind() {
		return Fail(env, IO, "nothing of this host could be seen")
	}
	return OK
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path // the working directory is gone
}

func (o DoctorOptions) print(env Env, c *build.Compiled, r *doctor.Report) int {
	var err error
	switch Format(o.Format) {
	case FormatJSON:
		err = r.JSON(env.Stdout, func(s string) string { return render.Clean(env.Secrets.Text(s), true) }, c.DisplayName)
	case FormatSARIF:
		list := diag.List(r.Diagnostics()).Sort()
		err = render.SARIF(env.Stdout, render.New(unrevealing(list, env.Secrets), c.Files(), c.DisplayName), Version)
	case FormatText, FormatGitHub:
		fallthrough
	default:
		err = r.Text(env.Stdout, term.Width(env.Stdout))
	}
	if err != nil {
		return Fail(env, IO, "cannot write the report: %v", err)
	}
	return OK
}

// mend shows the modes that are too wide, asks, and changes them.
func mend(env Env, subject doctor.Subject, yes bool) int {
	list, err := doctor.Mendings(subject)
	if err != nil {
		return Fail(env, IO, "cannot look at the output: %v", err)
	}
	if len(list) == 0 {
		say(env, "nselfc: no mode is too wide\n")
		return OK
	}
	for _, m := range list {
		say(env, "  chmod %04o %s    (it is %04o)\n", m.To, render.Clean(filepath.Join(subject.Dir, m.Path), false), m.From)
	}
	if !yes {
		in, ok := env.Stdin.(*os.File)
		if !ok || !term.IsTerminal(in) {
			return Fail(env, Usage, "nothing was changed: there is no terminal to ask at. --yes does it without asking.")
		}
		say(env, "Change these modes? [y/N] ")
		answer, _ := bufio.NewReader(in).ReadString('\n')
		if !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
			return Fail(env, Failed, "nothing was changed")
		}
	}
	code := OK
	for _, m := range list {
		if err := doctor.Mend(subject.Dir, m); err != nil {
			code = Fail(env, IO, "%v", err)
		}
	}
	return code
}
