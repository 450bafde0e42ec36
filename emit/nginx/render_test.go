package nginx

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/source"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	files, diags := Render(rich(), Options{})
	if len(diags) > 0 {
		t.Fatal(codes(diags))
	}
	var got txtar.Archive
	for _, f := range files {
		content, _ := f.Text.Plain()
		got.Files = append(got.Files, txtar.File{Name: f.Path, Data: []byte(content)})
	}
	const path = "testdata/rich.txtar"
	if *update {
		if err := os.WriteFile(path, txtar.Format(&got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(txtar.Format(&got))); diff != "" {
		t.Errorf("-want +got, -update accepts it:\n%s", diff)
	}
}

func TestRenderTwice(t *testing.T) {
	first, _ := Render(rich(), Options{Trace: true})
	for range 10 {
		again, _ := Render(rich(), Options{Trace: true})
		if diff := cmp.Diff(first, again); diff != "" {
			t.Fatal(diff)
		}
	}
	if !slices.IsSortedFunc(first, func(a, b emit.File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the files are not sorted by path")
	}
	traced, _ := Render(rich(), Options{})
	if diff := cmp.Diff(contents(t, traced), contents(t, first)); diff != "" {
		t.Errorf("tracing changes the text:\n%s", diff)
	}
	if files, diags := Render(&ir.Stack{}, Options{}); files != nil || diags != nil {
		t.Error("a stack without an ingress has files")
	}
}

// TestVersions looks for what is written for some releases only.
func TestVersions(t *testing.T) {
	for _, tc := range []struct {
		version ir.Version
		has     []string
		lacks   []string
	}{
		{ir.Version{Major: 1, Minor: 22, Patch: 1}, []string{"listen 8443 ssl http2;"}, []string{"http2 on;"}},
		{ir.Version{Major: 1, Minor: 25}, []string{"listen 8443 ssl http2;"}, []string{"http2 on;"}},
		{ir.Version{Major: 1, Minor: 25, Patch: 1}, []string{"listen 8443 ssl;", "http2 on;"}, []string{"ssl http2"}},
		{ir.Version{Major: 1, Minor: 30, Patch: 4}, []string{"listen 8443 ssl;", "http2 on;"}, []string{"ssl http2"}},
	} {
		s := rich()
		s.Ingress.Version = tc.version
		text := ""
		for _, content := range render(t, s) {
			text += content
		}
		for _, want := range tc.has {
			if !strings.Contains(text, want) {
				t.Errorf("%v lacks %q", tc.version, want)
			}
		}
		for _, refused := range tc.lacks {
			if strings.Contains(text, refused) {
				t.Errorf("%v has %q", tc.version, refused)
			}
		}
	}
}

// TestSize fits the workers and their connections to the container.
func TestSize(t *testing.T) {
	for _, tc := range []struct {
		cpus                 float64
		memory               int64
		workers, connections string
	}{
		{0, 0, "1", "512"}, {0.5, 64 << 20, "1", "512"}, {1, 256 << 20, "1", "2048"}, {1.5, 1 << 30, "2", "4096"}, {8, 64 << 30, "8", "8192"},
	} {
		s := anIngress()
		s.Services[0].CPUs.V, s.Services[0].Memory.V = tc.cpus, tc.memory
		text := render(t, s)["nginx/nginx.conf"]
		if !strings.Contains(text, "worker_processes "+tc.workers+";") || !strings.Contains(text, "worker_connections "+tc.connections+";") {
			t.Errorf("%v:\n%s", tc, text)
		}
	}
}

// TestMarks follows lines back to what caused them.
func TestMarks(t *testing.T) {
	s := rich()
	api := s.Ingress.Hosts[1]
	upload := api.Routes[1]
	upload.BodySize.Origin = source.Origin{Range: at(77)}
	upload.Headers[0].Value.Origin = source.Origin{Range: at(78)}
	s.Ingress.Profile.Origin = source.Origin{Range: at(79)}
	s.Ingress.TrustedProxy[0].Origin = source.Origin{Range: at(80)}
	s.Ingress.HSTS.MaxAge.Origin = source.Origin{Range: at(81), By: "posture production"}
	files, _ := Render(s, Options{Trace: true})
	for _, tc := range []struct {
		path, line, address string
		at                  int
	}{
		{"nginx/conf.d/example.com.conf", "server_name api.example.com;", "ingress", 10},
		{"nginx/conf.d/example.com.conf", `location ~ "^/files`, "service.files.route[0]", 1},
		{"nginx/conf.d/example.com.conf", "client_max_body_size 100m;", "service.files.route[0]", 77},
		{"nginx/conf.d/example.com.conf", "add_header Content-Security-Policy", "service.files.route[0]", 78},
		{"nginx/conf.d/example.com.conf", "limit_req zone=api.example.com.auth.login", "service.api.route[1]", 40},
		{"nginx/conf.d/example.com.conf", "limit_req zone=ingress", "ingress", 40},
		{"nginx/snippets/tls.conf", "ssl_protocols", "ingress", 79},
		{"nginx/nginx.conf", "set_real_ip_from", "ingress", 80},
		{"nginx/nginx.conf", "worker_processes", "ingress", 6},
		{"nginx/nginx.conf", "worker_connections 2048;", "ingress", 7},
		{"nginx/nginx.conf", "include conf.d/example.com.conf;", "ingress", 5},
		{"nginx/snippets/headers.conf", "add_header Strict-Transport-Security", "ingress", 81},
		{"nginx/snippets/headers.conf", "add_header X-Frame-Options", "ingress", 5},
	} {
		i := slices.IndexFunc(files, func(f emit.File) bool { return f.Path == tc.path })
		content, _ := files[i].Text.Plain()
		n := 0
		for j, line := range strings.Split(content, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), tc.line) {
				n = j + 1
			}
		}
		var last emit.Mark
		for j, m := range files[i].Marks {
			if j > 0 && m.Line <= files[i].Marks[j-1].Line {
				t.Fatalf("%s: marks are not sorted: %v", tc.path, files[i].Marks)
			}
			if m.Line <= n {
				last = m
			}
		}
		if n == 0 || last.Address != tc.address || int(last.Origin.Range.Start.Line) != tc.at {
			t.Errorf("%s:%d (%s): from %s, line %v; want %s, line %d", tc.path, n, tc.line, last.Address, last.Origin.Range, tc.address, tc.at)
		}
	}
	for _, f := range files {
		if len(f.Marks) == 0 || f.Marks[0].Line != 1 {
			t.Errorf("%s does not begin with a mark", f.Path)
		}
	}
}

// TestRefused renders what nginx cannot be told: a finding at the line that
// caused it, and nothing of it in the output.
func TestRefused(t *testing.T) {
	withPath := func(path string) *ir.Stack { return anIngress(aHost("a.example.com", aRoute("api", path, 1))) }
	withHeader := func(name, value string) *ir.Stack {
		s := withPath("/")
		s.Ingress.Hosts[0].Routes[0].Headers = []ir.Header{aHeader(name, value)}
		return s
	}
	cases := map[string]struct {
		stack *ir.Stack
		code  string
	}{
		"old":            {anIngress(), "NS370"},
		"bad proxy":      {anIngress(), "NS377"},
		"bad client":     {withPath("/"), "NS377"},
		"same host":      {anIngress(aHost("a.example.com"), aHost("A.example.com")), "NS376"},
		"same path":      {anIngress(aHost("a.example.com", aRoute("x", "/api", 1), aRoute("y", "/%61pi/", 1))), "NS376"},
		"framing header": {withHeader("content-LENGTH", "1"), "NS373"},
		"line in header": {withHeader("X-A", "x\r\nX-Injected: y"), "NS373"},
		"NUL in header":  {withHeader("X-A", "x\x00"), "NS373"},
		"header name":    {withHeader("X A", "x"), "NS373"},
		"header name 2":  {withHeader("X-A:", "x"), "NS373"},
		"no header name": {withHeader("", "x"), "NS373"},
		"long header":    {withHeader("X-A", strings.Repeat("x", 4001)), "NS373"},
		"long dollars":   {withHeader("X-A", strings.Repeat("$", 1000)), "NS373"},
	}
	cases["old"].stack.Ingress.Version = ir.Version{Major: 1, Minor: 18}
	cases["old"].stack.Services[0].Image = source.At("nginx:1.18", at(8))
	cases["bad proxy"].stack.Ingress.TrustedProxy = []ir.String{str("unix:")}
	cases["bad client"].stack.Ingress.Hosts[0].Routes[0].AllowFrom = []ir.String{str("all")}
	for _, host := range []string{
		"", "_", "*", "~^a", "a b", "a;b", "a..b", "-a.example.com", "a-.example.com", "a.example.com.", ".example.com", "a.*.com",
		"192.0.2.1", "[::1]", "$hostname", "a\nb", "é.example.com", "x/../y", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 127) + "com",
	} {
		cases["host "+host] = struct {
			stack *ir.Stack
			code  string
		}{anIngress(aHost(host, aRoute("api", "/", 1))), "NS371"}
	}
	for _, path := range []string{
		"", "api", "/a?b", "/a#b", "/a b", "/a\nb", "/a\x00", "/a%0ab", "/a%00", "/a%2fb", "/a%", "/a%zz", "/a%4", `/a\b`, "/a%5cb",
		"//", "//a", "/a//b", "/.", "/..", "/a/../b", "/a/%2e%2E/b", "/a/.", "/\xff", "/%ff", "/" + strings.Repeat("x", 1000),
	} {
		cases["path "+path] = struct {
			stack *ir.Stack
			code  string
		}{withPath(path), "NS372"}
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			files, diags := Render(tc.stack, Options{})
			if got := codes(diags); !cmp.Equal(got, []string{tc.code}) {
				t.Fatalf("findings %v, want %s", got, tc.code)
			}
			if diags[0].Subject.IsZero() || !diags.HasErrors() || name == "old" && diags[0].Subject != at(8) {
				t.Error("no place, or no error")
			}
			if page, err := os.ReadFile("../../lang/diag/pages/" + tc.code + ".md"); err != nil ||
				!strings.HasPrefix(string(page), "# "+tc.code+": "+diags[0].Summary+"\n") {
				t.Errorf("the page of %s does not begin with its summary %q (%v)", tc.code, diags[0].Summary, err)
			}
			root, err := resolve(contents(t, files), "nginx/nginx.conf")
			if err != nil {
				t.Fatal(err)
			}
			for _, finding := range lint(root) {
				t.Error(finding)
			}
			for _, d := range all(root, "allow") {
				t.Errorf("allow %v", d.args)
			}
			if tc.code == "NS377" && name == "bad client" && len(all(root, "deny")) != 1 {
				t.Error("a list without a readable range lets somebody in")
			}
			for _, d := range all(root, "add_header") {
				if strings.HasPrefix(d.args[0], "X-A") {
					t.Errorf("%v", d.args)
				}
			}
		})
	}
}

// FuzzRender puts anything anywhere: the output is always one that the reader
// reads, with the blocks that it must have and none besides, and passes the
// rules.
func FuzzRender(f *testing.F) {
	f.Add("a.example.com", "/api", "X-A", "b", "service.a", "203.0.113.0/24", 100, 60)
	f.Add("~^", "/a\"; } #", "X-\n", "${host}\\", "a\n}", "all;", -1, 0)
	f.Fuzz(func(t *testing.T, host, path, name, value, address, cidr string, requests, window int) {
		if requests > 1e9 || window > 1e9 {
			return // the language's own bounds are far below
		}
		route := aRoute(address, path, requests)
		route.Address, route.StripPrefix = address, yes()
		route.Headers = []ir.Header{aHeader(name, value)}
		route.AllowFrom = []ir.String{str(cidr)}
		route.RateLimit = limitOf(requests, window, requests)
		s := anIngress(aHost(host, route))
		s.Ingress.TrustedProxy = []ir.String{str(cidr)}
		s.Ingress.Certificate.Chain = value
		files, diags := Render(s, Options{Trace: true})
		root, err := resolve(contents(t, files), "nginx/nginx.conf")
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range lint(root) {
			t.Error(finding)
		}
		servers := len(all(root, "server"))
		if want := 2 + 2*len(s.Ingress.Hosts); servers != want && !slices.Contains(codes(diags), "NS371") {
			t.Errorf("%d servers, want %d", servers, want)
		}
		for _, d := range all(root, "add_header") {
			if strings.EqualFold(d.args[0], name) && len(d.args) == 3 {
				if got := strings.ReplaceAll(d.args[1], "${nself_dollar}", "$"); got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
		}
	})
}
