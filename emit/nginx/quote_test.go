package nginx

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for _, tc := range []struct{ value, want string }{
		{"", `""`},
		{"api:8080", "api:8080"},
		{"a b", `"a b"`},
		{`a"b`, `"a\"b"`},
		{`a\"b`, `"a\\\"b"`},
		{`\d`, `"\\d"`},
		{"a;b", `"a;b"`},
		{"{}", `"{}"`},
		{"# x", `"# x"`},
		{"a'b", `"a'b"`},
		{"a\nb\r\t", `"a\nb\r\t"`},
		{"é", `"é"`},
		{"~x", `"~x"`},
	} {
		if got := Quote(tc.value); got != tc.want {
			t.Errorf("Quote(%q) = %s, want %s", tc.value, got, tc.want)
		}
	}
}

// FuzzQuote reads what Quote writes with the reader of builds: it must be one
// token with the value, whatever stands around it.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", `\`, `\\`, `"`, `\"`, "${x}", "a\\\n", "}", "\xff", "# ;{}'", `\t`, "é\\n", "\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if hasControl(s) {
			return
		}
		ds, err := parse("before 1;\nname " + Quote(s) + " " + Quote(s) + ";\nafter { " + Quote(s) + " 2; }\n")
		if err != nil {
			t.Fatalf("Quote(%q) = %s: %v", s, Quote(s), err)
		}
		if len(ds) != 3 || len(ds[1].args) != 2 || ds[1].args[0] != s || ds[1].args[1] != s || ds[2].body[0].name != s {
			t.Fatalf("Quote(%q) = %s is read as %+v", s, Quote(s), ds[1])
		}
	})
}

// hasControl tells whether a text holds a character that the reader refuses: the
// compiler does too, wherever nginx would see it.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f })
}

// FuzzLiteral does the same with variables replaced: the value must be s, and no
// variable but ours may be in it.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"$host", "${host}", "$", "$$", "a$", `\$x`, "$nself_dollar", "${"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := &renderer{}
		if hasControl(s) {
			return
		}
		ds, err := parse("x " + r.literal(s) + ";")
		if err != nil || len(ds) != 1 || len(ds[0].args) != 1 {
			t.Fatalf("literal(%q): %v %v", s, ds, err)
		}
		word := ds[0].args[0]
		const ours = "${nself_dollar}"
		if got := strings.ReplaceAll(word, ours, "$"); got != s {
			t.Fatalf("literal(%q) means %q", s, got)
		}
		if strings.Contains(strings.ReplaceAll(word, ours, ""), "$") {
			t.Fatalf("literal(%q) holds another variable: %q", s, word)
		}
		if strings.Contains(s, "$") != r.dollar {
			t.Fatalf("literal(%q): the variable is defined: %v", s, r.dollar)
		}
	})
}

// TestQuoteBeforeNginx lets nginx itself read what Quote and literal write: each
// value comes back in a header as it went in.
func TestQuoteBeforeNginx(t *testing.T) {
	t.Parallel()
	values := []string{
		`plain`, `a b`, `"`, `\`, `\\`, `\"`, `'`, `;`, `{}`, `# no comment`, `$host`, `${host}`, `$`, `$$`, `\$host`, `\n`, `\t`, "tab\there",
		"é ü 字", "\xff\xfe", `}; return 200 "x`, `*`, `~`, `%41`, strings.Repeat("x", maxToken-2), strings.Repeat(`\`, maxToken/2-2),
	}
	s, routes := anIngress(), aRoute("echo", "/", 1)
	for _, v := range values {
		routes.Headers = append(routes.Headers, aHeader("X-Value-"+strings.Repeat("I", len(routes.Headers)+1), v))
	}
	s.Ingress.Hosts = append(s.Ingress.Hosts, aHost("a.example.com", routes))
	srv := start(t, s, setup{dns: loopback()})
	answer := srv.raw("a.example.com", "GET / HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n")
	for i, v := range values {
		name := "X-Value-" + strings.Repeat("I", i+1) + ": "
		if !strings.Contains(answer, "\r\n"+name+v+"\r\n") {
			_, got, _ := strings.Cut(answer, name)
			got, _, _ = strings.Cut(got, "\r\n")
			t.Errorf("%q was sent as %q", v, got)
		}
	}
}
