package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// AuditOptions are the flags of secrets audit.
type AuditOptions struct {
	SecretsOptions
	JSON bool
}

// auditFormat is the version of the JSON of secrets audit.
const auditFormat = 1

type auditReport struct {
	Format      int            `json:"format"`
	Stack       string         `json:"stack"`
	Environment string         `json:"environment"`
	Files       []auditFile    `json:"files"`
	Findings    []auditFinding `json:"findings"`
}

type auditFile struct {
	Path     string         `json:"path"`
	Mode     string         `json:"mode"`
	Owner    int            `json:"owner"`
	Readers  []string       `json:"readers"` // users of the host beside root
	Services []auditService `json:"services"`
}

type auditService struct {
	Name  string `json:"name"`
	User  string `json:"user"`
	Reads string `json:"reads"` // "yes", "no" or "unknown"
	Via   string `json:"via"`   // "mount", or "environment" where Compose hands on what is in the file
}

type auditFinding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	File     string `json:"file"`
}

// Audit judges who can get at the secrets of an environment on this host. It ends
// with Failed when there is any finding.
func Audit(ctx context.Context, env Env, d Display, o AuditOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	if found := noOutput(h, o.SecretsOptions); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	a := secrets.Audit(ctx, h.Dir, h.Stack, h.Files, h.Options)
	if ctx.Err() != nil {
		return Interrupted
	}
	findings := append(a.Findings, overdue(h, env)...)
	o.again(findings)
	if o.JSON {
		code = printAudit(env, h, a, findings)
	} else {
		code = d.Show(env, findings, nil, nil)
		code = max(code, Print(env, auditText(h, a, findings)))
	}
	if code == OK && len(findings) > 0 {
		return Failed // a warning too is what an audit is for
	}
	return code
}

// overdue finds the values that are older than the stack allows.
func overdue(h *build.Host, env Env) diag.List {
	held, diags := secrets.Inventory(h.Dir, h.Stack, h.Files, h.Options)
	known, found := secrets.LoadRegister(h.Dir, h.Stack.Name.V)
	if diags.HasErrors() || found != nil {
		return nil // the checks have told
	}
	file := filepath.Join(h.Dir, secrets.File)
	at := source.Range{File: file, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	var out diag.List
	for _, s := range secretsOf(h, held, known, env.Now()).Secrets {
		if s.Overdue {
			out = append(out, diag.Warningf("NS665", at, "Secret due for rotation",
				"%s was due for a new value on %s. The longer one is in use, the more copies of it there are.\n\nRotate it:\n\n    nselfc secrets rotate %s", s.Address, s.Due, argument(s.Address)[1:]))
		}
	}
	return out
}

func printAudit(env Env, h *build.Host, a *secrets.Audited, findings diag.List) int {
	r := auditReport{Format: auditFormat, Stack: h.Stack.Name.V, Environment: h.Name, Files: []auditFile{}, Findings: []auditFinding{}}
	for _, f := range a.Files {
		line := auditFile{Path: f.Path, Mode: fmt.Sprintf("%04o", f.Mode), Owner: f.UID, Readers: append([]string{}, f.Readers...), Services: []auditService{}}
		for _, m := range f.Mounts {
			line.Services = append(line.Services, auditService{m.Service, m.User, m.Reads, via(m)})
		}
		r.Files = append(r.Files, line)
	}
	for _, d := range findings {
		r.Findings = append(r.Findings, auditFinding{d.Code, d.Severity.String(), d.Summary, env.Secrets.Text(d.Detail), d.Subject.File})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return Fail(env, Bug, "this is a bug in nselfc: %v", err)
	}
	return max(Code(findings), Print(env, b.String()))
}

func via(m secrets.AuditedMount) string {
	if m.Compose {
		return "environment"
	}
	return "mount"
}

// auditText is the table of who can read what, and the verdict.
func auditText(h *build.Host, a *secrets.Audited, findings diag.List) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "FILE\tMODE\tHOST USERS, BESIDE ROOT\tSERVICES") // a Buffer takes everything
	for _, f := range a.Files {
		var services []string
		for _, m := range f.Mounts {
			s := m.Service
			switch {
			case m.Compose:
				s += " (environment)"
			case m.Reads != "yes":
				s += " (reads: " + m.Reads + ")"
			}
			services = append(services, s)
		}
		_, _ = fmt.Fprintf(w, "%s\t%04o\t%s\t%s\n", clean(f.Path), f.Mode, clean(dash(f.Readers)), clean(dash(services)))
	}
	_ = w.Flush()
	dir := clean(h.Dir)
	if len(findings) > 0 {
		codes := map[string]bool{}
		for _, d := range findings {
			codes[d.Code] = true
		}
		fmt.Fprintf(&b, "%s: %s (%s)\n", dir, plural(len(findings), "finding"), strings.Join(slices.Sorted(maps.Keys(codes)), ", "))
	} else {
		fmt.Fprintf(&b, "%s: nobody can read a secret who should not, and every service can read its own\n", dir)
	}
	return b.String()
}

func dash(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}
