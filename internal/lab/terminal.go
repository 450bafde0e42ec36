//go:build linux

package lab

import (
	"os"
	"os/exec"
)

// Shell opens a shell of the terminal's user on one of the machines and waits for it.
func (e *Engine) Shell(client bool) error {
	machine := e.host
	if client {
		machine = e.client
	}
	if machine == nil {
		return errNoMachine
	}
	args := machine.inside(Command{Env: []string{"TERM=" + os.Getenv("TERM")}, Args: []string{"bash"}}).Args
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// How the last command in the shell ended is no error of the lab.
	_ = cmd.Run()
	return nil
}
