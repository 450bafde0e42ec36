package cli

import (
	"context"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// compile compiles a stack for a command. Every command does so here: what is known
// of the values on this host is then in no line of what it prints.
func compile(ctx context.Context, env Env, path string, o build.Options) (*build.Compiled, diag.List) {
	return build.Compile(ctx, path, guard(env, o))
}

// guard hands the registry of what is printed to whatever reads values.
func guard(env Env, o build.Options) build.Options {
	o.Redact = env.Secrets
	return o
}
