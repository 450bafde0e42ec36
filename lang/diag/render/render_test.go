package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/sariftest"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, d)
	}
}

const stack = "service \"api\" {\n\timge = \"x\" # größe\n}\n\nservice \"api\" {\r\n  image = <<E\n  a\nE\r\n}\n"

// at finds the nth occurrence of text.
func at(t *testing.T, f *source.File, text string, nth int) source.Range {
	t.Helper()
	off := 0
	for {
		i := bytes.Index(f.Bytes[off:], []byte(text))
		if i < 0 {
			t.Fatalf("%q is not in the text", text)
		}
		off += i
		if nth == 0 {
			return source.Range{File: f.Name, Start: f.PosAt(off), End: f.PosAt(off + len(text))}
		}
		nth--
		off += len(text)
	}
}

func sample(t *testing.T) (diag.List, source.Files) {
	f := source.NewFile("nself.hcl", []byte(stack))
	typo := diag.Errorf("NS132", at(t, f, "imge", 0), "Unsupported argument",
		"A service block has no argument named \"imge\". Did you mean \"image\"? An argument that nobody reads would be a setting that silently does nothing.\n    image = \"x\" # this line is code and is never wrapped, however long it may become in the end\nThe end.")
	typo.Fix = []diag.Edit{{Range: at(t, f, "imge", 0), Text: "image"}}
	twice := diag.Errorf("NS995", at(t, f, "service \"api\"", 1), "Duplicate block", "Two services have the name \"api\".").
		With(at(t, f, "service \"api\"", 0), "first declared here")
	text := diag.Warningf("NS999", at(t, f, "<<E\n  a\nE", 0), "Warning over several lines", "")
	word := diag.Warningf("NS998", at(t, f, "größe", 0), "Columns are code points", "Not bytes.")
	nowhere := diag.Errorf("NS996", source.Range{}, "No place", "This is a bug in nselfc.")
	note := &diag.Diagnostic{Code: "NS997", Severity: diag.Note, Summary: "A note", Subject: source.Range{File: "elsewhere.hcl", Start: source.Pos{Line: 7}}}
	accepted := diag.Warningf("NS312", at(t, f, "<<E", 0), "Writable root file system", "It can be written. Take read_only out.")
	accepted.Address, accepted.Severity = "service.api", diag.Note
	accepted.Accepted = &diag.Acceptance{
		Severity: diag.Warning, Reason: "The vendor's image writes to /opt.", Owner: "ops@example.com", Until: "2027-03-01", Ticket: "OPS-42",
		At: at(t, f, "service \"api\"", 1),
	}
	return diag.List{nowhere, note, typo, word, twice, text, accepted}, source.Files{f.Name: f}
}

// TestWideCharacters: the marks stand below what they mark on a terminal, where
// characters of East Asia and pictures take two columns and combining ones none.
func TestWideCharacters(t *testing.T) {
	for _, tc := range []struct{ before, marked, blanks, marks string }{
		{"a = ", "nope", "    ", "^^^^"},
		{"日本 = ", "nope", "       ", "^^^^"},
		{"\"😀\" = ", "日本", "       ", "^^^^"},
		{"e\u0301 = ", "ｎｏ", "    ", "^^^^"},
		{"\tö = ", "한", "\t    ", "^^"},
	} {
		f := source.NewFile("f.hcl", []byte(tc.before+tc.marked+"\n"))
		at := source.Range{File: f.Name, Start: f.PosAt(len(tc.before)), End: f.PosAt(len(tc.before + tc.marked))}
		var b strings.Builder
		if err := Text(&b, New(diag.List{diag.Errorf("NS101", at, "s", "d")}, source.Files{f.Name: f}, nil), TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if want := "\n    | " + tc.blanks + tc.marks + "\n"; !strings.Contains(b.String(), want) {
			t.Errorf("%q is not marked by %q:\n%s", tc.marked, want, b.String())
		}
	}
}

// TestCoversCredentials: a private key that somebody took for a public one is in no
// format, nor is the password of an address; all else is shown as it stands.
func TestCoversCredentials(t *testing.T) {
	key, word := strings.Repeat("QPZRY", 7), strings.Repeat("pw", 9)
	text := "recipients = [\"AGE-SECRET-KEY-1" + key + "\", \"age-secret-key-pq-1" + strings.ToLower(key) + "\"] # é\n" +
		"address = \"https://ops:" + word + "@vault.example.com\"\nurl = \"postgres://app:${secret.app}@db:5432/a-key-b\"\n"
	f := source.NewFile("f.hcl", []byte(text))
	var list diag.List
	for n := range 3 {
		line := f.Line(n + 1)
		at := source.Range{File: f.Name, Start: f.PosAt(f.LineStart(n + 1)), End: f.PosAt(f.LineStart(n+1) + len(line))}
		list = append(list, diag.Errorf("NS642", at, "s", "%s", line).With(at, "%s", line))
	}
	r := New(list, source.Files{f.Name: f}, nil)
	var out bytes.Buffer
	for _, err := range []error{Text(&out, r, TextOptions{}), JSON(&out, r), SARIF(&out, r, "1"), GitHub(&out, r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, secret := range []string{key, strings.ToLower(key), word} {
		if strings.Contains(out.String(), secret[:8]) {
			t.Errorf("shown: %s", out.String())
		}
	}
	for _, want := range []string{"AGE-SECRET-KEY-*", "age-secret-key-*", "# é", "https://ops:**", "@vault.example.com", "postgres://app:${secret.app}@db:5432/a-key-b"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %s", want, out.String())
		}
	}
	if got, want := r.Diagnostics[0].Snippet.HighlightEnd, utf8.RuneCountInString(strings.SplitN(text, "\n", 2)[0]); got != want {
		t.Errorf("the highlight ends at %d, not %d", got, want)
	}
}

func TestText(t *testing.T) {
	list, files := sample(t)
	r := New(list, files, func(s string) string { return "shop/" + s })
	for name, o := range map[string]TextOptions{
		"text.txt":   {Width: 80},
		"wide.txt":   {},
		"color.txt":  {Color: true, Width: 100},
		"capped.txt": {Width: 80, Limit: 3},
	} {
		var b bytes.Buffer
		if err := Text(&b, r, o); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
}

func TestJSON(t *testing.T) {
	list, files := sample(t)
	var b bytes.Buffer
	if err := JSON(&b, New(list, files, nil)); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", b.String())
	// An editor that knows tofu's form reads the same names.
	var out struct {
		FormatVersion string `json:"format_version"`
		Valid         bool
		ErrorCount    int `json:"error_count"`
		Diagnostics   []struct {
			Severity, Summary string
			Range             *struct {
				Filename   string
				Start, End struct{ Line, Column, Byte int }
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	d := out.Diagnostics[3]
	if out.FormatVersion != "1.1" || out.Valid || out.ErrorCount != 3 || d.Range == nil || d.Range.Start.Column != 15 || d.Range.End.Column != 20 || d.Range.End.Byte != 37 {
		t.Errorf("got %+v", out)
	}
}

func TestEmptyReportIsValid(t *testing.T) {
	var b, text bytes.Buffer
	r := New(nil, nil, nil)
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := Text(&text, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"valid": true`) || !strings.Contains(b.String(), `"diagnostics": []`) || text.Len() != 0 {
		t.Errorf("got %s and %q", b.String(), text.String())
	}
}

func TestSARIF(t *testing.T) {
	list, files := sample(t)
	var b bytes.Buffer
	if err := SARIF(&b, New(list, files, nil), "1.2.3"); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.sarif", b.String())
	valid := sariftest.Validator(t)
	if err := valid(b.String()); err != nil {
		t.Errorf("the schema refuses it: %v", err)
	}
	// The judge must be able to refuse.
	for _, bad := range []string{
		`"level": "error"`, `"columnKind": "unicodeCodePoints"`, `"startLine": `, `"kind": "inSource"`, `"status": "accepted"`,
	} {
		broken := strings.Replace(b.String(), bad, strings.Replace(strings.Replace(bad, ": \"", ": \"not-", 1), "Line", "Lime", 1), 1)
		if broken == b.String() || valid(broken) == nil {
			t.Errorf("the schema takes a wrong %s", bad)
		}
	}
}

func TestSARIFEmpty(t *testing.T) {
	var b bytes.Buffer
	if err := SARIF(&b, New(nil, nil, nil), ""); err != nil {
		t.Fatal(err)
	}
	if err := sariftest.Validator(t)(b.String()); err != nil {
		t.Error(err)
	}
}

// fingerprints gives the fingerprints of one finding per line of src that
// holds "bad".
func fingerprints(t *testing.T, src string) []string {
	t.Helper()
	f := source.NewFile("f.hcl", []byte(src))
	var list diag.List
	for n := range f.LineCount() {
		if line := f.Line(n + 1); bytes.Contains(line, []byte("bad")) {
			start := f.LineStart(n + 1)
			list = append(list, diag.Errorf("NS101", source.Range{File: f.Name, Start: f.PosAt(start), End: f.PosAt(start + len(line))}, "s", "d"))
		}
	}
	var b bytes.Buffer
	if err := SARIF(&b, New(list, source.Files{f.Name: f}, nil), ""); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range log.Runs[0].Results {
		out = append(out, r.Fingerprints["nselfc/v1"])
	}
	return out
}

func TestFingerprintsSurviveMoves(t *testing.T) {
	before := fingerprints(t, "bad = 1\nbad = 2\nbad = 2\n")
	after := fingerprints(t, "# new\n\nbad = 1\n  bad = 2\nfine\nbad = 2\n")
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("moved lines changed fingerprints:\n%s", d)
	}
	if before[0] == before[1] || before[1] == before[2] {
		t.Errorf("findings share a fingerprint: %v", before)
	}
	if changed := fingerprints(t, "bad = 3\n"); changed[0] == before[0] {
		t.Error("a changed line keeps its fingerprint")
	}
}

// TestSuppressions: a report has a list for every result or for none, as section
// 3.27.23 of the standard wants, and a finding keeps its level behind its waiver.
func TestSuppressions(t *testing.T) {
	list, files := sample(t)
	for _, with := range []bool{true, false} {
		if !with {
			list = list[:len(list)-1]
		}
		var b bytes.Buffer
		if err := SARIF(&b, New(list, files, nil), ""); err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		for i, r := range log.Runs[0].Results {
			accepted := with && i == len(list)-1
			if (r.Suppressions != nil) != with || with && (len(*r.Suppressions) == 1) != accepted {
				t.Errorf("%s: %+v", r.RuleID, r.Suppressions)
			}
			if accepted && (r.Level != "warning" || (*r.Suppressions)[0].Location.Physical.Region.StartLine != 5) {
				t.Errorf("%+v", r)
			}
		}
	}
}

// TestFingerprintsByAddress: what a finding is about identifies it, wherever it stands
// and however its line reads.
func TestFingerprintsByAddress(t *testing.T) {
	of := func(src, bad, address string) string {
		f := source.NewFile("f.hcl", []byte(src))
		d := diag.Errorf("NS312", at(t, f, bad, 0), "s", "d")
		d.Address = address
		var b bytes.Buffer
		if err := SARIF(&b, New(diag.List{d}, source.Files{f.Name: f}, nil), ""); err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		return log.Runs[0].Results[0].Fingerprints["nselfc/v1"]
	}
	before := of("a = 1\nread_only = false\n", "false", "service.a")
	for name, after := range map[string]string{
		"moved": of("\n\na = 1\n\nread_only = false\n", "false", "service.a"), "rewritten": of("a = 1\nread_only = !true\n", "!true", "service.a"),
	} {
		if before != after {
			t.Errorf("%s: another fingerprint", name)
		}
	}
	if before == of("a = 1\nread_only = false\n", "false", "service.b") {
		t.Error("two services share a fingerprint")
	}
}

// TestAcceptedAreCounted: what is accepted is told apart from notes of the same code,
// and a report of nothing else says where to look.
func TestAcceptedAreCounted(t *testing.T) {
	var list diag.List
	for n := range int32(5) {
		d := diag.Warningf("NS312", source.Range{File: "f.hcl", Start: source.Pos{Line: n + 1}}, "Writable root file system", "d")
		d.Severity, d.Accepted = diag.Note, &diag.Acceptance{Severity: diag.Error, Reason: "because it is so", Owner: "ops", Until: "2027-03-01"}
		list = append(list, d)
	}
	for _, tc := range []struct {
		list diag.List
		want string
	}{
		{list[:1], "\n1 accepted finding. Who accepted what: nselfc waivers\n"},
		{list, "Accepted NS312: Writable root file system, 2 times more"},
		{list, "\n5 accepted findings. Who accepted what: nselfc waivers\n"},
		{append(list[:2:2], diag.Warningf("NS341", source.Range{}, "s", "d")), "\n1 warning, and 2 accepted findings. What a code means: nselfc explain NS341\n"},
	} {
		var b bytes.Buffer
		r := New(tc.list, nil, nil)
		if err := Text(&b, r, TextOptions{Limit: DefaultLimit, Alike: DefaultAlike}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains("\n"+b.String(), tc.want) || !r.Valid || r.ErrorCount > 0 {
			t.Errorf("no %q in %s", tc.want, b.String())
		}
	}
}

func TestGitHub(t *testing.T) {
	list, files := sample(t)
	nasty := diag.Errorf("NS101", at(t, files["nself.hcl"], "imge", 0), "100%: a,b", "50%\r\n::error::forged")
	var b bytes.Buffer
	if err := GitHub(&b, New(append(list, nasty), files, func(s string) string { return "a:b,c/" + s })); err != nil {
		t.Fatal(err)
	}
	golden(t, "github.txt", b.String())
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") && !strings.HasPrefix(line, "::notice ") {
			t.Errorf("a message began a line of its own: %q", line)
		}
	}
}

// FuzzNoInjection lets texts of the stack try to reach the terminal.
func FuzzNoInjection(f *testing.F) {
	f.Add("a\x1b[2J\u202e\u0085\r\n\x00\xff", "nself\x1b.hcl", 2, 5)
	f.Add("\uFEFFservice \"ä\" {\n\t👩‍👩‍👧\n", "f", 0, 3)
	f.Fuzz(func(t *testing.T, text, name string, from, to int) {
		file := source.NewFile(name, []byte(text))
		clamp := func(n int) int { return min(max(n, 0), len(text)) }
		r := source.Range{File: name, Start: file.PosAt(clamp(from)), End: file.PosAt(clamp(to))}
		d := diag.Errorf("NS101", r, text, "%s", text).With(r, "%s", text)
		d.Fix = []diag.Edit{{Range: r, Text: text}}
		waived := diag.Warningf("NS102", r, text, "%s", text)
		waived.Address, waived.Accepted = text, &diag.Acceptance{Reason: text, Owner: text, Until: text, Ticket: text, At: r}
		report := New(diag.List{d, waived}, source.Files{name: file}, nil)
		var b bytes.Buffer
		if err := Text(&b, report, TextOptions{Width: 80}); err != nil {
			t.Fatal(err)
		}
		for i, c := range b.String() {
			if c != '\n' && c != '\t' && (unicode.IsControl(c) || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069) {
				t.Fatalf("%U at %d of %q", c, i, b.String())
			}
		}
		if s := report.Diagnostics[0].Snippet; s != nil && (s.HighlightStart > s.HighlightEnd || s.HighlightEnd > utf8.RuneCountInString(s.Code)) {
			t.Fatalf("marks outside the line: %+v", s)
		}
		for _, render := range []func() error{
			func() error { return JSON(&b, report) },
			func() error { return SARIF(&b, report, "") },
			func() error { return GitHub(&b, report) },
		} {
			if err := render(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLongMessagesAndCyclesAreCut(t *testing.T) {
	d := diag.Errorf("NS101", source.Range{File: "f", Start: source.Pos{Line: 1}}, "s", "%s", strings.Repeat("ä", 1<<20))
	for range 1000 {
		d = d.With(source.Range{File: "f", Start: source.Pos{Line: 2}}, "a link of the cycle")
	}
	var b bytes.Buffer
	r := New(diag.List{d}, nil, nil)
	if err := Text(&b, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 10_000 || !strings.Contains(b.String(), "and 988 places more") {
		t.Errorf("%d bytes of text", b.Len())
	}
	b.Reset()
	if err := GitHub(&b, r); err != nil || b.Len() > 10_000 {
		t.Errorf("%d bytes of annotations, %v", b.Len(), err)
	}
}

// TestAlike: a thousand findings of one kind leave the others to be seen, and
// none is left uncounted.
func TestAlike(t *testing.T) {
	var list diag.List
	for n := range int32(1000) {
		list = append(list, diag.Warningf("NS311", source.Range{File: "f.hcl", Start: source.Pos{Line: n + 1}}, "Image without a digest", "image %d", n))
	}
	list = append(list, diag.Warningf("NS341", source.Range{File: "f.hcl", Start: source.Pos{Line: 2000}}, "No firewall", "Write one."))
	var b bytes.Buffer
	if err := Text(&b, New(list, nil, nil), TextOptions{Limit: DefaultLimit, Alike: DefaultAlike}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{"image 2\n", "No firewall\n", "Image without a digest, 997 times more\n  f.hcl:4:1\n", "… and 985 more", "\n1001 warnings. "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(text, "image 3\n") || strings.Count(text, "\n") > 60 {
		t.Errorf("too long:\n%s", text)
	}
}

func TestManyFindingsAreQuick(t *testing.T) {
	long := strings.Repeat("x", 8<<20)
	f := source.NewFile("f.hcl", []byte(strings.Repeat("a = b\n", 10_000)+long))
	var list diag.List
	for n := range 10_000 {
		start := f.LineStart(n + 1)
		list = append(list, diag.Errorf("NS101", source.Range{File: "f.hcl", Start: f.PosAt(start), End: f.PosAt(start + 1)}, "s", "d"))
	}
	start := f.LineStart(10_001)
	list = append(list, diag.Errorf("NS101", source.Range{File: "f.hcl", Start: f.PosAt(start), End: f.PosAt(len(f.Bytes))}, "s", "d"))
	begin := time.Now()
	r := New(list, source.Files{"f.hcl": f}, nil)
	var b bytes.Buffer
	if err := Text(&b, r, TextOptions{Width: 80, Limit: DefaultLimit}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 64<<10 || !strings.Contains(b.String(), "s, 9951 times more") {
		t.Errorf("%d bytes of text, ending in %q", b.Len(), b.String()[max(0, b.Len()-200):])
	}
	for _, err := range []error{JSON(&b, r), SARIF(&b, r, ""), GitHub(&b, r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}
