// Command nselfc compiles nself.hcl into the files that a self-hosted backend
// runs from. This package parses the command line, one file per command; what
// the commands do lives below internal.
package main

import (
	"os"

	"nselfc/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	env := cli.OSEnv()
	return cli.Main(os.Args[1:], env, newRoot(env))
}
