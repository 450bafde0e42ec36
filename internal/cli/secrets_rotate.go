package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/rotation"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// DefaultGrace is for how long old and new values are both taken once every service
// of the stack has the new one.
const DefaultGrace = 30 * time.Second

// maxGrace is the longest that one can wait for at a terminal.
const maxGrace = 24 * time.Hour

// RotateOptions are the arguments of secrets rotate, and of init --rotate-secrets.
type RotateOptions struct {
	SecretsOptions
	Names         []string
	All, Due      bool
	Resume, Abort bool
	Compromised   bool
	DryRun        bool
	Grace         time.Duration
	File          string // of the new value of the one secret that is named
}

// Check says what is wrong with the combination of arguments.
func (o RotateOptions) Check() error {
	ways := 0
	for _, on := range []bool{len(o.Names) > 0, o.All, o.Due, o.Resume, o.Abort} {
		if on {
			ways++
		}
	}
	again := o.Resume || o.Abort
	switch {
	case ways == 0:
		return UsageError("nothing to rotate is named", "Name secrets, or say --all or --due. nselfc secrets list tells what there is.")
	case ways > 1:
		return UsageError("secrets by name, --all, --due, --resume and --abort exclude one another", "")
	case o.File != "" && len(o.Names) != 1:
		return UsageError("--value-file is the value of one secret, which is named", "")
	case again && (o.Compromised || o.DryRun):
		return UsageError("--resume and --abort go on with a rotation as it was begun", "")
	case o.Grace < 0 || o.Grace > maxGrace:
		return UsageError("--grace is a time between 0s and 24h", "")
	}
	return nil
}

// Rotate gives secrets new values while the stack runs.
func Rotate(ctx context.Context, env Env, d Display, o RotateOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	refuse := func(diags diag.List) int { return o.show(ctx, env, d, c, diags) }
	if found := noOutput(h, o.SecretsOptions); found != nil {
		return refuse(diag.List{found})
	}
	if diags := stale(c, h, o.SecretsOptions); diags.HasErrors() {
		return refuse(diags)
	}
	if o.Resume || o.Abort {
		return o.again(ctx, env, d, h, c)
	}
	chosen, diags := o.chosen(env, h)
	if diags.HasErrors() {
		return refuse(diags)
	}
	plan := rotation.Of(h.Stack, h.Files, addressesOf(chosen), len(o.Names) == 0)
	if code := Print(env, planText(h, plan, o)); code != OK || o.DryRun || len(plan.Secrets) == 0 {
		return stopped(ctx, code)
	}
	request := rotation.Request{Grace: o.Grace, Compromised: o.Compromised, Values: map[string]secrets.Sealed{}}
	for _, p := range plan.Secrets {
		request.Addresses = append(request.Addresses, p.Address)
	}
	if value, found, ok := o.value(ctx, env, chosen); !ok {
		if code := refuse(present(found)); code != OK {
			return code
		}
		return Interrupted // at the prompt
	} else if value != "" {
		request.Values[chosen[0].Address] = secrets.Seal(value)
	}
	host, k, found := o.rotating(ctx, env, h)
	if found != nil {
		return refuse(diag.List{found})
	}
	defer k.close()
	return o.end(ctx, env, d, h, c, host.Begin(ctx, request), "Rotated "+plural(len(plan.Secrets), "secret"))
}

// again goes on with a rotation, or takes it back.
func (o RotateOptions) again(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled) int {
	host, k, found := o.rotating(ctx, env, h)
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	defer k.close()
	if o.Abort {
		return o.end(ctx, env, d, h, c, host.Abort(ctx), "Nothing is left of the rotation: every service and server has the values that are in .secrets")
	}
	return o.end(ctx, env, d, h, c, host.Resume(ctx), "The rotation is finished")
}

// end says how it ended.
func (o RotateOptions) end(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled, diags diag.List, done string) int {
	code := o.show(ctx, env, d, c, diags)
	if code != OK {
		return code
	}
	if j, _ := rotation.ReadJournal(h.Dir); j != nil { // Ctrl-C, with nothing wrong
		return Interrupted
	}
	return Print(env, done+".\n")
}

// rotating makes the host that a rotation works on.
func (o RotateOptions) rotating(ctx context.Context, env Env, h *build.Host) (*rotation.Host, *keeping, *diag.Diagnostic) {
	k, found := openKeeping(ctx, env, h)
	if found == nil {
		found = k.readOnly()
	}
	if found != nil {
		return nil, nil, found
	}
	host := &rotation.Host{
		Dir: h.Dir, Stack: h.Stack, Files: h.Files, Options: h.Options,
		Engine: rotation.Docker{Dir: h.Dir, Project: h.Stack.Project, Run: env.Secrets.Run},
		Again:  "nselfc secrets rotate" + o.flags(), Now: env.Now,
		Say: func(format string, args ...any) {
			say(env, "%s  %s\n", env.Now().Format("15:04:05"), strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n          "))
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		},
	}
	if k != nil {
		k.ctx = context.WithoutCancel(ctx) // Ctrl-C ends a rotation between two steps
		host.Agree, host.Keep = k.agree, k.follow(h)
	}
	return host, k, nil
}

// chosen finds the secrets that are meant.
func (o RotateOptions) chosen(env Env, h *build.Host) ([]*ir.Secret, diag.List) {
	all, diags := findSecrets(h, o.Names)
	if diags.HasErrors() || !o.Due {
		return all, diags
	}
	held, diags := secrets.Inventory(h.Dir, h.Stack, h.Files, h.Options)
	known, found := secrets.LoadRegister(h.Dir, h.Stack.Name.V)
	if diags = append(diags, present(found)...); diags.HasErrors() {
		return nil, diags
	}
	due := map[string]bool{}
	for _, line := range secretsOf(h, held, known, env.Now()).Secrets { // as secrets list has them
		due[line.Address] = line.Overdue
	}
	return slices.DeleteFunc(slices.Clone(all), func(s *ir.Secret) bool { return !due[s.Address] }), diags
}

func addressesOf(all []*ir.Secret) (out []string) {
	for _, s := range all {
		out = append(out, s.Address)
	}
	return out
}

// value asks for the value of a secret that nselfc does not make, or may not without
// its owner's word. ok is false when there is none.
func (o RotateOptions) value(ctx context.Context, env Env, chosen []*ir.Secret) (value string, found *diag.Diagnostic, ok bool) {
	if len(o.Names) == 0 {
		return "", nil, true
	}
	for _, s := range chosen {
		why := rotation.ByHand(s)
		switch {
		case why != "" && (len(chosen) > 1 || s.Kind.V == "files"):
			return "", diag.Errorf("NS616", s.Origin.Range, "Secret that is rotated by hand",
				"%s is not rotated like others: %s. Nothing was changed.\n\nRotate it alone, when that is done.", s.Address, why), false
		case o.File == "" && (why == "" || s.Kind.V == "x509"):
			continue
		}
		if found := secrets.Settable(s); found != nil {
			return "", found, false
		}
		value, found := readValue(ctx, env, valueInput{File: o.File, What: "new value of " + s.Address, At: s.Origin.Range})
		return value, found, found == nil && value != "" && ctx.Err() == nil
	}
	return "", nil, true
}

// planText says what is going to happen, for people.
func planText(h *build.Host, p rotation.Plan, o RotateOptions) string {
	var b strings.Builder
	where := h.Stack.Name.V
	if h.Name != "" {
		where += ", environment " + h.Name
	}
	switch {
	case len(p.Secrets) == 0 && o.Due:
		b.WriteString("No secret is due.\n")
	case len(p.Secrets) == 0:
		b.WriteString("There is nothing to rotate.\n")
	default:
		fmt.Fprintf(&b, "Rotating %s of %s\n\n", plural(len(p.Secrets), "secret"), clean(where))
	}
	table := func(rows [][2]string) {
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, r := range rows {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", clean(r[0]), clean(r[1])) // a Builder takes everything
		}
		_ = w.Flush()
		b.WriteString("\n")
	}
	var rows [][2]string
	for _, s := range p.Secrets {
		rows = append(rows, [2]string{s.Address, s.Class + ": " + s.How})
	}
	table(rows)
	if len(p.Services) > 0 {
		b.WriteString("Services that get new containers\n\n")
		rows = nil
		for _, s := range p.Services {
			rows = append(rows, [2]string{s.Service, s.How})
		}
		table(rows)
	}
	if len(p.Left) > 0 {
		b.WriteString("Left out, as its owner has to do something\n\n")
		rows = nil
		for _, s := range p.Left {
			rows = append(rows, [2]string{s.Address, s.Why})
		}
		table(rows)
	}
	if o.DryRun && len(p.Secrets) > 0 {
		b.WriteString("Nothing was changed.\n")
	}
	return b.String()
}
