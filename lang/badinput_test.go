//go:build unix

package lang_test

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"nselfc/lang"
	"nselfc/lang/diag"
)

// unreadable is a file that says how large it is and must not be read.
type unreadable struct {
	fs.FS
	t    *testing.T
	size int64
}

func (u unreadable) Stat(name string) (fs.FileInfo, error) { return sizeInfo{u.size, name}, nil }

func (u unreadable) Open(name string) (fs.File, error) {
	u.t.Errorf("%s is opened, and has %d bytes", name, u.size)
	return nil, fs.ErrPermission
}

type sizeInfo struct {
	size int64
	name string
}

func (i sizeInfo) Name() string       { return i.name }
func (i sizeInfo) Size() int64        { return i.size }
func (i sizeInfo) Mode() fs.FileMode  { return 0o644 }
func (i sizeInfo) ModTime() time.Time { return time.Time{} }
func (i sizeInfo) IsDir() bool        { return false }
func (i sizeInfo) Sys() any           { return nil }

// TestBadInput: whatever is given as a stack, the answer comes within a second
// and is exactly what is wrong.
func TestBadInput(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		b.WriteString("stack \"t\" {}\n")
		for i := range n {
			fmt.Fprintf(&b, format+"\n", i)
		}
		return b.String()
	}
	lost := func(n int) string { // n names that are not there, among n that are
		var b strings.Builder
		b.WriteString("stack \"t\" {}\nlocals {\n")
		for i := range n {
			fmt.Fprintf(&b, "  _l%[1]d = local.m%[1]d\n", i)
		}
		return b.String() + "}\n"
	}
	chain := func(n int) string {
		var b strings.Builder
		b.WriteString("stack \"t\" {}\nlocals {\n")
		for i := range n {
			fmt.Fprintf(&b, "  l%d = local.l%d\n", i, i+1)
		}
		fmt.Fprintf(&b, "  l%d = 1\n}\n", n)
		return b.String()
	}
	megabyte := strings.Repeat("x", 1<<20)
	for _, tc := range []struct {
		name, text string
		want       []string // severity, code and line, in order
	}{
		{"an empty file", "", []string{"error NS123:1"}},
		{"only a byte order mark", "\uFEFF", []string{"error NS123:1"}},
		{"only comments", "# nothing\n// here\n/* yet */\n", []string{"error NS123:1"}},
		{"only blanks", " \n\n\t\n", []string{"error NS123:1"}},
		{"CRLF", "stack \"t\" {\r\n  domain = \"x\"\r\n}\r\n", nil},
		{"a byte order mark", "\uFEFFstack \"t\" {}\n", nil},
		{"CRLF and an error", "stack \"t\" {\r\n  domian = \"x\"\r\n}\r\n", []string{"error NS102:2"}},
		{"a byte order mark and an error", "\uFEFFstack \"t\" {\n  domian = \"x\"\n}\n", []string{"error NS102:2"}},
		{"a line end of old Macs", "stack \"t\" {\r  domain = \"x\"\r}\r", []string{"error NS132:1"}},
		{"invalid UTF-8", "stack \"t\" {\n  domain = \"\xff\"\n}\n", []string{"error NS131:2"}},
		{"UTF-16", "s\x00t\x00a\x00c\x00k\x00", []string{"error NS132:1"}},
		{"a NUL byte", "stack \"t\" {\n  domain = \"a\x00b\"\n}\n", []string{"error NS132:2"}},
		{"an escape character", "stack \"t\" {\n  domain = \"\x1b[31m\"\n}\n", []string{"error NS132:2"}},
		{"an escaped NUL", "stack \"t\" {\n  domain = \"a\\u0000b\"\n}\n", []string{"error NS206:2"}},
		{"an escaped escape character", "stack \"t\" {\n  domain = \"\\u001b[31m\"\n}\n", []string{"error NS111:2"}},
		{"a bidi override", "stack \"t\" {} # \u202e\n", []string{"error NS132:1"}},
		{"100,000 parentheses", "stack \"t\" {\n  domain = " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + "\n}\n", []string{"error NS133:2"}},
		{"100,000 brackets", "stack \"t\" {\n  domain = " + strings.Repeat("[", 100_000) + "\n}\n", []string{"error NS133:2"}},
		{"100,000 braces", "stack \"t\" {\n" + strings.Repeat("a {\n", 100_000), []string{"error NS133:101"}},
		{"100,000 interpolations", "stack \"t\" {\n  domain = " + strings.Repeat(`"${`, 100_000) + "\n}\n", []string{"error NS133:2"}},
		{"100,000 negations", "stack \"t\" {\n  domain = " + strings.Repeat("!", 100_000) + "true\n}\n", []string{"error NS135:2"}},
		{"100,000 additions", "stack \"t\" {\n  domain = 1" + strings.Repeat("+1", 100_000) + "\n}\n", []string{"error NS135:2"}},
		{"100,000 conditions", "stack \"t\" {\n  domain = " + strings.Repeat("true ? 1 : ", 100_000) + "1\n}\n", []string{"error NS135:2"}},
		{"100,000 indices", "stack \"t\" {\n  domain = a" + strings.Repeat("[0]", 100_000) + "\n}\n", []string{"error NS135:2"}},
		{"1e10000000", "stack \"t\" {\n  domain = \"a${1e10000000}\"\n}\n", []string{"error NS134:2"}},
		{"a million digits", "stack \"t\" {\n  domain = " + strings.Repeat("1", 1<<20) + "\n}\n", []string{"error NS134:2"}},
		{"a million digits in a text", "stack \"t\" {}\nservice \"a\" {\n  image    = \"x:1\"\n  replicas = \"" + strings.Repeat("1", 1<<20) + "\"\n}\n", []string{"error NS210:4"}},
		{"a million digits for a variable", "stack \"t\" {}\nvariable \"_a\" {\n  type    = list(number)\n  default = [\"" + strings.Repeat("1", 1<<20) + "\"]\n}\n", []string{"error NS210:4"}},
		{"an exponent in a text", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  resources {\n    cpus = \"1e1000000000\"\n  }\n}\n", []string{"error NS210:5"}},
		{"the least of processors", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  resources {\n    cpus = 0.01\n  }\n}\n", nil},
		{"the most of processors", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  resources {\n    cpus = 512\n  }\n}\n", nil},
		{"less than the least", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  resources {\n    cpus = 0.0099\n  }\n}\n", []string{"error NS212:5"}},
		{"more than the most", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  resources {\n    cpus = 512.01\n  }\n}\n", []string{"error NS212:5"}},
		{"an exponent for a variable", "stack \"t\" {}\nvariable \"_a\" {\n  type    = number\n  default = \"1e1000000000\"\n}\n", []string{"error NS210:4"}},
		{"two stacks", "stack \"t\" {}\nstack \"u\" {}\n", []string{"error NS106:2"}},
		{"no stack", "locals {\n  _a = 1\n}\n", []string{"error NS123:1"}},
		{"an unclosed block", "stack \"t\" {\n", []string{"error NS110:1"}},
		{"an unclosed text", "stack \"t\" {\n  domain = \"x\n}\n", []string{"error NS110:2"}},
		{"an unclosed heredoc", "stack \"t\" {\n  domain = <<EOT\nx\n}\n", []string{"error NS110:5"}},
		{"an unclosed comment", "stack \"t\" {}\n/* x\n", []string{"error NS139:2"}},
		{"binary", "\x7fELF\x02\x01\x01", []string{"error NS132:1"}},
		{"a label with a quote", "stack \"a\\\"b\" {}\n", []string{"error NS108:1"}},
		{"a label with a line end", "stack \"t\" {}\nservice \"a\\nb\" {\n  image = \"x:1\"\n}\n", []string{"error NS108:2"}},
		{"a label with a NUL", "stack \"t\" {}\nsecret \"a\\u0000b\" {}\n", []string{"error NS108:2"}},
		{"a label in Cyrillic", "stack \"t\" {}\nservice \"арі\" {\n  image = \"x:1\"\n}\n", []string{"error NS108:2"}},
		{"a label of a port with blanks", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  port \"h t\" {\n    container = 80\n  }\n}\n", []string{"error NS108:4"}},
		{"a label of a volume that climbs", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  volume \"../x\" {\n    path = \"/x\"\n  }\n}\n", []string{"error NS108:4"}},
		{"an interpolated label", "stack \"${x}\" {}\n", []string{"error NS110:1"}},
		{"a bare label", "stack t {}\nservice a {\n  image = \"x:1\"\n}\n", nil},
		{"Cyrillic names", "stack \"t\" {}\nlocals {\n  _имя = \"x\"\n  _b = local._имя\n}\n", nil},
		{"an unknown name in Cyrillic", "stack \"t\" {}\nlocals {\n  _b = local.имя\n}\n", []string{"error NS201:3"}},
		{"a heredoc", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  env = {\n    A = <<-EOT\n      ${\"x\"}\n    EOT\n  }\n}\n", nil},
		{"a heredoc with an error", "stack \"t\" {}\nlocals {\n  _a = <<EOT\nfirst\n${nope.x}\nEOT\n}\n", []string{"error NS201:5"}},
		{"a text of a megabyte", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\"\n  env = {\n    A = \"" + megabyte + "\"\n  }\n}\n", nil},
		{"a name of a megabyte", "stack \"t\" {}\nlocals {\n  _a = local." + megabyte + "\n}\n", []string{"error NS201:3"}},
		{"an argument of a megabyte", "stack \"t\" {\n  " + megabyte + " = 1\n}\n", []string{"error NS102:2"}},
		{"a label of a megabyte", "stack \"" + megabyte + "\" {}\n", []string{"error NS108:1"}},
		{"10,000 environments", many(10_000, "environment \"e%d\" {}"), []string{"error NS126:102"}},
		{"100 environments", many(100, "environment \"e%d\" {}"), nil},
		{"20,000 services", many(20_000, "service \"s%d\" {\n  image = \"x:1\"\n}"), []string{"error NS209:"}},
		{"5,000 services", many(5_000, "service \"s%d\" {\n  image = \"x:1\"\n}"), nil},
		{"20,000 duplicates", many(20_000, "volume \"v\" {} # %d"), nil},
		{"20,000 unknown names", many(20_000, "locals {\n  _l%[1]d = nope%[1]d.x\n}"), nil},
		{"20,000 names that are like others", lost(20_000), nil},
		{"two million elements", "stack \"t\" {}\nlocals {\n  _a = [" + strings.Repeat("1,", 2_000_000) + "]\n}\n", []string{"error NS130:3"}},
		{"two million empty lines", "stack \"t\" {}\n" + strings.Repeat("\n", 2_000_000), []string{"error NS130:"}},
		{"a text of eight megabytes", "stack \"t\" {\n  domain = \"" + strings.Repeat(megabyte, 8) + "\"\n}\n", []string{"error NS130:1"}},
		{"a for_each over 100,000 keys", "stack \"t\" {}\nservice \"s\" {\n  for_each = { for i in setproduct(range(1000), range(100)) : \"k${i[0]}-${i[1]}\" => i }\n  image = \"x:1\"\n}\n", []string{"error NS209:3"}},
		{"20,000 misspelt values of variables", many(20_000, "variable \"v_%d\" {\n  default = 1\n}") + "environment \"p\" {\n  variables = {\n" + many(20_000, "    w_%d = 1")[len("stack \"t\" {}\n"):] + "  }\n}\n", nil},
		{"a for_each over 9,000 keys", "stack \"t\" {}\nservice \"s\" {\n  for_each = { for i in setproduct(range(900), range(10)) : \"k${i[0]}-${i[1]}\" => 1 }\n  image = \"x:1\"\n}\n", nil},
		{"a megabyte in 9,000 instances", "stack \"t\" {}\nservice \"s\" {\n  for_each = { for i in setproduct(range(900), range(10)) : \"k${i[0]}-${i[1]}\" => 1 }\n  image = \"x:1\"\n  env = {\n    A = \"" + megabyte + "\"\n  }\n}\n", []string{"error NS209:6"}},
		{"a chain of 100,000 locals", chain(100_000), []string{"error NS209:1003"}},
		{"a cycle of locals", "stack \"t\" {}\nlocals {\n  _a = local._b\n  _b = local._a\n}\n", []string{"error NS204:3"}},
		{"deep blocks", "stack \"t\" {}\n" + strings.Repeat("service \"a\" {\n", 50) + strings.Repeat("}\n", 50), []string{"error NS104:3"}},
		{"an argument at the top", "domain = 1\nstack \"t\" {}\n", []string{"error NS112:1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var diags diag.List
			quickest(t, func() {
				src, found := lang.Open(fstest.MapFS{"nself.hcl": {Data: []byte(tc.text)}}, []string{"nself.hcl"})
				_, more := src.Evaluate(src.Environments()[0])
				diags = append(append(diag.List(nil), found...), more...)
			})
			wellSaid(t, diags)
			var got []string
			for _, d := range diags {
				got = append(got, fmt.Sprintf("%s %s:%d", d.Severity, d.Code, d.Subject.Start.Line))
			}
			if strings.HasPrefix(tc.name, "20,000 ") && len(tc.want) == 0 {
				if len(got) < 19_000 {
					t.Errorf("only %d findings", len(got))
				}
				return
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %d findings, %v, want %v:%.500s", len(got), got[:min(len(got), 4)], tc.want, list(diags[:min(len(diags), 3)]))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got %v, want %v:%.500s", got, tc.want, list(diags))
				}
			}
		})
	}
}

// quickest fails when f takes more than three seconds of a processor, twice in a
// row. Time that the machine gives to something else does not count.
func quickest(t *testing.T, f func()) {
	t.Helper()
	var took time.Duration
	for range 2 {
		start := processorTime(t)
		f()
		if took = processorTime(t) - start; took < 3*time.Second {
			return
		}
	}
	t.Errorf("took %v of a processor", took)
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wellSaid holds what every finding must be: placed, worded, and fit for a
// terminal.
func wellSaid(t *testing.T, diags diag.List) {
	t.Helper()
	for _, d := range diags[:min(len(diags), 100)] {
		if d.Subject.IsZero() || d.Subject.Start.Line < 1 || d.Code == "" || d.Summary == "" || d.Detail == "" ||
			strings.Contains(d.Detail, "%!") || strings.ContainsFunc(d.Detail, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			t.Errorf("%s %s %s: %.300q", d.Subject, d.Code, d.Summary, d.Detail)
		}
		if len(d.Detail) > 2000 {
			t.Errorf("%s: a detail of %d bytes", d.Code, len(d.Detail))
		}
	}
}

// TestTooMuchInAFolder: what is bounded in a file is bounded in a folder too.
func TestTooMuchInAFolder(t *testing.T) {
	dense := "locals {\n  _a%d = [" + strings.Repeat("1,", 400_000) + "]\n}\n"
	for _, tc := range []struct {
		name, text, code, file string
		files                  int
	}{
		{"files", "", "NS127", "f10000.hcl", 10_001},
		{"tokens", dense, "NS130", "f00001.hcl", 3},
		{"no more than fits", "locals {\n  _a%d = 1\n}\n", "", "", 1000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			var names []string
			for i := range tc.files {
				name, text := fmt.Sprintf("f%05d.hcl", i), tc.text
				if strings.Contains(text, "%d") {
					text = fmt.Sprintf(text, i)
				}
				fsys[name], names = &fstest.MapFile{Data: []byte(text)}, append(names, name)
			}
			var diags diag.List
			quickest(t, func() { _, diags = lang.Open(fsys, names) })
			wellSaid(t, diags)
			if tc.code == "" {
				if diags.HasErrors() {
					t.Errorf("refused:%s", list(diags))
				}
				return
			}
			if len(diags) != 1 || diags[0].Code != tc.code || diags[0].Subject.File != tc.file {
				t.Errorf("want %s in %s, got:%s", tc.code, tc.file, list(diags))
			}
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	for name, tc := range map[string]struct {
		fsys  fs.FS
		names []string
		code  string
	}{
		"no file":              {fstest.MapFS{}, nil, "NS120"},
		"a missing file":       {fstest.MapFS{}, []string{"nself.hcl"}, "NS122"},
		"a folder":             {fstest.MapFS{"nself.hcl/x": {}}, []string{"nself.hcl"}, "NS122"},
		"a device":             {fstest.MapFS{"nself.hcl": {Mode: fs.ModeDevice}}, []string{"nself.hcl"}, "NS122"},
		"a pipe":               {fstest.MapFS{"nself.hcl": {Mode: fs.ModeNamedPipe}}, []string{"nself.hcl"}, "NS122"},
		"100 MB":               {unreadable{t: t, size: 100 << 20}, []string{"nself.hcl"}, "NS130"},
		"an exabyte":           {unreadable{t: t, size: 1 << 60}, []string{"nself.hcl"}, "NS130"},
		"one byte beyond":      {unreadable{t: t, size: 8<<20 + 1}, []string{"nself.hcl"}, "NS130"},
		"a path that climbs":   {fstest.MapFS{}, []string{"../nself.hcl"}, "NS122"},
		"one of two is broken": {fstest.MapFS{"a.hcl": {Data: []byte("stack \"t\" {}\nlocals {\n _x = service.b.host\n}\n")}, "b.hcl": {Data: []byte("service \"b\" {")}}, []string{"a.hcl", "b.hcl"}, "NS110"},
	} {
		t.Run(name, func(t *testing.T) {
			src, diags := lang.Open(tc.fsys, tc.names)
			if len(diags) != 1 || diags[0].Code != tc.code || diags[0].Severity != diag.Error {
				t.Errorf("want %s, got:%s", tc.code, list(diags))
			}
			wellSaid(t, diags)
			if st, more := src.Evaluate(""); st != nil || len(more) != 0 {
				t.Errorf("it is evaluated all the same:%s", list(more))
			}
		})
	}
}
