package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// settings are those of dockerd that decide about safety: of daemon.json and of the
// command line of the one that runs.
type settings struct {
	file     string // of them; "" where there is none
	NoRules  bool   // iptables is false
	Backend  string // firewall-backend
	Insecure []string
	Hosts    []string
	Verify   bool // clients must have a certificate
	Live     bool
	Talking  bool // icc: containers of the default bridge reach each other
}

const daemonFile = "/etc/docker/daemon.json"

func (h Host) daemon() (settings, error) {
	s := settings{Talking: true}
	file := daemonFile
	flags := h.dockerdFlags()
	for _, f := range flags {
		if path, ok := strings.CutPrefix(f, "config-file="); ok {
			file = path
		}
	}
	text, err := h.read(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return s, err
	default:
		s.file = file
		if err := s.take(text); err != nil {
			return s, fmt.Errorf("%s cannot be read, and Docker will not start with it: %w", file, err)
		}
	}
	for _, f := range flags {
		name, value, _ := strings.Cut(f, "=")
		switch name {
		case "iptables":
			s.NoRules = !truth(value)
		case "firewall-backend":
			s.Backend = value
		case "insecure-registry":
			s.Insecure = append(s.Insecure, value)
		case "host":
			s.Hosts = append(s.Hosts, value)
		case "tlsverify":
			s.Verify = truth(value)
		case "live-restore":
			s.Live = truth(value)
		case "icc":
			s.Talking = truth(value)
		}
	}
	return s, nil
}

func (s *settings) take(text string) error {
	var f struct {
		Iptables  *bool
		Backend   string   `json:"firewall-backend"`
		Insecure  []string `json:"insecure-registries"`
		Hosts     []string `json:"hosts"`
		TLSVerify bool     `json:"tlsverify"`
		Live      bool     `json:"live-restore"`
		ICC       *bool    `json:"icc"`
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return err
	}
	s.NoRules, s.Backend = f.Iptables != nil && !*f.Iptables, f.Backend
	s.Insecure, s.Hosts, s.Verify, s.Live = f.Insecure, f.Hosts, f.TLSVerify, f.Live
	s.Talking = f.ICC == nil || *f.ICC
	return nil
}

// dockerdFlags gives the flags of a dockerd that runs, as NAME=VALUE.
func (h Host) dockerdFlags() []string {
	var out []string
	for pid, name := range h.processes() {
		if name != "dockerd" || h.elsewhere(pid) {
			continue
		}
		text, _ := h.read("/proc/" + pid + "/cmdline")
		words := strings.Split(strings.TrimRight(text, "\x00"), "\x00")
		for i, w := range words[min(1, len(words)):] {
			flag := strings.TrimLeft(w, "-")
			if flag == w {
				continue
			}
			if name, value, ok := strings.Cut(flag, "="); ok {
				flag = long(name) + "=" + value
			} else if next := i + 2; next < len(words) && !strings.HasPrefix(words[next], "-") {
				flag = long(flag) + "=" + words[next]
			}
			out = append(out, flag)
		}
	}
	return out
}

// elsewhere tells whether a process runs in a container: one with a Docker in it has
// settings of its own, that are nothing of this host's.
func (h Host) elsewhere(pid string) bool {
	theirs, err := os.Readlink(h.path("/proc/" + pid + "/ns/pid"))
	ours, other := os.Readlink(h.path("/proc/self/ns/pid"))
	return err == nil && other == nil && theirs != ours
}

func long(flag string) string {
	if flag == "H" {
		return "host"
	}
	return flag
}

// truth reads the value of a switch as dockerd does; one without a value is on.
func truth(value string) bool {
	on, err := strconv.ParseBool(value)
	return on || err != nil
}

// daemonFix says where a setting is changed.
func daemonFix(line string) string {
	return "Set it in " + daemonFile + ", and restart Docker:\n\n    " + line + "\n    sudo systemctl restart docker"
}

// configured makes a check of dockerd's settings.
func configured(seen string, look func(x *examination, s settings) []Finding) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		s, err := x.settings()
		if err != nil {
			return "", nil, err
		}
		found := look(x, s)
		if _, err := x.engine(); err != nil && len(found) == 0 && s.file == "" && !x.runs("dockerd") {
			return "", nil, fmt.Errorf("no dockerd and no settings of one are to be seen: %w", err)
		}
		return seen, found, nil
	}
}

func (h Host) runs(name string) bool {
	for _, process := range h.processes() {
		if process == name {
			return true
		}
	}
	return false
}

func daemonChecks() []check {
	return []check{
		{code: "NS2014", run: configured("Docker's interface is on its socket alone", func(x *examination, s settings) []Finding {
			var found []Finding
			for _, h := range s.Hosts {
				scheme, address, ok := strings.Cut(h, "://")
				if !ok {
					scheme, address = "tcp", h // as dockerd takes it
				}
				if scheme == "tcp" && !s.Verify {
					found = append(found, dockerAPI(address))
				}
			}
			sockets, _ := x.sockets()
			for _, k := range sockets {
				if k.Owner == "dockerd" && k.Protocol == "tcp" && !s.Verify && len(found) == 0 && !x.holds(k) {
					found = append(found, dockerAPI(netip.AddrPortFrom(k.Address, uint16(k.Port)).String())) //nolint:gosec // read from 16 bits
				}
			}
			return found
		})},
		{code: "NS2025", run: configured("Docker writes its rules with iptables", func(x *examination, s settings) []Finding {
			evidence := ""
			if e, err := x.engine(); err == nil && s.Backend == "" {
				s.Backend, _, _ = strings.Cut(e.Firewall, "+")
			}
			switch {
			case s.NoRules:
				evidence = "Docker is told to write no rules (iptables: false). DOCKER-USER is then led to by nothing, and published ports cannot be filtered, or do not work."
			case s.Backend != "" && s.Backend != "iptables":
				evidence = "Docker uses the firewall backend " + s.Backend + ", which has no chain DOCKER-USER: the stack's rules for containers are never asked."
			default:
				return nil
			}
			return []Finding{{Object: "dockerd", Evidence: evidence, Fix: daemonFix(`"iptables": true, "firewall-backend": "iptables"`)}}
		})},
		{code: "NS2032", run: outdatedEngine},
		{code: "NS2033", run: reachableLoopback},
		{code: "NS2034", run: configured("every registry is asked over TLS", func(_ *examination, s settings) []Finding {
			var found []Finding
			for _, r := range s.Insecure {
				host, _, _ := strings.Cut(r, ":")
				if p, err := netip.ParsePrefix(r); loopback(host) || host == "localhost" || err == nil && p.Addr().IsLoopback() {
					continue
				}
				found = append(found, Finding{
					Object: "registry " + r, Evidence: "Docker takes images of " + r + " without TLS, or with any certificate: whoever is on the way there decides what runs here.",
					Fix: daemonFix(`"insecure-registries": []`),
				})
			}
			return found
		})},
		{code: "NS2035", run: neighbours},
		{code: "NS2036", run: func(_ context.Context, x *examination) (string, []Finding, error) {
			e, err := x.engine()
			if err != nil {
				return "", nil, err
			}
			s, err := x.settings()
			if e.Live && (s.Live || err != nil) {
				return "live-restore is on", nil, nil
			}
			return "", []Finding{{
				Object: "dockerd", Fix: daemonFix(`"live-restore": true`),
				Evidence: "live-restore is off: an update of Docker stops every container, and those that are slow to start leave the stack down meanwhile.",
			}}, nil
		}},
		{code: "NS2037", run: oldCompose},
	}
}

// holds tells whether dockerd has a socket for another reason than its interface: to
// keep a port that it publishes without a proxy, or for the others of a Swarm, which
// ask for certificates there.
func (x *examination) holds(k socket) bool {
	all, _ := x.containers() // without them, what is declared is known
	return k.Port == 2377 || k.Port == 7946 || x.publishes(k.Port, k.Protocol) || slices.ContainsFunc(all, func(c container) bool {
		return slices.ContainsFunc(c.published(), func(p published) bool { return p.Port == strconv.Itoa(k.Port) && p.Protocol == k.Protocol })
	})
}

func dockerAPI(address string) Finding {
	return Finding{
		Object:   "dockerd at " + address,
		Evidence: "Docker's interface answers at tcp://" + address + " without asking for a client's certificate. Whoever reaches it is root of this machine; containers reach it too.",
		Fix:      "Take the tcp:// address out of \"hosts\" in " + daemonFile + " and out of dockerd's flags, and restart Docker. From another machine, use ssh:\n\n    docker --host ssh://user@host ps",
	}
}

// engines are the oldest releases without a known way past authorisation, which is
// the one fault of the engine that any client of it can use (CVE-2024-41110).
func engines() []string { return []string{"26.1.5", "27.1.1"} }

func outdatedEngine(_ context.Context, x *examination) (string, []Finding, error) {
	e, err := x.engine()
	if err != nil {
		return "", nil, err
	}
	if v, ok := parseVersion(e.Version); ok && !v.safe(engines()) {
		return "", []Finding{{
			Object:   "dockerd",
			Evidence: "Docker Engine " + e.Version + " is older than " + strings.Join(engines(), " and ") + ", which mend faults that let one get past what was refused to him (CVE-2024-41110).",
			Fix:      "    sudo apt-get update && sudo apt-get install --only-upgrade docker-ce docker-ce-cli containerd.io",
		}}, nil
	}
	return "Docker Engine " + e.Version, nil, nil
}

// reachableLoopback: before 28, a neighbour on the link could address what was
// published on the loopback address (moby#45610).
func reachableLoopback(_ context.Context, x *examination) (string, []Finding, error) {
	e, err := x.engine()
	if err != nil {
		return "", nil, err
	}
	v, _ := parseVersion(e.Version)
	if v.atLeast([]int{28}) {
		return "Docker Engine " + e.Version + " drops what comes from outside for loopback addresses", nil, nil
	}
	k, _ := x.kernel(false)
	if k.has("DOCKER-USER", "NSELF") {
		return "the chain NSELF drops what comes from outside for ports that are published on loopback addresses", nil, nil
	}
	containers, err := x.containers()
	var found []Finding
	for _, c := range containers {
		if slices.ContainsFunc(c.published(), func(p published) bool { return loopback(p.IP) }) {
			found = append(found, Finding{
				Object:   c.object(),
				Evidence: c.Name + " publishes a port on the loopback address, and Docker Engine " + e.Version + " lets other machines of the same network reach it there all the same.",
				Fix:      "Update Docker to 28 or newer, or bring the stack's firewall into force.",
			})
		}
	}
	return "nothing is published on loopback addresses", found, err
}

// neighbours looks at the default bridge, which no stack of nselfc uses.
func neighbours(_ context.Context, x *examination) (string, []Finding, error) {
	s, err := x.settings()
	if err != nil {
		return "", nil, err
	}
	containers, err := x.containers()
	if err != nil {
		return "", nil, err
	}
	var names []string
	for _, c := range containers {
		if c.HostConfig.NetworkMode == "bridge" || c.HostConfig.NetworkMode == "default" {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	if len(names) < 2 || !s.Talking {
		return counted(len(names), "container") + " on Docker's default bridge", nil, nil
	}
	return "", []Finding{{
		Object: "dockerd", Fix: daemonFix(`"icc": false`),
		Evidence: strings.Join(names, ", ") + " are on Docker's default bridge, where each reaches every port of the others.",
	}}, nil
}

// leastCompose is the oldest release that the output is tried with.
const leastCompose = "2.26.0"

func oldCompose(_ context.Context, x *examination) (string, []Finding, error) {
	e, err := x.engine()
	if err != nil {
		return "", nil, err
	}
	v, ok := parseVersion(e.Compose)
	if ok && v.atLeast(numbers(leastCompose)) {
		return "Docker Compose " + e.Compose, nil, nil
	}
	evidence := "Docker Compose " + e.Compose + " is older than " + leastCompose + ", with which the output is tried: it may leave out what it does not know."
	if !ok {
		evidence = "The command docker compose is not there: nothing can start the stack."
	}
	return "", []Finding{{Object: "docker compose", Evidence: evidence, Fix: "    sudo apt-get install docker-compose-plugin"}}, nil
}
