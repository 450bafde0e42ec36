package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nselfc/emit/compose"
	"nselfc/internal/build"
	"nselfc/internal/containers"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// RetireOptions are the arguments of secrets retire.
type RetireOptions struct {
	SecretsOptions
	Names []string // keys in .secrets
	Force bool     // although something that runs may use a value, or nobody can be asked
	Undo  bool     // put the last one back
	Purge bool     // forget what was retired, for good
}

// Retire takes values that no declaration uses out of .secrets, and keeps them
// aside; or puts one back; or forgets them.
func Retire(ctx context.Context, env Env, d Display, o RetireOptions) int {
	switch {
	case o.Undo && o.Purge:
		return Fail(env, Usage, "--undo and --purge exclude each other")
	case len(o.Names) == 0 && !o.Purge:
		return Fail(env, Usage, "name the keys to retire, as secrets list shows them")
	}
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	for i, name := range o.Names { // as the stack had it; of what is declared, the finding is about that
		if bare, ok := strings.CutPrefix(name, "secret."); ok && namedSecret(h, name) == nil {
			o.Names[i] = strings.ToUpper(bare)
		}
	}
	if found := noOutput(h, o.SecretsOptions); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	if o.Purge {
		gone, diags := secrets.Purge(ctx, h.Dir, h.Options, o.Names)
		if code := o.show(ctx, env, d, c, diags); code != OK {
			return code
		}
		var b strings.Builder
		for _, r := range gone {
			fmt.Fprintf(&b, "purged  %s, retired on %s\n", clean(r.Key), r.Date)
		}
		if len(gone) == 0 {
			b.WriteString("Nothing is retired, so nothing was purged.\n")
		}
		return stopped(ctx, Print(env, b.String()))
	}
	k, found := openKeeping(ctx, env, h)
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	defer k.close()
	var b strings.Builder
	var diags diag.List
	if o.Undo {
		for _, name := range o.Names {
			more := secrets.Unretire(ctx, h.Dir, h.Options, name, k.put())
			if diags = append(diags, more...); more.HasErrors() {
				break
			}
			fmt.Fprintf(&b, "back  %s is in %s again\n", clean(name), display(h.Dir, secrets.File))
		}
	} else if diags = secrets.Retire(ctx, h.Dir, h.Stack, h.Files, h.Options, o.Names, func() diag.List { return present(o.running(ctx, env, h)) }, k.remove()); !diags.HasErrors() {
		for _, name := range o.Names {
			fmt.Fprintf(&b, "retired  %s, kept in %s\n", clean(name), display(h.Dir, secrets.RetiredFile))
		}
		fmt.Fprintf(&b, "\nShould anything miss it:\n    nselfc secrets retire%[1]s --undo NAME\nOnce nothing has for as long as your backups go back:\n    nselfc secrets retire%[1]s --purge NAME\n", o.flags())
	}
	diags = append(diags, standing(h)...)
	code = Print(env, b.String())
	return max(code, o.show(ctx, env, d, c, diags))
}

// running refuses to retire while a container runs that was started from another
// output than this: that one may have used the value. What the containers have of
// the present output uses none that it does not declare.
func (o RetireOptions) running(ctx context.Context, env Env, h *build.Host) *diag.Diagnostic {
	list, err := containers.Running(ctx, h.Stack.Project)
	problem, advice := "", ""
	if err != nil {
		problem = "Docker cannot be asked what runs (" + clean(err.Error()) + ")."
		advice = "Run the command as a user who may use Docker, on the host that runs the stack."
	}
	digests := map[string]string{}
	for _, s := range h.Stack.Services {
		digests[s.Name] = s.Digest
	}
	var old []string
	for _, c := range list {
		if digest, ok := digests[c.Service]; !ok || digest != c.Config {
			old = append(old, c.Name)
		}
	}
	if len(old) > 0 {
		slices.Sort(old)
		wait, built := start(h.Stack)
		problem = "These containers were started before the output was as it is now, and may use a value that it does not: " + clean(strings.Join(old, ", ")) + "."
		advice = "Bring them up to date first:\n\n    docker compose -f" + argument(display(h.Dir, compose.FileName)) + " up -d" + wait + " --remove-orphans" + built
	}
	if problem == "" {
		return nil
	}
	if o.Force {
		say(env, "nselfc: %s Going on, as --force says.\n", problem)
		return nil
	}
	return diag.Errorf("NS687", stackRange(h), "Retired value may be in use",
		"%s A service whose secret is taken away fails at its next start, or at its next login.\n\n%s\n\nTo go on all the same: --force. The value stays in %s, from which --undo brings it back.", problem, advice, display(h.Dir, secrets.RetiredFile))
}
