//go:build linux

package lab

import (
	"slices"
	"testing"
)

func TestReadProcess(t *testing.T) {
	var c Container
	c.readProcess(`Name:	app
Uid:	10001	10002	10001	10001
Gid:	20001	20002	20001	20001
CapEff:	00000000000000a0
CapBnd:	00000000a80425fb
NoNewPrivs:	1
Seccomp:	2
Mount: 1 2 0:1 / / ro,relatime - overlay overlay ro
Mount: 3 1 0:2 / /proc rw,nosuid - proc proc rw
Mount: 4 1 0:3 / /dev/shm rw - tmpfs shm rw
Mount: 5 1 0:4 / /tmp rw,nosuid - tmpfs tmpfs rw
Mount: 6 1 8:1 /x /etc/x.conf ro - ext4 /dev/x rw
memory.limit_in_bytes: 268435456
pids.max: 128
cpu.max: 150000 100000
`)
	if c.UID != 10002 || c.GID != 20002 || c.Effective != 0xa0 || c.Bounding != 0xa80425fb || !c.NoNewPrivileges || !c.Seccomp ||
		!c.RootReadOnly || c.Memory != 256<<20 || c.Pids != 128 || c.CPU != 1.5 || !slices.Equal(c.Writable, []string{"/tmp"}) {
		t.Errorf("%+v", c)
	}
	var free Container
	free.readProcess("Mount: 1 2 0:1 / / rw,relatime - overlay overlay rw\nmemory.limit_in_bytes: 9223372036854771712\npids.max: max\ncpu.cfs_quota_us: -1\ncpu.cfs_period_us: 100000\n")
	if free.RootReadOnly || free.Memory != 0 || free.Pids != 0 || free.CPU != 0 || !slices.Equal(free.Writable, []string{"/"}) {
		t.Errorf("%+v", free)
	}
}
