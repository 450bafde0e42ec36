package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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

// TestNotDumpable asks the kernel whose the memory of the command is. Of a process that
// may not be dumped, it is root's (proc(5)): the limit of an image does not keep a
// program that collects images from getting one, nor other processes of the user out.
func TestNotDumpable(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // for another user
		t.Fatal(err)
	}
	user := os.Geteuid()
	for command, owner := range map[string]int{"sleep 60": -1, "nselfc fmt -": 0} {
		args := strings.Fields(command)
		path, err := exec.LookPath(args[0])
		if err != nil {
			t.Fatal(err)
		}
		program, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		cmd := &exec.Cmd{Path: path, Args: args, Dir: dir, Env: append(os.Environ(), "WORK="+dir)}
		if os.Geteuid() == 0 { // whose own everything is: as another, who need not reach the folder of the program
			user = 65534
			cmd.Path, cmd.ExtraFiles = "/proc/self/fd/3", []*os.File{program}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
		}
		if _, err := cmd.StdinPipe(); err != nil { // from which nothing comes
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = program.Close() // the process has its own
		if owner < 0 {
			owner = user
		}
		found := false
		for until := time.Now().Add(20 * time.Second); !found && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
			var info syscall.Stat_t
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
			err := syscall.Stat(fmt.Sprintf("/proc/%d/environ", cmd.Process.Pid), &info)
			found = err == nil && int(info.Uid) == owner && strings.HasPrefix(string(line), args[0]+"\x00")
		}
		if !found {
			t.Errorf("%s: its memory does not belong to %d", command, owner)
		}
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); cmd.ProcessState.Exited() {
			t.Errorf("%s has ended by itself: %v", command, err)
		}
	}
}
