package secrets

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets/register"
)

// example is a stack with one secret of each kind that is a plain value, and
// files of each sort.
func example() (*ir.Stack, []emit.File) {
	stack := stackOf(decl("jwt_key", "jwt"), decl("api", "hex"), decl("cookie", "base64url"), decl("pg_app", "password"),
		authority("ca", "postgres"), leaf("pg_tls", "secret.ca", "postgres"))
	files := []emit.File{
		file("docker-compose.yml", lit("services: {}\n")),
		file(".secrets.d/api.env", lit("URL="), call("dotenv", lit("postgres://app:"), call("url_encode", ref("secret.pg_app")), lit("@postgres/app")), lit("\n")),
		file(".secrets.d/postgres/roles.sql", lit("ALTER ROLE app PASSWORD "), call("sql_literal", call("scram_verifier", ref("secret.pg_app"))), lit(";\n")),
		file(".secrets.d/postgres/server.crt", ref("secret.pg_tls#certificate")),
		file(".secrets.d/postgres/server.key", ref("secret.pg_tls#private_key")),
		file(".secrets.d/ca.crt", ref("secret.pg_tls#ca_certificate")),
		file(".secrets.d/htpasswd", lit("admin:"), call("bcrypt", ref("secret.cookie")), lit("\n")),
	}
	return stack, files
}

// quick is example with fast functions in the place of the slow ones, for tests
// that build often.
func quick() (*ir.Stack, []emit.File) {
	stack, files := example()
	files[2] = file(files[2].Path, call("sql_literal", call("redis_acl_hash", ref("secret.pg_app"))))
	files[6] = file(files[6].Path, call("json", ref("secret.cookie")))
	return stack, files
}

func TestFirstAndSecondRun(t *testing.T) {
	dir := workDir(t)
	stack, files := example()
	r := build(t, dir, stack, files)
	all := []string{"secret.api", "secret.ca", "secret.cookie", "secret.jwt_key", "secret.pg_app", "secret.pg_tls"}
	paths := []string{".secrets.d/api.env", ".secrets.d/ca.crt", ".secrets.d/htpasswd", ".secrets.d/postgres/roles.sql", ".secrets.d/postgres/server.crt", ".secrets.d/postgres/server.key"}
	if diff := cmp.Diff(&Report{Generated: all, Rendered: paths, Recorded: true}, r); diff != "" {
		t.Error(diff)
	}
	before := state(t, dir)
	r = build(t, dir, stack, files)
	if diff := cmp.Diff(&Report{Kept: all, Unchanged: paths}, r); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, state(t, dir)); diff != "" {
		t.Errorf("the second run changed something: %s", diff)
	}
	for path, mode := range map[string]os.FileMode{".secrets": 0o600, ".secrets.lock": 0o600, ".secrets.d": 0o700 | os.ModeDir, ".secrets.d/postgres": 0o700 | os.ModeDir, ".secrets.d/api.env": 0o444, ".secrets.d/.gitignore": 0o600, ".secrets.d/.manifest": 0o600} {
		if fi, err := os.Lstat(filepath.Join(dir, path)); err != nil || fi.Mode() != mode {
			t.Errorf("%s: %v, want %v (%v)", path, fi.Mode(), mode, err)
		}
	}
	if got := get(t, filepath.Join(dir, ".secrets.d/.gitignore")); got != "*\n" {
		t.Errorf(".gitignore is %q", got)
	}
	check, diags := Check(dir, stack, files, Options{Now: testNow})
	if diff := cmp.Diff(&Report{Kept: all}, check); diff != "" || len(diags) > 0 {
		t.Errorf("Check: %v %s", diags, diff)
	}
}

func TestKinds(t *testing.T) {
	dir := workDir(t)
	small := decl("small", "hex")
	small.Bytes = ir.Int{V: 16}
	long := decl("long", "password")
	long.Length = ir.Int{V: 101}
	build(t, dir, stackOf(decl("a", "hex"), decl("b", "base64url"), decl("c", "password"), decl("d", "jwt"), small, long), nil)
	shapes := map[string]string{"A": `^[0-9a-f]{64}$`, "B": `^[A-Za-z0-9_-]{43}$`, "C": `^[A-Za-z0-9_-]{43}$`, "D": `^[0-9a-f]{64}$`, "SMALL": `^[0-9a-f]{32}$`, "LONG": `^[A-Za-z0-9_-]{101}$`}
	got := entries(t, dir)
	if len(got) != len(shapes) {
		t.Errorf("%d entries", len(got))
	}
	for key, shape := range shapes {
		if !regexp.MustCompile(shape).MatchString(got[key]) {
			t.Errorf("%s has not the shape %s", key, shape)
		}
	}
	if got["A"] == got["D"] || got["B"] == got["C"] {
		t.Error("two secrets are the same")
	}
}

// TestPasswordIsUniform counts characters: 64 of them, each in its share.
func TestPasswordIsUniform(t *testing.T) {
	s := decl("p", "password")
	s.Length = ir.Int{V: 256}
	count := map[rune]int{}
	for range 1000 {
		for _, r := range generate(s) {
			count[r]++
		}
	}
	if len(count) != 64 {
		t.Fatalf("%d characters", len(count))
	}
	for r, n := range count { // 4000 expected each, standard deviation 63
		if n < 3500 || n > 4500 {
			t.Errorf("%q came %d times of 256000", r, n)
		}
	}
}

// TestKeepsWhatIsThere holds that values, order, comments and lines that nobody
// declared stay, and that new entries are added behind them.
func TestKeepsWhatIsThere(t *testing.T) {
	dir := workDir(t)
	const mine = "# my notes\nSTRIPE='sk live'\nAPI=" + "b2f1c3d4e5a6978800112233445566778899aabbccddeeff0f1e2d3c4b5a6978" + "\nOLD=1234"
	put(t, filepath.Join(dir, ".secrets"), mine, 0o600)
	r := build(t, dir, stackOf(decl("api", "hex"), decl("new", "hex")), nil)
	if diff := cmp.Diff(&Report{Generated: []string{"secret.new"}, Kept: []string{"secret.api"}, Undeclared: []string{"OLD", "STRIPE"}, Recorded: true}, r); diff != "" {
		t.Error(diff)
	}
	if got := get(t, filepath.Join(dir, ".secrets")); !strings.HasPrefix(got, mine+"\n# secret.new, 32 bytes in hexadecimal (64 digits)\nNEW=") {
		t.Error("the text that was there has changed")
	}
}

func TestRefusesValues(t *testing.T) {
	const good = "b2f1c3d4e5a6978800112233445566778899aabbccddeeff0f1e2d3c4b5a6978"
	tests := []struct {
		name, kind, value, code, words string
	}{
		{"empty", "hex", "", "NS400", "X on line 1"},
		{"short hex", "hex", "b2f1c3d4e5a69788", "NS400", "32 bytes in hexadecimal (64 digits), as secret.x declares it: it has 16 characters."},
		{"not hex", "hex", good[:63] + "g", "NS400", "it has a character that does not belong there"},
		{"padded base64url", "base64url", "dGhpcyBpcyBub3QgcmlnaHQgYnV0IDMyIGJ5dGVzLi4=", "NS400", "without padding (43 characters), as secret.x declares it: it has 44 characters"},
		{"jwt", "jwt", good[:60], "NS400", "64 hexadecimal digits"},
		{"short password", "password", "hunter2", "NS400", "12 to 1024 characters on one line, as secret.x declares it: it has 7 characters"},
		{"line end in password", "password", `"a long enough\nvalue"`, "NS400", "a character that does not belong there"},
		{"Latin-1", "password", "'gr\xfc\xdfe aus K\xf6ln'", "NS400", "not in UTF-8"},
		{"the words of a hash", "hex", hex.EncodeToString(sha256Of("password")), "NS404", "hash of a word"},
		{"bytes that count", "hex", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "NS404", "count up"},
		{"slot", "password", "'<your-password-here>'", "NS404", "placeholder"},
		{"default", "password", "Your-Super-Secret-And-Long-Postgres-Password", "NS404", "default"},
		{"placeholder", "password", "change-me-please", "NS404", "placeholder"},
		{"project", "password", "shopshopshopshop", "NS404", "name of the stack"},
		{"repeats", "hex", strings.Repeat("0123456789abcdef", 4), "NS404", "repeats"},
		{"constant", "jwt", strings.Repeat("0", 64), "NS404", "repeats"},
		{"counts", "password", "abcdefghijklmnop", "NS404", "counts"},
		{"one digit off", "hex", strings.Repeat("0", 63) + "1", "NS404", "same few bytes"},
		{"word and number", "password", "Welcome12345", "NS404", "little else"},
		{"digits for letters", "password", "P@ssw0rd1234", "NS404", "words such as"},
		{"season and year", "password", "Summer-2024!", "NS404", "little else"},
		{"stack and year", "password", "shopshop2024", "NS404", "name of the stack"},
		{"keyboard", "password", "1q2w3e4r5t6y", "NS404", "little else"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			put(t, filepath.Join(dir, ".secrets"), "X="+tt.value+"\n", 0o600)
			stack := stackOf(decl("x", tt.kind))
			before := get(t, filepath.Join(dir, ".secrets"))
			r, diags := run(dir, stack, nil, Options{})
			wantCode(t, diags, tt.code, tt.words)
			if before != get(t, filepath.Join(dir, ".secrets")) || len(r.Generated) > 0 {
				t.Error("the file was changed")
			}
			stack.Posture = ir.Development
			if _, diags = run(dir, stack, nil, Options{}); tt.code == "NS404" && (diags.HasErrors() || len(diags) != 1) {
				t.Error("a weak secret is more than a warning in development")
			}
		})
	}
	// The control: the same check takes good values, of a person's choice too.
	for _, kindAndValue := range [][2]string{{"hex", good}, {"jwt", strings.ToUpper(good)}, {"password", `'Tr0ub4dor & the "horse"'`}, {"password", "'größer als zwölf'"}, {"password", "k8Fz-qLp92xW"}, {"password", "shop-9dK2v-2024-mQ7"}} {
		dir := workDir(t)
		put(t, filepath.Join(dir, ".secrets"), "X="+kindAndValue[1]+"\n", 0o600)
		build(t, dir, stackOf(decl("x", kindAndValue[0])), nil)
	}
}

func TestRefusesReuse(t *testing.T) {
	dir := workDir(t)
	v := hex.EncodeToString(random(32))
	put(t, filepath.Join(dir, ".secrets"), "A="+v+"\nB="+v+"\n", 0o600)
	_, diags := run(dir, stackOf(decl("a", "hex"), decl("b", "hex")), nil, Options{})
	wantCode(t, diags, "NS404", "also the value of A")
}

func TestRefusesDeclarations(t *testing.T) {
	thin := decl("x", "jwt")
	thin.Bytes = ir.Int{V: 16}
	few, many, odd := decl("x", "hex"), decl("x", "base64url"), decl("x", "password")
	few.Bytes, many.Bytes, odd.Length = ir.Int{V: 15}, ir.Int{V: 1025}, ir.Int{V: 8}
	small, uneven := decl("x", "rsa"), decl("x", "rsa")
	small.Bits, uneven.Bits = ir.Int{V: 1024}, ir.Int{V: 2049}
	badKey, path, own := decl("x", "hex"), decl("path", "hex"), decl("x__private_key", "hex")
	badKey.Key = "2FA"
	tests := []struct {
		name  string
		stack *ir.Stack
		words string
	}{
		{"few bytes", stackOf(few), "15 random bytes"},
		{"short HS256 key", stackOf(thin), "16 random bytes"},
		{"many bytes", stackOf(many), "1025 random bytes"},
		{"short password", stackOf(odd), "8 characters"},
		{"kind", stackOf(decl("x", "dsa")), `"dsa"`},
		{"small RSA key", stackOf(small), "1024 bits"},
		{"odd RSA key", stackOf(uneven), "2049 bits"},
		{"digit first", stackOf(badKey), "not a name"},
		{"reserved", stackOf(path), "dynamic linker"},
		{"our suffix", stackOf(own), "reserved for what nselfc keeps"},
		{"same key", stackOf(decl("x", "hex"), decl("x", "jwt")), "both"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			_, diags := run(dir, tt.stack, nil, Options{})
			wantCode(t, diags, "NS403", tt.words)
			if _, err := os.Lstat(filepath.Join(dir, ".secrets")); err == nil {
				t.Error("a value was made all the same")
			}
		})
	}
}

func TestNothingToDo(t *testing.T) {
	dir := workDir(t)
	r := build(t, dir, stackOf(), []emit.File{file("docker-compose.yml", lit("x"))})
	if diff := cmp.Diff(&Report{}, r); diff != "" {
		t.Error(diff)
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("%d files were made", len(names))
	}
}

func TestCheckWritesNothing(t *testing.T) {
	dir := workDir(t)
	stack, files := example()
	for _, d := range []string{dir, filepath.Join(dir, "not-there")} {
		before := state(t, dir)
		r, diags := Check(d, stack, files, Options{Now: testNow})
		if len(diags) > 0 || len(r.Generated) != 6 || len(r.Kept) > 0 {
			t.Errorf("%v: %+v", diags, r)
		}
		if before != state(t, dir) {
			t.Error("Check wrote something")
		}
	}
}

// TestBugs holds that what the compiler may never hand over is told, not a panic.
func TestBugs(t *testing.T) {
	tests := []struct {
		name string
		file emit.File
		code string
	}{
		{"unknown function", file(".secrets.d/x", call("upper", ref("secret.a"))), "NS900"},
		{"unknown secret", file(".secrets.d/x", ref("secret.b")), "NS900"},
		{"unknown secret in a salt", file(".secrets.d/x", call("bcrypt", ref("secret.b"))), "NS900"},
		{"unknown field", file(".secrets.d/x", ref("secret.a#certificate")), "NS900"},
		{"whole pair", file(".secrets.d/x", ref("secret.ca")), "NS900"},
		{"outside", file("x", ref("secret.a")), "NS900"},
		{"above", file(".secrets.d/../../x", ref("secret.a")), "NS900"},
		{"our manifest", file(".secrets.d/.manifest", ref("secret.a")), "NS900"},
		{"key of the authority", file(".secrets.d/x", ref("secret.ca#private_key")), "NS422"},
		{"not for nginx", file(".secrets.d/x", call("nginx_quote", lit("$"), ref("secret.a"))), "NS406"},
		{"not for bcrypt", file(".secrets.d/x", call("bcrypt", ref("secret.ca#certificate"))), "NS406"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			_, diags := run(dir, stackOf(decl("a", "hex"), authority("ca", "db")), []emit.File{tt.file}, Options{})
			if len(diags) != 1 {
				t.Errorf("%d diagnostics", len(diags))
			}
			wantCode(t, diags, tt.code, "")
			if _, err := os.Lstat(filepath.Join(dir, ".secrets")); err == nil {
				t.Error("something was written before the error")
			}
		})
	}
	dir := workDir(t)
	_, diags := run(dir, stackOf(decl("a", "hex")), []emit.File{file(".secrets.d/x", ref("secret.a")), file(".secrets.d/x", ref("secret.a"))}, Options{})
	wantCode(t, diags, "NS900", "taken")
}

// TestCanary runs with known values through every path that reports, and looks
// for the values in all that is said.
func TestCanary(t *testing.T) {
	canaries := []string{"c4n4ry-p4ss-w0rd-Zq", "CANARYLINE1", "aB3dE5gH1jK9"}
	stack, files := example()
	stacks := []*ir.Stack{stack, stackOf(decl("pg_app", "hex")), stackOf(decl("pg_app", "base64url"), decl("api", "password"))}
	texts := []string{
		"PG_APP='" + canaries[0] + "'\n",
		"PG_APP='" + canaries[0] + "'\nAPI='" + canaries[0] + "'\n",
		"PG_APP='" + canaries[0] + " " + canaries[2] + "\n",
		"PG_APP=" + canaries[0] + " " + canaries[1] + "\n",
		"PG_APP=" + canaries[0] + "\nPG_APP__SCRAM_SALT=" + canaries[2] + "\n",
		"CA__CERTIFICATE='" + canaries[0] + "'\nCA__PRIVATE_KEY='" + canaries[1] + "'\n",
		"CA__PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----\\n" + base64.StdEncoding.EncodeToString([]byte(canaries[0])) + "\\n-----END PRIVATE KEY-----\\n\"\n",
	}
	files = append(files, file("committed.conf", lit("# "+canaries[0]+"\n")), file(".secrets.d/n", call("sql_ident", ref("secret.pg_app"), lit(strings.Repeat("x", 60)))))
	told := 0
	for _, stack := range stacks {
		for _, text := range texts {
			dir := workDir(t)
			put(t, filepath.Join(dir, ".secrets"), text, 0o600)
			r, diags := run(dir, stack, files, Options{})
			c, more := Check(dir, stack, files, Options{Now: testNow})
			told += len(diags) + len(more)
			said := fmt.Sprintf("%+v %+v", r, c)
			for _, d := range append(diags, more...) {
				said += fmt.Sprintf("%+v %v", *d, d.Related)
			}
			for _, c := range append(canaries, base64.StdEncoding.EncodeToString([]byte(canaries[0]))) {
				if strings.Contains(said, c) {
					t.Errorf("a value was told: %s", strings.ReplaceAll(said, c, "<VALUE>"))
				}
			}
		}
	}
	if told < 20 {
		t.Errorf("only %d diagnostics: the canary has not been where it should", told)
	}
	if s := fmt.Sprintf("%v %+v %#v %s %q", NewValue("secret.a", canaries[0]), NewValue("secret.a", canaries[0]), []Value{NewValue("a", canaries[0])}, NewValue("a", canaries[0]), NewValue("a", canaries[0])); strings.Contains(s, canaries[0]) {
		t.Error("a Value prints itself")
	}
}

// TestStacksAreIndependentOfOrder holds that the order of declarations and files
// changes nothing on disk.
func TestOrder(t *testing.T) {
	dir := workDir(t)
	stack, files := example()
	build(t, dir, stack, files)
	before := state(t, dir)
	for i, j := 0, len(stack.Secrets)-1; i < j; i, j = i+1, j-1 {
		stack.Secrets[i], stack.Secrets[j] = stack.Secrets[j], stack.Secrets[i]
	}
	for i, j := 0, len(files)-1; i < j; i, j = i+1, j-1 {
		files[i], files[j] = files[j], files[i]
	}
	build(t, dir, stack, files)
	if diff := cmp.Diff(before, state(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func sha256Of(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// TestRefusesNames holds that what stands in the stack for everybody to read is no
// secret, and that nothing is judged in a value that nselfc made.
func TestRefusesNames(t *testing.T) {
	stack := stackOf(decl("x", "password"))
	stack.Project, stack.Environment = "shop-staging", "staging"
	stack.Services = []*ir.Service{{Name: "billing"}}
	stack.Ingress = &ir.Ingress{Hosts: []*ir.Host{{Name: str("portal.example.org")}}}
	for _, value := range []string{"shop-staging", "billing12345", "Billing-2031!", "portal.example.org", "staging-staging", "billing-portal-x"} {
		dir := workDir(t)
		put(t, filepath.Join(dir, ".secrets"), "X="+value+"\n", 0o600)
		_, diags := run(dir, stack, nil, Options{})
		wantCode(t, diags, "NS404", "name")
	}
	dir := workDir(t)
	const lucky = "billing-portal-x"
	put(t, filepath.Join(dir, ".secrets"), "X="+lucky+"\n", 0o600)
	r := register.New("shop")
	r.Note("secret.x", "password", "2030-05-01", register.Generated, register.Fingerprint("shop", lucky))
	put(t, filepath.Join(dir, register.Name), string(r.Bytes()), 0o644)
	if _, diags := run(dir, stack, nil, Options{}); len(diags) > 0 {
		t.Errorf("a value of the random source was judged: %s", diags[0].Detail)
	}
}
