package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
)

// anew is how a container comes back to what was emitted.
func anew(service string) string {
	return "Make the container anew, as it was emitted:\n\n    docker compose up --detach --force-recreate " + service
}

// eachContainer makes a check of one that holds the containers of declared services
// against what is declared, one by one.
func eachContainer(seen string, look func(x *examination, s *ir.Service, c container) string) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		own, err := x.own()
		if err != nil {
			return "", nil, err
		}
		n := 0
		var found []Finding
		for _, c := range own {
			s := x.service(c.service())
			if s == nil {
				continue // has a finding of its own
			}
			n++
			if evidence := look(x, s, c); evidence != "" {
				found = append(found, Finding{Object: c.object(), Evidence: evidence, Fix: anew(s.Name), At: s.Site})
			}
		}
		if n == 0 {
			return "", nil, nothing("no container of the stack is here")
		}
		return counted(n, "container") + ": " + seen, found, nil
	}
}

func containerChecks() []check {
	return []check{
		{code: "NS2040", run: eachContainer("as confined as they were emitted", func(_ *examination, s *ir.Service, c container) string {
			if weaker := weaknesses(s, c); len(weaker) > 0 {
				return fmt.Sprintf("%s is less confined than %s is declared: %s.", c.Name, s.Address, strings.Join(weaker, ", "))
			}
			return ""
		})},
		{code: "NS2041", run: eachContainer("their limits are those declared", func(_ *examination, s *ir.Service, c container) string {
			if other := limits(s, c); len(other) > 0 {
				return fmt.Sprintf("%s does not have the limits of %s: %s. One service can starve the others.", c.Name, s.Address, strings.Join(other, ", "))
			}
			return ""
		})},
		{code: "NS2042", run: eachContainer("on the networks declared", func(x *examination, s *ir.Service, c container) string {
			var more []string
			for name := range c.NetworkSettings.Networks {
				if !slices.ContainsFunc(s.Networks, func(a ir.Attachment) bool { return x.Stack.Project+"_"+a.Network == name }) {
					more = append(more, name)
				}
			}
			if len(more) == 0 {
				return ""
			}
			slices.Sort(more)
			return fmt.Sprintf("%s is on %s, which %s does not refer to: it reaches what it has no business with.", c.Name, strings.Join(more, ", "), s.Address)
		})},
		{code: "NS2043", run: strangers},
		{code: "NS2044", run: running},
		{code: "NS2046", run: eachContainer("started with the files that are there now", func(_ *examination, s *ir.Service, c container) string {
			if s.Digest == "" || c.Config.Labels[labelConfig] == s.Digest || c.Config.Labels[labelAddress] == "" {
				return ""
			}
			return fmt.Sprintf("%s was started before the files that it reads were last changed: what was built is not what runs.", c.Name)
		})},
		{code: "NS2047", run: eachContainer("they see no folder of the host but those of the stack", func(x *examination, _ *ir.Service, c container) string {
			var strange []string
			for _, m := range c.Mounts {
				if m.Type == "bind" && !within(m.Source, x.Dir) && !within(m.Source, x.StackDir) {
					strange = append(strange, m.Source)
				}
			}
			if len(strange) == 0 {
				return ""
			}
			return fmt.Sprintf("%s sees %s of the host, which no file of the stack says.", c.Name, strings.Join(strange, ", "))
		})},
		{code: "NS2048", run: powerful},
		{code: "NS2073", run: eachContainer("none was ended for want of memory", func(_ *examination, s *ir.Service, c container) string {
			if !c.State.OOMKilled {
				return ""
			}
			return fmt.Sprintf("A process of %s was ended by the kernel, as it took more than its %d MiB.", c.Name, s.Memory.V>>20)
		})},
	}
}

// within tells whether a path is a folder, or in it.
func within(path, folder string) bool {
	rest, err := filepath.Rel(folder, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, "../")
}

// weaknesses lists where a container has more rights than its service was given.
func weaknesses(s *ir.Service, c container) []string {
	var out []string
	add := func(wrong bool, what string) {
		if wrong {
			out = append(out, what)
		}
	}
	h := c.HostConfig
	add(h.Privileged, "it is privileged")
	add(s.ReadOnly.V && !h.ReadonlyRootfs, "its root file system is writable")
	add(!slices.ContainsFunc(h.CapDrop, func(d string) bool { return strings.EqualFold(d, "ALL") }), "not every capability was dropped")
	for _, capability := range h.CapAdd {
		name := strings.TrimPrefix(capability, "CAP_")
		add(!slices.ContainsFunc(s.CapAdd, func(d ir.String) bool { return strings.TrimPrefix(d.V, "CAP_") == name }), "it has the capability "+name)
	}
	add(s.User.V != "" && c.Config.User != s.User.V, "it runs as "+quoted(c.Config.User)+" instead of "+quoted(s.User.V))
	add(!slices.ContainsFunc(h.SecurityOpt, func(o string) bool {
		return strings.HasPrefix(o, "no-new-privileges") && !strings.HasSuffix(o, "false")
	}), "it may gain privileges")
	for _, o := range h.SecurityOpt {
		add(strings.HasSuffix(o, "unconfined") || o == "label=disable" || o == "label:disable", o)
	}
	for what, mode := range map[string]string{"network": h.NetworkMode, "pid": h.PidMode, "ipc": h.IpcMode, "uts": h.UTSMode, "user": h.UsernsMode} {
		add(mode == "host", "it shares the host's "+what+" namespace")
		add(strings.HasPrefix(mode, "container:"), "it shares the "+what+" namespace of another container")
	}
	for _, d := range h.Devices {
		add(true, "it has the device "+d.PathOnHost)
	}
	slices.Sort(out)
	return out
}

func quoted(user string) string {
	if user == "" {
		return "the image's user"
	}
	return user
}

// limits lists what bounds a container less, or otherwise, than declared.
func limits(s *ir.Service, c container) []string {
	var out []string
	h := c.HostConfig
	if s.Memory.V > 0 && h.Memory != s.Memory.V {
		out = append(out, fmt.Sprintf("memory %d MiB instead of %d", h.Memory>>20, s.Memory.V>>20))
	}
	if s.Pids.V > 0 && (h.PidsLimit == nil || *h.PidsLimit != int64(s.Pids.V)) {
		out = append(out, fmt.Sprintf("processes other than %d", s.Pids.V))
	}
	if cpus := float64(h.NanoCpus) / 1e9; s.CPUs.V > 0 && (cpus < s.CPUs.V-0.01 || cpus > s.CPUs.V+0.01) {
		out = append(out, fmt.Sprintf("%g processors instead of %g", cpus, s.CPUs.V))
	}
	if s.Restart.V != "" && h.RestartPolicy.Name != s.Restart.V {
		out = append(out, fmt.Sprintf("restart policy %q instead of %q", h.RestartPolicy.Name, s.Restart.V))
	}
	return out
}

// strangers finds containers of the project whose service is not declared.
func strangers(_ context.Context, x *examination) (string, []Finding, error) {
	own, err := x.own()
	var found []Finding
	for _, c := range own {
		if x.service(c.service()) == nil {
			found = append(found, Finding{
				Object:   c.object(),
				Evidence: fmt.Sprintf("%s belongs to the project %s, and the stack declares no service %s: nothing that nselfc writes judges it, and it may use the stack's networks and volumes.", c.Name, x.Stack.Project, c.service()),
				Fix:      "If it is left over from a service that is gone:\n\n    docker compose up --detach --remove-orphans",
			})
		}
	}
	return counted(len(own), "container") + " of the project, of declared services alone", found, err
}

// running wants every declared service up and healthy. A job ends by itself.
func running(_ context.Context, x *examination) (string, []Finding, error) {
	own, err := x.own()
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	for _, s := range x.Stack.Services {
		evidence := s.Address + " has no container."
		for _, c := range own {
			if c.service() != s.Name {
				continue
			}
			state := c.State.Status
			if h := c.State.Health; h != nil && state == "running" {
				state = h.Status
			}
			switch evidence = ""; {
			case s.Job && state == "exited" && c.State.ExitCode == 0, state == "running", state == "healthy", state == "starting", state == "none":
			case state == "exited":
				evidence = fmt.Sprintf("%s has ended with code %d.", c.Name, c.State.ExitCode)
			default:
				evidence = fmt.Sprintf("%s is %s.", c.Name, state)
			}
			if evidence != "" {
				break
			}
		}
		if evidence != "" {
			found = append(found, Finding{
				Object: "service " + s.Name, Evidence: evidence, At: s.Site,
				Fix: "See what it says, and start it:\n\n    docker compose logs --tail 50 " + s.Name + "\n    docker compose up --detach " + s.Name,
			})
		}
	}
	return counted(len(x.Stack.Services), "service") + ", all up", found, nil
}

// mighty gives those of a container's capabilities with which its root is that of the
// host: to mount its disks, to load code into its kernel, to open any file of it.
func mighty(added []string) []string {
	var out []string
	for _, a := range added {
		name := strings.TrimPrefix(strings.ToUpper(a), "CAP_")
		if slices.Contains([]string{"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"}, name) {
			out = append(out, name)
		}
	}
	return out
}

// powerful finds containers beside the stack that could take it over.
func powerful(_ context.Context, x *examination) (string, []Finding, error) {
	all, err := x.containers()
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	for _, c := range all {
		if c.Config.Labels[labelProject] == x.Stack.Project && x.service(c.service()) != nil {
			continue
		}
		why := ""
		if c.HostConfig.Privileged {
			why = "is privileged"
		}
		if more := mighty(c.HostConfig.CapAdd); len(more) > 0 {
			why = "has " + strings.Join(more, ", ")
		}
		for _, m := range c.Mounts {
			socket := strings.HasSuffix(m.Source, "/docker.sock") || within("/run/docker.sock", m.Source) || within("/var/run/docker.sock", m.Source)
			if m.Type == "bind" && (socket || within(x.Dir, m.Source)) {
				why = "sees " + m.Source + " of the host"
			}
		}
		if why != "" && c.State.Running {
			found = append(found, Finding{
				Object:   c.object(),
				Evidence: c.Name + ", which is no part of the stack, " + why + ": whoever breaks into it has this machine, and the secrets of every stack on it.",
				Fix:      "If it must be, give it a machine of its own. Else:\n\n    docker rm --force " + c.Name,
			})
		}
	}
	return counted(len(all), "container") + " on this host", found, nil
}
