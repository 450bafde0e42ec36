package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"nselfc/internal/build"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// again completes the commands about secrets that findings propose, with what this
// one was called with: without that, the reader would change another stack's, or be
// asked for the environment.
func (o SecretsOptions) again(list diag.List) {
	for _, d := range list {
		lines := strings.Split(d.Detail, "\n")
		for i, line := range lines {
			if strings.HasPrefix(line, "    nselfc secrets ") && !strings.Contains(line, " --env ") && (o.flags() == "" || !strings.Contains(line, o.flags())) {
				command, comment, _ := strings.Cut(line, "    #")
				if lines[i] = command + o.flags(); comment != "" {
					lines[i] += "    #" + comment
				}
			}
		}
		d.Detail = strings.Join(lines, "\n")
	}
}

// show prints findings, and gives the exit code.
func (o SecretsOptions) show(ctx context.Context, env Env, d Display, c *build.Compiled, list diag.List) int {
	o.again(list)
	return stopped(ctx, d.Show(env, list, c.Files(), c.DisplayName))
}

// noOutput refuses to work on the secrets of an environment that was never built
// here: an output directory that this command made would be one without output.
func noOutput(h *build.Host, o SecretsOptions) *diag.Diagnostic {
	if _, err := os.Lstat(h.Dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // whoever opens it says what else is wrong
	}
	env := ""
	if o.Env != "" {
		env = " --env" + argument(o.Env)
	}
	at := source.Range{File: h.Dir, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	return diag.Errorf("NS683", at, "No output on this host",
		"There is no %s, so there are no secrets here, and nothing that would read them. Secrets belong to the host that runs the environment.\n\nOn that host, write the output, and then run this again:\n\n    nselfc build --no-secrets%s%s%s",
		h.Dir, argument(o.Path), outFlag(BuildOptions{Options: o.Options}), env)
}
