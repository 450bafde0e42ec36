package doctor

import (
	"syscall"
	"testing"
)

func mkfifo(t *testing.T, path string) error {
	t.Helper()
	return syscall.Mkfifo(path, 0o644)
}
