package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nselfc/emit/graph"
	"nselfc/internal/build"
)

// GraphFormat is the value of graph's --format.
type GraphFormat string

// The forms of a picture.
const (
	GraphSVG     GraphFormat = "svg"
	GraphHTML    GraphFormat = "html"
	GraphDOT     GraphFormat = "dot"
	GraphMermaid GraphFormat = "mermaid"
)

// GraphFormats lists them, the default first.
func GraphFormats() []string {
	return []string{string(GraphSVG), string(GraphHTML), string(GraphDOT), string(GraphMermaid)}
}

// Set implements pflag.Value.
func (f *GraphFormat) Set(s string) error {
	if !slices.Contains(GraphFormats(), s) {
		return fmt.Errorf("it is %s", strings.Join(GraphFormats(), ", "))
	}
	*f = GraphFormat(s)
	return nil
}

// String implements pflag.Value.
func (f *GraphFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *GraphFormat) Type() string { return "FORMAT" }

// Graph prints a picture of one environment to standard output. Findings that
// stop it go to standard error in any case: a picture is no place for them.
func Graph(ctx context.Context, env Env, d Display, path string, form GraphFormat, o build.Options) int {
	if o.Env == "" {
		if names := build.Environments(path); len(names) == 1 {
			o.Env = names[0]
		} else if len(names) > 1 {
			return whichEnvironment(env, path, form, names)
		}
	}
	c, diags := compile(ctx, env, path, o)
	if diags.HasErrors() || ctx.Err() != nil {
		d.Format = FormatText
		return stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	g := graph.New(c.Environments[0].Stack)
	switch form {
	case GraphHTML:
		return Print(env, graph.HTML(g))
	case GraphDOT:
		return Print(env, graph.DOT(g))
	case GraphMermaid:
		return Print(env, graph.Mermaid(g))
	default:
		return Print(env, graph.SVG(g))
	}
}

// whichEnvironment asks for one: a picture of several would show networks that no
// host has.
func whichEnvironment(env Env, path string, form GraphFormat, names []string) int {
	code := Fail(env, Usage, "a picture shows one environment, and the stack has %d: %s. Name one, for example:", len(names), strings.Join(names, ", "))
	command := "nselfc graph" + argument(path) + " --env " + names[len(names)-1]
	if form != GraphSVG {
		command += " --format " + string(form)
	}
	say(env, "    %s\n", clean(command))
	return code
}
