package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newDocs(env cli.Env) *cobra.Command {
	format := "markdown"
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Print the reference of the language",
		Long: `Prints every block and argument with its type, default and meaning, as Markdown
or as JSON Schema (draft 2020-12) for editors and generators. model-schema is the
JSON Schema of what nselfc model prints.`,
		Example: `  nselfc docs | less
  nselfc docs --format json-schema > nself.schema.json`,
		Args: cobra.NoArgs,
		RunE: action(func(context.Context, []string) int { return cli.Docs(env, format) }),
	}
	cmd.Flags().StringVar(&format, "format", format, "markdown, json-schema or model-schema")
	complete(cmd, "format", "markdown", "json-schema", "model-schema")
	return cmd
}
