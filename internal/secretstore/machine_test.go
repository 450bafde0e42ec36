package secretstore

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/compose-spec/compose-go/v2/dotenv"

	"nselfc/compiler/ir"
)

// rotated is a stack with a secret of each class of rotation.
const rotated = `
stack "shop" {
  domain = "shop.example.com"
}

environment "prod" {
  secrets {
STORE
  }
}

secret "jwt" {
  kind         = "hex"
  bytes        = 32
  rotate_after = "90d"
}

secret "field" {
  kind = "hex"

  rotation {
    class = "manual"
  }
}

postgres "main" {
  version   = "17.6"
  databases = ["app"]

  roles = {
    app = { database = "app" }
  }
}

redis "cache" {}

service "api" {
  image = "ghcr.io/acme/api:1.0.0@sha256:0000000000000000000000000000000000000000000000000000000000000000"

  secrets = {
    DATABASE_URL = postgres.main.roles.app.url
    CACHE_URL    = redis.cache.url
    JWT          = secret.jwt
    FIELD        = secret.field
  }

  healthcheck {
    command = ["/app", "healthcheck"]
  }
}
`

const (
	pairAddress = `postgres.main.secret.role["app"]`
	dualAddress = "redis.cache.secret.app"
)

// kept is a store of a kind, as the test knows it: behind nselfc's back.
type keptStore struct {
	hcl    string
	env    []string
	file   string // in the repository; "" for a server
	values func(t *testing.T, m *machine) map[string]string
}

func keptStores() map[string]func(t *testing.T) *keptStore {
	return map[string]func(t *testing.T) *keptStore{
		"age": func(t *testing.T) *keptStore {
			id, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "identity")
			if err := os.WriteFile(file, []byte(id.String()+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return &keptStore{
				hcl: "    age {\n      recipients = [\"" + id.Recipient().String() + "\"]\n    }", env: []string{"NSELFC_AGE_IDENTITY_FILE=" + file}, file: "secrets/prod.age",
				values: func(t *testing.T, m *machine) map[string]string {
					t.Helper()
					a, err := OpenAge(&ir.SecretStore{Kind: word("age"), File: word("secrets/prod.age"), Recipients: []ir.String{word(id.Recipient().String())}}, Options{StackDir: m.dir, Identities: []string{file}})
					if err != nil {
						t.Fatal(err)
					}
					s, err := a.Load(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					return s.Values
				},
			}
		},
		"vault": func(t *testing.T) *keptStore {
			f, srv, root := newVaultFake(t)
			f.mounts["secret"] = &fakeEngine{version: "2", secrets: map[string]*fakeSecret{}}
			return &keptStore{
				hcl: "    vault {\n      address = \"" + srv.URL + "\"\n      mount = \"secret\"\n      path = \"shop/prod\"\n    }",
				env: []string{"VAULT_TOKEN=" + root, "VAULT_CACERT=" + caFile(t, srv)},
				values: func(_ *testing.T, _ *machine) map[string]string {
					f.mu.Lock()
					defer f.mu.Unlock()
					out, all := map[string]string{}, f.mounts["secret"].secrets["shop/prod"].versions
					for k, v := range all[len(all)-1].data {
						out[k], _ = v.(string)
					}
					return out
				},
			}
		},
		"aws": func(t *testing.T) *keptStore {
			f, _ := newAWSFake(t)
			s := &keptStore{
				hcl: "    aws {\n      secret = \"shop/prod\"\n      region = \"" + f.region + "\"\n    }",
				values: func(t *testing.T, _ *machine) map[string]string {
					t.Helper()
					f.mu.Lock()
					defer f.mu.Unlock()
					held, out := f.secrets["shop/prod"], map[string]string{}
					if err := json.Unmarshal([]byte(*held.versions[held.labels["AWSCURRENT"]].text), &out); err != nil {
						t.Fatal("the store holds no JSON")
					}
					return out
				},
			}
			for _, e := range os.Environ() {
				if strings.HasPrefix(e, "AWS_") {
					s.env = append(s.env, e)
				}
			}
			return s
		},
	}
}

// machine is a host with the stack in a folder, a docker of its own, and the store in
// reach.
type machine struct {
	t      *testing.T
	store  *keptStore
	dir    string
	env    []string
	docker *dockerState
	other  *machine // that is given nothing but the store
}

func newMachine(t *testing.T, store *keptStore) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "nselfc") //nolint:usetesting // in memory: every step is synced
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &machine{t: t, store: store, dir: filepath.Join(dir, "shop")}
	bin := filepath.Join(dir, "bin")
	for _, d := range []string{m.dir, bin} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "docker.sock")
	m.docker = newDocker(t, socket)
	if err = os.Symlink(builtProgram(t, "docker"), filepath.Join(bin, "docker")); err == nil {
		err = os.WriteFile(filepath.Join(m.dir, "nself.hcl"), []byte(strings.Replace(rotated, "STORE", store.hcl, 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "DOCKER_FAKE=" + socket}, store.env...)
	m.ok("build", "--env", "prod", "--no-secrets")
	return m
}

// command gives a run of nselfc on the machine.
func (m *machine) command(args ...string) *exec.Cmd {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), builtProgram(m.t, "nselfc"), args...)
	cmd.Dir, cmd.Env = m.dir, m.env
	return cmd
}

// run gives the exit code, and what was said. None of the values may be in it.
func (m *machine) run(args ...string) (int, string) {
	m.t.Helper()
	return m.finish(m.command(args...))
}

func (m *machine) finish(cmd *exec.Cmd) (int, string) {
	m.t.Helper()
	before := m.secrets()
	out, _ := cmd.CombinedOutput()
	m.quiet(out, before, m.secrets())
	return cmd.ProcessState.ExitCode(), string(out)
}

func (m *machine) quiet(out []byte, known ...map[string]string) {
	m.t.Helper()
	for _, values := range known {
		for key, value := range values {
			if len(value) > 8 && bytes.Contains(out, []byte(value)) && !strings.HasSuffix(key, "__CERTIFICATE") {
				m.t.Fatalf("the value of %s was printed", key)
			}
		}
	}
}

// ok wants a command to succeed.
func (m *machine) ok(args ...string) string {
	m.t.Helper()
	code, out := m.run(args...)
	if code != 0 {
		m.t.Fatalf("nselfc %s: %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// on gives the arguments of a command about the secrets of the environment.
func on(verb string, args ...string) []string {
	return append([]string{"secrets", verb, "--env", "prod"}, args...)
}

// refuses wants a command to fail with a code.
func (m *machine) refuses(code string, args ...string) {
	m.t.Helper()
	if got, out := m.run(args...); got == 0 || !strings.Contains(out, code) {
		m.t.Fatalf("nselfc %s is not refused with %s: %d\n%s", strings.Join(args, " "), code, got, out)
	}
}

// secrets reads .secrets.
func (m *machine) secrets() map[string]string {
	m.t.Helper()
	all, err := dotenv.Read(filepath.Join(m.dir, "out", "prod", ".secrets"))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(".secrets cannot be read")
	}
	return all
}

// up starts the containers; down makes the engine forget all.
func (m *machine) up() {
	m.t.Helper()
	cmd := exec.Command("docker", "compose", "up")
	cmd.Path = strings.TrimPrefix(strings.Split(m.env[0], ":")[0], "PATH=") + "/docker"
	cmd.Dir, cmd.Env = filepath.Join(m.dir, "out", "prod"), m.env
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
}

// begun gives a machine on which the stack runs, with all values in the store.
func begun(t *testing.T, store *keptStore) *machine {
	t.Helper()
	m := newMachine(t, store)
	m.ok(on("generate")...)
	m.ok(on("materialize")...)
	m.up()
	return m
}

// pull gives the machine what another one has committed.
func (m *machine) pull(from *machine) {
	m.t.Helper()
	if m.store.file == "" {
		return
	}
	text, err := os.ReadFile(filepath.Join(from.dir, m.store.file))
	if err == nil {
		err = os.MkdirAll(filepath.Join(m.dir, filepath.Dir(m.store.file)), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(m.dir, m.store.file), text, 0o644)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// file writes a value into a file of the machine, for --value-file.
func (m *machine) file(value string) string {
	m.t.Helper()
	path := filepath.Join(filepath.Dir(m.dir), "value")
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// settled wants the rotation to be over: every container has the files that are there
// and could log in all the time; the store has what .secrets has, and another machine
// with nothing but the store gets exactly that.
func (m *machine) settled() {
	m.t.Helper()
	mine := m.secrets()
	for key := range mine {
		if strings.Contains(key, "__NEXT") || strings.Contains(key, "__PREVIOUS") {
			m.t.Errorf("%s is left over", key)
		}
	}
	m.same("the store", mine, m.store.values(m.t, m))
	for _, b := range m.docker.outdated(filepath.Join(m.dir, "out", "prod")) {
		m.t.Error(b)
	}
	if m.other == nil {
		m.other = newMachine(m.t, m.store)
	}
	m.other.empty()
	m.other.pull(m)
	m.other.ok(on("sync")...)
	m.same("another machine", mine, m.other.secrets())
	if code, out := m.run(on("sync", "--check")...); code != 0 {
		m.t.Errorf("afterwards, sync finds something to do:\n%s", out)
	}
	if m.t.Failed() {
		m.t.FailNow()
	}
}

// empty takes away all that the machine knows of values.
func (m *machine) empty() {
	m.t.Helper()
	for _, name := range []string{".secrets", ".secrets.d", ".secrets.synced", "nself.secrets.json"} {
		if err := os.RemoveAll(filepath.Join(m.dir, "out", "prod", name)); err != nil {
			m.t.Fatal(err)
		}
	}
}

// same compares values without showing them, but for salts: each machine may have
// verifiers of its own of one value.
func (m *machine) same(who string, want, got map[string]string) {
	m.t.Helper()
	salt := func(key string) bool { return strings.Contains(key, "__SCRAM") }
	for _, key := range slices.Sorted(maps.Keys(want)) {
		switch have, ok := got[key]; {
		case salt(key):
		case !ok:
			m.t.Errorf("%s has no %s", who, key)
		case have != want[key]:
			m.t.Errorf("%s has another %s", who, key)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok && !salt(key) {
			m.t.Errorf("%s has %s, which .secrets has not", who, key)
		}
	}
}

// killed rotates, and has the process killed at a call of docker. It is false when it
// ended before.
func (m *machine) killed(at int, args ...string) bool {
	m.t.Helper()
	cmd := m.command(args...)
	cmd.Env = append(slices.Clone(m.env), "DOCKER_FAKE_KILL="+strconv.Itoa(m.docker.count()+at))
	code, out := m.finish(cmd)
	if code > 0 {
		m.t.Fatalf("nselfc %v: %d\n%s", args, code, out)
	}
	return code < 0
}
