package build_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/compiler/model"
	reviewer "nselfc/compiler/review"
	"nselfc/internal/build"
	"nselfc/internal/plan"
	findings "nselfc/lang/diag/render"
)

// wrong are values that no model has where most values stand.
var wrong = []any{nil, true, json.Number("-1e400"), json.Number("7"), "", "x", "]", `["`, []any{}, []any{nil, 1}, map[string]any{}, map[string]any{"": map[string]any{"": nil}}, map[string]any{"sensitive": "${x}"}, map[string]any{"sensitive": 1}}

// TestDamagedModel puts a wrong value in the place of each value of a model, and
// wants a plan or an error, and no panic, whichever state is damaged.
func TestDamagedModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "nself.hcl"), riskStack)
	put(t, filepath.Join(dir, "pair", "pair.hcl"), pairModule)
	put(t, filepath.Join(dir, "site", "index.html"), "")
	good, ok := compiled(dir)
	put(t, filepath.Join(dir, "nself.hcl"), strings.NewReplacer("1.4.2", "1.4.3", "back\"", "front\"", "redis \"cache\" {", "redis \"cache\" {\n  max_memory = \"99M\"").Replace(riskStack))
	other, okToo := compiled(dir)
	if !ok || !okToo {
		t.Fatal("does not compile")
	}
	var whole struct {
		FormatVersion string         `json:"format_version"`
		Resources     map[string]any `json:"resources"`
	}
	if err := decode([]byte(good.Environments[0].Model.Document()), &whole); err != nil {
		t.Fatal(err)
	}
	n, seen := 0, 0
	try := func() {
		if n++; n%32 != 0 && !thorough {
			return
		}
		text, err := json.Marshal(whole)
		if err != nil {
			return // no JSON has such a number
		}
		damaged, err := model.Read(text)
		if err != nil {
			return
		}
		e := other.Environments[0]
		if n%64 == 0 || thorough {
			showPlan(t, other, damaged)
		}
		if r, err := reviewer.Compare(damaged, e.Model, e.Stack); err == nil && r.Changed() {
			seen++
		}
	}
	var each func(in map[string]any)
	each = func(in map[string]any) {
		for name, v := range in {
			for _, w := range wrong {
				in[name] = w
				try()
			}
			delete(in, name)
			try()
			in["wrong:"+name] = v
			try()
			delete(in, "wrong:"+name)
			in[name] = v
			if below, ok := v.(map[string]any); ok {
				each(below)
			}
		}
	}
	for address, v := range whole.Resources {
		// One of each type: the rest is the same again.
		if r := v.(map[string]any); !strings.Contains("stack service.api ingress postgres.main firewall secret.key redis.cache", address) && r["type"] != "route" && address != `volume["api_data"]` && address != `network["api"]` {
			continue
		}
		each(map[string]any{address: v})
		for _, w := range append(wrong, v) {
			whole.Resources[address] = w
			try()
		}
		delete(whole.Resources, address)
		for _, wrongAddress := range []string{"", "service", `volume["`, `file[x]`, "route[\"\n\x1b[31m\"]", strings.Repeat("a", 1<<16)} {
			whole.Resources[wrongAddress] = v
			try()
			delete(whole.Resources, wrongAddress)
		}
		whole.Resources[address] = v
		each(v.(map[string]any))
	}
	if n < 2000 || seen < n/128 {
		t.Errorf("only %d damages, of which %d are seen", n, seen)
	}
}

// showPlan plans from a model that was read to a stack, and shows the plan in every form.
func showPlan(t *testing.T, now *build.Compiled, damaged *model.Model) {
	t.Helper()
	before := *now
	e := *now.Environments[0]
	e.Model = damaged
	before.Environments = []*build.Environment{&e}
	p := plan.Revision(now, &before, "before", "", plan.Options{})
	report := findings.New(nil, now.Files(), now.DisplayName)
	var out bytes.Buffer
	for _, write := range []func() error{
		func() error { return p.Text(&out, false) }, func() error { return p.Markdown(&out, report) }, func() error { return p.JSON(&out, report) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	if s := out.String(); strings.ContainsAny(s, "\x1b\r\x00") {
		t.Fatalf("control characters of the model are printed: %.200q", s)
	}
}
