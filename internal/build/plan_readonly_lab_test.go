//go:build lab && linux

package build_test

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestPlanOnReadOnlyDisk mounts the stack read-only, as CI does, and wants every
// review to say what it says of the same files when they can be written.
func TestPlanOnReadOnlyDisk(t *testing.T) {
	dir := open(t)
	reviewable(t, dir)
	program := nselfc(t)
	readOnly := func(args ...string) result {
		const script = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && shift && exec "$@"`
		c := exec.Command("unshare", append([]string{"--mount", "sh", "-c", script, "sh", dir}, args...)...)
		c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + dir}
		return run(t, c)
	}
	if r := readOnly("touch", "x"); r.code == 0 || !strings.Contains(r.stderr, "Read-only file system") {
		t.Fatalf("the disk is not read-only: %+v", r)
	}
	runs := reviewed()
	for _, args := range slices.Sorted(maps.Keys(runs)) {
		want := run(t, command(t, dir, strings.Fields(args)...))
		got := readOnly(append([]string{program}, strings.Fields(args)...)...)
		got.cpu, want.cpu = 0, 0
		if got != want {
			t.Errorf("%s says on a read-only disk\n%+v\nand else\n%+v", args, got, want)
		}
	}
	if r := readOnly(program, "plan", "--json-into", "plan.json"); r.code != 3 || !strings.Contains(r.stderr, "cannot write plan.json") {
		t.Errorf("--json-into on a read-only disk: %+v", r)
	}
}
