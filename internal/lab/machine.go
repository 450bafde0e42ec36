//go:build linux

package lab

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

//go:embed enter.sh
var enterScript string

// machine is a set of namespaces with a Debian in it. It lives as long as this process holds the write end of its
// init's standard input; when the init ends, for whatever reason, the kernel kills everything inside.
type machine struct {
	name string
	init *exec.Cmd
	hold io.WriteCloser
	log  string
}

// bootMachine starts one below the folder of the run. Each of binds is "HOST-PATH:PATH-INSIDE".
func bootMachine(name, rootfs, run string, binds []string) (*machine, error) {
	read, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	m := &machine{name: name, hold: hold, log: filepath.Join(run, name+".log")}
	log, err := os.Create(m.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	m.init = exec.Command("bash", append([]string{"-c", enterScript, "enter.sh", name, rootfs, run}, binds...)...)
	m.init.Stdin, m.init.Stderr = read, log
	m.init.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Setpgid: true}
	stdout, err := m.init.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := m.init.Start(); err != nil {
		hold.Close()
		return nil, err
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		m.stop()
		said, _ := os.ReadFile(m.log)
		return nil, fmt.Errorf("machine %s did not start: %s%s", name, line, said)
	}
	return m, nil
}

func (m *machine) stop() {
	m.hold.Close()
	// The init ends at the end of its input. If it does not, it is killed; nothing inside can outlive it.
	kill := time.AfterFunc(3*time.Second, func() { _ = m.init.Process.Kill() })
	defer kill.Stop()
	_ = m.init.Wait()
}

// inside completes a command so that it runs on this machine.
func (m *machine) inside(c Command) Command {
	dir := c.Dir
	if dir == "" {
		dir = "/"
	}
	args := []string{
		"nsenter", "--target", strconv.Itoa(m.init.Process.Pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--",
		"/usr/bin/env", "--ignore-environment", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
	args = append(args, c.Env...)
	args = append(args, "sh", "-c", `cd "$0" && exec "$@"`, dir)
	c.Args, c.Dir, c.Env = append(args, c.Args...), "", nil
	return c
}

func (m *machine) run(ctx context.Context, c Command) Result {
	result := execute(ctx, m.inside(c))
	result.Args = append([]string{m.name + "#"}, c.Args...)
	return result
}

// ip runs one of the real machine's ip commands in the network namespace of this one.
func (m *machine) ip(ctx context.Context, args string) error {
	return execute(ctx, Command{Args: append(
		[]string{"nsenter", "--target", strconv.Itoa(m.init.Process.Pid), "--net", "--", "ip"}, strings.Fields(args)...,
	)}).err()
}

// Addresses of the two machines: documentation and unique local ranges, known in their own namespaces only. The client is
// the host's default route, and the host the client's: an attacker on the same link who can address containers directly.
const (
	HostIPv4   = "203.0.113.10"
	HostIPv6   = "fd5e:1ab::10"
	ClientIPv4 = "203.0.113.20"
	ClientIPv6 = "fd5e:1ab::20"
)

func connectMachines(ctx context.Context, host, client *machine) error {
	if err := host.ip(ctx, fmt.Sprintf("link add eth0 type veth peer name eth0 netns %d", client.init.Process.Pid)); err != nil {
		return err
	}
	sides := []struct {
		*machine
		v4, v6, route4, route6 string
	}{{host, HostIPv4, HostIPv6, ClientIPv4, ClientIPv6}, {client, ClientIPv4, ClientIPv6, HostIPv4, HostIPv6}}
	for _, side := range sides {
		for _, args := range []string{
			"addr add " + side.v4 + "/24 dev eth0",
			"addr add " + side.v6 + "/64 dev eth0 nodad",
			"link set eth0 up",
			"route add default via " + side.route4,
			"-6 route add default via " + side.route6,
		} {
			if err := side.ip(ctx, args); err != nil {
				return err
			}
		}
		resolver := "nameserver " + ClientIPv4 + "\noptions timeout:1 attempts:2\n"
		write := Command{Args: []string{"tee", "/etc/resolv.conf"}, Stdin: strings.NewReader(resolver)}
		if err := side.run(ctx, write).err(); err != nil {
			return err
		}
	}
	return nil
}
