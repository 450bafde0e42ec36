package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// noCore has the kernel write no image of this process, whose memory holds values of
// secrets, when it crashes: neither into a file nor to a program that collects such
// images (core(5)). Other processes of the same user cannot read its memory either.
// What it starts inherits the limit. Where the kernel refuses, all else still holds.
func noCore() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
