package build_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/compiler/model"
	"nselfc/internal/build"
	"nselfc/internal/proof/yaml"
	"nselfc/internal/proof/yaml/agree"
	"nselfc/lang/diag"
)

// TestPipeline draws stacks as text and judges what comes out of the whole
// compiler by what was drawn, with readers that know nothing of the emitters.
func TestPipeline(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 30 && !thorough {
			return
		}
		w := drawWorld(rt)
		dir := filepath.Join(base, fmt.Sprint("stack", n))
		w.write(rt, dir, [][]string{w.blocks})
		e := w.compile(rt, dir)
		committed, secret := output(e)
		f := readCompose(rt, committed["docker-compose.yml"])
		w.checkReader(rt, committed["docker-compose.yml"])

		w.checkServices(rt, f)
		w.checkTexts(rt, f, committed)
		w.checkSecrets(rt, f, e, committed, secret)
		w.checkSeparation(rt, f, secret)
		w.checkNetworks(rt, f)
		published := w.checkPorts(rt, f)
		w.checkFirewall(rt, published, committed)
		w.checkNginx(rt, f, committed)

		w.write(rt, dir+"-twin", w.spread(rt))
		again, _ := output(w.compile(rt, dir+"-twin"))
		if diff := gocmp.Diff(committed, again); diff != "" {
			rt.Fatalf("other files and another order of blocks changed the output:\n%s", diff)
		}
		if err := os.RemoveAll(dir); err != nil {
			rt.Fatal(err)
		}
	})
}

// checkReader wants the reader that the proofs rest on to read what yaml.v3 reads.
func (w *world) checkReader(t *rapid.T, text string) {
	root, err := yaml.Read(text)
	if err == nil {
		err = agree.Compare(text, root)
	}
	if err != nil {
		t.Error(err)
	}
}

// write writes the stack into a folder, one file for each group of blocks.
func (w *world) write(t *rapid.T, dir string, groups [][]string) {
	t.Helper()
	files := maps.Clone(w.files)
	for i, blocks := range groups {
		files[fmt.Sprintf("%c.hcl", 'a'+i)] = strings.Join(blocks, "\n")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// spread draws another order of the blocks, over several files.
func (w *world) spread(t *rapid.T) [][]string {
	groups := make([][]string, rapid.IntRange(1, 4).Draw(t, "groups"))
	for _, b := range rapid.Permutation(w.blocks).Draw(t, "blocks") {
		i := rapid.IntRange(0, len(groups)-1).Draw(t, "group")
		groups[i] = append(groups[i], b)
	}
	return slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
}

// compile compiles twice, and wants no error, the same bytes and little time.
func (w *world) compile(t *rapid.T, dir string) *build.Environment {
	t.Helper()
	start := time.Now()
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	if took := time.Since(start); took > 10*time.Second { // some milliseconds, unless something explodes
		t.Errorf("compiling took %v", took)
	}
	if diags.HasErrors() || len(c.Environments) != 1 {
		t.Fatalf("%s\n%s", show(diags), strings.Join(w.blocks, "\n"))
	}
	other, _ := build.Compile(context.Background(), dir, build.Options{})
	a, aSecret := output(c.Environments[0])
	b, bSecret := output(other.Environments[0])
	if diff := gocmp.Diff(a, b) + gocmp.Diff(aSecret, bSecret); diff != "" {
		t.Fatalf("the second run differs:\n%s", diff)
	}
	if rapid.IntRange(0, 4).Draw(t, "verify") == 0 { // most of the time of a check
		if bad := c.Verify(context.Background()); len(bad) > 0 {
			t.Fatalf("compose-go reads another stack: %s", show(bad))
		}
	}
	return c.Environments[0]
}

func show(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s: %s %s: %s: %s\n", d.Subject, d.Severity, d.Code, d.Summary, d.Detail)
	}
	return b.String()
}

// checkServices holds every service against what no service may lack.
func (w *world) checkServices(t *rapid.T, f *composeFile) {
	want := slices.Clone(w.order)
	if len(w.hosts) > 0 {
		want = append(want, "ingress")
	}
	slices.Sort(want)
	if diff := gocmp.Diff(want, sortedKeys(f.Services)); diff != "" {
		t.Fatalf("services (-want +got):\n%s", diff)
	}
	if len(f.Rest) > 0 {
		t.Errorf("docker-compose.yml has keys that nobody asked for: %v", f.Rest)
	}
	for name, s := range f.Services {
		d := cmp.Or(w.services[name], &drawn{health: true, replicas: 1})
		bad := func(format string, args ...any) { t.Errorf("service %s: "+format, append([]any{name}, args...)...) }
		if len(s.Rest) > 0 {
			bad("keys that nobody asked for: %v", s.Rest)
		}
		if s.ReadOnly == d.writable {
			bad("read_only is %v", s.ReadOnly)
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.Security, []string{"no-new-privileges:true"}) {
			bad("cap_drop %v, security_opt %v", s.CapDrop, s.Security)
		}
		if uid, _, _ := strings.Cut(s.User, ":"); uid == "" || uid == "0" || strings.Trim(uid, "0123456789") != "" {
			bad("user %q", s.User)
		}
		if l := s.Deploy.Resources.Limits; l.CPUs == "" || l.Memory == "" || l.Pids <= 0 || s.Memswap != l.Memory {
			bad("limits %+v, memswap_limit %s", l, s.Memswap)
		}
		if s.Logging.Options["max-size"] == "" || s.Logging.Options["max-file"] == "" {
			bad("logging %+v", s.Logging)
		}
		if (s.Healthcheck != nil) != d.health {
			bad("health check %+v, drawn %v", s.Healthcheck, d.health)
		}
		if s.Restart == "" || s.NetworkMode != "" && s.NetworkMode != "none" {
			bad("restart %q, network_mode %q", s.Restart, s.NetworkMode)
		}
		for _, m := range s.Tmpfs {
			if !strings.Contains(m, "noexec,nosuid,nodev,size=") {
				bad("tmpfs %q", m)
			}
		}
		if d.replicas > 1 && (s.Deploy.Replicas == nil || *s.Deploy.Replicas != d.replicas) {
			bad("replicas %v, drawn %d", s.Deploy.Replicas, d.replicas)
		}
		for dep := range s.DependsOn {
			if f.Services[dep] == nil {
				bad("depends on %s, which does not exist", dep)
			}
		}
	}
}

// checkTexts wants every drawn text to come out as it went in.
func (w *world) checkTexts(t *rapid.T, f *composeFile, committed map[string]string) {
	for name, d := range w.services {
		s := f.Services[name]
		for key, want := range d.env {
			node := s.Environment[key]
			got, err := undollar(node.Value)
			if err != nil || got != want || node.Tag != "!!str" {
				t.Errorf("service %s: variable %s is %s %q, want %q (%v)", name, key, node.Tag, got, want, err)
			}
		}
		for i, want := range d.command {
			if got, err := undollar(s.Command[i]); err != nil || got != want {
				t.Errorf("service %s: word %d of the command is %q, want %q (%v)", name, i, got, want, err)
			}
		}
		mounted := map[string]string{}
		for _, m := range s.Volumes {
			target, err := undollar(m.Target)
			source, errSource := undollar(m.Source)
			if err != nil || errSource != nil {
				t.Errorf("service %s: %v %v", name, err, errSource)
			}
			mounted[target] = source
		}
		for path, want := range d.configs {
			file := strings.TrimPrefix(mounted[path], "./")
			if got, ok := committed[file]; !ok || got != want {
				t.Errorf("service %s: %s comes from %q and holds %q, want %q", name, path, file, got, want)
			}
		}
		for _, path := range d.volumes {
			if mounted[path] == "" {
				t.Errorf("service %s: nothing is mounted at %q: %v", name, path, mounted)
			}
		}
	}
}

// checkSecrets wants secrets in secret files alone, and each of them declared.
func (w *world) checkSecrets(t *rapid.T, f *composeFile, e *build.Environment, committed, secret map[string]string) {
	declared := map[string]bool{}
	for _, s := range e.Stack.Secrets {
		declared[s.Address] = true
	}
	for _, file := range e.Files {
		for _, address := range file.Text.Addresses() {
			if !declared[address] {
				t.Errorf("%s holds %s, which nothing declares", file.Path, address)
			}
		}
		if file.Secret() != strings.HasPrefix(file.Path, ".secrets.d/") {
			t.Errorf("%s is secret: %v", file.Path, file.Secret())
		}
	}
	for path, text := range committed {
		if strings.Contains(text, "\x00") {
			t.Errorf("%s holds a token", path)
		}
		for address := range declared {
			if path == model.FileName {
				break // it says by these which secrets a text is made of
			}
			if text != "" && strings.Contains(strings.ReplaceAll(text, "$$", "$"), "${"+address+"}") {
				t.Errorf("%s holds the placeholder of %s", path, address)
			}
		}
	}
	for name, s := range f.Services {
		got := map[string]bool{}
		for _, m := range s.Secrets {
			file := strings.TrimPrefix(f.Secrets[m.Source].File, "./")
			if _, ok := secret[file]; !ok {
				t.Errorf("service %s: %s comes from %q, which is no secret file", name, m.Target, file)
			}
			got[strings.TrimPrefix(m.Target, "/run/secrets/")] = true
		}
		d := cmp.Or(w.services[name], &drawn{})
		for _, want := range d.files {
			if !got[want] {
				t.Errorf("service %s: no secret file %s", name, want)
			}
		}
		if (len(d.envKeys) > 0) != (len(s.EnvFile) == 1) {
			t.Errorf("service %s: env_file %v for %v", name, s.EnvFile, d.envKeys)
		}
		for _, key := range d.envKeys {
			text := secret[strings.TrimPrefix(s.EnvFile[0].Path, "./")]
			if _, shown := s.Environment[key]; shown || !strings.HasPrefix(text, key+"=") && !strings.Contains(text, "\n"+key+"=") {
				t.Errorf("service %s: the secret variable %s is in docker-compose.yml (%v), or not in the env file:\n%q", name, key, shown, text)
			}
		}
	}
}

// TestReadersRefuse holds the readers to what they are for: each must refuse
// output that is wrong in its language.
func TestReadersRefuse(t *testing.T) {
	if _, err := undollar("a$$b"); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"$HOME", "${X}", "$$$HOME"} {
		if _, err := undollar(s); err == nil {
			t.Errorf("undollar takes %q", s)
		}
	}
	for _, s := range []string{"a", "a;}", "a {", "a {b", `a "b`, `a "b"c;`, "include snippets/none.conf;"} {
		if _, err := readNginx(map[string]string{"nginx/nginx.conf": s}, "nginx.conf"); err == nil {
			t.Errorf("the reader of nginx takes %q", s)
		}
	}
	got, err := readNginx(map[string]string{"nginx/nginx.conf": "a { b \"c;\\\"}\" ${d}{ } } # }\n"}, "nginx.conf")
	want := []directive{{name: "a", body: []directive{{name: "b", args: []string{`c;"}`, "${d}"}}}}}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(directive{})); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
