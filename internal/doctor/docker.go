package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Labels of Compose, and of nselfc.
const (
	labelProject = "com.docker.compose.project"
	labelService = "com.docker.compose.service"
	labelOneOff  = "com.docker.compose.oneoff"
	labelAddress = "io.nselfc.address"
	labelConfig  = "io.nselfc.config"
)

// engine is what Docker says of itself.
type engine struct {
	Version  string // of the server
	Compose  string // "" where there is none
	RootDir  string
	Live     bool // containers outlive the daemon
	Firewall string
}

// here refuses an engine of another machine, to which a context or DOCKER_HOST sends
// every command: what it says is nothing of this host.
func (h Host) here(ctx context.Context) error {
	said, err := h.Run(ctx, nil, "docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
	if err != nil || said.Code != 0 {
		return err // an old docker has no contexts; what is wrong otherwise, the next command says
	}
	u, err := url.Parse(strings.TrimSpace(said.Out))
	if err != nil || !slices.Contains([]string{"tcp", "http", "https", "ssh"}, u.Scheme) || u.Scheme != "ssh" && (loopback(u.Hostname()) || u.Hostname() == "localhost") {
		return nil
	}
	u.User = nil // it may hold a password
	return fmt.Errorf("docker speaks to the engine of another machine, %s (DOCKER_HOST or a context): look at that one there, or unset it", u)
}

func (h Host) engine(ctx context.Context) (*engine, error) {
	if err := h.here(ctx); err != nil {
		return nil, err
	}
	text, err := h.ask(ctx, "docker", "info", "--format", "{{json .}}")
	if err != nil {
		return nil, err
	}
	var info struct {
		ServerVersion, DockerRootDir string
		LiveRestoreEnabled           bool
		FirewallBackend              *struct{ Driver string }
		ServerErrors                 []string
	}
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		return nil, errors.New("docker info printed something else than it was asked for")
	}
	if info.ServerVersion == "" {
		return nil, errors.New("docker has no engine to speak to: " + strings.Join(info.ServerErrors, "; "))
	}
	e := &engine{Version: info.ServerVersion, RootDir: info.DockerRootDir, Live: info.LiveRestoreEnabled}
	if info.FirewallBackend != nil {
		e.Firewall = info.FirewallBackend.Driver
	}
	if text, err := h.ask(ctx, "docker", "compose", "version", "--short"); err == nil {
		e.Compose = strings.TrimPrefix(strings.TrimSpace(text), "v")
	}
	return e, nil
}

// container is what docker inspect says of one, but its environment, which may hold
// secrets.
type container struct {
	ID, Name, Image string // Image is the ID of what it runs
	State           struct {
		Status    string
		Running   bool
		OOMKilled bool
		ExitCode  int
		Health    *struct{ Status string }
	}
	Config struct {
		Image, User string
		Labels      map[string]string
	}
	HostConfig struct {
		Privileged, ReadonlyRootfs                     bool
		CapAdd, CapDrop, SecurityOpt                   []string
		Memory, NanoCpus                               int64 //nolint:revive // Docker's spelling
		PidsLimit                                      *int64
		RestartPolicy                                  struct{ Name string }
		NetworkMode, PidMode, IpcMode, UTSMode, Cgroup string
		UsernsMode                                     string
		Devices                                        []struct{ PathOnHost string }
	}
	NetworkSettings struct {
		Ports    map[string][]struct{ HostIp, HostPort string } //nolint:revive // Docker's spelling
		Networks map[string]struct{}
	}
	Mounts []struct {
		Type, Name, Source, Destination string
		RW                              bool
	}
}

func (h Host) containers(ctx context.Context) ([]container, error) {
	if err := h.here(ctx); err != nil {
		return nil, err
	}
	ids, err := h.ask(ctx, "docker", "ps", "--all", "--quiet", "--no-trunc")
	if err != nil || strings.TrimSpace(ids) == "" {
		return nil, err
	}
	said, err := h.Run(ctx, nil, append([]string{"docker", "inspect", "--type=container"}, strings.Fields(ids)...)...)
	if err != nil {
		return nil, err
	}
	var all []container // one that went away in between is left out, and the code is 1
	if err := json.Unmarshal([]byte(withoutBreaks(said.Out)), &all); err != nil {
		return nil, errors.New("docker inspect printed something else than it was asked for")
	}
	for i := range all {
		all[i].Name = strings.TrimPrefix(all[i].Name, "/")
	}
	return all, nil
}

func (c container) object() string { return "container " + c.Name }

// service is the name that Compose knows it by.
func (c container) service() string { return c.Config.Labels[labelService] }

// published is a port of the host that leads into a container.
type published struct{ IP, Port, Protocol string }

func (c container) published() []published {
	var out []published
	for inside, bindings := range c.NetworkSettings.Ports {
		_, protocol, _ := strings.Cut(inside, "/")
		for _, b := range bindings {
			out = append(out, published{b.HostIp, b.HostPort, protocol})
		}
	}
	return out
}

// inside runs a command in a container, with a text on its standard input.
func (h Host) inside(ctx context.Context, c container, stdin string, command ...string) (Said, error) {
	return h.Run(ctx, strings.NewReader(stdin), append([]string{"docker", "exec", "--interactive", c.ID}, command...)...)
}
