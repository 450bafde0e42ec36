package outdir

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"nselfc/emit"
)

func sampleLock() *Lock {
	l := Lock{
		Stack: testMeta.Stack, Compiler: testMeta.Compiler, Inputs: testMeta.Inputs, Images: testMeta.Images,
		Files:   []Record{record("nginx/with space.conf", "b"), record("docker-compose.yml", "a"), record("ümlaut", "")},
		Secrets: []Secret{{Address: `service.web["a b"].secret.x`, Kind: "x509", Generation: 3}, {Address: "secret.jwt_key", Kind: "hex", Generation: 1}},
	}
	l.sort()
	return &l
}

// The golden text fixes the format: a change here needs a new version.
func TestLockFormat(t *testing.T) {
	want := `# ` + emit.Header + `
lock 1
stack shop
compiler 0.1.0
input sha256:0e9fc2a42fdcd6b9dfbdab2e6ca75dcc21ef09fb6d54dcbd5bd46c6f3d4dc9d8 nself.hcl
file sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb 0644 1 docker-compose.yml
file sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d 0644 1 nginx/with space.conf
file sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0644 0 ümlaut
image - ghcr.io/acme/api:1.4.2
image sha256:abababababababababababababababababababababababababababababababab nginx:1.30.4
secret hex 1 secret.jwt_key
secret x509 3 service.web["a b"].secret.x
`
	l := sampleLock()
	// The digest of the input is computed, not remembered.
	want = strings.Replace(want, "sha256:0e9fc2a42fdcd6b9dfbdab2e6ca75dcc21ef09fb6d54dcbd5bd46c6f3d4dc9d8", newDisk(nil).digestOf("stack").String(), 1)
	if d := cmp.Diff(want, string(l.Bytes())); d != "" {
		t.Errorf("lock (-want +got):\n%s", d)
	}
	got, diags := ReadLock(LockName, l.Bytes())
	if len(diags) > 0 {
		t.Fatalf("%v", codes(diags))
	}
	if d := cmp.Diff(l, got); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
}

// TestHostileLock: each line breaks a good lock in its own way, and nothing on
// disk changes.
func TestHostileLock(t *testing.T) {
	good := string(sampleLock().Bytes())
	digest := "sha256:" + strings.Repeat("00", 32)
	line := func(s string) string { return good + s + "\n" }
	path := func(p string) string { return line("file " + digest + " 0644 1 " + p) }
	for name, c := range map[string]struct {
		text string
		code string
		line int32
	}{
		"out of the directory":     {path("../x"), "NS512", 13},
		"out by a detour":          {path("a/../../x"), "NS512", 13},
		"detour":                   {path("a/../x"), "NS512", 13},
		"absolute":                 {path("/etc/passwd"), "NS512", 13},
		"the directory itself":     {path("."), "NS512", 13},
		"nothing":                  {path(""), "NS512", 13},
		"backslash":                {path(`..\x`), "NS512", 13},
		"double slash":             {path("a//b"), "NS512", 13},
		"trailing slash":           {path("a/"), "NS512", 13},
		"secrets":                  {path(".secrets"), "NS512", 13},
		"secrets' directory":       {path(".secrets.d/db"), "NS512", 13},
		"secrets, other case":      {path(".Secrets"), "NS512", 13},
		"secrets below":            {path("a/.secrets"), "NS512", 13},
		"the lock":                 {path("nself.lock"), "NS512", 13},
		"the lock, other case":     {path("NSELF.LOCK"), "NS512", 13},
		"staging":                  {path(".nself.staging/0"), "NS512", 13},
		"git":                      {path(".git/config"), "NS512", 13},
		"git below, other case":    {path("a/.GIT/hooks/post-checkout"), "NS512", 13},
		"twice":                    {path("docker-compose.yml"), "NS512", 13},
		"twice, other case":        {path("Docker-Compose.YML"), "NS512", 13},
		"twice, Kelvin sign":       {strings.Replace(path("nginx/\u212A.conf"), "ümlaut", "nginx/k.conf", 1), "NS512", 13},
		"long part":                {path(strings.Repeat("a", 256)), "NS512", 13},
		"long path":                {path(strings.Repeat("a/", 600) + "a"), "NS512", 13},
		"NUL":                      {path("a\x00b"), "NS510", 13},
		"escape":                   {path("a\x1b[2Jb"), "NS510", 13},
		"bidi":                     {path("a\u202eb"), "NS510", 13},
		"invalid UTF-8":            {path("a\xffb"), "NS510", 13},
		"carriage return":          {strings.ReplaceAll(good, "\n", "\r\n"), "NS510", 1},
		"short digest":             {line("file sha256:00 0644 1 x"), "NS510", 13},
		"upper-case digest":        {line("file sha256:" + strings.Repeat("AB", 32) + " 0644 1 x"), "NS510", 13},
		"set-user-id":              {line("file " + digest + " 04755 1 x"), "NS510", 13},
		"decimal mode":             {line("file " + digest + " 0689 1 x"), "NS510", 13},
		"negative size":            {line("file " + digest + " 0644 -1 x"), "NS510", 13},
		"size with a plus":         {line("file " + digest + " 0644 +1 x"), "NS510", 13},
		"unknown line":             {line("files x"), "NS510", 13},
		"empty word":               {line("file"), "NS510", 13},
		"second compiler":          {line("compiler 2"), "NS510", 13},
		"second version":           {line("lock 1"), "NS510", 13},
		"second input":             {line("input " + digest + " nself.hcl"), "NS510", 13},
		"second secret":            {line("secret hex 1 secret.jwt_key"), "NS510", 13},
		"secret without a number":  {line("secret hex secret.x"), "NS510", 13},
		"image digest":             {line("image sha256:zz nginx"), "NS510", 13},
		"image with a blank":       {line("image - a b"), "NS510", 13},
		"no version":               {strings.Replace(good, "lock 1\n", "", 1), "NS510", 2},
		"no compiler":              {strings.Replace(good, "compiler 0.1.0\n", "", 1), "NS510", 11},
		"newer":                    {strings.Replace(good, "lock 1\n", "lock 2\n", 1), "NS513", 2},
		"version zero":             {strings.Replace(good, "lock 1\n", "lock 0\n", 1), "NS510", 2},
		"empty":                    {"", "NS510", 1},
		"cut off":                  {good[:len(good)-5], "NS510", 12},
		"long line":                {path("x" + strings.Repeat(" ", 5000)), "NS510", 13},
		"not a lock":               {"hello\n", "NS510", 1},
		"JSON":                     {"{\"files\": []}\n", "NS510", 1},
		"conflict":                 {strings.Replace(good, "input", "<<<<<<< HEAD\ninput", 1), "NS511", 5},
		"conflict, other side":     {strings.Replace(good, "secret hex", ">>>>>>> origin/main\nsecret hex", 1), "NS511", 11},
		"conflict, base":           {strings.Replace(good, "secret hex", "||||||| 0123abc\nsecret hex", 1), "NS511", 11},
		"conflict, half mended":    {strings.Replace(good, "secret hex", "=======\nsecret hex", 1), "NS511", 11},
		"conflict in the version":  {strings.Replace(good, "lock 1", "<<<<<<< HEAD\nlock 1\n=======\nlock 2\n>>>>>>> x", 1), "NS511", 2},
		"nothing but bad lines":    {good + strings.Repeat("x\n", 50_000), "NS510", 13},
		"more lines than there is": {good + strings.Repeat("#\n", 300_000), "NS510", 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := ReadLock("out/nself.lock", []byte(c.text))
			if len(diags) == 0 || len(diags) > maxLockErrors {
				t.Fatalf("%d diagnostics", len(diags))
			}
			if diags[0].Code != c.code || diags[0].Subject.Start.Line != c.line {
				t.Errorf("got %s on line %d, want %s on %d: %s", diags[0].Code, diags[0].Subject.Start.Line, c.code, c.line, diags[0].Detail)
			}
			for _, d := range diags {
				if strings.ContainsAny(d.Detail, "\x00\x1b\u202e") || !utf8.ValidString(d.Detail) || len(d.Detail) > 2000 {
					t.Errorf("unfit for a terminal: %q", d.Detail)
				}
			}
			dir := fresh(t)
			mustBuild(t, dir)
			write(t, dir, LockName, c.text)
			before := tree(t, dir)
			if p, _, _ := build(t, dir, []emit.File{file("x", "x")}); !p.blocked {
				t.Error("the build went on")
			}
			if d := cmp.Diff(before, tree(t, dir)); d != "" {
				t.Errorf("something changed:\n%s", d)
			}
			// Forced, the build does without it and heals the lock.
			if _, _, got := build(t, dir, []emit.File{file("x", "x")}, LockName); len(got) > 0 {
				t.Errorf("forced: %v", got)
			}
			expectTree(t, dir, []emit.File{file("x", "x")}, nil)
		})
	}
}

// TestHugeLock: ten million entries are refused at once, and in little memory.
func TestHugeLock(t *testing.T) {
	dir := fresh(t)
	mustBuild(t, dir)
	f, err := os.Create(filepath.Join(dir, LockName))
	if err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte("file sha256:"+strings.Repeat("00", 32)+" 0644 1 x\n"), 10_000)
	if _, err := f.Write(append([]byte("lock 1\ncompiler x\n"), block...)); err != nil {
		t.Fatal(err)
	}
	// The rest is a hole of the size that ten million entries have.
	if err := f.Truncate(int64(len(block)) * 1000); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, _, got := build(t, dir, nil)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if !slices.Equal(got, []string{"NS510"}) {
		t.Errorf("got %v", got)
	}
	if alloc := after.TotalAlloc - before.TotalAlloc; took > busy || alloc > 4*maxLockBytes {
		t.Errorf("it took %v and %d MiB", took, alloc>>20)
	}
}

// TestHostileLockCosts: the worst lock within the bounds is read in no time.
func TestHostileLockCosts(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("lock 1\ncompiler x\n")
	for i := range maxLockLines - 2 {
		fmt.Fprintf(&b, "file sha256:%064x 0644 1 %s%d\n", i, strings.Repeat("d/", 20), i)
	}
	start := time.Now()
	if _, diags := ReadLock(LockName, b.Bytes()); len(diags) > 0 {
		t.Fatalf("%v", codes(diags))
	}
	if took := time.Since(start); took > busy {
		t.Errorf("it took %v", took)
	}
}

// TestGenerations: the compiler knows none, so the lock's are kept.
func TestGenerations(t *testing.T) {
	dir := fresh(t)
	l := Lock{Compiler: "x", Stack: "shop", Secrets: []Secret{
		{Address: "secret.kept", Kind: "hex", Generation: 4}, {Address: "secret.other", Kind: "hex", Generation: 4}, {Address: "secret.gone", Kind: "hex", Generation: 4},
	}}
	write(t, dir, LockName, string(l.Bytes()))
	d := open(t, dir)
	defer d.Close()
	meta := Meta{Compiler: "x", Secrets: []Secret{{Address: "secret.kept", Kind: "hex"}, {Address: "secret.other", Kind: "jwt"}, {Address: "secret.new", Kind: "hex"}, {Address: "secret.rotated", Kind: "hex", Generation: 9}}}
	p, diags := d.Plan(nil, meta, Options{})
	if diags.HasErrors() {
		t.Fatalf("%v", codes(diags))
	}
	got, _ := ReadLock(LockName, p.lock)
	want := []Secret{{"secret.kept", "hex", 4}, {"secret.new", "hex", 1}, {"secret.other", "jwt", 1}, {"secret.rotated", "hex", 9}}
	if d := cmp.Diff(want, got.Secrets); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestOtherStack: a second stack does not remove the files of the first.
func TestOtherStack(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("docker-compose.yml", "x")}
	mustBuild(t, dir, files...)
	d := open(t, dir)
	meta := testMeta
	meta.Stack = "blog"
	if _, diags := d.Plan(nil, meta, Options{}); !slices.Equal(codes(diags), []string{"NS514"}) {
		t.Errorf("got %v", codes(diags))
	}
	p, diags := d.Plan(nil, meta, Options{Force: []string{LockName}})
	if len(diags) > 0 || state(p, "docker-compose.yml") != Orphan {
		t.Errorf("forced: %v, %s: the lock is still to be trusted", codes(diags), state(p, "docker-compose.yml"))
	}
}

// TestOrderDoesNotMatter: the lock does not depend on the order of what is recorded.
func TestOrderDoesNotMatter(t *testing.T) {
	l := sampleLock()
	want := string(l.Bytes())
	slices.Reverse(l.Files)
	slices.Reverse(l.Images)
	slices.Reverse(l.Secrets)
	l.Images = append(l.Images, l.Images...)
	before := slices.Clone(l.Files)
	if d := cmp.Diff(want, string(l.Bytes())); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(before, l.Files); d != "" {
		t.Errorf("Bytes changed its lock: %s", d)
	}
}

func FuzzReadLock(f *testing.F) {
	good := sampleLock().Bytes()
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte("docker"), []byte("../docker")))
	f.Add([]byte("lock 1\ncompiler x\n<<<<<<< HEAD\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, diags := ReadLock("x", b)
		if len(diags) > 0 {
			return
		}
		for _, r := range l.Files {
			if !filepath.IsLocal(r.Path) || strings.ContainsAny(r.Path, "\\\x00\n") {
				t.Errorf("accepted %q", r.Path)
			}
		}
		l.sort()
		again, diags := ReadLock("x", l.Bytes())
		if len(diags) > 0 {
			t.Fatalf("does not read what it wrote: %s\n%s", diags[0].Detail, l.Bytes())
		}
		if d := cmp.Diff(l, again); d != "" {
			t.Error(d)
		}
	})
}
