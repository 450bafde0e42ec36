package yaml_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"nselfc/internal/proof/yaml"
	"nselfc/internal/proof/yaml/agree"
)

// golden gives every compose file of the tree's golden files.
func golden(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	rich, err := os.ReadFile("../../../emit/compose/testdata/rich.yml")
	if err != nil {
		t.Fatal(err)
	}
	out["rich.yml"] = string(rich)
	archives, err := filepath.Glob("../../../testdata/stacks/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasPrefix(f.Name, "want/") && strings.Contains(f.Name, "docker-compose") {
				out[filepath.Base(path)+" "+f.Name] = string(f.Data)
			}
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d compose files", len(out))
	}
	return out
}

func TestGoldenFilesReadAsYAML(t *testing.T) {
	for name, text := range golden(t) {
		got, err := yaml.Read(text)
		if err == nil {
			err = agree.Compare(text, got)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// read are texts at the edge of the subset that are taken.
var read = []string{
	"a: b\n", "# head\n\na: b\n", "a: {}\nb: true\nc: 17\nd: -1\ne: 1m30s\nf: 512m\n",
	"a:\n  - b\n  - c: d\n    e: f\n  - 'g: h'\n  - \"i: j\"\n", "a:\n  b:\n    c: d\n\n  e: f\n\n\ng: h\n",
	"'a: b': c\n\"a\\n\": d\na'b: e'f\n", "a: 'it''s'\nb: \"\\\"\\\\\\n\\t\\r\\u00e9\\U0001f600\"\n",
	"a: |\n  b\n    c\n\n  # d\ne: |-\n  f: g\n\n  h\n\ni: j\n", "a:\n  - |\n    b\n    c\n  - |-\n    d\n",
	"a: b c:d\n", "a: -x\nb: --y\nc: ./d\nd: ../e\ne: /f\nf: _g\ng: .h\n", "a: ''\nb: \"\"\n",
	"a: b é\u00a0c\n", "a: |\n  b\n  \tc\n", "a: x[1]{2},&*!|>\n", "a: 'true'\nb: '17'\nc: 'null'\n",
}

// refused are texts that readers of YAML take in more than one way, or that no
// emitter has any use for, each with a word of the reason.
var refused = map[string]string{
	"":                                  "empty",
	"# nothing\n":                       "empty",
	"a: b":                              "no end",
	"a:\tb\n":                           "no key",
	"a: b\tc\n":                         "tab",
	"\ta: b\n":                          "begins like",
	"a: 'b\tc'\n":                       "tab",
	"a: b \n":                           "blank",
	"a: |\n  b \n":                      "blank",
	"a: b\r\n":                          "control",
	"a: \x00\n":                         "control",
	"a: \u0085\n":                       "Unicode",
	"a: \u2028b\n":                      "Unicode",
	"\ufeffa: b\n":                      "Unicode",
	"a: \xff\n":                         "UTF-8",
	"a: &x b\nc: *x\n":                  "begins like",
	"a: !!str b\n":                      "begins like",
	"<<: {}\n":                          "begins like",
	"a: [b]\n":                          "begins like",
	"a: {b: c}\n":                       "begins like",
	"a: >\n  b\n":                       "begins like",
	"a: |+\n  b\n":                      "begins like",
	"a: |2\n  b\n":                      "begins like",
	"a: @b\n":                           "begins like",
	"a: ~\n":                            "begins like",
	"a: 1.5\n":                          "begins like",
	"a: 012\n":                          "begins like",
	"a: 0x1f\n":                         "begins like",
	"a: 0b1\n":                          "begins like",
	"a: 1_000\n":                        "begins like",
	"a: 12:30:45\n":                     "begins like",
	"a: 2001-01-01\n":                   "begins like",
	"a: .5\n":                           "begins like",
	"a: +1\n":                           "begins like",
	"a: .inf\n":                         "word",
	"a: yes\n":                          "word",
	"a: On\n":                           "word",
	"a: NULL\n":                         "word",
	"a: n\n":                            "word",
	"y: b\n":                            "word",
	"true: b\n":                         "key is no string",
	"1: b\n":                            "key is no string",
	"a: b # c\n":                        "comment",
	"a: b\n# c\n":                       "no key",
	"a:\n  # c\n  b: d\n":               "no key",
	"a: b: c\n":                         "looks like a key",
	"a: b:\n":                           "looks like a key",
	"a: b\na: c\n":                      "twice",
	"a: b\n'a': c\n":                    "twice",
	"a:\n":                              "no value",
	"a:\nb: c\n":                        "no value",
	"a:\n- b\n":                         "no value",
	"a:\n   b: c\n":                     "no value",
	"a:\n    b: c\n":                    "no value",
	"a: b\n  c\n":                       "belongs to nothing",
	"a: 'b\n  c'\n":                     "does not end",
	"a: 'b' c\n":                        "does not end",
	"a: 'b\n":                           "does not end",
	"a: \"b\\q\"\n":                     "escape",
	"a: \"b\\u12\"\n":                   "escape",
	"a: \"\\ud800\"\n":                  "escape",
	"a: \"\\u0000\"\n":                  "escape",
	"a: b\n---\nc: d\n":                 "no key",
	"---\na: b\n":                       "no key",
	"a: b\n...\n":                       "no key",
	"... a: b\n":                        "begins like",
	"%YAML 1.2\n---\na: b\n":            "no key",
	"- a\n":                             "belongs to nothing",
	"a:\n  - - b\n":                     "list holds a list",
	"a:\n  -\n    b: c\n":               "list holds a list",
	"a:\n  -   b\n":                     "list holds a list",
	"a:\n  - b\n  c: d\n":               "belongs to nothing",
	"a:\n  b: c\n  - d\n":               "belongs to nothing",
	"a: |\n\n  b\n":                     "empty line",
	"a: |\n   b\n":                      "begins with a blank",
	"a: |\n  \tb\n":                     "begins with a blank",
	"a: |\nb: c\n":                      "no line",
	"a: |\n  b\n c\n":                   "belongs to nothing",
	"? a\n: b\n":                        "no key",
	"a:  b\n":                           "begins like",
	"a:b : c\n":                         "before a colon",
	"a:b\n":                             "no key",
	strings.Repeat("a", 1025) + ": b\n": "longer",
}

func TestTextsOfTheSubset(t *testing.T) {
	for _, text := range read {
		got, err := yaml.Read(text)
		if err == nil {
			err = agree.Compare(text, got)
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOtherTextsAreRefused(t *testing.T) {
	for text, reason := range refused {
		_, err := yaml.Read(text)
		var e *yaml.Error
		if !errors.As(err, &e) || !strings.Contains(e.Reason, reason) || e.Line < 1 {
			t.Errorf("%q: %v, want a reason with %q", text, err, reason)
		}
	}
	deep := ""
	for i := range 40 {
		deep += strings.Repeat("  ", i) + "a:\n"
	}
	if _, err := yaml.Read(deep); err == nil || !strings.Contains(err.Error(), "deeply") {
		t.Errorf("forty levels: %v", err)
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "k%d: v\n", i)
	}
	text := b.String()
	if _, err := yaml.Read(text); err != nil {
		t.Fatal(err)
	}
	if _, err := yaml.Read(text + "k4999: v\n"); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
}

func TestNilNodeIsEmpty(t *testing.T) {
	root, err := yaml.Read("a:\n  b: true\n  c: x\n  d: 'true'\n  e: 5\n")
	if err != nil {
		t.Fatal(err)
	}
	a := root.Get("a")
	if !a.Get("b").True() || a.Get("c").True() || a.Get("d").True() || !a.Get("d").String() || !a.Get("e").Number() || a.Get("e").String() {
		t.Error("types are wrong")
	}
	if n := root.At("a", "z", "y"); n != nil || n.Value() != "" || n.Bool() || n.Number() || n.String() {
		t.Error("a missing key has a value")
	}
	for range root.At("z").All() {
		t.Error("a missing key holds something")
	}
	for c := range a.All() {
		if c.Key != "b" {
			t.Error(c.Key)
		}
		break
	}
}

// FuzzRead: whatever the reader takes, yaml.v3 takes for the same.
func FuzzRead(f *testing.F) {
	for _, text := range golden(f) {
		f.Add(text)
	}
	for _, text := range read {
		f.Add(text)
	}
	for text := range refused {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := yaml.Read(text)
		if err != nil {
			return
		}
		if err := agree.Compare(text, got); err != nil {
			t.Errorf("%v\n%q", err, text)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var text string
	for name, one := range golden(b) {
		if strings.Contains(name, "shop") {
			text = one
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := yaml.Read(text); err != nil {
			b.Fatal(err)
		}
	}
}
