package rotation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit/nginx"
)

// killed is what a process that is no more would have said.
type killed struct{}

// world is an engine in memory, with servers that know credentials, an ingress, and
// consumers that log in with what their files said when they were started. It looks
// after each change whether a request would have failed.
type world struct {
	dir   string
	stack *ir.Stack
	clock time.Time

	next       int
	containers []*fake
	marks      map[string]time.Time // path → when it goes away
	servers    map[string]string    // what a store was told last: the text of its file
	memory     int64
	verified   map[string]error // what is known of a certificate and a bundle

	ops     int      // changes so far
	kill    int      // the change at which the process dies; 0 for never
	broken  []string // promises that did not hold
	sick    string   // a service whose new containers do not come up
	deaf    bool     // servers say that they have been told, and have not
	steady  bool     // requests may fail no more: nothing is recreated that has any
	history []string
}

type fake struct {
	Container
	files   map[string]string // as they were when it was started
	since   time.Time
	healthy bool
}

// point is a place where the process may die.
func (w *world) point(what string) {
	w.ops++
	w.history = append(w.history, what)
	if w.kill == w.ops {
		panic(killed{})
	}
}

// change makes one, with the places to die before and behind it, and looks whether
// all is well.
func (w *world) change(what string, do func() error) error {
	w.point("before " + what)
	err := do()
	w.watch(what)
	w.point("after " + what)
	return err
}

func (w *world) read(s *ir.Service) map[string]string {
	out := map[string]string{}
	for _, m := range slices.Concat(s.Secrets, s.Configs) {
		text, err := os.ReadFile(filepath.Join(w.dir, m.File))
		if err != nil {
			panic(err)
		}
		out[m.File] = string(text)
	}
	return out
}

// up starts everything that does not run, as an operator would.
func (w *world) up() {
	for _, s := range w.stack.Services {
		if !slices.ContainsFunc(w.containers, func(c *fake) bool { return c.Service == s.Name }) {
			for range replicas(s) {
				w.add(s)
			}
		}
	}
	for _, c := range w.containers {
		w.start(c)
		c.Health, c.healthy = "healthy", true
	}
}

func (w *world) add(s *ir.Service) {
	w.next++
	n := 1
	for _, c := range w.containers {
		if c.Service == s.Name {
			n = max(n, c.Number+1)
		}
	}
	c := &fake{Container: Container{ID: fmt.Sprint("id", w.next), Name: fmt.Sprintf("p-%s-%d", s.Name, n), Service: s.Name, Number: n, Networks: map[string]Endpoint{}}}
	for _, a := range s.Networks {
		c.Networks[a.Network] = Endpoint{Aliases: []string{s.Name}}
	}
	w.containers = append(w.containers, c)
}

func (w *world) start(c *fake) {
	if c.Running {
		return
	}
	s := find(w.stack, c.Service)
	c.Running, c.Health, c.healthy, c.since, c.files = true, "starting", false, w.clock, w.read(s)
	for name, e := range c.Networks {
		e.Address = "10.0.0." + strings.TrimPrefix(c.ID, "id")
		c.Networks[name] = e
	}
	if s.Store.V != "" {
		for _, text := range c.files { // a server reads its file when it starts
			w.servers[c.Service] = text
		}
	}
}

func (w *world) find(id string) *fake {
	for _, c := range w.containers {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Containers implements Engine.
func (w *world) Containers(context.Context) ([]Container, error) {
	var out []Container
	for _, c := range w.containers {
		if c.Running && !c.healthy && w.clock.Sub(c.since) >= 3*time.Second && c.Service != w.sick {
			c.healthy, c.Health = true, "healthy"
		}
		d := c.Container
		d.Networks = maps.Clone(c.Networks)
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Container) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Create implements Engine.
func (w *world) Create(_ context.Context, counts map[string]int) error {
	for _, service := range slices.Sorted(maps.Keys(counts)) {
		err := w.change("create "+service, func() error {
			n := 0
			for _, c := range w.containers {
				if c.Service == service {
					n++
				}
			}
			for ; n < counts[service]; n++ {
				w.add(find(w.stack, service))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Start implements Engine.
func (w *world) Start(_ context.Context, id string) error {
	return w.change("start", func() error { w.start(w.find(id)); return nil })
}

// Attach implements Engine.
func (w *world) Attach(_ context.Context, c Container, network string, aliases []string) error {
	return w.change("attach "+c.Service, func() error {
		f := w.find(c.ID)
		if _, there := f.Networks[network]; there {
			return errors.New("already connected")
		}
		f.Networks[network] = Endpoint{Address: "10.0.0." + c.ID, Aliases: aliases}
		return nil
	})
}

// Detach implements Engine.
func (w *world) Detach(_ context.Context, c Container, network string) error {
	return w.change("detach "+c.Service, func() error { delete(w.find(c.ID).Networks, network); return nil })
}

// Remove implements Engine.
func (w *world) Remove(_ context.Context, id string) error {
	return w.change("remove", func() error {
		if c := w.find(id); c != nil && c.Running && slices.Contains(w.reached(c.Service), c) && len(routed(w.stack, c.Service)) > 0 && w.ingress() != nil {
			w.blame("%s is stopped while it gets requests", c.Name)
		}
		w.containers = slices.DeleteFunc(w.containers, func(c *fake) bool { return c.ID == id })
		return nil
	})
}

// Mark implements Engine.
func (w *world) Mark(_ context.Context, _, path string, life time.Duration) error {
	return w.change("mark "+path, func() error { w.marks[path] = w.clock.Add(life); return nil })
}

// Unmark implements Engine.
func (w *world) Unmark(_ context.Context, _ string, paths ...string) error {
	return w.change("unmark "+strings.Join(paths, " "), func() error {
		for _, path := range paths {
			delete(w.marks, path)
		}
		return nil
	})
}

// Memory implements Engine.
func (w *world) Memory(context.Context) (int64, error) { return w.memory, nil }

// Connections implements Engine.
func (w *world) Connections(context.Context, string, string) (int, error) { return 0, nil }

// Exec implements Engine.
func (w *world) Exec(_ context.Context, id string, command []string, stdin io.WriterTo) (code int, err error) {
	var in bytes.Buffer
	if _, err := stdin.WriteTo(&in); err != nil {
		return 0, err
	}
	service := w.find(id).Service
	err = w.change(strings.Join(command, " ")+" in "+service, func() error {
		switch command[0] {
		case "apply":
			if !w.deaf {
				w.servers[service] = in.String()
			}
		case "prove":
			user, rest, _ := strings.Cut(in.String(), "\n")
			if !w.takes(service, user, strings.TrimSuffix(rest, "\n")) {
				code = refused
			}
		}
		return nil
	})
	return code, err
}

// takes asks a server: a line "NAME:" and hashes, of which a value's is one.
func (w *world) takes(service, user, value string) bool {
	sum := sha256.Sum256([]byte(value))
	user = strings.TrimSuffix(strings.TrimSuffix(user, "_a"), "_b")
	for line := range strings.Lines(w.servers[service]) {
		if name, hashes, ok := strings.Cut(line, ":"); ok && name == user && strings.Contains(hashes, "#"+hex.EncodeToString(sum[:])) {
			return true
		}
	}
	return false
}

func (w *world) ingress() *fake {
	for _, c := range w.containers {
		if w.stack.Ingress != nil && c.Service == w.stack.Ingress.Service && c.Running {
			return c
		}
	}
	return nil
}

// reached are the containers that a request to a service may be sent to.
func (w *world) reached(service string) (out []*fake) {
	name, network := service, door(w.stack, find(w.stack, service))
	for _, group := range slices.Backward(nginx.Groups[:]) {
		if until, ok := w.marks[nginx.Mark(group, service, 8080)]; ok && w.clock.Before(until) {
			name = group + "." + service
		}
	}
	for _, c := range w.containers {
		if c.Service == service && c.Running && slices.Contains(c.Networks[network].Aliases, name) {
			out = append(out, c)
		}
	}
	return out
}

func (w *world) blame(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// watch holds the promises, whatever was changed last.
func (w *world) watch(what string) {
	for _, s := range w.stack.Services {
		if w.steady && len(routed(w.stack, s.Name)) > 0 && !slices.ContainsFunc(w.reached(s.Name), func(c *fake) bool { return c.healthy }) {
			w.blame("after %s nobody answers for %s", what, s.Name)
		}
	}
	for _, c := range w.containers {
		if c.Running && c.Service != w.sick {
			w.logsIn(what, c)
		}
	}
}

// logsIn lets a container do what its files say: "USER VALUE" at the server that the
// file is called after, or believe the server's certificate.
func (w *world) logsIn(what string, c *fake) {
	for path, text := range c.files {
		service, isLogin := strings.CutSuffix(filepath.Base(path), ".login")
		user, value, _ := strings.Cut(strings.TrimSpace(text), " ")
		switch {
		case isLogin && !w.takes(service, user, value):
			w.blame("after %s %s refuses what %s has", what, service, c.Name)
		case filepath.Base(path) == "ca.crt":
			w.believes(what, c, text)
		}
	}
}

func (w *world) believes(what string, c *fake, bundle string) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(bundle))
	for _, server := range w.containers {
		text := server.files[".secrets.d/tls/server.crt"]
		if text == "" || !server.Running {
			continue
		}
		err, known := w.verified[text+bundle]
		if !known {
			block, _ := pem.Decode([]byte(text))
			var cert *x509.Certificate
			if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
				_, err = cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: "tls", CurrentTime: w.clock})
			}
			w.verified[text+bundle] = err
		}
		if err != nil {
			w.blame("after %s %s does not believe the server: %v", what, c.Name, err)
		}
	}
}
