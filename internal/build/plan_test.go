package build_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/internal/build"
	"nselfc/internal/plan"
	findings "nselfc/lang/diag/render"
)

// TestPlanOfEdits draws stacks and edits of them, and judges the plan by what it
// says in JSON and by the two states of the output.
func TestPlanOfEdits(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n, edited := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		const few = 40 // of the hundred that rapid asks for
		if n == few && !thorough {
			return
		}
		n++
		w := drawWorld(rt)
		dir := filepath.Join(base, fmt.Sprint("stack", n))
		w.write(rt, dir, [][]string{w.blocks})
		old, ok := compiled(dir)
		if !ok {
			rt.Fatal("the stack as drawn does not compile")
		}
		if p := between(rt, old, old); p.Changed || len(p.Environments[0].Files) > 0 {
			rt.Fatalf("a stack that did not change changes: %+v", p.Environments[0])
		}
		twin := &world{files: w.files, blocks: w.blocks}
		twin.write(rt, dir+"-twin", w.spread(rt))
		if moved, ok := compiled(dir + "-twin"); !ok {
			rt.Fatal("the stack does not compile in another order")
		} else if p := between(rt, old, moved); p.Changed {
			rt.Fatalf("other files and another order of blocks change the stack: %+v", p.Environments[0].Changes)
		}
		blocks, now := w.blocks, old
		for range rapid.IntRange(1, 4).Draw(rt, "edits") {
			next := edit(rt, blocks)
			(&world{files: w.files}).write(rt, dir, [][]string{next})
			if c, ok := compiled(dir); ok {
				blocks, now = next, c
			}
		}
		if !slices.Equal(blocks, w.blocks) {
			edited++
		}
		for _, pair := range [][2]*build.Compiled{{old, now}, {now, old}} {
			if problem := judge(rt, pair[0], pair[1]); problem != "" {
				rt.Fatalf("%s\n--- before\n%s\n--- after\n%s", problem, strings.Join(w.blocks, "\n"), strings.Join(blocks, "\n"))
			}
		}
	})
	if edited < n/2 && n > 20 {
		t.Errorf("of %d stacks, only %d took an edit", n, edited)
	}
}

func compiled(dir string) (*build.Compiled, bool) {
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	return c, !diags.HasErrors() && len(c.Environments) == 1
}

// between gives the plan of what leads from one stack to another, as its JSON says it.
func between(t rapid.TB, old, now *build.Compiled) *outsidersPlan {
	t.Helper()
	p := plan.Revision(now, old, "before", "", plan.Options{})
	report := findings.New(nil, now.Files(), now.DisplayName)
	var text, again bytes.Buffer
	if err := p.JSON(&text, report); err != nil {
		t.Fatal(err)
	}
	if err := plan.Revision(now, old, "before", "", plan.Options{}).JSON(&again, report); err != nil || again.String() != text.String() {
		t.Fatalf("the second time, the plan is another: %v", err)
	}
	for _, write := range []func() error{
		func() error { return p.Text(&again, true) }, func() error { return p.Markdown(&again, report) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	if err := valid(text.Bytes()); err != nil {
		t.Fatalf("%v\n%.3000s", err, text.String())
	}
	out := &outsidersPlan{}
	if err := decode(text.Bytes(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

// judge holds a plan against the two states that it was made of.
func judge(t rapid.TB, old, now *build.Compiled) string {
	t.Helper()
	p := between(t, old, now)
	before, secretBefore := output(old.Environments[0])
	after, secretAfter := output(now.Environments[0])
	env := p.Environments[0]
	if len(p.Environments) != 1 {
		return judgeOther(p)
	}
	var was, is outsidersModel
	if err := decode([]byte(before["nself.model.json"]), &was); err != nil {
		t.Fatal(err)
	}
	if err := decode([]byte(after["nself.model.json"]), &is); err != nil {
		t.Fatal(err)
	}
	got, err := follow(was.Resources, env.Changes)
	if err != nil {
		return err.Error()
	}
	for address := range is.Resources {
		if !same(got[address], is.Resources[address]) {
			return fmt.Sprintf("%s is\n%v\nby the plan, and\n%v\nby the model", address, got[address], is.Resources[address])
		}
	}
	if len(got) != len(is.Resources) {
		return "by the plan, there are more resources than in the model"
	}

	// Every file that differs is told of, and explained.
	told := map[string]bool{}
	for _, f := range env.Files {
		told[f.Path], told[f.PreviousPath] = true, true
		if f.LayoutOnly || len(f.ExplainedBy) == 0 && !f.Record {
			return fmt.Sprintf("nothing explains %s", f.Path)
		}
	}
	for _, states := range [][2]map[string]string{{before, after}, {secretBefore, secretAfter}} {
		for _, path := range slices.Concat(sortedKeys(states[0]), sortedKeys(states[1])) {
			if (states[0][path] != states[1][path]) && !told[path] {
				return fmt.Sprintf("%s changes, and the plan does not say so", path)
			}
		}
	}
	return judgeCompose(before["docker-compose.yml"], after["docker-compose.yml"], env.Changes)
}

// judgeOther judges a plan from one environment to another: all of it goes, all of it comes.
func judgeOther(p *outsidersPlan) string {
	if len(p.Environments) != 2 || p.Environments[0].Status != "new" || p.Environments[1].Status != "gone" {
		return fmt.Sprintf("%d environments", len(p.Environments))
	}
	return ""
}

// unseen are the attributes of a service that its block in docker-compose.yml does
// not show: nginx, the compiler or the secret store read them.
var unseen = []string{
	"job", "store", "secret_env", "ports", "tls", "rate_limit", "trusted_proxies", "http_port", "https_port", "https_public", "nginx_version", "secrets", "configs",
}

var networksLabel = regexp.MustCompile(`(?m)^ +io\.nselfc\.networks: .*\n`)

// judgeCompose wants a block of docker-compose.yml to differ if and only if its
// resource is among the changes.
func judgeCompose(before, after string, changes []outsidersChange) string {
	if slices.ContainsFunc(changes, func(c outsidersChange) bool { return c.Type == "network" }) {
		// A service repeats how its networks are made; the networks say that.
		before, after = networksLabel.ReplaceAllString(before, ""), networksLabel.ReplaceAllString(after, "")
	}
	for section, kind := range map[string]string{"services": "service", "networks": "network", "volumes": "volume"} {
		was, is := blocksOf(before, section), blocksOf(after, section)
		changed, must := map[string]bool{}, map[string]string{}
		for _, c := range changes {
			if c.Type != kind {
				continue
			}
			for _, name := range composeNames(c, kind, was, is) {
				changed[name] = true
				seen := c.Action != "update" || c.Previous != ""
				for _, a := range c.Attributes {
					seen = seen || !slices.Contains(unseen, a.Path[0]) && kind == "service"
				}
				if seen {
					must[name] = c.Address
				}
			}
		}
		for _, name := range slices.Concat(sortedKeys(was), sortedKeys(is)) {
			if was[name] != is[name] && !changed[name] {
				return fmt.Sprintf("%s.%s differs, and nothing in the plan says so:\n%s\n%s", section, name, was[name], is[name])
			}
			if was[name] == is[name] && must[name] != "" {
				return fmt.Sprintf("%s.%s is the same, although %s changes", section, name, must[name])
			}
		}
		for name := range must {
			if was[name] == "" && is[name] == "" {
				return fmt.Sprintf("%s changes, but no file has it", must[name])
			}
		}
	}
	return ""
}

// composeNames gives the names in the compose file of a changed resource, before
// and after.
func composeNames(c outsidersChange, kind string, was, is map[string]string) []string {
	if kind != "service" {
		return []string{strings.TrimSuffix(strings.TrimPrefix(c.Address, kind+`["`), `"]`)}
	}
	var out []string
	for _, attributes := range []map[string]any{c.Before, c.After} {
		if name, ok := attributes["name"].(string); ok {
			out = append(out, name)
		}
	}
	for _, a := range c.Attributes {
		if a.Path[0] == "name" {
			out = append(out, fmt.Sprint(a.Before), fmt.Sprint(a.After))
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, blocks := range []map[string]string{was, is} { // the label says whose block it is
		for name, text := range blocks {
			for _, address := range []string{c.Address, c.Previous} {
				if address != "" && (strings.Contains(text, "io.nselfc.address: "+address+"\n") || strings.Contains(text, "io.nselfc.address: '"+strings.ReplaceAll(address, "'", "''")+"'\n")) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// TestPlanIsDeterministic plans one edit ten times, with one and with four processors.
func TestPlanIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a", "nself.hcl"), canaryStack)
	put(t, filepath.Join(dir, "b", "nself.hcl"), strings.NewReplacer("8080", "8081", `"app"`, `"web"`, "redis", "redis", "firewall {}", "").Replace(canaryStack))
	var first string
	for _, procs := range []int{1, 4} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		for range 10 {
			old, okOld := compiled(filepath.Join(dir, "a"))
			now, okNow := compiled(filepath.Join(dir, "b"))
			if !okOld || !okNow {
				t.Fatal("does not compile")
			}
			p := plan.Revision(now, old, "before", "", plan.Options{})
			report := findings.New(nil, now.Files(), now.DisplayName)
			var out bytes.Buffer
			for _, write := range []func() error{
				func() error { return p.JSON(&out, report) }, func() error { return p.Text(&out, true) }, func() error { return p.Markdown(&out, report) },
				func() error { return findings.SARIF(&out, p.Findings(report), "1.0.0") }, func() error { return findings.GitHub(&out, p.Findings(report)) },
			} {
				if err := write(); err != nil {
					t.Fatal(err)
				}
			}
			if first == "" {
				first = out.String()
			}
			if out.String() != first {
				t.Fatal("the plan of the same input is another")
			}
		}
	}
	if !strings.Contains(first, "service.web") {
		t.Errorf("the plan misses the edit:\n%s", first)
	}
}

// partStack is a stack whose one service has little.
const partStack = `stack "s" {
  domain = "s.example.com"
}

secret "key0" {}

secret "key1" {}

service "a" {
  image = "a:1.0.0"

  port "http" {
    container = 8080
  }

%s}

ingress {
  rate_limit {
    requests = 100
  }

  tls {
    certificate {
      files {
        certificate = "./c.pem"
        private_key = "./k.pem"
      }
    }
  }
}
`

// TestPlanOfEveryPart goes from each part of a service to each other, so that none
// is forgotten in the model.
func TestPlanOfEveryPart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "site", "index.html"), "")
	var all []*build.Compiled
	parts := append([]string{""}, newParts...)
	for _, part := range parts {
		text := fmt.Sprintf(partStack, part)
		if strings.Contains(part, "build {") {
			text = strings.Replace(text, "  image = \"a:1.0.0\"\n", "", 1)
		}
		put(t, filepath.Join(dir, "nself.hcl"), text)
		c, diags := build.Compile(t.Context(), dir, build.Options{})
		if diags.HasErrors() {
			t.Errorf("%s: %s", part, show(diags))
			continue
		}
		all = append(all, c)
	}
	if t.Failed() {
		return
	}
	word := func(i int) string { return strings.Join(strings.Fields(parts[i] + " - -")[:1], " ") }
	for i, old := range all {
		for j, now := range all {
			if i > 0 && j > 0 && word(i) != word(j) {
				continue // from nothing, to nothing, and between those that may differ in little
			}
			if problem := judge(t, old, now); problem != "" {
				t.Errorf("from %q to %q: %s", parts[i], parts[j], problem)
			}
			if i != j && !between(t, old, now).Changed {
				t.Errorf("from %q to %q, nothing changes", parts[i], parts[j])
			}
		}
	}
}

// TestNameOfSecrets wants a variable of the name that marks secrets to be one like any other.
func TestNameOfSecrets(t *testing.T) {
	dir := t.TempDir()
	stack := "stack \"s\" {\n  domain = \"s.example.com\"\n}\n\nservice \"a\" {\n  image = \"a:1\"\n  env = { sensitive = \"one\" }\n  extra_compose = { labels = { sensitive = \"x\" } }\n}\n"
	put(t, filepath.Join(dir, "a", "nself.hcl"), stack)
	put(t, filepath.Join(dir, "b", "nself.hcl"), strings.ReplaceAll(stack, "one", "two"))
	old, okOld := compiled(filepath.Join(dir, "a"))
	now, okNow := compiled(filepath.Join(dir, "b"))
	if !okOld || !okNow {
		t.Fatal("does not compile")
	}
	var out bytes.Buffer
	if err := plan.Revision(now, old, "before", "", plan.Options{}).Text(&out, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "env.$sensitive  one → two") || strings.Contains(out.String(), "(sensitive") {
		t.Errorf("the variable is taken for a secret:\n%s", out.String())
	}
	if problem := judge(t, old, now); problem != "" {
		t.Error(problem)
	}
}
