package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/internal/secrets/register"
)

// ListOptions are the arguments of secrets list.
type ListOptions struct {
	SecretsOptions
	JSON bool
}

// listFormat is the version of the JSON of secrets list. Members are added without
// a new version; docs/secrets.md names them all.
const listFormat = 1

type secretsReport struct {
	Format      int             `json:"format"`
	Stack       string          `json:"stack"`
	Environment string          `json:"environment"`
	Store       string          `json:"store"`
	Secrets     []secretLine    `json:"secrets"`
	Undeclared  []string        `json:"undeclared"`
	Retired     []retiredSecret `json:"retired"`
}

type secretLine struct {
	Address    string   `json:"address"`
	Key        string   `json:"key"`
	Kind       string   `json:"kind"`
	Rotation   string   `json:"rotation"`
	State      string   `json:"state"`
	Generation int      `json:"generation,omitempty"`
	Created    string   `json:"created,omitempty"`
	Rotated    string   `json:"rotated,omitempty"`
	AgeDays    *int     `json:"age_days,omitempty"`
	Due        string   `json:"due,omitempty"`
	Overdue    bool     `json:"overdue"`
	Consumers  []string `json:"consumers"`
}

type retiredSecret struct {
	Key  string `json:"key"`
	Date string `json:"date"`
}

// List tells what the host has of the secrets of an environment. No value, and no
// length of one, is in it.
func List(ctx context.Context, env Env, d Display, o ListOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	held, diags := secrets.Inventory(h.Dir, h.Stack, h.Files, h.Options)
	known, found := secrets.LoadRegister(h.Dir, h.Stack.Name.V)
	if found != nil {
		diags = append(diags, found)
	}
	diags = append(diags, standing(h)...)
	if code := o.show(ctx, env, d, c, diags); code != OK {
		return code
	}
	report := secretsOf(h, held, known, env.Now())
	if !o.JSON {
		return Print(env, report.text(h))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(report); err != nil {
		return Fail(env, Bug, "this is a bug in nselfc: %v", err)
	}
	return Print(env, b.String())
}

func secretsOf(h *build.Host, held *secrets.Held, known *register.Register, now time.Time) *secretsReport {
	r := &secretsReport{
		Format: listFormat, Stack: h.Stack.Name.V, Environment: h.Name, Store: "file",
		Secrets: []secretLine{}, Undeclared: append([]string{}, held.Undeclared...), Retired: []retiredSecret{},
	}
	if h.Stack.Store != nil {
		r.Store = h.Stack.Store.Kind.V
	}
	for _, s := range held.Secrets {
		line := secretLine{
			Address: s.Secret.Address, Key: s.Secret.Key, Kind: s.Secret.Kind.V, State: s.State, Rotation: s.Secret.Rotation.Class.V,
			Consumers: append([]string{}, secrets.Consumers(h.Stack, h.Files, s.Secret.Address)...),
		}
		if e := known.Entries[s.Secret.Address]; e != nil && s.State != secrets.HoldingMissing {
			line.Generation, line.Created, line.Rotated = e.Generation, e.Created, e.Rotated
			line.ages(s.Secret, e, now)
		}
		r.Secrets = append(r.Secrets, line)
	}
	for _, s := range held.Retired {
		r.Retired = append(r.Retired, retiredSecret(s))
	}
	return r
}

// ages says how old a value is, and when it is due for another.
func (l *secretLine) ages(s *ir.Secret, e *register.Entry, now time.Time) {
	from, err := time.Parse(register.Day, e.Since())
	if err != nil {
		return
	}
	age := max(0, int(now.UTC().Sub(from).Hours()/24))
	l.AgeDays = &age
	if day, ok := secrets.Due(s, e); ok {
		l.Due, l.Overdue = day.Format(register.Day), secrets.Overdue(s, e, now)
	}
}

// text prints the report for people.
func (r *secretsReport) text(h *build.Host) string {
	var b strings.Builder
	where := r.Stack
	if r.Environment != "" {
		where += ", environment " + r.Environment
	}
	fmt.Fprintf(&b, "stack %s: %s, kept in %s\n", clean(where), plural(len(r.Secrets), "secret"), keptIn(h.Stack.Store, display(h.Dir, secrets.File)))
	if len(r.Secrets) > 0 {
		b.WriteString("\n")
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "SECRET\tKIND\tROTATION\tSTATE\tGENERATION\tAGE\tDUE\tREAD BY") // a Builder takes everything
		for _, s := range r.Secrets {
			generation, age, due := "-", "-", "-"
			if s.Generation > 0 {
				generation = fmt.Sprint(s.Generation)
			}
			if s.AgeDays != nil {
				age = plural(*s.AgeDays, "day")
			}
			if s.Due != "" {
				due = s.Due
			}
			if s.Overdue {
				due += " (overdue)"
			}
			readers := strings.Join(s.Consumers, ", ")
			if readers == "" {
				readers = "-"
			}
			_, _ = fmt.Fprintln(w, strings.Join([]string{clean(s.Address), s.Kind, s.Rotation, s.State, generation, age, due, clean(readers)}, "\t"))
		}
		_ = w.Flush()
	}
	if len(r.Undeclared) > 0 {
		fmt.Fprintf(&b, "\nThere, but not declared in the stack: %s\n", clean(strings.Join(r.Undeclared, ", ")))
	}
	for i, s := range r.Retired {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "Retired on %s: %s\n", s.Date, clean(s.Key))
	}
	return b.String()
}
