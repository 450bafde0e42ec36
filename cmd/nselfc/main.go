// Command nselfc compiles nself.hcl into the files that a self-hosted backend
// runs from. This package parses the command line, one file per command; what
// the commands do lives below internal.
package main

import (
	"os"
	"runtime/debug"

	"nselfc/internal/cli"
)

func main() { os.Exit(run(cli.OSEnv())) }

// gcPercent lets the heap grow to three times what is live before it is
// collected: a compilation is over before the garbage is worth sweeping.
// docs/performance.md has what that gains and costs.
const gcPercent = 200

func run(env cli.Env) int {
	if env.Getenv("GOGC") == "" { // what the user sets holds
		debug.SetGCPercent(gcPercent)
	}
	noCore()
	return cli.Main(os.Args[1:], env, newRoot)
}
