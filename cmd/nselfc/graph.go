package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

func newGraph(env cli.Env, d *display) *cobra.Command {
	var o build.Options
	form := cli.GraphSVG
	cmd := &cobra.Command{
		Use:   "graph [FILE|DIR]",
		Short: "Draw who can reach what, from the internet to the stores",
		Long: `Compiles one environment in memory and prints its topology as a picture: the
internet, the firewall, the ingress, routes, services, networks, stores and
volumes, and from where each can be reached. Nothing is written but the picture,
to standard output.

svg is a picture for any browser; html is a page of the same picture with
tables of the same facts beneath, for keyboards, screen readers and printers;
mermaid is drawn by GitHub and GitLab in Markdown; dot is for Graphviz. None of
them needs a network or a script.`,
		Example: `  nselfc graph > graph.svg
  nselfc graph shop --env prod --format html > graph.html
  nselfc graph shop --env prod --format dot | dot -Tpdf > graph.pdf`,
		RunE: action(func(ctx context.Context, args []string) int {
			return cli.Graph(ctx, env, *d, first(args), form, o)
		}),
	}
	stackArgs(cmd)
	cmd.Flags().Var(&form, "format", "form of the picture: svg, html, dot or mermaid")
	complete(cmd, "format", cli.GraphFormats()...)
	envFlag(cmd, &o.Env)
	return cmd
}
