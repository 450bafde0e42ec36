//go:build lab && linux && amd64

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// injection runs a program and lets one of its system calls fail, or kills it in
// front of that call: of the calls that change something below a directory, one that
// is told by what it does and which time it does so. strace's own injection counts for each thread by itself, and Go's
// runtime moves work between threads, so that no number there is the same call twice.
type injection struct {
	dir   string        // absolute
	call  string        // as relevant spells it; "" for none
	nth   int           // from 1: which of those calls
	errno syscall.Errno // 0 kills
	came  bool          // whether the program came to that call
	calls []string      // what was called, up to the fault or else the end
}

// changing names the system calls that change a file system or make that last.
var changing = map[uint64]string{
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync",
	unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2", unix.SYS_UNLINKAT: "unlinkat", unix.SYS_MKDIRAT: "mkdirat",
	unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHMODAT: "fchmodat", unix.SYS_FCHMODAT2: "fchmodat2", unix.SYS_FCHOWN: "fchown",
	unix.SYS_FCHOWNAT: "fchownat", unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_LINKAT: "linkat", unix.SYS_SYMLINKAT: "symlinkat",
	unix.SYS_OPENAT: "openat",
}

// run gives the exit code, -1 when the program was killed, and what it printed.
func (in *injection) run(t *testing.T, dir string, argv ...string) (code int, printed string) {
	t.Helper()
	runtime.LockOSThread() // a tracer is a thread, and so is a parent, for wait4(2) below
	defer runtime.UnlockOSThread()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Dir: dir, Env: append(os.Environ(), "GITHUB_ACTIONS="), Files: []uintptr{null.Fd(), out.Fd(), out.Fd()}, Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); { // Go's runtime sends signals of its own
		_, err = syscall.Wait4(pid, &ws, 0, nil)
	}
	if err != nil {
		t.Fatalf("wait4: %v", err)
	}
	if err := syscall.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL); err != nil {
		t.Fatal(err)
	}
	resume(pid, 0)
	fail := map[int]bool{} // threads whose call is to fail at its end
	for {
		// Of its group alone: the thread may have started a child for another test.
		tid, err := syscall.Wait4(-pid, &ws, unix.WALL|unix.WNOTHREAD, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			t.Fatalf("wait4: %v", err)
		}
		if ws.Exited() || ws.Signaled() {
			if tid != pid {
				continue
			}
			text, _ := os.ReadFile(out.Name())
			return ws.ExitStatus(), string(text)
		}
		signal := 0
		switch sig := ws.StopSignal(); sig {
		case syscall.SIGTRAP | 0x80:
			in.stopped(t, pid, tid, fail)
		case syscall.SIGTRAP, syscall.SIGSTOP: // of the tracing itself
		default:
			signal = int(sig)
		}
		if in.came && in.errno != 0 && !fail[tid] {
			letGo(tid, signal)
		} else {
			resume(tid, signal)
		}
	}
}

// letGo ends the tracing of a thread: behind the fault, nothing is left to see.
func letGo(tid, signal int) {
	_, _, _ = syscall.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(tid), 0, uintptr(signal), 0, 0)
}

// resume lets a thread go on to its next stop; one that was killed meanwhile is gone.
func resume(tid, signal int) { _ = syscall.PtraceSyscall(tid, signal) }

// stopped handles a thread in front of or behind a system call.
func (in *injection) stopped(t *testing.T, pid, tid int, fail map[int]bool) {
	const entry, exit = 1, 2
	var info [88]byte // struct ptrace_syscall_info
	if _, _, errno := syscall.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
		return // it was killed
	}
	number := func(i int) uint64 { return binary.NativeEndian.Uint64(info[24+8*i:]) }
	var regs syscall.PtraceRegs
	switch info[0] {
	case entry:
		call, ok := in.relevant(tid, number(0), number(1), number(2), number(3))
		if !ok {
			return
		}
		in.calls = append(in.calls, call)
		if call == in.call && !in.came {
			in.nth--
		}
		switch {
		case call != in.call || in.nth != 0 || in.came:
			return
		case in.errno == 0:
			in.came = true
			_ = syscall.Kill(pid, syscall.SIGKILL)
		case syscall.PtraceGetRegs(tid, &regs) == nil:
			in.came = true
			regs.Orig_rax = ^uint64(0) // no such call: nothing happens
			if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
				t.Errorf("ptrace: %v", err)
			}
			fail[tid] = true
		}
	case exit:
		if fail[tid] && syscall.PtraceGetRegs(tid, &regs) == nil {
			fail[tid] = false
			regs.Rax = -uint64(in.errno)
			if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
				t.Errorf("ptrace: %v", err)
			}
		}
	}
}

// relevant tells whether a call would change something below the directory, and
// what it would be. Parts of names that differ between runs are left out.
func (in *injection) relevant(tid int, nr, first, second, third uint64) (string, bool) {
	name, ok := changing[nr]
	if !ok || nr == unix.SYS_OPENAT && third&unix.O_CREAT == 0 {
		return "", false
	}
	at := int32(first)
	path := in.dir
	if at == unix.AT_FDCWD {
		if nr != unix.SYS_MKDIRAT {
			return "", false
		}
	} else {
		var err error
		path, err = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, at))
		if err != nil || path != in.dir && !strings.HasPrefix(path, in.dir+"/") {
			return "", false
		}
	}
	rel, _ := filepath.Rel(in.dir, path)
	if i := strings.Index(rel, ".secrets.tmp-"); i >= 0 {
		rel = rel[:i] + ".secrets.tmp"
	}
	if second != 0 && slices.Contains([]uint64{unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_OPENAT}, nr) {
		rel += " " + word(tid, uintptr(second))
	}
	switch { // what is done side by side comes in any order
	case strings.HasPrefix(rel, ".nself.staging"): // files wait there under their numbers
		rel = strings.TrimRight(rel, "0123456789")
	case nr == unix.SYS_FSYNC && !strings.HasPrefix(rel, ".secrets"):
		rel = "a directory"
	}
	return name + " " + rel, true
}

// word reads a string of a thread's.
func word(tid int, at uintptr) string {
	var b [256]byte
	n, _ := syscall.PtracePeekData(tid, at, b[:])
	s, _, _ := strings.Cut(string(b[:n]), "\x00")
	if strings.HasPrefix(s, ".secrets.tmp-") {
		return ".secrets.tmp"
	}
	return s
}
