package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// TestCoreLimit asks the kernel for the limit of an image of the command, wherever
// images go. A program without the precaution, started alike, may leave one.
func TestCoreLimit(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "p"), 0o600); err != nil { // which nobody writes to
		t.Fatal(err)
	}
	for command, limit := range map[string]string{"sleep 60": `[1-9u]\S*`, "nselfc fmt --check p": "0"} {
		cmd := exec.Command("sh", "-c", "ulimit -S -c \"$(ulimit -H -c)\" && exec "+command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "WORK="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		want, found := regexp.MustCompile(`(?m)^Max core file size +`+limit+` `), false
		for until := time.Now().Add(20 * time.Second); !found && time.Now().Before(until); {
			limits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid)) // without them, nothing is found
			if found = want.Match(limits); !found {
				time.Sleep(10 * time.Millisecond)
			}
		}
		if !found {
			t.Errorf("%s: the limit of an image is not %s", command, limit)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it should be
	}
}
