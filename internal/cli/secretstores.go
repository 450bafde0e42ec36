package cli

import (
	"context"
	"os"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/secretstore"
	"nselfc/internal/term"
)

// storeOptions gives a store what the host knows: its environment, a terminal to ask
// for a passphrase at, and the keys that the stack has values for.
func storeOptions(ctx context.Context, env Env, h *build.Host, identities []string) secretstore.Options {
	o := secretstore.Options{Getenv: env.Getenv, StackDir: h.Options.StackDir, Identities: identities}
	if tty, ok := env.Stdin.(*os.File); ok && term.IsTerminal(tty) {
		o.Passphrase = func(prompt string) ([]byte, error) {
			say(env, "%s", clean(prompt))
			line, err := term.ReadHidden(ctx, tty, maxValue)
			say(env, "\n")
			return []byte(line), err
		}
	}
	for _, s := range h.Stack.Secrets {
		switch s.Kind.V {
		case "files": // its owner keeps it
		case "x509":
			o.Keys = append(o.Keys, s.Key+"__PRIVATE_KEY", s.Key+"__CERTIFICATE")
		default:
			o.Keys = append(o.Keys, s.Key)
		}
	}
	return o
}

// storeName names a store in the middle of a sentence.
func storeName(of *ir.SecretStore) string {
	switch of.Kind.V {
	case "age":
		return "the age file " + clean(of.File.V)
	case "vault":
		return "Vault (" + clean(of.Mount.V+"/"+of.Path.V) + ")"
	case "aws":
		return "AWS Secrets Manager (" + clean(of.Path.V) + ")"
	case "exec":
		return "the program " + clean(of.Command[0].V)
	}
	return "the store"
}
