package build

import (
	"strings"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Host is one environment on the host that runs it: what the commands about its
// secrets work on.
type Host struct {
	*Environment
	Dir     string // its output directory
	Options secrets.Options
}

// Host gives the environment that was asked for, or the only one there is. With
// several and none asked for, nobody can know whose secrets are meant.
func (c *Compiled) Host(opts WriteOptions) (*Host, *diag.Diagnostic) {
	if len(c.Environments) != 1 {
		var names []string
		for _, e := range c.Environments {
			names = append(names, e.Name)
		}
		at := source.Range{File: c.Dir, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
		return nil, diag.Errorf("NS680", at, "No environment was named",
			"The stack has several environments, and each has secrets of its own. Name the one that runs on this host, as in\n\n    --env %s\n\nThere are %s.", names[0], strings.Join(names, ", "))
	}
	e := c.Environments[0]
	return &Host{Environment: e, Dir: c.DirOf(e.Name, opts.Options), Options: c.secretOptions(&job{env: e}, opts)}, nil
}
