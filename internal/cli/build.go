package cli

import (
	"context"
	"path/filepath"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// BuildOptions are the flags of build.
type BuildOptions struct {
	build.Options
	Path      string // file or folder of the stack; "" for this folder
	Verify    bool
	NoSecrets bool
	Force     []string
	Strict    bool // a weak secret is an error in development too
	On        Today
}

// Build compiles a stack, writes the output and tells what it did.
func Build(ctx context.Context, env Env, d Display, o BuildOptions) int {
	_, code := buildStack(ctx, env, d, o)
	return code
}

func buildStack(ctx context.Context, env Env, d Display, o BuildOptions) (*build.Compiled, int) {
	var err error
	if o.Options, err = o.On.on(env, o.Options); err != nil {
		return &build.Compiled{}, Fail(env, Usage, "%v", err)
	}
	c, diags := compile(ctx, env, o.Path, o.Options)
	if o.Verify && !diags.HasErrors() {
		diags = append(diags, c.Verify(ctx)...)
	}
	if diags.HasErrors() || ctx.Err() != nil {
		return c, stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	written, more := c.Write(ctx, build.WriteOptions{
		Options: o.Options, Version: Version, NoSecrets: o.NoSecrets, StrictSecrets: o.Strict, Force: o.Force, Now: env.Now(),
		OnWait: waiting(env),
	})
	again(more, o)
	SecretsOptions{Options: o.Options, Path: o.Path}.again(more)
	diags = append(diags, more...) // what writing met comes behind what compiling found
	done := summary(written, o, more.HasErrors())
	if more.HasErrors() {
		// What was written stays true when a later step fails. What failed is the
		// last on the screen.
		code := Print(env, done)
		return c, stopped(ctx, max(code, d.Show(env, diags, c.Files(), c.DisplayName)))
	}
	// All is well: what to run next is the last on the screen, below the warnings.
	code := d.Show(env, diags, c.Files(), c.DisplayName)
	return c, stopped(ctx, max(code, Print(env, done)))
}

// Validate reports every finding and writes nothing.
func Validate(ctx context.Context, env Env, d Display, path string, o build.Options, on Today) int {
	o, err := on.on(env, o)
	if err != nil {
		return Fail(env, Usage, "%v", err)
	}
	c, diags := compile(ctx, env, path, o)
	code := stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	if code == OK && d.format(env) == FormatText {
		say(env, "%s\n", valid(c, diags))
	}
	return code
}

// valid tells a person that all is well, which silence would leave open.
func valid(c *build.Compiled, diags diag.List) string {
	s := "The stack in " + filepath.Clean(c.Dir) + " is valid"
	if n := diags.Count(diag.Warning); n > 0 {
		return s + ", with warnings."
	}
	return s + "."
}

// stopped turns the exit code of a run that the user interrupted into one that
// says so, even when nothing had gone wrong up to then.
func stopped(ctx context.Context, code int) int {
	if ctx.Err() != nil {
		return Interrupted
	}
	return code
}
