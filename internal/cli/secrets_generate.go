package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// GenerateOptions are the arguments of secrets generate.
type GenerateOptions struct {
	SecretsOptions
	Names []string // none means all
}

// Generate makes the values that are missing, where the environment keeps them.
func Generate(ctx context.Context, env Env, d Display, o GenerateOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	which, diags := findSecrets(h, o.Names)
	if found := noOutput(h, o.SecretsOptions); found != nil {
		diags = append(diags, found)
	}
	if diags.HasErrors() {
		return o.show(ctx, env, d, c, diags)
	}
	k, found := openKeeping(ctx, env, h)
	if found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	defer k.close()
	report, diags := secrets.Generate(ctx, h.Dir, h.Stack, h.Files, h.Options, which, k.put())
	diags = append(diags, standing(h)...)
	if code = o.show(ctx, env, d, c, diags); code != OK {
		return code
	}
	var b strings.Builder
	for _, address := range report.Generated {
		fmt.Fprintf(&b, "made  %s\n", clean(address))
	}
	for _, r := range report.Reissued {
		fmt.Fprintf(&b, "renewed  %s: %s\n", clean(r.Address), r.Reason)
	}
	asked := map[string]bool{}
	for _, s := range which {
		asked[s.Address] = true
	}
	missing := 0
	held, _ := secrets.Inventory(h.Dir, h.Stack, h.Files, h.Options) // what is wrong there has been said
	for _, s := range held.Secrets {
		if s.State == secrets.HoldingMissing && asked[s.Secret.Address] {
			missing++
			fmt.Fprintf(&b, "missing  %s: nobody but you can know it; nselfc secrets set %s%s\n", clean(s.Secret.Address), s.Secret.Address, o.flags())
		}
	}
	if len(report.Generated)+len(report.Reissued)+missing == 0 {
		b.WriteString("Nothing is missing: every value is there already, and none was changed.\n")
	}
	if len(report.Generated)+len(report.Reissued) > 0 {
		fmt.Fprintf(&b, "\nNext:\n    nselfc secrets materialize%s    # make the files that services read\n", o.flags())
	}
	return stopped(ctx, Print(env, b.String()))
}

// flags repeats what a command about secrets was called with, for the next one.
func (o SecretsOptions) flags() string {
	var b strings.Builder
	if o.Path != "" {
		b.WriteString(" --path" + argument(o.Path))
	}
	if o.Out != "" {
		b.WriteString(" -o" + argument(o.Out))
	}
	if o.Env != "" {
		b.WriteString(" --env" + argument(o.Env))
	}
	return b.String()
}

// display names a path of the output as people know it.
func display(dir, name string) string { return clean(filepath.Join(dir, name)) }
