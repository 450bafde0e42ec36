//go:build lab && linux

package e2e

import (
	"strings"
	"testing"

	"nselfc/internal/lab"
)

// testContainers reads from the kernel what each container may do.
func (s *shop) testContainers(t *testing.T) {
	want := map[string]struct {
		memory, pids int64
		cpu          float64
	}{
		"api":    {1 << 30, 256, 2},
		"worker": {512 << 20, 256, 1},
		"main":   {1 << 30, 512, 1},
		"cache":  {256 << 20, 128, 1},
	}
	seen := 0
	for _, c := range s.engine.Containers(t, s.project) {
		if c.State != "running" || c.Health != "healthy" {
			t.Errorf("%s is %s and %s", c.Name, c.State, c.Health)
		}
		if c.UID == 0 || c.GID == 0 || c.Effective != 0 || c.Bounding != 0 {
			t.Errorf("%s has privileges: uid %d gid %d, capabilities %x of %x", c.Name, c.UID, c.GID, c.Effective, c.Bounding)
		}
		if !c.NoNewPrivileges || !c.Seccomp || !c.RootReadOnly {
			t.Errorf("%s: no new privileges %v, seccomp %v, read-only root %v", c.Name, c.NoNewPrivileges, c.Seccomp, c.RootReadOnly)
		}
		if c.Memory == 0 || c.Pids == 0 || c.CPU == 0 {
			t.Errorf("%s has no limits: %+v", c.Name, c)
		}
		w, ok := want[c.Service]
		if !ok {
			continue
		}
		seen++
		if c.Memory != w.memory || c.Pids != w.pids || c.CPU != w.cpu {
			t.Errorf("%s: memory %d, pids %d, processors %g; declared %+v", c.Name, c.Memory, c.Pids, c.CPU, w)
		}
	}
	for _, c := range s.engine.Containers(t, s.project) {
		log := s.engine.Docker("inspect", "--format", "{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}", c.Name).Must(t)
		if !strings.HasPrefix(log, "json-file ") || !strings.Contains(log, `"max-file":"`) || !strings.Contains(log, `"max-size":"`) {
			t.Errorf("the log of %s grows without end: %s", c.Name, log)
		}
	}
	if seen != len(want) {
		t.Errorf("saw %d of %d services", seen, len(want))
	}
	// The control: a container without any of it must look so.
	s.engine.Docker("run", "--detach", "--name", "leaky", "--label", "com.docker.compose.project=leaky", "nginx:1.30.4", "sleep", "300").Must(t)
	defer s.engine.Docker("rm", "--force", "leaky")
	if log := s.engine.Docker("inspect", "--format", "{{json .HostConfig.LogConfig.Config}}", "leaky").Must(t); strings.Contains(log, "max-size") {
		t.Errorf("the control's log is rotated: %s", log)
	}
	if c := s.engine.Containers(t, "leaky")[0]; c.Bounding == 0 || c.RootReadOnly || c.Memory != 0 || c.NoNewPrivileges {
		t.Errorf("the control looks hardened: %+v", c)
	}
}

// testPorts scans every TCP port of the host from the other machine.
func (s *shop) testPorts(t *testing.T) {
	t.Helper()
	scan(t, s.client, lab.HostIPv4, 22, 80, 443)
	scan(t, s.client, lab.HostIPv6, 22, 80, 443)
}

// testNetworks proves that a reference is the network path, and nothing else is.
func (s *shop) testNetworks(t *testing.T) {
	api, loner := s.beside("api"), s.beside("loner")
	stores := map[string]string{"main": "5432", "cache": "6379"}
	for name, port := range stores {
		names := api.Resolve(t, name)
		if len(names.Addresses) != 1 {
			t.Fatalf("api cannot resolve %s: %+v", name, names)
		}
		if d := api.Connect(t, name+":"+port); !d.Open {
			t.Errorf("api cannot reach %s: %+v", name, d)
		}
		if names := loner.Resolve(t, name); len(names.Addresses) != 0 {
			t.Errorf("a service without a reference resolves %s: %+v", name, names)
		}
		if d := loner.Connect(t, names.Addresses[0]+":"+port); d.Open {
			t.Errorf("a service without a reference reaches %s by its address", name)
		}
		// Nor does the world, though it knows the address and the way to it.
		if d := s.client.Connect(t, names.Addresses[0]+":"+port); d.Open {
			t.Errorf("the client reaches %s by its address", name)
		}
	}
	// The ingress, which the world speaks to, is no way to them either.
	for name, port := range stores {
		if names := s.beside("ingress").Resolve(t, name); len(names.Addresses) != 0 {
			t.Errorf("the ingress resolves %s: %+v", name, names)
		}
		address := api.Resolve(t, name).Addresses[0]
		if d := s.beside("ingress").Connect(t, address+":"+port); d.Open {
			t.Errorf("the ingress reaches %s by its address", name)
		}
	}
	internet := lab.ClientIPv4 + ":80"
	for _, from := range []string{"api", "worker", "main", "cache", "loner"} {
		if d := s.beside(from).Connect(t, internet); d.Open {
			t.Errorf("%s reaches the internet without egress", from)
		}
	}
	// The control, and the one that asks for it.
	if d := s.beside("caller").Connect(t, internet); !d.Open {
		t.Errorf("a service with egress does not reach the internet: %+v", d)
	}
}

// testNeighbours shows a limit that docs/security.md admits: two services that
// refer to one store meet on its network.
func (s *shop) testNeighbours(t *testing.T) {
	worker, loner := s.beside("worker"), s.beside("loner")
	address := worker.Resolve(t, "api").Addresses
	if len(address) == 0 || !worker.Connect(t, address[0]+":8080").Open {
		t.Errorf("consumers of one store no longer reach each other: docs/security.md says that they do (%v)", address)
	}
	// Depends on the engine: since 28, Docker drops what is not for a published port.
	edge := strings.Fields(s.engine.Docker("inspect", "--format",
		`{{(index .NetworkSettings.Networks "`+s.project+`_ingress_edge").IPAddress}}`, s.container(t, "ingress").Name).Must(t))
	t.Logf("without a firewall, the client reaches the ingress at its own address: %v", s.client.Connect(t, edge[0]+":8443").Open)
	if len(address) > 0 && loner.Connect(t, address[0]+":8080").Open {
		t.Error("a service that shares no store with api reaches it")
	}
}
