package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"nselfc/internal/rotation"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// audited is what internal/secrets says, by the code under which it says it.
type audited struct {
	findings diag.List
	missing  []string // addresses that have no value here
	files    int
	blocked  string // why .secrets could not be looked into; "" when it could
}

// The codes of internal/secrets, by what they are to a doctor. Those of certificates
// are not among them: the files that are served are looked at by themselves.
func auditCodes() map[string][]string {
	return map[string][]string{
		"NS2001": {"NS438", "NS600", "NS601", "NS602", "NS660"},
		"NS2002": {"NS405", "NS606", "NS608", "NS650", "NS651", "NS652"},
		"NS2003": {"NS400", "NS401", "NS402", "NS403", "NS407", "NS409", "NS421", "NS422", "NS450", "NS451", "NS480", "NS482", "NS661"},
		"NS2004": {"NS404"},
		"NS2005": {"NS404", "NS453"},
		"NS2006": {"NS454", "NS2006"},
		"NS2007": {"NS408", "NS663", "NS664"},
	}
}

// blocks tells whether internal/secrets looked no further after a finding, or has a
// fault that no check here tells of: what was not judged is not well. Certificates are
// judged by checks of their own, by other means.
func blocks(d *diag.Diagnostic) bool {
	if d.Severity != diag.Error || strings.HasPrefix(d.Code, "NS43") || strings.HasPrefix(d.Code, "NS44") {
		return false
	}
	if slices.Contains([]string{"NS401", "NS402", "NS409", "NS450", "NS600", "NS601"}, d.Code) {
		return true
	}
	for _, codes := range auditCodes() {
		if slices.Contains(codes, d.Code) {
			return false
		}
	}
	return true
}

// stranger says why the secrets cannot be judged by who looks: they belong to another
// user, to whom alone they are to be readable.
func (x *examination) stranger() error {
	fi, err := os.Stat(x.Dir)
	if err != nil || x.UID == 0 {
		return nil //nolint:nilerr // what is not there, other checks tell
	}
	if s, ok := fi.Sys().(*syscall.Stat_t); ok && int(s.Uid) != x.UID {
		return fmt.Errorf("%s belongs to user %d: run it as that user, or with sudo", x.Dir, s.Uid)
	}
	return nil
}

func (x *examination) auditSecrets(ctx context.Context) (audited, error) {
	a := secrets.Audit(ctx, x.Dir, x.Stack, x.Files, x.Secrets)
	report, _ := secrets.Check(x.Dir, x.Stack, x.Files, x.Secrets) // its findings are in the audit
	out := audited{findings: append(a.Findings, x.Shared...), missing: report.Generated, files: len(a.Files)}
	for _, d := range a.Findings {
		if blocks(d) {
			out.blocked, _, _ = strings.Cut(d.Detail, "\n\n")
		}
	}
	out.findings = append(out.findings, x.overdue()...)
	return out, ctx.Err()
}

// overdue finds the values that are older than the stack allows.
func (x *examination) overdue() diag.List {
	known, d := secrets.LoadRegister(x.Dir, x.Stack.Name.V)
	if d != nil {
		return nil // the audit has told
	}
	var out diag.List
	for _, s := range x.Stack.Secrets {
		e := known.Entries[s.Address]
		if s.Rotation == nil || s.Rotation.After.V == 0 || e == nil {
			continue // what an input's own age says, the audit tells
		}
		since, err := time.Parse(time.DateOnly, e.Since())
		if due := since.AddDate(0, 0, s.Rotation.After.V); err == nil && x.Now.After(due) {
			out = append(out, diag.Warningf("NS2006", s.Origin.Range, "Secret is overdue for rotation",
				"%s was due for a new value on %s. The longer one is in use, the more copies of it there are.\n\n    nselfc secrets rotate '%[1]s'", s.Address, day(due)))
		}
	}
	return out
}

// again tells the two causes of NS404 apart: a value that serves twice.
func again(d *diag.Diagnostic) bool {
	return d.Code == "NS453" || strings.Contains(d.Detail, " is also the value of ")
}

func secretChecks() []check {
	all := func(*diag.Diagnostic) bool { return true }
	return []check{
		{code: "NS2001", run: judged("NS2001", "nobody can read a secret who should not", all)},
		{code: "NS2002", run: judged("NS2002", "git has none of them, and would take none", all)},
		{code: "NS2003", run: judged("NS2003", "each is as declared", all)},
		{code: "NS2004", security: true, run: judged("NS2004", "none is a default, a placeholder or made of words", func(d *diag.Diagnostic) bool { return !again(d) })},
		{code: "NS2005", security: true, run: judged("NS2005", "no value serves twice", again)},
		{code: "NS2006", security: true, run: judged("NS2006", "none is due for a new value", all)},
		{code: "NS2007", run: judged("NS2007", "no copies, and no keys that nothing declares", all)},
	}
}

// judged makes a check of the audit of the secrets.
func judged(code, seen string, want func(*diag.Diagnostic) bool) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		if len(x.Stack.Secrets) == 0 {
			return "", nil, nothing("the stack declares no secret")
		}
		a, err := x.audit()
		if err != nil {
			return "", nil, err
		}
		if err := x.stranger(); err != nil && code != "NS2002" && code != "NS2007" {
			return "", x.seenByAll(code), err
		}
		var found []Finding
		for _, d := range a.findings {
			if slices.Contains(auditCodes()[code], d.Code) && want(d) {
				found = append(found, x.retold(d))
			}
		}
		if code == "NS2003" && len(a.missing) > 0 && a.blocked == "" {
			found = append(found, Finding{
				Object:   secrets.File,
				Evidence: fmt.Sprintf("%s lacks the value of %s: what needs it does not start, or starts without.", filepath.Join(x.Dir, secrets.File), strings.Join(a.missing, ", ")),
				Fix:      "Make what is missing, and leave what is there:\n\n    nselfc secrets materialize" + envFlag(x.Stack.Environment),
			})
		}
		if code == "NS2003" && len(a.missing) == 0 && a.blocked == "" {
			found = append(found, x.unrendered()...)
			if len(found) == 0 {
				found = x.outdated(a)
			}
		}
		if inner := code != "NS2002" && code != "NS2003" && code != "NS2007"; inner && a.files == 0 && len(found) == 0 && a.blocked == "" {
			return "", nil, nothing("no value of a secret is here")
		}
		blind := code != "NS2001" && code != "NS2002" && code != "NS2007"
		if len(found) == 0 && blind && a.blocked != "" {
			return "", nil, fmt.Errorf("%s is not looked into: %s", secrets.File, a.blocked)
		}
		return fmt.Sprintf("%s in %s: %s", counted(len(x.Stack.Secrets), "secret"), counted(a.files, "file"), seen), found, nil
	}
}

// unrendered finds the files that services read their secrets from and that are not
// there: Docker would make a folder in the place of each, or not start the service.
func (x *examination) unrendered() []Finding {
	var gone []string
	for _, f := range x.Files {
		if !f.Secret() {
			continue
		}
		if _, err := os.Lstat(filepath.Join(x.Dir, filepath.FromSlash(f.Path))); errors.Is(err, fs.ErrNotExist) {
			gone = append(gone, f.Path)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return []Finding{{
		Object:   secrets.Dir,
		Evidence: fmt.Sprintf("%s is not there%s, though the values are in %s: what reads it does not start again.", filepath.Join(x.Dir, filepath.FromSlash(gone[0])), more(len(gone)-1), secrets.File),
		Fix:      "Write it anew from the values that are there:\n\n    nselfc secrets materialize" + envFlag(x.Stack.Environment),
	}}
}

// outdated finds the files that were written from values before: what runs has those,
// however good the ones in .secrets are. Values that must be replaced all the same are
// told of first, and a rotation that is under way hands new ones on step by step.
func (x *examination) outdated(a audited) []Finding {
	if slices.ContainsFunc(a.findings, func(d *diag.Diagnostic) bool {
		return d.Code == "NS404" || d.Code == "NS453"
	}) {
		return nil
	}
	if j, diags := rotation.ReadJournal(x.Dir); j != nil || diags.HasErrors() {
		return nil
	}
	old := secrets.Outdated(x.Dir, x.Stack, x.Files, x.Secrets)
	if len(old) == 0 {
		return nil
	}
	return []Finding{{
		Object: secrets.Dir,
		Evidence: fmt.Sprintf("What nselfc wrote to %s%s is not what it would write now: a value in %s, a certificate or the stack has changed since, and what runs has the old one.",
			filepath.Join(x.Dir, filepath.FromSlash(old[0])), more(len(old)-1), secrets.File),
		Fix: "Write it anew; the command says which containers to make anew then:\n\n    nselfc secrets materialize" + envFlag(x.Stack.Environment),
	}}
}

// seenByAll is what somebody can tell whose secrets they are not: that a mode lets
// everybody in.
func (x *examination) seenByAll(code string) []Finding {
	fi, err := os.Lstat(filepath.Join(x.Dir, secrets.File))
	if code != "NS2001" || err != nil || fi.Mode().Perm()&0o004 == 0 {
		return nil
	}
	return []Finding{{
		Object: secrets.File, Fix: "Close it, and rotate what others may have read:\n\n    chmod 600 " + filepath.Join(x.Dir, secrets.File),
		Evidence: fmt.Sprintf("%s has mode %04o: other users of this machine can get at the secrets in it, and perhaps did.", filepath.Join(x.Dir, secrets.File), fi.Mode().Perm()),
	}}
}

// retold makes a finding of a diagnostic: the first paragraph is what is wrong, the
// rest what to do.
func (x *examination) retold(d *diag.Diagnostic) Finding {
	evidence, fix, _ := strings.Cut(d.Detail, "\n\n")
	object := d.Subject.File
	if rel, err := filepath.Rel(x.Dir, object); err == nil && within(object, x.Dir) {
		object = rel
	} else if d.Subject.Start.Line > 0 {
		object = fmt.Sprintf("%s:%d", d.Subject.File, d.Subject.Start.Line)
	}
	return Finding{Object: object, Evidence: evidence, Fix: fix, At: d.Subject}
}
