package secrets

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"nselfc/internal/needles"
	"nselfc/lang/diag"
)

const sought = "correct-horse-battery-staple"

// searched runs a search in a folder, and gives "code file:line" of each finding.
func searched(t *testing.T, s Search) (Searched, []string) {
	t.Helper()
	s.Values = append(s.Values, NewValue("secret.x", sought))
	result, diags := s.Run(context.Background())
	var out []string
	for _, d := range diags {
		for _, hidden := range []string{sought, base64.StdEncoding.EncodeToString([]byte(sought))} {
			if strings.Contains(fmt.Sprintf("%+v", *d), hidden) {
				t.Errorf("a value is told: %s", d.Detail)
			}
		}
		name, err := filepath.Rel(s.Folder, d.Subject.File)
		if err != nil {
			name = d.Subject.File
		}
		out = append(out, fmt.Sprintf("%s %s:%d", d.Code, name, d.Subject.Start.Line))
	}
	return result, out
}

// TestSearchWhere: what git has below the folder, what it would take of the output,
// the stack's own files, and nothing else; each file once.
func TestSearchWhere(t *testing.T) {
	top := t.TempDir()
	git := repository(t, top)
	git("init", "-q")
	key := realPEM(t)
	files := map[string]string{
		"shop/nself.hcl": "a\nb\n# " + sought, "shop/kinds/k/k.hcl": sought, "shop/notes.txt": sought, "shop/key.pem": key,
		"shop/out/prod/docker-compose.yml": "x: " + base64.StdEncoding.EncodeToString([]byte("u:"+sought)), "shop/out/prod/mine.conf": sought, "shop/out/old/key": key,
		"shop/out/prod/.secrets": "A=" + sought, "shop/out/prod/.secrets.d/api/A": sought, "shop/out/prod/ignored/x": sought, "shop/out/prod/forced.log": sought,
		"shop/out/prod/.gitignore": "*.secrets*\nignored\n*.log\n", "shop/untracked.txt": sought, "other/x": sought,
	}
	for name, text := range files {
		put(t, filepath.Join(top, name), text, 0o644)
	}
	git("add", "shop/nself.hcl", "shop/notes.txt", "shop/key.pem", "other/x", "shop/out/prod/docker-compose.yml")
	git("add", "-f", "shop/out/prod/forced.log", "shop/out/prod/.secrets")
	if err := os.Symlink("../other/x", filepath.Join(top, "shop/link")); err != nil {
		t.Fatal(err)
	}
	git("add", "shop/link")
	shop := filepath.Join(top, "shop")
	result, got := searched(t, Search{Folder: shop, Sources: []string{"nself.hcl", "kinds/k/k.hcl"}, Outputs: []string{filepath.Join(shop, "out")}})
	want := []string{
		"NS608 key.pem:1", "NS405 kinds/k/k.hcl:1", "NS405 notes.txt:1", "NS405 nself.hcl:3", "NS608 out/old/key:1",
		"NS405 out/prod/docker-compose.yml:1", "NS405 out/prod/forced.log:1", "NS405 out/prod/mine.conf:1",
	}
	if !slices.Equal(got, want) || result.Files != len(want)+1 || !result.Found[filepath.Join(shop, "out/prod/mine.conf")] {
		t.Errorf("got %v of %d files, want %v", got, result.Files, want)
	}
	_, again := searched(t, Search{Folder: shop, Sources: []string{"nself.hcl", "kinds/k/k.hcl"}, Outputs: []string{filepath.Join(shop, "out")}})
	if !slices.Equal(got, again) {
		t.Errorf("then it was %v", again)
	}
	if _, found := searched(t, Search{Folder: shop, Outputs: []string{filepath.Join(shop, "not/there")}}); slices.Contains(found, "NS405 out/prod/mine.conf:1") || !slices.Contains(found, "NS405 notes.txt:1") {
		t.Errorf("without output: %v", found)
	}
}

func realPEM(t *testing.T) string {
	t.Helper()
	return "-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString([]byte("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20 not a key of anybody's, so there")) + "\n-----END PRIVATE KEY-----\n"
}

// TestSearchAcrossParts puts a value and a key at every place around where a file
// is cut to be read.
func TestSearchAcrossParts(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out/large")
	line := strings.Repeat("x", 99) + "\n"
	filler := strings.Repeat(line, 2*searchPart/len(line)+1)
	for what, text := range map[string]string{"NS405": sought, "NS608": realPEM(t)} {
		for _, cut := range []int{searchPart, 2*searchPart - needles.Longest, 2 * searchPart} {
			for shift := -len(text); shift <= 1; shift += 11 {
				at := cut + shift
				put(t, name, filler[:at]+"\n"+text+"\n"+filler[at:], 0o644)
				_, got := searched(t, Search{Folder: dir, Outputs: []string{filepath.Join(dir, "out")}})
				if want := fmt.Sprintf("%s out/large:%d", what, 2+strings.Count(filler[:at], "\n")); !slices.Equal(got, []string{want}) {
					t.Fatalf("%s at %d: %v, want %s", what, at, got, want)
				}
			}
		}
	}
}

// TestSearchIsBounded: files of any size, in little memory, and no word of all is
// well for what was not read.
func TestSearchIsBounded(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	put(t, filepath.Join(out, "a"), sought, 0o644)
	put(t, filepath.Join(out, "huge"), "x", 0o644)
	if err := os.Truncate(filepath.Join(out, "huge"), 1<<36); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, got := searched(t, Search{Folder: dir, Outputs: []string{out}})
	runtime.ReadMemStats(&after)
	if want := []string{"NS405 out/a:1", "NS609 out/huge:1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// All that is ever asked for is a few parts at a time: twice what is read, in all.
	if asked, grown := after.TotalAlloc-before.TotalAlloc, int64(after.HeapSys)-int64(before.HeapSys); asked > 3*searchFile || grown > 64<<20 {
		t.Errorf("%d MiB were asked for, and the heap grew by %d MiB", asked>>20, grown>>20)
	}
}

// TestSearchOfEverything: many files that are large together are not read for ever.
func TestSearchOfEverything(t *testing.T) {
	dir := t.TempDir()
	r := search{needles: needles.New(nil), seen: map[string]bool{}, result: Searched{Found: map[string]bool{}}, home: dir}
	put(t, filepath.Join(dir, "a"), realPEM(t), 0o644)
	r.output(dir)
	r.left = 1
	r.file(r.files[0])
	r.file(r.files[0])
	if r.result.Files != 1 || r.passed != 1 || r.first != filepath.Join(dir, "a") || len(r.diags) != 1 {
		t.Errorf("%d files, %d passed over, %v", r.result.Files, r.passed, r.diags)
	}
}

// TestSearchOddities: what cannot be read is told, and what is no file is passed over.
func TestSearchOddities(t *testing.T) {
	top := t.TempDir()
	git := repository(t, top)
	git("init", "-q")
	for _, name := range []string{"gone", "exchanged", "a -b'\n/c"} {
		put(t, filepath.Join(top, name), realPEM(t), 0o644)
	}
	git("add", "-A")
	for _, err := range []error{
		os.Remove(filepath.Join(top, "gone")), os.Remove(filepath.Join(top, "exchanged")), os.Symlink("/etc/shadow", filepath.Join(top, "exchanged")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	result, diags := Search{Folder: top}.Run(context.Background())
	if result.Files != 1 || len(diags) != 1 || !strings.Contains(diags[0].Detail, `rm --cached c`) {
		t.Errorf("%d files, %v", result.Files, diags)
	}
	put(t, filepath.Join(top, ".git/index"), "BORK", 0o644)
	if _, diags := (Search{Folder: top}).Run(context.Background()); len(diags) != 1 || diags[0].Code != "NS607" || diags[0].Severity != diag.Warning {
		t.Errorf("an index that cannot be read: %v", diags)
	}
}

// TestKnown: what may not be found elsewhere, of a file that nobody vouches for.
func TestKnown(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(decl("a", "hex"), authority("ca", "x.localhost"), leaf("web", "secret.ca", "x.localhost"))
	build(t, dir, stack, nil)
	text := get(t, filepath.Join(dir, File)) + "MINE='of my own making'\nA__SCRAM_SALT=c2FsdA==\nbroken line\n"
	put(t, filepath.Join(dir, File), text, 0o644)
	var got []string
	for _, v := range Known(dir, stack) {
		got = append(got, strings.TrimSuffix(v.Address, " in "+filepath.Join(dir, File)))
		if v.Text() == "" || strings.Contains(v.Text(), "CERTIFICATE") {
			t.Errorf("%s is not what is sought", v.Address)
		}
	}
	slices.Sort(got)
	if want := []string{"MINE", "secret.a", "secret.ca", "secret.web"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, err := range []error{os.Remove(filepath.Join(dir, File)), os.Symlink("/etc/passwd", filepath.Join(dir, File))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := Known(dir, stack); got != nil {
		t.Errorf("through a link: %v", got)
	}
	if got := Known(filepath.Join(dir, "not/there"), stack); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
