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
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestMain lets the test binary be the docker command of those tests that run nselfc.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "docker" {
		os.Exit(dockerFake(os.Args[1:]))
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// dockerState is an engine between two commands, kept in the folder that DOCKER_FAKE
// names: containers with the secret files that they were started with, and servers that
// know what they were told last.
type dockerState struct {
	Calls      int
	Next       int
	Containers []*dockerContainer
	Servers    map[string]string // by service: roles.sql or users.acl
	Known      map[string]bool   // what was tried before, which takes long on purpose
	Broken     []string          // logins that failed
}

type dockerContainer struct {
	ID, Service string
	Number      int
	Running     bool
	Files       map[string]string // by path, the texts of its secret files
}

// dockerFake is the docker command, as far as a rotation uses it. DOCKER_FAKE_KILL is
// the call at which it kills nselfc, twice a call: before it does anything, and after.
func dockerFake(args []string) (code int) {
	name := filepath.Join(os.Getenv("DOCKER_FAKE"), "state.json")
	s := &dockerState{Servers: map[string]string{}, Known: map[string]bool{}}
	if text, err := os.ReadFile(name); err == nil {
		_ = json.Unmarshal(text, s)
	}
	kill, _ := strconv.Atoi(os.Getenv("DOCKER_FAKE_KILL"))
	save := func() {
		text, _ := json.Marshal(s)
		_ = os.WriteFile(name, text, 0o600)
	}
	point := func() {
		s.Calls++
		save()
		if s.Calls == kill {
			_ = syscall.Kill(os.Getppid(), syscall.SIGKILL)
		}
	}
	point()
	if s.Calls == kill {
		return 1
	}
	code = s.do(args)
	s.watch()
	point()
	return code
}

// composeServices reads who has which secret files, in the folder of the output.
func composeServices() map[string][]string {
	var f struct {
		Services map[string]struct {
			Secrets []struct{ Source string }
			Volumes []struct{ Type, Source string }
		}
		Secrets map[string]struct{ File string }
	}
	text, _ := os.ReadFile("docker-compose.yml")
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

func (s *dockerState) do(args []string) int {
	find := func(id string) *dockerContainer {
		i := slices.IndexFunc(s.Containers, func(c *dockerContainer) bool { return c.ID == id })
		if i < 0 {
			return nil
		}
		return s.Containers[i]
	}
	switch last := args[len(args)-1]; args[0] {
	case "ps":
		for _, c := range s.Containers {
			fmt.Println(c.ID)
		}
	case "inspect":
		var out []map[string]any
		for _, c := range s.Containers {
			out = append(out, map[string]any{
				"Id": c.ID, "Name": "/" + c.ID, "State": map[string]any{"Running": c.Running},
				"Config": map[string]any{"Labels": map[string]string{"com.docker.compose.service": c.Service, "com.docker.compose.container-number": strconv.Itoa(c.Number)}},
			})
		}
		_ = json.NewEncoder(os.Stdout).Encode(out)
	case "info":
		fmt.Println(1 << 36)
	case "compose": // up --no-start … --scale SERVICE=N …
		services := composeServices()
		for _, name := range slices.Sorted(maps.Keys(services)) {
			want := 1
			for i, a := range args {
				if a == "--scale" && strings.HasPrefix(args[i+1], name+"=") {
					want, _ = strconv.Atoi(strings.TrimPrefix(args[i+1], name+"="))
				}
			}
			have := 0
			for _, c := range s.Containers {
				if c.Service == name {
					have++
				}
			}
			for ; have < want; have++ {
				s.Next++
				s.Containers = append(s.Containers, &dockerContainer{ID: "c" + strconv.Itoa(s.Next), Service: name, Number: s.Next})
			}
		}
		if !slices.Contains(args, "--no-start") {
			for _, c := range s.Containers {
				s.start(c)
			}
		}
	case "start":
		s.start(find(last))
	case "stop":
		if c := find(last); c != nil {
			c.Running = false
		}
	case "rm":
		s.Containers = slices.DeleteFunc(s.Containers, func(c *dockerContainer) bool { return c.ID == last })
	case "network": // services here are called by nobody
	case "exec":
		args = slices.DeleteFunc(args[1:], func(a string) bool { return a == "--interactive" })
		in, _ := io.ReadAll(os.Stdin)
		service := find(args[0]).Service
		switch {
		case slices.Contains(args, "apply"):
			s.Servers[service] = string(in)
		case slices.Contains(args, "reload"):
		case slices.Contains(args, "prove"):
			user, value, _ := strings.Cut(string(in), "\n")
			if !s.takes(service, user, strings.TrimSuffix(value, "\n")) {
				return 3
			}
		}
	}
	return 0
}

// start gives a container its files as they are now. A server reads its own.
func (s *dockerState) start(c *dockerContainer) {
	if c == nil || c.Running {
		return
	}
	c.Running, c.Files = true, map[string]string{}
	for _, path := range composeServices()[c.Service] {
		text, _ := os.ReadFile(path)
		c.Files[path] = string(text)
		if base := filepath.Base(path); base == "roles.sql" || base == "users.acl" {
			s.Servers[c.Service] = string(text)
		}
	}
}

var scram = regexp.MustCompile(`ALTER ROLE "([a-z_]+)" LOGIN PASSWORD 'SCRAM-SHA-256\$([0-9]+):([^$]+)\$([^:]+):`)

// takes tells whether a server lets somebody in.
func (s *dockerState) takes(service, user, value string) bool {
	key := hexSum([]byte(s.Servers[service] + "\n" + user + "\n" + value))
	if _, tried := s.Known[key]; !tried {
		s.Known[key] = opens(s.Servers[service], user, value)
	}
	return s.Known[key]
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
	for _, c := range s.Containers {
		for path, text := range c.Files {
			if m := loginURL.FindStringSubmatch(text); c.Running && m != nil && !s.takes(m[4], m[2], m[3]) {
				s.Broken = append(s.Broken, fmt.Sprintf("%s cannot log in with %s, after call %d", c.Service, path, s.Calls))
			}
		}
	}
}
