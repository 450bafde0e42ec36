//go:build linux

package lab

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Container is what the kernel enforces on a container's first process, read from its /proc entry and control groups, and
// not from what the engine was asked for. It works for images without a shell too.
type Container struct {
	Name, Service, Image string
	// State is "running", "exited" …; Health is "" without a health check.
	State, Health string
	// Started is when the container last started; it tells whether a second "up" restarted it.
	Started string
	PID     int
	UID     int
	GID     int
	// Effective and Bounding are capability sets.
	Effective, Bounding uint64
	NoNewPrivileges     bool
	Seccomp             bool
	RootReadOnly        bool
	// Memory in bytes and Pids are limits; 0 is none. CPU is in processors.
	Memory int64
	Pids   int64
	CPU    float64
	// Writable are the mount points, apart from the kernel's own, that the container may write to.
	Writable []string
}

// Containers returns the containers of a compose project, those that have stopped too, in the order of their names.
func (e *Engine) Containers(t testing.TB, project string) []Container {
	t.Helper()
	e.RequireMachines(t)
	ids := strings.Fields(e.Docker("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project="+project).Must(t))
	if len(ids) == 0 {
		t.Fatalf("project %s has no containers", project)
	}
	var known []struct {
		Name  string
		State struct {
			Status, StartedAt string
			Pid               int
			Health            *struct{ Status string }
		}
		Config struct {
			Image  string
			Labels map[string]string
		}
	}
	output := e.Docker(append([]string{"inspect"}, ids...)...).Must(t)
	if err := json.Unmarshal([]byte(output), &known); err != nil {
		t.Fatal(err)
	}
	containers := make([]Container, 0, len(known))
	for _, one := range known {
		c := Container{
			Name: strings.TrimPrefix(one.Name, "/"), Service: one.Config.Labels["com.docker.compose.service"],
			Image: one.Config.Image, State: one.State.Status, Started: one.State.StartedAt, PID: one.State.Pid,
		}
		if one.State.Health != nil {
			c.Health = one.State.Health.Status
		}
		if c.PID != 0 {
			c.readProcess(e.Host("sh", "-c", readProcess, "sh", strconv.Itoa(c.PID)).Must(t))
		}
		containers = append(containers, c)
	}
	slices.SortFunc(containers, func(a, b Container) int { return strings.Compare(a.Name, b.Name) })
	return containers
}

// Limits are in the old hierarchies (one per controller) or in the new one.
const readProcess = `
cd "/proc/$1" || exit 1
cat status
sed 's/^/Mount: /' mountinfo
while IFS=: read -r _ controllers path; do
  for folder in "/sys/fs/cgroup/${controllers%%,*}$path" "/sys/fs/cgroup$path"; do
    for file in memory.max memory.limit_in_bytes pids.max cpu.max cpu.cfs_quota_us cpu.cfs_period_us; do
      [ ! -r "$folder/$file" ] || echo "$file: $(cat "$folder/$file")"
    done
  done
done <cgroup`

func (c *Container) readProcess(text string) {
	var quota, period float64
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch key {
		case "Uid":
			c.UID, _ = strconv.Atoi(fields[1])
		case "Gid":
			c.GID, _ = strconv.Atoi(fields[1])
		case "CapEff":
			c.Effective, _ = strconv.ParseUint(fields[0], 16, 64)
		case "CapBnd":
			c.Bounding, _ = strconv.ParseUint(fields[0], 16, 64)
		case "NoNewPrivs":
			c.NoNewPrivileges = fields[0] == "1"
		case "Seccomp":
			c.Seccomp = fields[0] != "0"
		case "Mount":
			c.readMount(fields)
		case "memory.max", "memory.limit_in_bytes":
			// "max", or nearly the largest number, is no limit.
			if limit, err := strconv.ParseInt(fields[0], 10, 64); err == nil && limit < 1<<50 {
				c.Memory = limit
			}
		case "pids.max":
			c.Pids, _ = strconv.ParseInt(fields[0], 10, 64)
		case "cpu.cfs_quota_us":
			quota, _ = strconv.ParseFloat(fields[0], 64)
		case "cpu.cfs_period_us":
			period, _ = strconv.ParseFloat(fields[0], 64)
		case "cpu.max":
			if len(fields) == 2 {
				quota, _ = strconv.ParseFloat(fields[0], 64)
				period, _ = strconv.ParseFloat(fields[1], 64)
			}
		}
	}
	if quota > 0 && period > 0 {
		c.CPU = quota / period
	}
}

// readMount reads a line of mountinfo: id, parent, device, root, mount point, options, …
func (c *Container) readMount(fields []string) {
	if len(fields) < 6 {
		return
	}
	point, readOnly := fields[4], strings.HasPrefix(fields[5]+",", "ro,")
	if point == "/" {
		c.RootReadOnly = readOnly
	}
	for _, kernel := range []string{"/proc", "/sys", "/dev"} {
		if point == kernel || strings.HasPrefix(point, kernel+"/") {
			return
		}
	}
	if !readOnly {
		c.Writable = append(c.Writable, point)
	}
}
