package secretstore

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gopkg.in/yaml.v3"
)

// dockerState is an engine: containers with the secret files that they were started
// with, and servers that know what they were told last. testdata/docker asks it.
type dockerState struct {
	mu         sync.Mutex
	calls      int
	next       int
	containers []*dockerContainer
	servers    map[string]string // by service: roles.sql or users.acl
	known      map[string]bool   // what was tried before, which takes long on purpose
	broken     []string          // logins that failed
}

type dockerContainer struct {
	ID, Service string
	Number      int
	Running     bool
	Files       map[string]string // by path, the texts of its secret files
}

// dockerCall is what somebody asks of an engine. Kill is the call at which it kills
// who asked, twice a call: before it does anything, and after.
type dockerCall struct {
	Args   []string
	Dir    string
	In     []byte
	Caller int // process ID
	Kill   int
}

type dockerAnswer struct {
	Out  string
	Code int
}

// newDocker starts an engine that listens on a socket.
func newDocker(t *testing.T, socket string) *dockerState {
	t.Helper()
	s := &dockerState{servers: map[string]string{}, known: map[string]bool{}}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *dockerState) serve(c net.Conn) {
	defer c.Close()
	var call dockerCall
	if err := json.NewDecoder(c).Decode(&call); err != nil {
		return // the caller ends with an error of its own
	}
	_ = json.NewEncoder(c).Encode(s.answer(call))
}

func (s *dockerState) answer(call dockerCall) dockerAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.point(call) {
		return dockerAnswer{Code: 1}
	}
	var out strings.Builder
	code := s.do(call, &out)
	s.watch()
	s.point(call)
	return dockerAnswer{out.String(), code}
}

// point counts a moment of a call, and tells whether it was the caller's last.
func (s *dockerState) point(call dockerCall) bool {
	s.calls++
	if s.calls == call.Kill {
		_ = syscall.Kill(call.Caller, syscall.SIGKILL)
	}
	return s.calls == call.Kill
}

// composeServices reads who has which secret files, in the folder of an output.
func composeServices(dir string) map[string][]string {
	var f struct {
		Services map[string]struct {
			Secrets []struct{ Source string }
			Volumes []struct{ Type, Source string }
		}
		Secrets map[string]struct{ File string }
	}
	text, _ := os.ReadFile(filepath.Join(dir, "docker-compose.yml"))
	_ = yaml.Unmarshal(text, &f)
	out := map[string][]string{}
	for name, s := range f.Services {
		out[name] = nil
		for _, m := range s.Secrets {
			out[name] = append(out[name], f.Secrets[m.Source].File)
		}
		for _, v := range s.Volumes {
			if v.Type == "bind" && strings.Contains(v.Source, ".secrets.d") {
				out[name] = append(out[name], v.Source)
			}
		}
	}
	return out
}

func (s *dockerState) do(call dockerCall, out io.Writer) int {
	args := call.Args
	find := func(id string) *dockerContainer {
		i := slices.IndexFunc(s.containers, func(c *dockerContainer) bool { return c.ID == id })
		if i < 0 {
			return nil
		}
		return s.containers[i]
	}
	switch last := args[len(args)-1]; args[0] {
	case "ps":
		for _, c := range s.containers {
			fmt.Fprintln(out, c.ID)
		}
	case "inspect":
		var all []map[string]any
		for _, c := range s.containers {
			all = append(all, map[string]any{
				"Id": c.ID, "Name": "/" + c.ID, "State": map[string]any{"Running": c.Running},
				"Config": map[string]any{"Labels": map[string]string{"com.docker.compose.service": c.Service, "com.docker.compose.container-number": strconv.Itoa(c.Number)}},
			})
		}
		_ = json.NewEncoder(out).Encode(all)
	case "info":
		fmt.Fprintln(out, 1<<36)
	case "compose": // up --no-start … --scale SERVICE=N …
		services := composeServices(call.Dir)
		for _, name := range slices.Sorted(maps.Keys(services)) {
			want := 1
			for i, a := range args {
				if a == "--scale" && strings.HasPrefix(args[i+1], name+"=") {
					want, _ = strconv.Atoi(strings.TrimPrefix(args[i+1], name+"="))
				}
			}
			have := 0
			for _, c := range s.containers {
				if c.Service == name {
					have++
				}
			}
			for ; have < want; have++ {
				s.next++
				s.containers = append(s.containers, &dockerContainer{ID: "c" + strconv.Itoa(s.next), Service: name, Number: s.next})
			}
		}
		if !slices.Contains(args, "--no-start") {
			for _, c := range s.containers {
				s.start(call.Dir, c)
			}
		}
	case "start":
		s.start(call.Dir, find(last))
	case "stop":
		if c := find(last); c != nil {
			c.Running = false
		}
	case "rm":
		s.containers = slices.DeleteFunc(s.containers, func(c *dockerContainer) bool { return c.ID == last })
	case "network": // services here are called by nobody
	case "exec":
		args = slices.DeleteFunc(args[1:], func(a string) bool { return a == "--interactive" })
		service := find(args[0]).Service
		switch {
		case slices.Contains(args, "apply"):
			s.servers[service] = string(call.In)
		case slices.Contains(args, "reload"):
		case slices.Contains(args, "prove"):
			user, value, _ := strings.Cut(string(call.In), "\n")
			if !s.takes(service, user, strings.TrimSuffix(value, "\n")) {
				return 3
			}
		}
	}
	return 0
}

// start gives a container its files as they are now. A server reads its own.
func (s *dockerState) start(dir string, c *dockerContainer) {
	if c == nil || c.Running {
		return
	}
	c.Running, c.Files = true, map[string]string{}
	for _, path := range composeServices(dir)[c.Service] {
		text, _ := os.ReadFile(filepath.Join(dir, path))
		c.Files[path] = string(text)
		if base := filepath.Base(path); base == "roles.sql" || base == "users.acl" {
			s.servers[c.Service] = string(text)
		}
	}
}

var scram = regexp.MustCompile(`ALTER ROLE "([a-z_]+)" LOGIN PASSWORD 'SCRAM-SHA-256\$([0-9]+):([^$]+)\$([^:]+):`)

// takes tells whether a server lets somebody in.
func (s *dockerState) takes(service, user, value string) bool {
	key := hexSum([]byte(s.servers[service] + "\n" + user + "\n" + value))
	if _, tried := s.known[key]; !tried {
		s.known[key] = opens(s.servers[service], user, value)
	}
	return s.known[key]
}

// opens tries a SCRAM verifier (RFC 5803) of roles.sql, or a SHA-256 of users.acl.
func opens(text, user, value string) bool {
	sum := sha256.Sum256([]byte(value))
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "user "+user+" ") && strings.Contains(line, "#"+hex.EncodeToString(sum[:])) {
			return true
		}
	}
	for _, m := range scram.FindAllStringSubmatch(text, -1) {
		rounds, _ := strconv.Atoi(m[2])
		salt, err := base64.StdEncoding.DecodeString(m[3])
		if err != nil || m[1] != user {
			continue
		}
		salted, _ := pbkdf2.Key(sha256.New, value, salt, rounds, sha256.Size)
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte("Client Key"))
		stored := sha256.Sum256(mac.Sum(nil))
		if base64.StdEncoding.EncodeToString(stored[:]) == m[4] {
			return true
		}
	}
	return false
}

var loginURL = regexp.MustCompile(`^([a-z]+)://([a-z_]+):([^@]+)@([a-z]+):`)

// watch holds the promise of a rotation: whoever runs can log in with what he has.
func (s *dockerState) watch() {
	for _, c := range s.containers {
		for path, text := range c.Files {
			if m := loginURL.FindStringSubmatch(text); c.Running && m != nil && !s.takes(m[4], m[2], m[3]) {
				s.broken = append(s.broken, fmt.Sprintf("%s cannot log in with %s, after call %d", c.Service, path, s.calls))
			}
		}
	}
}

// count gives the number of moments so far.
func (s *dockerState) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// outdated gives the logins that failed, and what has another secret than the files of
// an output have now.
func (s *dockerState) outdated(dir string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	bad := slices.Clone(s.broken)
	for _, c := range s.containers {
		for path, text := range c.Files {
			base := filepath.Base(path)
			now, _ := os.ReadFile(filepath.Join(dir, path))
			told := base == "roles.sql" || base == "users.acl" || base == "SERVER_TLS" // a server is told while it runs
			if !c.Running || !told && string(now) != text || base != "SERVER_TLS" && told && s.servers[c.Service] != string(now) {
				bad = append(bad, c.Service+" does not run, or has an old "+path)
			}
		}
	}
	return bad
}
