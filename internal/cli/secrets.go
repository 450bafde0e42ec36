package cli

import (
	"context"

	"nselfc/internal/build"
	"nselfc/internal/rotation"
	"nselfc/lang/diag"
)

// SecretsOptions are the flags of every command about secrets.
type SecretsOptions struct {
	build.Options
	Path string // file or folder of the stack; "" for this folder
}

// host compiles the stack for the environment that runs here. Without one, what is
// wrong has been shown, and code is what to exit with.
func (o SecretsOptions) host(ctx context.Context, env Env, d Display) (h *build.Host, c *build.Compiled, code int) {
	c, diags := compile(ctx, env, o.Path, o.Options)
	if diags.HasErrors() || ctx.Err() != nil {
		return nil, c, stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	h, found := c.Host(build.WriteOptions{Options: o.Options, Version: Version, Now: env.Now(), OnWait: waiting(env)})
	if found != nil {
		return nil, c, d.Show(env, diag.List{found}, c.Files(), c.DisplayName)
	}
	return h, c, OK
}

// waiting says once that another build is at work.
func waiting(env Env) func() {
	return func() { say(env, "nselfc: another build is at work here; waiting for it\n") }
}

// standing warns of a rotation that has not ended, whatever else a command is for.
func standing(h *build.Host) diag.List {
	return rotation.Standing(h.Dir, h.Stack, h.Files, h.Options)
}
