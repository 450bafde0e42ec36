package doctor

import (
	"os"
	"testing"
)

// TestMain keeps the folders of the tests in memory, where there is such a place: a
// host is a hundred files, and each case has its own.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("/dev/shm", "doctor")
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		os.Exit(m.Run())
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
