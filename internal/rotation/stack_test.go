package rotation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

var testNow = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

func at(line int) source.Origin {
	return source.Origin{Range: source.Range{File: "nself.hcl", Start: source.Pos{Line: int32(line), Byte: 1}}}
}

func str(s string) ir.String { return source.At(s, at(9).Range) }

func ref(address string) secret.Part {
	address, field, _ := strings.Cut(address, "#")
	return secret.Part{Secret: &secret.Expr{Address: address, Field: field}}
}

func lit(s string) secret.Part { return secret.Part{Literal: s} }

func call(name string, arg ...secret.Part) secret.Part {
	return secret.Part{Secret: &secret.Expr{Func: name, Args: []secret.Text{arg}}}
}

func declare(name, kind, class string) *ir.Secret {
	s := &ir.Secret{Address: "secret." + name, Key: strings.ToUpper(name), Origin: at(3), Kind: str(kind), Rotation: &ir.Rotation{Class: str(class)}}
	if class == classPair || class == classDual {
		s.Rotation.Service, s.Rotation.File = name, ".secrets.d/"+name+"/users"
		s.Rotation.Apply, s.Rotation.Prove, s.Rotation.User = []ir.String{str("apply")}, []ir.String{str("prove")}, str("app")
	}
	return s
}

func mounted(paths ...string) (out []ir.Mount) {
	for _, p := range paths {
		out = append(out, ir.Mount{File: p, Name: filepath.Base(p)})
	}
	return out
}

func service(name string, networks string, paths ...string) *ir.Service {
	s := &ir.Service{Name: name, Address: "service." + name, Secrets: mounted(paths...), Memory: source.At(int64(1<<20), at(5).Range)}
	for n := range strings.FieldsSeq(networks) {
		s.Networks = append(s.Networks, ir.Attachment{Network: n})
	}
	return s
}

// full is a stack with a secret of each class: db (a pair) and cache (dual), both
// with consumers; a key that services take when they start; a certificate authority
// and what it signs; and one that is never rotated with the others.
func full() (*ir.Stack, []emit.File) {
	ca, tls := declare("ca", "x509", classOverlap), declare("tls", "x509", classOverlap)
	ca.X509 = &ir.X509{CA: true, CommonName: str("shop"), Hosts: []ir.String{str("tls")}}
	tls.X509 = &ir.X509{SignedBy: "secret.ca", Hosts: []ir.String{str("tls")}}
	file := func(path string, parts ...secret.Part) emit.File {
		return emit.File{Path: path, Mode: 0o444, Text: parts}
	}
	files := []emit.File{
		file(".secrets.d/db/users", lit("app: "), call("redis_acl_hash", ref("secret.db")), lit("\n")),
		file(".secrets.d/cache/users", lit("app: "), call("redis_acl_hash", ref("secret.cache")), lit("\n")),
		file(".secrets.d/api/db.login", call("login", ref("secret.db")), lit(" "), ref("secret.db")),
		file(".secrets.d/api/cache.login", lit("app "), ref("secret.cache")),
		file(".secrets.d/worker/db.login", call("login", ref("secret.db")), lit(" "), ref("secret.db")),
		file(".secrets.d/api/key", ref("secret.key")),
		file(".secrets.d/api/field", ref("secret.field")),
		file(".secrets.d/tls/server.crt", ref("secret.tls#certificate")),
		file(".secrets.d/tls/server.key", ref("secret.tls#private_key")),
		file(".secrets.d/api/ca.crt", ref("secret.tls#ca_certificate")),
	}
	db, cache := service("db", "db", ".secrets.d/db/users"), service("cache", "cache", ".secrets.d/cache/users")
	db.Store, cache.Store = str("postgres"), str("redis")
	web := service("web", "web")
	web.Replicas = source.At(3, at(7).Range)
	stack := &ir.Stack{
		Name: str("shop"), Project: "shop",
		Services: []*ir.Service{
			service("api", "api cache db tls", ".secrets.d/api/db.login", ".secrets.d/api/cache.login", ".secrets.d/api/key", ".secrets.d/api/field", ".secrets.d/api/ca.crt"),
			cache, db, service("ingress", "api web"),
			service("tls", "tls", ".secrets.d/tls/server.crt", ".secrets.d/tls/server.key"),
			web, service("worker", "db", ".secrets.d/worker/db.login"),
		},
		Secrets: []*ir.Secret{
			ca, declare("cache", "hex", classDual), declare("db", "base64url", classPair),
			declare("field", "hex", classManual), declare("key", "jwt", "restart"), tls,
		},
		Ingress: &ir.Ingress{Service: "ingress", Hosts: []*ir.Host{{Name: str("shop.test"), Routes: []*ir.Route{
			{Service: "api", Port: source.At(8080, at(8).Range)}, {Service: "web", Port: source.At(8080, at(8).Range)},
		}}}},
	}
	for _, name := range []string{"api", "cache", "db", "tls", "web"} {
		stack.Networks = append(stack.Networks, &ir.Network{Name: name, Purpose: "provider", Owner: "service." + name, Subnet: "10.0.0.0/28"})
	}
	return stack, files
}

// quickDir is a folder in memory where there is one: every step is synced, hundreds
// of times.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rotation") //nolint:usetesting // the parent of t.TempDir is on a disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// begun gives a running stack, and the host to rotate on.
func begun(t *testing.T) (*world, *Host) {
	t.Helper()
	dir := filepath.Join(quickDir(t), "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stack, files := full()
	h := &Host{Dir: dir, Stack: stack, Files: files, Options: secrets.Options{Now: testNow}, Again: "nselfc secrets rotate"}
	if _, diags := secrets.Materialize(context.Background(), dir, stack, files, h.Options); diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	w := &world{dir: dir, stack: stack, clock: testNow, marks: map[string]time.Time{}, servers: map[string]string{}, verified: map[string]error{}, memory: 1 << 30}
	w.up()
	w.attend(h)
	return w, h
}

// attend makes the world the surroundings of a host: one process's, as it were.
func (w *world) attend(h *Host) {
	h.Engine, h.step = w, w.point
	h.Now = func() time.Time { return w.clock }
	h.Say = func(format string, args ...any) { w.history = append(w.history, fmt.Sprintf(format, args...)) }
	h.Sleep = func(ctx context.Context, d time.Duration) error {
		w.clock = w.clock.Add(max(d, 0))
		w.watch("some time")
		return ctx.Err()
	}
}

// values reads .secrets.
func values(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, err := dotenv.Read(filepath.Join(dir, secrets.File))
	if err != nil {
		t.Fatal(".secrets cannot be read")
	}
	return all
}

func fine(t *testing.T, w *world, diags diag.List) {
	t.Helper()
	for _, d := range diags {
		if d.Severity == diag.Error {
			t.Fatalf("%s %s: %s\n%s", d.Code, d.Summary, d.Detail, strings.Join(w.history, "\n"))
		}
	}
}

// settled wants no rotation to be under way, each container to have the files that
// are there, and no promise to have been broken.
func (w *world) settled(t *testing.T) {
	t.Helper()
	if j, diags := ReadJournal(w.dir); j != nil || diags != nil {
		t.Errorf("the journal is still there: %+v %v", j, diags)
	}
	for key := range values(t, w.dir) {
		if strings.Contains(key, "__NEXT") || strings.Contains(key, "__PREVIOUS") {
			t.Errorf("%s is left over", key)
		}
	}
	for _, b := range w.broken {
		t.Error(b)
	}
	count := map[string]int{}
	for _, c := range w.containers {
		count[c.Service]++
		if !c.Running {
			t.Errorf("%s does not run", c.Name)
		}
		for path, text := range w.read(find(w.stack, c.Service)) {
			told := find(w.stack, c.Service).Store.V != ""
			if !told && c.files[path] != text || told && w.servers[c.Service] != text {
				t.Errorf("%s has an old %s", c.Name, path)
			}
		}
	}
	for _, s := range w.stack.Services {
		if count[s.Name] != replicas(s) {
			t.Errorf("%d containers of %s", count[s.Name], s.Name)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(w.history, "\n"))
	}
}
