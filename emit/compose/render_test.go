package compose_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/compose"
	"nselfc/emit/compose/verify"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	files, diags := compose.Render(rich(), compose.Options{})
	if len(files) != 1 || files[0].Path != "docker-compose.yml" || files[0].Mode != 0o644 || files[0].Secret() {
		t.Fatalf("one committed docker-compose.yml is expected, got %d files", len(files))
	}
	if got := codes(diags); !slices.Equal(got, []string{"NS360"}) {
		t.Errorf("diagnostics: %v", got)
	}
	golden := filepath.Join("testdata", "rich.yml")
	if *update {
		if err := os.WriteFile(golden, []byte(text(files[0])), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text(files[0])); diff != "" {
		t.Errorf("run go test -update if this is meant:\n%s", diff)
	}
}

func TestSameBytesEveryTime(t *testing.T) {
	first := render(t, rich())
	for _, procs := range []int{1, 4} {
		old := runtime.GOMAXPROCS(procs)
		for range 5 {
			if text(render(t, rich())) != text(first) {
				t.Error("the bytes differ")
			}
		}
		runtime.GOMAXPROCS(old)
	}
}

// TestTraceChangesNoByte also holds that tracing and not tracing agree on the
// diagnostics.
func TestTraceChangesNoByte(t *testing.T) {
	plain, d1 := compose.Render(rich(), compose.Options{})
	traced, d2 := compose.Render(rich(), compose.Options{Trace: true})
	if text(plain[0]) != text(traced[0]) || len(d1) != len(d2) || plain[0].Marks != nil {
		t.Error("tracing changes the output")
	}
}

// TestRoundTrip is the property behind everything: whatever the strings and
// shapes, Compose reads what the intermediate representation means.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		stack := drawStack(rt)
		files, diags := compose.Render(stack, compose.Options{})
		if diags.HasErrors() {
			rt.Fatalf("%s: %s", diags[0].Code, diags[0].Detail)
		}
		for _, d := range verify.Verify(context.Background(), stack, files) {
			rt.Fatalf("%s\n%s", d.Detail, text(files[0]))
		}
		for _, d := range compose.Check(stack, files) {
			rt.Fatalf("%s\n%s", d.Detail, text(files[0]))
		}
	})
}

func TestService(t *testing.T) {
	minimal := "    logging:\n      driver: json-file\n      options:\n        max-file: '3'\n        max-size: 10m\n" +
		"    labels:\n      io.nselfc.address: service.x\n    cap_drop:\n      - ALL\n    security_opt:\n      - no-new-privileges:true\n"
	for _, tc := range []struct {
		name string
		make func(*ir.Service)
		want string // what stands before or inside the hardening that every service has
	}{
		{"no network is no network", func(*ir.Service) {}, "    network_mode: none\n" + minimal},
		{"a network without aliases", func(s *ir.Service) { s.Networks = []ir.Attachment{{Network: "db"}} }, "    networks:\n      db: {}\n"},
		{
			"every address", func(s *ir.Service) {
				s.Publish = []ir.Publish{{Host: at(80, 1), Container: at(8080, 1), Protocol: at("tcp", 1)}}
			},
			"    ports:\n      - target: 8080\n        published: '80'\n        protocol: tcp\n    network_mode",
		},
		{"one address", func(s *ir.Service) {
			s.Publish = []ir.Publish{{HostIP: at("::1", 1), Host: at(80, 1), Container: at(8080, 1), Protocol: at("udp", 1)}}
		}, "        protocol: udp\n        host_ip: '::1'\n"},
		{
			"no limit for what has none", func(s *ir.Service) { s.Pids = at(64, 1) },
			"    deploy:\n      resources:\n        limits:\n          pids: 64\n    security_opt:",
		},
		{
			"no swap", func(s *ir.Service) { s.Memory = at[int64](1<<20, 1) },
			"          memory: 1m\n    memswap_limit: 1m\n",
		},
		{"no replicas", func(s *ir.Service) { s.Replicas = at(0, 1) }, "    deploy:\n      replicas: 0\n"},
		{
			"a tmpfs without size and mode", func(s *ir.Service) { s.Tmpfs = []ir.Tmpfs{{Target: at("/run", 1)}} },
			"    tmpfs:\n      - /run:rw,noexec,nosuid,nodev\n",
		},
		{
			"a tmpfs with a strange path", func(s *ir.Service) { s.Tmpfs = []ir.Tmpfs{{Target: at("/a $b", 1), Size: at[int64](4097, 1)}} },
			"      - '/a $$b:rw,noexec,nosuid,nodev,size=4097'\n",
		},
		{"a build", func(s *ir.Service) { s.Build = &ir.Build{Context: at("ctx", 1)} }, "    build:\n      context: ./ctx\n"},
		{
			"a volume that may be written", func(s *ir.Service) { s.Volumes = []ir.VolumeMount{{Volume: "v", Target: at("/v", 1)}} },
			"      - type: volume\n        source: v\n        target: /v\n    network_mode",
		},
		{"a script", func(s *ir.Service) { s.Command = []ir.String{at("a $X\n\n  b\n", 1)} }, "    command:\n      - |\n        a $$X\n\n          b\n    logging:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &ir.Service{Name: "x", Address: "service.x", Origin: origin(1)}
			tc.make(s)
			got := text(render(t, &ir.Stack{Name: at("s", 1), Project: "s", Services: []*ir.Service{s}}))
			if !strings.Contains(got, tc.want) {
				t.Errorf("%q is missing in:\n%s", tc.want, got)
			}
		})
	}
}

// TestRefusals holds that nothing is written that a reader would take for
// something else, or drop.
func TestRefusals(t *testing.T) {
	mount := func(target string) ir.Mount { return ir.Mount{Origin: origin(7), Name: "m", File: "f", Target: target} }
	for _, tc := range []struct {
		name string
		make func(*ir.Stack)
		want []string // codes
		line int32
	}{
		{"NUL", func(s *ir.Stack) { s.Services[0].Image = at("a\x00b", 3) }, []string{"NS350"}, 3},
		{"invalid UTF-8", func(s *ir.Stack) { s.Services[0].Env = []ir.EnvVar{{Name: "A", Value: at("\xff", 3)}} }, []string{"NS350"}, 3},
		{"invalid UTF-8 in a list", func(s *ir.Stack) {
			s.Services[0].Health = &ir.Health{Origin: origin(4), Test: []string{"CMD", "a\xffb"}}
		}, []string{"NS350"}, 4},
		{"a key nobody sees", func(s *ir.Stack) { s.Services[0].Env = []ir.EnvVar{{Name: "A\u200b", Value: at("", 3)}} }, []string{"NS350"}, 3},
		{"a key without end", func(s *ir.Stack) {
			s.Services[0].Env = []ir.EnvVar{{Name: strings.Repeat("A", 1025), Value: at("", 3)}}
		}, []string{"NS350"}, 3},
		{"a variable that Compose drops", func(s *ir.Stack) { s.Services[0].Env = []ir.EnvVar{{Name: "x-a", Value: at("", 3)}} }, []string{"NS353"}, 3},
		{"a network that Compose drops", func(s *ir.Stack) { s.Services[0].Networks = []ir.Attachment{{Origin: origin(3), Network: "x-a"}} }, []string{"NS353"}, 3},
		{"a colon in a mount", func(s *ir.Stack) { s.Services[0].Configs = []ir.Mount{mount("/a:b")} }, []string{"NS351"}, 7},
		{"a relative mount", func(s *ir.Stack) { s.Services[0].Secrets = []ir.Mount{mount("a")} }, []string{"NS351"}, 7},
		{"a colon in a tmpfs", func(s *ir.Stack) { s.Services[0].Tmpfs = []ir.Tmpfs{{Target: at("/a:exec", 3)}} }, []string{"NS351"}, 3},
		{"two mounts", func(s *ir.Stack) { s.Services[0].Configs = []ir.Mount{mount("/a"), mount("/a/")} }, []string{"NS352"}, 7},
		{"a mount and a tmpfs", func(s *ir.Stack) {
			s.Services[0].Secrets, s.Services[0].Tmpfs = []ir.Mount{mount("/a")}, []ir.Tmpfs{{Target: at("/a", 3)}}
		}, []string{"NS352"}, 3},
		{"one secret, two files", func(s *ir.Stack) {
			a, b := mount("/a"), mount("/b")
			b.File = "g"
			s.Services[0].Secrets = []ir.Mount{a, b}
		}, []string{"NS900"}, 7},
		{"a value without a place", func(s *ir.Stack) { s.Services[0].Image = ir.String{V: "a\x00"} }, []string{"NS350"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stack := &ir.Stack{Name: at("s", 1), Project: "s", Services: []*ir.Service{{Name: "x", Address: "service.x", Origin: origin(1), Image: at("i", 1)}}}
			tc.make(stack)
			files, diags := compose.Render(stack, compose.Options{})
			if got := codes(diags); !slices.Equal(got, tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			if got := diags[0].Subject.Start.Line; got != tc.line {
				t.Errorf("the error points at line %d, want %d", got, tc.line)
			}
			if len(files) == 0 {
				t.Error("there is no best effort")
			}
		})
	}
}

func TestMarks(t *testing.T) {
	files, _ := compose.Render(rich(), compose.Options{Trace: true})
	for _, tc := range []struct {
		line, address string
		want          source.Origin
	}{
		{"name: shop-prod", "", origin(1)},
		{"    image: nginx:1.30.4", "ingress", origin(61)},
		{"      retries: 3", "service.api", origin(21)},
		{"      timeout: 5s", "service.api", source.Origin{Range: span(19), By: "default healthcheck.timeout"}},
		{"      - '--greeting=$$HOME is not yours'", "service.api", origin(12)},
		{"      MOTD: |", "service.api", origin(15)},
		{"    read_only: true", "service.api", source.Origin{Range: span(10), By: "posture production"}},
		{"    cap_drop:", "service.api", source.Origin{Range: span(10), By: "hardening"}},
		{"    hostname: api-1", "service.api", origin(30)},
		{"      io.nselfc.config: sha256:9f86d081884c7d65", "service.api", source.Origin{Range: span(10), By: "label of nselfc"}},
		{"      - source: main-superuser", "postgres.main.service.main", origin(33)},
		{"    network_mode: none", `service.worker["eu"]`, source.Origin{Range: span(50), By: "topology"}},
		{"        - subnet: '10.89.0.16/28'", "postgres.main.service.main", origin(30)},
		{"    file: ./.secrets.d/main/superuser", "postgres.main.service.main", origin(33)},
	} {
		got := markOf(t, files[0], tc.line)
		if got.Address != tc.address || got.Origin != tc.want {
			t.Errorf("%s: got %s %+v, want %s %+v", tc.line, got.Address, got.Origin, tc.address, tc.want)
		}
	}
}

// TestEveryLineIsMarked holds it for the parts of a split stack too.
func TestEveryLineIsMarked(t *testing.T) {
	for _, limit := range []int{1 << 30, 150} {
		files, _ := compose.RenderLimit(rich(), compose.Options{Trace: true}, limit)
		for _, f := range files {
			marked := map[int]bool{}
			last := 0
			for _, m := range f.Marks {
				if m.Line < last || m.Origin.Range.IsZero() {
					t.Errorf("%s:%d: marks are out of order or without a place", f.Path, m.Line)
				}
				marked[m.Line], last = true, m.Line
			}
			block := -1 // indentation of the key of a literal block
			for i, line := range strings.Split(text(f), "\n") {
				depth := len(line) - len(strings.TrimLeft(line, " "))
				inBlock := block >= 0 && (line == "" || depth > block)
				if !inBlock {
					block = -1
				}
				if strings.HasSuffix(line, " |") || strings.HasSuffix(line, " |-") {
					block = depth
				}
				if want := line != "" && !strings.HasPrefix(line, "#") && !inBlock; want != marked[i+1] {
					t.Errorf("%s:%d: marked is %v, want %v: %s", f.Path, i+1, marked[i+1], want, line)
				}
			}
		}
	}
}

func BenchmarkRender1000(b *testing.B) {
	stack := many(1000)
	b.ReportAllocs()
	for b.Loop() {
		compose.Render(stack, compose.Options{})
	}
}

func render(t *testing.T, stack *ir.Stack) emit.File {
	t.Helper()
	files, diags := compose.Render(stack, compose.Options{})
	if diags.HasErrors() || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), codes(diags))
	}
	return files[0]
}

func text(f emit.File) string { return f.Text.String() }

func codes(l diag.List) []string {
	var out []string
	for _, d := range l {
		out = append(out, d.Code)
	}
	return out
}

// markOf finds the mark of the first line that reads as given.
func markOf(t *testing.T, f emit.File, line string) emit.Mark {
	t.Helper()
	n := slices.Index(strings.Split(text(f), "\n"), line) + 1
	for _, m := range f.Marks {
		if m.Line == n {
			return m
		}
	}
	t.Errorf("no mark for %q", line)
	return emit.Mark{}
}
