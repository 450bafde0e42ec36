package ufw

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// at is a line of the source, for origins.
func at(line int32) source.Range {
	return source.Range{File: "nself.hcl", Start: source.Pos{Line: line, Byte: line * 10}, End: source.Pos{Line: line, Byte: line*10 + 5}}
}

func value[T any](v T, line int32) source.Value[T] { return source.At(v, at(line)) }

func sources(line int32, list ...string) []ir.String {
	var out []ir.String
	for _, s := range list {
		out = append(out, value(s, line))
	}
	return out
}

func open(id string, port int, protocol string, container bool, line int32, from ...string) ir.OpenPort {
	return ir.OpenPort{
		Origin: source.Origin{Range: at(line)}, ID: id, Port: value(port, line), Protocol: value(protocol, line),
		From: sources(line, from...), Container: container,
	}
}

// plain is what most hosts have: ssh, http and https.
func plain() *ir.Stack {
	return &ir.Stack{Project: "shop", Firewall: &ir.Firewall{
		Origin: source.Origin{Range: at(1)},
		SSH:    ir.SSH{Port: value(22, 2), Limit: value(true, 3)},
		Open:   []ir.OpenPort{open("http", 80, "tcp", true, 4), open("https", 443, "tcp", true, 5)},
	}}
}

// rich has everything that the language can say.
func rich() *ir.Stack {
	return &ir.Stack{Project: "shop-prod", Firewall: &ir.Firewall{
		Origin: source.Origin{Range: at(1)},
		SSH:    ir.SSH{Port: value(2222, 2), From: sources(3, "203.0.113.9/24", "2001:DB8:7::/48", "198.51.100.7")},
		Open: []ir.OpenPort{
			open("https", 443, "tcp", true, 4),
			open("http3", 443, "udp", true, 5),
			open("admin", 8443, "tcp", true, 6, "203.0.113.0/24"),
			open(`vpn["eu's"]`, 51820, "udp", false, 7),
			open("metrics", 9100, "tcp", false, 8, "2001:db8:9::1/128"),
		},
	}}
}

func render(t *testing.T, s *ir.Stack, opts Options) []emit.File {
	t.Helper()
	files, diags := Render(s, opts)
	if diags.HasErrors() {
		t.Fatalf("Render: %v", diags[0].Detail)
	}
	return files
}

func plainText(t *testing.T, f emit.File) string {
	t.Helper()
	s, ok := f.Text.Plain()
	if !ok {
		t.Fatalf("%s holds a secret", f.Path)
	}
	return s
}

func textOf(t *testing.T, files []emit.File, path string) string {
	t.Helper()
	for _, f := range files {
		if f.Path == path {
			return plainText(t, f)
		}
	}
	t.Fatalf("no file %s", path)
	return ""
}

func TestGolden(t *testing.T) {
	for name, stack := range map[string]*ir.Stack{"plain": plain(), "rich": rich()} {
		t.Run(name, func(t *testing.T) {
			for _, f := range render(t, stack, Options{}) {
				golden := filepath.Join("testdata", name, strings.TrimPrefix(f.Path, "ufw/"))
				got := plainText(t, f)
				if *update {
					if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatalf("%v (write it with -update)", err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s differs from its golden file:\n%s", f.Path, diff)
				}
			}
		})
	}
}

// Every rendering of a stack has the same bytes, on one core and on four.
func TestDeterminism(t *testing.T) {
	want := render(t, rich(), Options{Trace: true})
	for _, procs := range []int{1, 4} {
		old := runtime.GOMAXPROCS(procs)
		for range 10 {
			if diff := cmp.Diff(want, render(t, rich(), Options{Trace: true})); diff != "" {
				t.Errorf("GOMAXPROCS %d: %s", procs, diff)
			}
		}
		runtime.GOMAXPROCS(old)
	}
}

func TestModesAndPaths(t *testing.T) {
	got := map[string]uint32{}
	for _, f := range render(t, plain(), Options{}) {
		got[f.Path] = f.Mode
		if len(f.Marks) > 0 {
			t.Errorf("%s has marks that nobody asked for", f.Path)
		}
		if text := plainText(t, f); !strings.Contains(text, emit.Header) || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s lacks the header or the last newline", f.Path)
		}
	}
	want := map[string]uint32{
		"ufw/apply.sh": 0o755, "ufw/rollback.sh": 0o755, "ufw/after.rules": 0o644, "ufw/after6.rules": 0o644, "ufw/rules.txt": 0o644,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A stack without a firewall block has no firewall, and no files.
func TestNoFirewall(t *testing.T) {
	if files, diags := Render(&ir.Stack{Project: "shop"}, Options{}); files != nil || diags != nil {
		t.Errorf("got %v, %v", files, diags)
	}
}

// The marks lead from a line of the output to the line of the source that caused it.
func TestMarks(t *testing.T) {
	cause := func(f emit.File, line int) int32 {
		var found int32
		for i, m := range f.Marks {
			if i > 0 && m.Line < f.Marks[i-1].Line {
				t.Errorf("%s: the marks are not sorted", f.Path)
			}
			if m.Line <= line {
				found = m.Origin.Range.Start.Line
			}
		}
		return found
	}
	want := map[string]map[string]int32{
		afterPath:  {"--ctorigdstport 8443": 6, "#= allow tcp 2222 203.0.113.0/24": 3, "*filter": 1, "nself deny": 1, "#= allow udp 51820": 7},
		after6Path: {"#= allow tcp 9100": 8, "--ctorigdstport 443": 4},
		applyPath:  {"readonly SSH_PORT=2222": 2, "readonly SSH_FROM=": 3, "make_changes() {": 1},
		rulesPath:  {"9100/tcp": 8, "51820/udp": 7},
	}
	for _, f := range render(t, rich(), Options{Trace: true}) {
		for needle, line := range want[f.Path] {
			n := 0
			for i, text := range strings.Split(plainText(t, f), "\n") {
				if strings.Contains(text, needle) {
					n = i + 1
					break
				}
			}
			if n == 0 {
				t.Errorf("%s has no line with %q", f.Path, needle)
			} else if got := cause(f, n); got != line {
				t.Errorf("%s, %q: caused by line %d, want %d", f.Path, needle, got, line)
			}
		}
	}
}

func TestDiagnostics(t *testing.T) {
	tests := []struct {
		name   string
		change func(*ir.Stack)
		want   string // code and line of the subject
	}{
		{"published ssh port", func(s *ir.Stack) { s.Firewall.Open[0].Port = value(22, 9) }, "error NS380 4"},
		{"allowed ssh port", func(s *ir.Stack) { s.Firewall.Open[0] = open("x", 22, "tcp", false, 9) }, "warning NS381 9"},
		{"port 0", func(s *ir.Stack) { s.Firewall.Open[0].Port = value(0, 9) }, "error NS900 4"},
		{"port 65536", func(s *ir.Stack) { s.Firewall.Open[1].Port = value(65536, 9) }, "error NS900 5"},
		{"protocol", func(s *ir.Stack) { s.Firewall.Open[1].Protocol = value("sctp", 9) }, "error NS900 5"},
		{"name with a line break", func(s *ir.Stack) { s.Project = "a\nb" }, "error NS900 1"},
		{"no CIDR", func(s *ir.Stack) { s.Firewall.SSH.From = sources(7, "10.0.0.0/8; reboot") }, "error NS900 7"},
		{"mapped address", func(s *ir.Stack) { s.Firewall.SSH.From = sources(7, "::ffff:10.0.0.0/104") }, "error NS900 7"},
		{"zone", func(s *ir.Stack) { s.Firewall.SSH.From = sources(7, "fe80::1%eth0") }, "error NS900 7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := plain()
			test.change(s)
			files, diags := Render(s, Options{})
			if len(diags) != 1 {
				t.Fatalf("want one diagnostic, got %v", diags)
			}
			d := diags[0]
			if got := fmt.Sprintf("%s %s %d", d.Severity, d.Code, d.Subject.Start.Line); got != test.want {
				t.Errorf("got %s (%s), want %s", got, d.Detail, test.want)
			}
			if (files == nil) != diags.HasErrors() {
				t.Errorf("files %v with %v", files, d.Severity)
			}
		})
	}
}
