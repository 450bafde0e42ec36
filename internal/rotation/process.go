package rotation

import (
	"os/exec"
	"syscall"
)

// own gives a command a process group of its own: Ctrl-C is for nselfc, which ends
// the step that is under way, and not for a docker command in the middle of it.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
