package cli

import (
	"strings"

	"nselfc/lang/diag"
)

// again completes the commands that the findings of writing propose. They say
// "nselfc build" and what is to change; what this run was called with belongs to
// it, or the reader would build another stack, or on the host of production make
// the secrets of development.
func again(list diag.List, o BuildOptions) {
	const command = "\n    nselfc build"
	var typed strings.Builder
	if o.Env != "" {
		typed.WriteString(" --env" + argument(o.Env))
	}
	if o.NoSecrets {
		typed.WriteString(" --no-secrets")
	}
	for _, path := range o.Force {
		typed.WriteString(" --force" + argument(path))
	}
	flags := typed.String()
	for _, d := range list {
		parts := strings.Split(d.Detail, command)
		for i, rest := range parts[1:] {
			out := outFlag(o)
			if strings.HasPrefix(rest, " -o ") { // it proposes another
				out = ""
			}
			parts[i+1] = argument(o.Path) + out + flags + rest
		}
		d.Detail = strings.Join(parts, command)
	}
}

// outFlag repeats -o, or is "" where it was not given.
func outFlag(o BuildOptions) string {
	if o.Out == "" {
		return ""
	}
	return " -o" + argument(o.Out)
}
