package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsHash(env cli.Env, d *display) *cobra.Command {
	o := cli.HashOptions{Form: cli.HashForms()[0]}
	cmd := &cobra.Command{
		Use:   "hash [--form FORM]",
		Short: "Hash a value for another program, or verify one against a hash",
		Long: `Reads a value from a prompt that shows nothing, a pipe or a file, and prints its
hash: PBKDF2-HMAC-SHA256 with 100,000 iterations and a salt of 32 bytes, in the
form of PHC, Django, passlib or Werkzeug; a line of htpasswd with bcrypt; or
what PostgreSQL keeps of a password. Nothing is kept, and no stack is needed.

With --verify it tells whether the value fits a hash of any of these forms, or
of bcrypt: the exit code is 0 for yes and 1 for no.`,
		Example: `  nselfc secrets hash
  pass show admin | nselfc secrets hash --form htpasswd --user admin
  nselfc secrets hash --verify htpasswd --user admin`,
		Args: cobra.NoArgs,
		RunE: action(func(ctx context.Context, _ []string) int {
			return cli.Hash(ctx, env, *d, o)
		}),
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !slices.Contains(cli.HashForms(), o.Form):
				return cli.UsageError(fmt.Sprintf("unknown form %q", o.Form), "It is one of "+strings.Join(cli.HashForms(), ", ")+".")
			case o.Verify != "" && cmd.Flags().Changed("form"):
				return cli.UsageError("--form is for making a hash", "A hash says itself which form it has.")
			case o.Verify == "" && (o.Form == "htpasswd") != (o.User != ""):
				return cli.UsageError("--form htpasswd and --user go together", "A line of htpasswd begins with the name of a user; the other forms have none.")
			case o.Verify == "-" && o.File == "-":
				return cli.UsageError("the value and the hash cannot both be all of standard input", "Leave --file out: the value is the first line then, and the hash the second.")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Form, "form", o.Form, strings.Join(cli.HashForms(), ", "))
	complete(cmd, "form", cli.HashForms()...)
	f.StringVar(&o.User, "user", "", "`NAME` of the user in a line of htpasswd")
	f.StringVar(&o.File, "file", "", "take the value from this `FILE`")
	f.StringVar(&o.Verify, "verify", "", "hold the value against the hash in this `FILE`; - takes it from the second line of standard input")
	return cmd
}
