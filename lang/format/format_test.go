package format

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

func TestSource(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"blank", "\n \n", ""},
		{"indents and aligns", "service \"a\" {\nimage=\"x\"\n  user = \"1:1\"\n}", "service \"a\" {\n  image = \"x\"\n  user  = \"1:1\"\n}\n"},
		{"blank lines", "\n\na = 1\n\n\n\nb = 2\n\n\n", "a = 1\n\nb = 2\n"},
		{"line ends", "a = 1\r\n# c \r\nb = <<E\r\nx\r\nE\r\n", "a = 1\n# c\nb = <<E\nx\r\nE\n"},
		{"byte order mark", "\uFEFFa=1\n", "a = 1\n"},
		{"space at the end", "a = 1  \n# c \t\n", "a = 1\n# c\n"},
		{"blank lines in texts stay", "a = <<E\n\n\n  x  \nE\n", "a = <<E\n\n\n  x  \nE\n"},
		{"comments stay", "a { # one\n /* two */ b = 1 // three\n}\n# four", "a {               # one\n  /* two */ b = 1 // three\n}\n# four\n"},
		{"blank line around comments", "# a\n\n\n# b\n\n\nc = 1\n", "# a\n\n# b\n\nc = 1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, diags := Source("f.hcl", []byte(tt.in))
			if len(diags) > 0 {
				t.Fatalf("%s: %s", diags[0].Summary, diags[0].Detail)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			again, _ := Source("f.hcl", got)
			if !bytes.Equal(got, again) {
				t.Errorf("formatting again gives %q", again)
			}
		})
	}
}

func TestBrokenFilesStay(t *testing.T) {
	for _, src := range []string{"a = \n", "a {\n", "a = \"\x00\"\n", "a = " + strings.Repeat("(", 5000)} {
		got, diags := Source("f.hcl", []byte(src))
		if string(got) != src || !diags.HasErrors() {
			t.Errorf("%.20q became %.20q with %d findings", src, got, len(diags))
		}
		if len(diags) > 0 && diags[0].Subject.File != "f.hcl" {
			t.Errorf("%.20q: the error has no place", src)
		}
	}
}

// TestSameTokens breaks files in the ways that must not pass for a layout.
func TestSameTokens(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"a=1\n", "a = 1\n\n", true},
		{"a = 1\nb = 2\n", "a = 1 b = 2\n", false},
		{"a = 1\n", "a = 2\n", false},
		{"a = \"x \"\n", "a = \"x\"\n", false},
		{"a = <<E\nx \nE\n", "a = <<E\nx\nE\n", false},
		{"a = 1 # c\n", "a = 1\n", false},
		{"a = 1 # c \n", "a = 1 # c\n", true},
		{"a = 1 # c\nb = 1\n", "a = 1 # c b = 1\n", false},
		{"a {}\n", "a {\n}\n", false},
	} {
		if got := sameTokens([]byte(tt.a), []byte(tt.b)); got != tt.want {
			t.Errorf("%q and %q: got %v", tt.a, tt.b, got)
		}
	}
}

func TestLargeFileIsQuick(t *testing.T) {
	src := []byte(strings.Repeat("service \"a\" {\nimage=\"x\"\n  env = { A = 1 }\n}\n\n\n", 3000))
	start := time.Now()
	got, diags := Source("f.hcl", src)
	if len(diags) > 0 {
		t.Fatal(diags[0].Detail)
	}
	d := Diff("f.hcl", src, got)
	if len(d) == 0 {
		t.Error("no difference")
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// FuzzSource holds the promises: the result parses to the same tokens, and
// formatting it again changes nothing.
func FuzzSource(f *testing.F) {
	for _, pattern := range []string{"../catalog/*/*.hcl", "../testdata/errors/*.hcl", "../../examples/*/*.hcl"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, s := range []string{
		"a=[1,2,\n3]\n", "a = {b:1,c=2}\n", "a = b ? {\nc=1\n} : {\nd=2\n}\n", "service \"x\"{ a=1 }\n", "a = <<-E\n  ${f(\n1,\n2)}\n  E\n",
		"a = \"${ b ? \"c\" : \"d\" }\"\n", "a = [for x in y:x if z]\n", "a {\n\n\n}\n", "/* a\r\n b */ c = 1\n", "a = 1 /* b */\n", "a = -1 - -b.c[*].d...\n", "#",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got, diags := Source("f.hcl", src)
		if diags.HasErrors() {
			if !bytes.Equal(got, src) {
				t.Fatalf("a refused file changed")
			}
			if diags[0].Code == "NS901" {
				t.Fatalf("no layout found for %q:\n%s", src, Diff("f", src, tidy(hclwrite.Format(src))))
			}
			return
		}
		if _, d := hclsyntax.ParseConfig(got, "f.hcl", hcl.InitialPos); d.HasErrors() {
			t.Fatalf("%q became %q, which does not parse: %s", src, got, d)
		}
		again, diags := Source("f.hcl", got)
		if len(diags) > 0 || !bytes.Equal(again, got) {
			t.Fatalf("formatting again: %q became %q (%d findings)", got, again, len(diags))
		}
	})
}
