//go:build linux

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// engineVariable names the environment variable that asks for an engine that is there already: its value is "host".
const engineVariable = "NSELFC_LAB_ENGINE"

// Available reports whether a lab can run here, and if not, why.
func Available() (ok bool, why string) {
	if os.Getenv(engineVariable) != "" {
		return hostEngineAvailable()
	}
	if os.Geteuid() != 0 {
		return false, "it needs root, for namespaces and a Docker engine of its own"
	}
	for _, tool := range []string{"debootstrap", "ip", "nsenter", "tar", "bash", "apt-get"} {
		if _, err := exec.LookPath(tool); err != nil {
			return false, tool + " is missing: run tools/install-test-deps"
		}
	}
	filesystems, err := os.ReadFile("/proc/filesystems")
	if err != nil || !strings.Contains(string(filesystems), "\toverlay\n") {
		return false, "the kernel has no overlay file system (modprobe overlay?)"
	}
	try := exec.Command("true")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if err := try.Run(); err != nil {
		return false, "namespaces cannot be made here: " + err.Error()
	}
	return true, ""
}

// Require skips the test, loudly, where there can be no lab. With CI=true in the environment it fails: a pipeline that
// silently stops proving things is worse than a red one.
func Require(t testing.TB) {
	t.Helper()
	ok, why := Available()
	if ok {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no lab here: %s", why)
	}
	fmt.Fprintf(os.Stderr, "NOT TESTED: %s: no lab here: %s\n", t.Name(), why)
	t.Skip("no lab here: " + why)
}
