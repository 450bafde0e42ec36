package dotsecrets_test

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"nselfc/emit/dotsecrets"
	"nselfc/lang/diag"
)

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // compose-go warns of unset variables while it is being fuzzed
	os.Exit(m.Run())
}

// TestKeepsLines holds that a text is changed nowhere but where a value is set.
func TestKeepsLines(t *testing.T) {
	const text = "\ufeff# mine\r\n\nexport STRIPE='sk live' # by hand\r\n  OLD=1\nPEM=\"a\nb\"\nLAST=x"
	doc, diags := dotsecrets.Parse(".secrets", []byte(text))
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	if diff := cmp.Diff(text, string(doc.Bytes())); diff != "" {
		t.Errorf("an unchanged document differs: %s", diff)
	}
	if diff := cmp.Diff([]string{"STRIPE", "OLD", "PEM", "LAST"}, doc.Keys()); diff != "" {
		t.Error(diff)
	}
	for key, want := range map[string]string{"STRIPE": "sk live", "OLD": "1", "PEM": "a\nb", "LAST": "x"} {
		if got, ok := doc.Get(key); !ok || got != want {
			t.Errorf("%s = %q, %v", key, got, ok)
		}
	}
	if l := doc.Line("LAST"); l != 7 {
		t.Errorf("LAST is on line %d", l)
	}
	for _, set := range [][3]string{{"ZED", "z", "secret.zed\n(hex)"}, {"PEM", "c\nd", ""}, {"ALPHA", "it's", "secret.alpha"}, {"ALPHA", "it's it", "secret.alpha"}} {
		if err := doc.Set(set[0], set[1], set[2]); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Replace(text, "\"a\nb\"", `"c\nd"`, 1) + "\n# secret.alpha\nALPHA=\"it's it\"\n# secret.zed (hex)\nZED=z\n"
	if diff := cmp.Diff(want, string(doc.Bytes())); diff != "" {
		t.Error(diff)
	}
	if got, _ := doc.Get("ZED"); got != "z" {
		t.Errorf("a value that was set is not found: %q", got)
	}
}

func TestNew(t *testing.T) {
	doc := dotsecrets.New()
	for _, key := range []string{"B", "A"} {
		if err := doc.Set(key, "v", ""); err != nil {
			t.Fatal(err)
		}
	}
	got := string(doc.Bytes())
	if !strings.HasPrefix(got, "# The secrets of this stack. Never commit") || !strings.HasSuffix(got, ".\nA=v\nB=v\n") {
		t.Errorf("got %q", got)
	}
	for _, bad := range [][2]string{{"", "v"}, {"1A", "v"}, {"A B", "v"}, {"A", "a\x00"}, {"A=B", "v"}} {
		if doc.Set(bad[0], bad[1], "") == nil {
			t.Errorf("Set took %q", bad)
		}
	}
}

// TestRefuses lists the lines that readers disagree about. Each must be named by
// its number, and no diagnostic may show any of the value.
func TestRefuses(t *testing.T) {
	const canary = "c4naryc4nary"
	tests := []struct{ name, line, code string }{
		{"no equals sign", canary, "NS401"},
		{"blank before", "A =" + canary, "NS401"},
		{"blank behind", "A= " + canary, "NS401"},
		{"colon", "A: " + canary, "NS401"},
		{"name", "1A=" + canary, "NS401"},
		{"no name", "=" + canary, "NS401"},
		{"two words", "A=x " + canary, "NS401"},
		{"expands", "A=$" + canary, "NS401"},
		{"expands in quotes", `A="$` + canary + `"`, "NS401"},
		{"backslash", `A=\` + canary, "NS401"},
		{"hash", "A=x#" + canary, "NS401"},
		{"hash for a value", "A= # " + canary, "NS401"},
		{"tab and hash", "A=x\t#" + canary, "NS401"},
		{"no-break space", "A=\u00a0" + canary, "NS401"},
		{"text behind quotes", "A='x'" + canary, "NS401"},
		{"two on a line", "A='x' B='" + canary + "'", "NS401"},
		{"hash behind quotes", "A='x'#" + canary, "NS401"},
		{"unclosed single", "A='" + canary, "NS401"},
		{"unclosed double", `A="` + canary, "NS401"},
		{"backslash before quote", `A='` + canary + `\'`, "NS401"},
		{"unknown escape", `A="` + canary + `\x"`, "NS401"},
		{"ends in an escape", `A="` + canary + `\`, "NS401"},
		{"CRLF in quotes", "A='" + canary + "\r\n'", "NS401"},
		{"NUL", "A='" + canary + "\x00'", "NS401"},
		{"NUL in double quotes", "A=\"" + canary + "\x00\"", "NS401"},
		{"twice", "FIRST=" + canary, "NS402"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, diags := dotsecrets.Parse(".secrets", []byte("FIRST=1\n\n"+tt.line+"\nNEXT=1\n"))
			if len(diags) != 1 || diags[0].Code != tt.code || diags[0].Subject.Start.Line != 3 {
				t.Fatalf("got %d diagnostics: %v", len(diags), diags)
			}
			if page, _ := diag.Page(tt.code); !strings.HasPrefix(page, "# "+tt.code+": "+diags[0].Summary+"\n") {
				t.Errorf("the page of %s is not titled %q", tt.code, diags[0].Summary)
			}
			if strings.Contains(fmt.Sprintf("%+v %+v", diags[0], diags[0].Related), canary) {
				t.Error("the diagnostic shows the value")
			}
		})
	}
}

// TestAdvice follows the advice for values that cannot stand bare: the first form
// for one without a single quote, the second for one with it.
func TestAdvice(t *testing.T) {
	for value, quoted := range map[string]string{`p$w "x"`: `'p$w "x"'`, `it's \ $5 "x"`: `"it's \\ \$5 \"x\""`} {
		_, diags := dotsecrets.Parse(".secrets", []byte("A="+value+"\n"))
		if len(diags) != 1 || !strings.Contains(diags[0].Detail, "NAME='value'") || !strings.Contains(diags[0].Detail, `NAME="it's \$5"`) {
			t.Fatalf("%q: %v", value, diags)
		}
		assertReads(t, []byte("A="+quoted+"\n"), map[string]string{"A": value})
	}
	_, diags := dotsecrets.Parse(".secrets", []byte("\xff\xfeA\x00=\x00c\x004\x00\r\x00\n\x00B\x00=\x001\x00"))
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "UTF-16") {
		t.Errorf("UTF-16: %v", diags)
	}
}

// TestGoesOn holds that a broken line hides no later one.
func TestGoesOn(t *testing.T) {
	doc, diags := dotsecrets.Parse(".secrets", []byte("=x\nA=$x\nB=1\nC=a b\n"))
	if len(diags) != 3 {
		t.Errorf("%d diagnostics, want 3", len(diags))
	}
	if v, _ := doc.Get("B"); v != "1" {
		t.Errorf("B = %q", v)
	}
}

func TestValidKey(t *testing.T) {
	for key, want := range map[string]bool{"A": true, "_A1__B": true, "1A": false, "a": false, "A-B": false, "": false, "A.B": false, strings.Repeat("A", 201): false} {
		if dotsecrets.ValidKey(key) != want {
			t.Errorf("ValidKey(%q) = %v", key, !want)
		}
	}
	for key, want := range map[string]bool{"PATH": true, "LD_PRELOAD": true, "COMPOSE_FILE": true, "DOCKER_HOST": true, "APP_PATH": false, "LDAP": false} {
		if dotsecrets.Reserved(key) != want {
			t.Errorf("Reserved(%q) = %v", key, !want)
		}
	}
}

// perFile is how many values a file of a test has.
const perFile = 500

// randomValues gives values of bytes that trouble readers, or of any bytes at all.
func randomValues(rng *rand.Rand, without string) map[string]string {
	alphabet := []byte("aZ0'\"\\$`#{} \t\n\r=:!%~&|;<>()\x01\x7f\x85\xa0\xc3\xa9\xff")
	out := map[string]string{}
	for i := range perFile {
		b := make([]byte, rng.IntN(24))
		for j := range b {
			if b[j] = alphabet[rng.IntN(len(alphabet))]; i%4 == 0 {
				b[j] = byte(1 + rng.IntN(255))
			}
		}
		value := string(b)
		for _, c := range without {
			value = strings.ReplaceAll(value, string(c), "")
		}
		out[fmt.Sprintf("K%03d", i)] = value
	}
	return out
}

func fileOf(t *testing.T, values map[string]string) []byte {
	t.Helper()
	doc := dotsecrets.New()
	for key, value := range values {
		if err := doc.Set(key, value, "a comment"); err != nil {
			t.Fatal(err)
		}
	}
	return doc.Bytes()
}

// TestRandomValues writes values, 500 to a file, and has compose-go's reader and our
// own read them: a million in the lab.
func TestRandomValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range files {
		values := randomValues(rng, "")
		assertReads(t, fileOf(t, values), values)
	}
}

// TestShell has shells read the file, which is not meant for them: nothing that a
// value says is run, and values without line ends, and without a backquote beside a
// quote, are the same there.
func TestShell(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"sh", "bash"} {
		shell, err := exec.LookPath(name)
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skipf("NOT TESTED, as this machine lacks it: %s", name)
		}
		for range max(files/20, 2) {
			dir := t.TempDir()
			values := randomValues(rng, "\n\r`")
			for i, attack := range []string{"it's `touch canary`", `"$(touch canary)"'`, "\\`touch canary`", "`touch canary`", "'; touch canary; '", "$(touch canary)\n`touch canary`"} {
				values[fmt.Sprintf("ATTACK%d", i)] = attack
			}
			if err := os.WriteFile(filepath.Join(dir, "values"), fileOf(t, values), 0o600); err != nil {
				t.Fatal(err)
			}
			script := "set -e; . ./values; "
			keys := slices.Sorted(maps.Keys(values))
			for _, key := range keys {
				script += `printf '%s\0' "$` + key + `"; `
			}
			cmd := exec.Command(shell, "-c", script)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got := strings.Split(string(out), "\x00")
			for i, key := range keys {
				if !strings.HasPrefix(key, "ATTACK") && got[i] != values[key] {
					t.Fatalf("%s reads %q as %q", name, values[key], got[i])
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Fatalf("%s ran a value", name)
			}
		}
	}
}

func assertReads(t *testing.T, text []byte, want map[string]string) {
	t.Helper()
	theirs, err := dotenv.Parse(strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("compose-go: %v", err)
	}
	if diff := cmp.Diff(want, theirs); diff != "" {
		t.Fatalf("compose-go reads otherwise: %s", diff)
	}
	doc, diags := dotsecrets.Parse(".secrets", text)
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	ours := map[string]string{}
	for _, key := range doc.Keys() {
		ours[key], _ = doc.Get(key)
	}
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Fatalf("our own reader differs: %s", diff)
	}
}

// FuzzWrite holds that any value reads back as it was written.
func FuzzWrite(f *testing.F) {
	for _, s := range []string{"", "'", `"`, `\`, "$x", "a\r\nb", "\xff", "`id`", " #"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc := dotsecrets.New()
		if err := doc.Set("A", s, ""); err != nil {
			if !strings.Contains(s, "\x00") {
				t.Fatal(err)
			}
			return
		}
		_ = doc.Set("B", "x", "")
		assertReads(t, doc.Bytes(), map[string]string{"A": s, "B": "x"})
	})
}

// FuzzParse holds that any text that we accept whole, compose-go reads alike,
// and that a document is written back as it was read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"A=1\n", "A='x' # y\n\"", "export A=\"\\n\\$\"\r\n#\nB=", "\ufeffA=a\u00a0", "A='\\\\'", "A=1\nA=2", "A=x #y\n B=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, diags := dotsecrets.Parse(".secrets", []byte(s))
		if diags.HasErrors() {
			return
		}
		if got := string(doc.Bytes()); got != s {
			t.Fatalf("%q is written back as %q", s, got)
		}
		ours := map[string]string{}
		for _, key := range doc.Keys() {
			ours[key], _ = doc.Get(key)
		}
		theirs, err := dotenv.Parse(strings.NewReader(s))
		if err != nil {
			t.Fatalf("compose-go refuses %q: %v", s, err)
		}
		if diff := cmp.Diff(ours, theirs); diff != "" {
			t.Fatalf("compose-go reads %q otherwise: %s", s, diff)
		}
	})
}

// TestDelete takes one entry away, of one line or several, and nothing else.
func TestDelete(t *testing.T) {
	const text = "# mine\nA=1\n\n# of B\nB=\"x\ny\"\nC=3 # tail\n"
	doc, diags := dotsecrets.Parse("f", []byte(text))
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	doc.Delete("nobody")
	doc.Delete("B")
	if got, want := string(doc.Bytes()), "# mine\nA=1\n\n# of B\nC=3 # tail\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, ok := doc.Get("B"); ok || doc.Line("B") != 0 {
		t.Error("it is still there")
	}
	if v, _ := doc.Get("C"); v != "3" || doc.Line("C") != 7 {
		t.Error("what follows is another")
	}
	for key, value := range map[string]string{"C": "4", "B": "5", "D": "6"} {
		if err := doc.Set(key, value, ""); err != nil {
			t.Fatal(err)
		}
	}
	doc.Delete("D")
	if got, want := string(doc.Bytes()), "# mine\nA=1\n\n# of B\nC=4\nB=5\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
