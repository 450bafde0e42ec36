package nginxconf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nselfc/internal/proof/nginxconf"
)

// nginx gives the program, or skips the test where it is not installed.
func nginx(t *testing.T) string {
	t.Helper()
	for _, p := range []string{os.Getenv("NGINX"), "nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(p); p != "" && err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("nginx is not installed: run tools/install-test-deps")
	}
	t.Skip("nginx is not installed: run tools/install-test-deps")
	return ""
}

// said gives what nginx -t says of a configuration.
func said(t *testing.T, program, conf string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-t", "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", path).CombinedOutput()
	if err == nil {
		return ""
	}
	return string(out)
}

// TestWordsAsNginxReadsThem asks nginx what a word is: a file of that name, which is
// not there, is what it complains of.
func TestWordsAsNginxReadsThem(t *testing.T) {
	program := nginx(t)
	opened := regexp.MustCompile(`open\(\) "[^"]*?//(?s:(.*))" failed`)
	for _, word := range []string{
		`plain`, `"double"`, `'single'`, `"a \"b\""`, `'a \'b\''`, `a\ b`, `a\;b`, `a\{b`, `"a\tb"`, `a\tb`, `"\\z"`, `a\\z`, `"\z"`, `\z`,
		`a"b`, `a'b'c`, `"a;b{c}"`, `a}b`, `a#b`, `"a#b"`, `${x}y`, `a${x}`, `$x`, `"$x"`, `a\$x`, `'a"b'`, `"a'b"`, `a\"b`, `a\nb`, `é`,
	} {
		conf := "events {}\ninclude " + prefixed(word) + ";\n"
		m := opened.FindStringSubmatch(said(t, program, conf))
		body, err := nginxconf.Parse("x", conf)
		if m == nil || err != nil || len(body) != 2 {
			t.Errorf("%s: nginx says %q, the reader %v", word, m, err)
			continue
		}
		if got := strings.TrimPrefix(body[1].Arg(0), "//"); got != m[1] {
			t.Errorf("%s: nginx reads %q, the reader %q", word, m[1], got)
		}
	}
}

// prefixed makes a word the name of a file below the root.
func prefixed(word string) string {
	if word[0] == '"' || word[0] == '\'' {
		return word[:1] + "//" + word[1:]
	}
	return "//" + word
}

// TestRefusesWhatNginxRefuses: and takes what it takes.
func TestRefusesWhatNginxRefuses(t *testing.T) {
	program := nginx(t)
	for conf, ok := range map[string]bool{
		"events {}":                                  true,
		"events {\n}\n# the end":                     true,
		"events{}http{server{listen 1;}}":            true,
		"events {} http { map $uri $b { a b; } }":    true,
		"events {} http { map $uri $b { \"\" b; } }": true,
		"events {":                               false,
		"events {} }":                            false,
		"events {} ;":                            false,
		"events {} {}":                           false,
		"events {} pid \"a;":                     false,
		"events {} pid 'a'b;":                    false,
		"events {} pid a":                        false,
		"events {} http { server_tokens off }":   false,
		"events {} http { map $uri $b { a b } }": false,
	} {
		if got := said(t, program, strings.ReplaceAll(conf, "listen 1;", "listen unix:/tmp/nself-reader.sock;")) == ""; got != ok {
			t.Errorf("%s: nginx takes it: %v", conf, got)
		}
		if _, err := nginxconf.Parse("x", conf); (err == nil) != ok {
			t.Errorf("%s: %v", conf, err)
		}
	}
}

func TestTree(t *testing.T) {
	body, err := nginxconf.Parse("a.conf", "# one\nhttp {\n  server { # two\n    listen 80 ssl;\n    return 200 \"a\n b\";\n    x;\n  }\n}\ny 1;\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(body) != 2 || body[0].Name != "http" || !body[0].Block || body[1].Line != 10 || body[1].File != "a.conf" {
		t.Fatalf("%+v", body)
	}
	server := body[0].Body[0]
	if server.Parent != body[0] || server.Line != 3 || len(server.Body) != 3 {
		t.Fatalf("%+v", server)
	}
	if l := server.Body[0]; l.Line != 4 || !slices.Equal(l.Args, []string{"80", "ssl"}) || l.Arg(2) != "" {
		t.Errorf("%+v", l)
	}
	if x := server.Body[2]; x.Line != 7 || server.Body[1].Line != 5 {
		t.Errorf("%+v", x)
	}
}

func TestRefusesMore(t *testing.T) {
	for _, conf := range []string{"a\x00b;", "a \x01;", "\"\x7f\";", strings.Repeat("a {", 40) + strings.Repeat("}", 40)} {
		if _, err := nginxconf.Parse("x", conf); err == nil {
			t.Errorf("%q is taken", conf)
		}
	}
}

// FuzzParse: whatever is read can be written so that it reads the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a b;", "a {\n b \"c\\\"\";\n}", "x '\\z' ${y}z;", "a\\", "\"", "a {", "#", "map $a $b { ~^a\\.b$ \"\"; }"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		body, err := nginxconf.Parse("x", s)
		if err != nil {
			return
		}
		again, err := nginxconf.Parse("x", written(body))
		if err != nil || !same(body, again) {
			t.Errorf("%q is %q: %v", s, written(body), err)
		}
	})
}

func written(body []*nginxconf.Node) string {
	var b strings.Builder
	for _, n := range body {
		for i, w := range append([]string{n.Name}, n.Args...) {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`)
		}
		if n.Block {
			b.WriteString(" {\n" + written(n.Body) + "}\n")
			continue
		}
		b.WriteString(";\n")
	}
	return b.String()
}

func same(a, b []*nginxconf.Node) bool {
	return slices.EqualFunc(a, b, func(a, b *nginxconf.Node) bool {
		return a.Name == b.Name && slices.Equal(a.Args, b.Args) && a.Block == b.Block && same(a.Body, b.Body)
	})
}
