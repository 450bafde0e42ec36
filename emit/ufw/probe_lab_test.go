//go:build lab

package ufw

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// namespace makes a second machine, joined to the host by a cable. Inside, its
// end is called eth0; the host's end gets the name of the machine.
func (h *host) namespace(t *testing.T, name string) {
	t.Helper()
	h.run(t, "set -e; n="+name+`
ip netns add $n
ip link add $n type veth peer name eth0 netns $n
ip netns exec $n ip link set lo up
ip netns exec $n ip link set eth0 up
ip link set $n up`)
}

// The test binary is the listener and the client too: TestMain turns it into
// one when it is told to, so that no other tool is needed.
const roleVariable = "NSELF_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role, address, _ := strings.Cut(os.Getenv(roleVariable), " "); role {
	case "listen":
		listen(strings.Fields(address))
	case "dial":
		dial(strings.Fields(address))
	case "flow":
		flow(address)
	default:
		os.Exit(m.Run())
	}
}

// listen accepts on every address and echoes a line, until it is killed.
func listen(addresses []string) {
	for _, a := range addresses {
		l, err := net.Listen("tcp", a)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
			}
		}()
	}
	fmt.Println("ready")
	select {}
}

// dial prints the addresses from which an echo comes back within a second. All
// are tried at once, as a closed one takes that second.
func dial(addresses []string) {
	var wait sync.WaitGroup
	for _, address := range addresses {
		wait.Go(func() {
			c, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(time.Second))
			if _, err = c.Write([]byte("hello\n")); err != nil {
				return
			}
			if line, err := bufio.NewReader(c).ReadString('\n'); err == nil && line == "hello\n" {
				fmt.Println(address)
			}
		})
	}
	wait.Wait()
}

// flow opens a new connection every 20 ms, and sends a line through one that it
// keeps, until its standard input ends. It prints how many attempts there were
// and how many failed.
func flow(address string) {
	done := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(done) }()
	kept, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	echo := bufio.NewReader(kept)
	fmt.Println("ready")
	total, failed := 0, 0
	for {
		select {
		case <-done:
			fmt.Printf("%d %d\n", total, failed)
			return
		case <-time.After(20 * time.Millisecond):
		}
		total++
		c, err := net.DialTimeout("tcp", address, 900*time.Millisecond)
		if err != nil {
			failed++
			continue
		}
		_ = c.Close()
		_ = kept.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err = kept.Write([]byte("hello\n")); err == nil {
			_, err = echo.ReadString('\n')
		}
		if err != nil {
			failed++
		}
	}
}

// in gives the words that run a command on another machine; "" is the host.
func in(namespace string) string {
	if namespace == "" {
		return ""
	}
	return "ip netns exec " + namespace + " "
}

// role runs the test binary on a machine.
func (h *host) role(namespace, role string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := h.command("exec " + in(namespace) + self)
	cmd.Env = append(cmd.Env, roleVariable+"="+role)
	return cmd
}

// serve starts a listener on a machine.
func (h *host) serve(t *testing.T, namespace string, addresses ...string) {
	t.Helper()
	h.start(t, h.role(namespace, "listen "+strings.Join(addresses, " ")))
}

// start starts a role and waits until it is ready.
func (h *host) start(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its process namespace takes the rest along
		_ = cmd.Wait()
	})
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%v: %s (%v)", cmd.Args, line, err)
	}
	return r
}

// reached gives those of the addresses from which a machine gets an echo.
func (h *host) reached(t *testing.T, namespace string, addresses []string) []string {
	t.Helper()
	out, err := h.role(namespace, "dial "+strings.Join(addresses, " ")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

// expect checks which addresses answer a machine.
func (h *host) expect(t *testing.T, namespace, when string, want map[string]bool) {
	t.Helper()
	reached := h.reached(t, namespace, slices.Sorted(maps.Keys(want)))
	for address, open := range want {
		if got := slices.Contains(reached, address); got != open {
			t.Errorf("%s: %s reaches %s: %t, want %t", when, namespace, address, got, open)
		}
	}
}
