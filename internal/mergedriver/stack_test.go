package mergedriver

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/emit/outdir"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// stack is a toy source: a name, and a value for each service. What matters to
// git is like in the real one: several services in one file, files of each
// service that resemble those of the others, and directories that come and go.
type stack struct {
	name     string
	services map[string]int
}

const sourceName = "nself.hcl"

var environments = []string{"dev", "prod"}

// source gives the text of the stack. Each service has its lines between lines of
// its own, so that git merges changes of two services without a conflict.
func (s stack) source() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s\n%s", s.name, strings.Repeat("# stack\n", 4))
	for _, n := range slices.Sorted(maps.Keys(s.services)) {
		fmt.Fprintf(&b, "%sservice %s %d\n%s", strings.Repeat("# "+n+"\n", 4), n, s.services[n], strings.Repeat("# end of "+n+"\n", 4))
	}
	return b.String()
}

// parse reads what source wrote, or a merge of it; ok is false when it holds a conflict.
func parse(text string) (s stack, ok bool) {
	s.services = map[string]int{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "<<<<<<<") {
			return s, false
		}
		f := strings.Fields(line)
		switch f[0] {
		case "stack":
			s.name = f[1]
		case "service":
			var v int
			if _, err := fmt.Sscan(f[2], &v); err != nil {
				return s, false
			}
			s.services[f[1]] = v
		}
	}
	return s, s.name != ""
}

// render is the compiler: the files of one environment.
func (s stack) render(env string) []emit.File {
	file := func(path string, lines ...string) emit.File {
		text := "# " + emit.Header + "\n" + strings.Join(lines, "\n") + "\n"
		mode := uint32(0o644)
		if strings.HasSuffix(path, ".sh") {
			mode = 0o755
		}
		return emit.File{Path: path, Mode: mode, Text: secret.Literal(text)}
	}
	compose := []string{"name: " + s.name + "-" + env, "services:"}
	var out []emit.File
	for _, n := range slices.Sorted(maps.Keys(s.services)) {
		v := s.services[n]
		compose = append(compose, "  "+n+":", "    # of "+n, fmt.Sprintf("    image: %s:%d", n, v), "    # end of "+n)
		conf := []string{"server {"}
		for i := range 12 {
			conf = append(conf, fmt.Sprintf("  directive_%d on;", i))
		}
		out = append(out, file("nginx/conf.d/"+n+".conf", append(conf, fmt.Sprintf("  proxy_pass http://%s:%d;", n, v), "}")...))
		if v%2 == 0 { // the same text for every service, so that git takes one for another
			out = append(out, file("config/"+n+"/app.conf", "setting = 1", "setting = 2", fmt.Sprintf("setting = %d", v)))
		}
		if v%3 == 0 {
			// Long enough that git does not take it for what was a configuration: of a file
			// that two branches rename, once with other permissions, it writes one text twice.
			out = append(out, file("config/"+n+"/start.sh", strings.Repeat("wait_for_it --quiet\n", 12)+"exec "+n, fmt.Sprintf("exit %d", v)))
		}
	}
	return append(out, file("docker-compose.yml", compose...))
}

func (s stack) meta(env string) outdir.Meta {
	m := outdir.Meta{
		Stack: s.name + "-" + env, Compiler: "0.1.0",
		Inputs: []outdir.Input{{Name: sourceName, Digest: sha256.Sum256([]byte(s.source()))}},
	}
	for n, v := range s.services {
		m.Images = append(m.Images, outdir.Image{Reference: fmt.Sprintf("%s:%d", n, v)})
		m.Secrets = append(m.Secrets, outdir.Secret{Address: "secret." + n, Kind: "hex"})
	}
	return m
}

// build builds every environment below out, or none, and gives what stopped it.
// accept tells whether the loss that a finding warns of is accepted.
func build(t TB, out string, s stack, accept func(code string) bool) diag.List {
	t.Helper()
	var stopped diag.List
	var dirs []*outdir.Dir
	var plans []*outdir.Plan
	for _, env := range environments {
		d, problem := outdir.Open(out, env)
		if problem != nil {
			t.Fatalf("%s: %s", problem.Code, problem.Detail)
		}
		defer d.Close()
		var force []string
		var p *outdir.Plan
		var diags diag.List
		for range 3 { // a lock that is accepted shows what else there is
			p, diags = d.Plan(s.render(env), s.meta(env), outdir.Options{Force: force})
			for _, x := range diags {
				if rel, ok := d.Rel(x.Subject.File); ok && accept(x.Code) {
					force = append(force, rel)
				}
			}
		}
		stopped = append(stopped, diags...)
		dirs, plans = append(dirs, d), append(plans, p)
	}
	if stopped.HasErrors() {
		return stopped
	}
	for i, d := range dirs {
		if _, diags := d.Apply(context.Background(), plans[i]); len(diags) > 0 {
			t.Fatalf("%s: %s", diags[0].Code, diags[0].Detail)
		}
	}
	return nil
}

func nothing(string) bool         { return false }
func everything(string) bool      { return true }
func otherStack(code string) bool { return code == "NS514" }

// checked fails unless the output is just what the stack compiles to.
func checked(t TB, out string, s stack) {
	t.Helper()
	for _, env := range environments {
		d, problem := outdir.Open(out, env)
		if problem != nil {
			t.Fatalf("%s: %s", problem.Code, problem.Detail)
		}
		p, diags := d.Plan(s.render(env), s.meta(env), outdir.Options{})
		diags = append(diags, d.Check(p)...)
		d.Close()
		if len(diags) > 0 || p.Changed() {
			t.Fatalf("check of %s: %s: %s", env, codes(diags), details(diags))
		}
	}
	fresh, err := os.MkdirTemp(filepath.Dir(filepath.Dir(out)), "fresh")
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	if diags := build(t, filepath.Join(fresh, "out"), s, nothing); len(diags) > 0 {
		t.Fatalf("a fresh build: %s", codes(diags))
	}
	want, got := texts(t, filepath.Join(fresh, "out")), texts(t, out)
	if !maps.Equal(want, got) {
		for p := range want {
			if want[p] != got[p] {
				t.Fatalf("%s differs from a fresh build's:\n%s\nwant:\n%s", p, got[p], want[p])
			}
		}
		t.Fatalf("the output has %v, a fresh build %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func details(l diag.List) string {
	var out []string
	for _, d := range l {
		out = append(out, d.Subject.File+": "+d.Detail)
	}
	return strings.Join(out, "\n")
}

// texts gives every file below a directory.
func texts(t TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[rel] = string(b)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatalf("%v", err)
	}
	return out
}
