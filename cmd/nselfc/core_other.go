//go:build !linux

package main

// noCore does nothing where it is not known how: stacks run on Linux.
func noCore() {}
