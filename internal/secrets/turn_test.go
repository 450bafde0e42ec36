package secrets

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

func rotating(s *ir.Secret, class string) *ir.Secret {
	s.Rotation = &ir.Rotation{Class: str(class), Origin: at(4)}
	if class == classPair || class == classDual {
		s.Rotation.User = str(strings.ToLower(s.Key))
	}
	return s
}

// turning is a stack with a secret of each class.
func turning() (*ir.Stack, []emit.File) {
	stack := stackOf(rotating(decl("app", "base64url"), classPair), rotating(decl("cache", "hex"), classDual), decl("key", "jwt"),
		authority("ca", "db"), leaf("tls", "secret.ca", "db"))
	return stack, []emit.File{
		file(".secrets.d/db/roles.sql", lit("app_a "), call("postgres_login_a", ref("secret.app")), lit("\napp_b "), call("postgres_login_b", ref("secret.app")), lit("\n")),
		file(".secrets.d/db/server.crt", ref("secret.tls#certificate")),
		file(".secrets.d/db/server.key", ref("secret.tls#private_key")),
		file(".secrets.d/cache/users.acl", lit("user cache on "), call("redis_acl_hash", ref("secret.cache")), lit("\n")),
		file(".secrets.d/api/db", call("login", ref("secret.app")), lit(":"), ref("secret.app")),
		file(".secrets.d/api/cache", ref("secret.cache")),
		file(".secrets.d/api/key", ref("secret.key")),
		file(".secrets.d/api/ca.crt", ref("secret.tls#ca_certificate")),
		file(".secrets.d/api/ca2.crt", ref("secret.ca#certificate")),
	}
}

func turn(t *testing.T, dir string, changes ...Change) *Turned {
	t.Helper()
	stack, files := turning()
	turned, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow}, changes)
	for _, d := range diags {
		t.Fatalf("%s: %s: %s", d.Code, d.Summary, d.Detail)
	}
	return turned
}

// TestTurnAPair follows a pair of logins through a rotation and back: which login
// has which value never changes while it is in use.
func TestTurnAPair(t *testing.T) {
	dir := workDir(t)
	roles := func() (a, b string) {
		m := regexp.MustCompile(`^app_a (.*)\napp_b (.*)\n$`).FindStringSubmatch(get(t, filepath.Join(dir, ".secrets.d/db/roles.sql")))
		if m == nil {
			t.Fatal("roles.sql has another form")
		}
		return m[1], m[2]
	}
	consumer := func() string { return get(t, filepath.Join(dir, ".secrets.d/api/db")) }
	login := regexp.MustCompile(`^LOGIN PASSWORD 'SCRAM-SHA-256\$100000:[^']*'$`)

	turn(t, dir)
	first := entries(t, dir)["APP"]
	a, b := roles()
	if !login.MatchString(a) || b != "NOLOGIN PASSWORD NULL" || consumer() != "app_a:"+first {
		t.Fatalf("at first: %.20s, %.20s", a, b)
	}

	staged := turn(t, dir, Change{Address: "secret.app", Op: Stage})
	second := entries(t, dir)["APP__NEXT"]
	a2, b2 := roles()
	if a2 != a || !login.MatchString(b2) || b2 == a || consumer() != "app_a:"+first || second == "" || second == first {
		t.Fatal("a staged value is not the other login's, or the current one has changed")
	}
	v := staged.Valid("secret.app")
	if v.Class != classPair || v.State != Staged || v.Current.User != "app_a" || v.Current.Value.Reveal() != first || v.Next.User != "app_b" || v.Next.Value.Reveal() != second || !v.Previous.Empty() {
		t.Error("the values that a proof needs are others")
	}
	if text, ok := staged.File(".secrets.d/db/roles.sql"); !ok || text.Reveal() != get(t, filepath.Join(dir, ".secrets.d/db/roles.sql")) {
		t.Error("the text for Apply is not the file's")
	}

	promoted := turn(t, dir, Change{Address: "secret.app", Op: Promote})
	if a3, b3 := roles(); a3 != a || b3 != b2 || consumer() != "app_b:"+second {
		t.Fatal("promoting changes what the server is told, or not what consumers are")
	}
	if len(promoted.Replaced) != 1 || promoted.Replaced[0] != ".secrets.d/api/db" || len(promoted.Turned) != 1 || promoted.Turned[0] != (Step{"secret.app", Promote}) {
		t.Errorf("reported: %v %v", promoted.Replaced, promoted.Turned)
	}
	v = promoted.Valid("secret.app")
	if v.State != Promoted || v.Current.User != "app_b" || v.Previous.User != "app_a" || v.Previous.Value.Reveal() != first || !v.Next.Empty() {
		t.Error("the values that a proof needs are others")
	}

	turn(t, dir, Change{Address: "secret.app", Op: Undo})
	if a4, b4 := roles(); a4 != a || b4 != b2 || consumer() != "app_a:"+first || entries(t, dir)["APP__NEXT"] != second {
		t.Fatal("undone, it is not as it was staged")
	}
	turn(t, dir, Change{Address: "secret.app", Op: Promote})
	turn(t, dir, Change{Address: "secret.app", Op: Revoke})
	if a5, b5 := roles(); a5 != "NOLOGIN PASSWORD NULL" || b5 != b2 || consumer() != "app_b:"+second {
		t.Fatal("the old login still has a way in, or the new one has none")
	}
	all := entries(t, dir)
	for key := range all {
		if strings.HasSuffix(key, suffixPrevious) || strings.HasSuffix(key, suffixNext) || key == "APP__SCRAM_SALT_A" {
			t.Errorf("%s is left over", key)
		}
	}
	// Discarding takes the other login its way in again.
	turn(t, dir, Change{Address: "secret.app", Op: Stage})
	turn(t, dir, Change{Address: "secret.app", Op: Discard})
	if a6, b6 := roles(); a6 != "NOLOGIN PASSWORD NULL" || b6 != b2 {
		t.Fatal("a discarded value may still log in")
	}
}

// TestTurnAnAuthority: clients believe the old and the new authority from before
// the server's certificate is signed by the new one until nobody shows the old.
func TestTurnAnAuthority(t *testing.T) {
	dir := workDir(t)
	believed := func() string {
		one, two := get(t, filepath.Join(dir, ".secrets.d/api/ca.crt")), get(t, filepath.Join(dir, ".secrets.d/api/ca2.crt"))
		if one != two {
			t.Error("the two ways to name the authority differ")
		}
		return one
	}
	shown := func() string { return get(t, filepath.Join(dir, ".secrets.d/db/server.crt")) }
	turn(t, dir)
	old, oldShown, key := believed(), shown(), get(t, filepath.Join(dir, ".secrets.d/db/server.key"))

	turn(t, dir, Change{Address: "secret.ca", Op: Stage})
	both := believed()
	if strings.Count(both, "BEGIN CERTIFICATE") != 2 || !strings.Contains(both, old) || shown() != oldShown {
		t.Fatal("a staged authority is not believed, or signs already")
	}
	promoted := turn(t, dir, Change{Address: "secret.ca", Op: Promote})
	if believed() != both || shown() == oldShown || len(promoted.Reissued) != 1 || promoted.Reissued[0].Address != "secret.tls" {
		t.Fatalf("promoted: %v", promoted.Reissued)
	}
	if get(t, filepath.Join(dir, ".secrets.d/db/server.key")) != key {
		t.Error("a certificate that is signed again has another key")
	}
	turn(t, dir, Change{Address: "secret.ca", Op: Undo})
	if believed() != both {
		t.Error("undone, one of the two is not believed any more")
	}
	turn(t, dir, Change{Address: "secret.ca", Op: Promote}, Change{Address: "secret.ca", Op: Revoke})
	if now := believed(); strings.Contains(both, now) == false || now == old || strings.Count(now, "BEGIN CERTIFICATE") != 1 {
		t.Error("the old authority is still believed, or the new one is not")
	}
	// The server's own key, and then both at once.
	turn(t, dir, Change{Address: "secret.tls", Op: Stage}, Change{Address: "secret.tls", Op: Promote})
	if get(t, filepath.Join(dir, ".secrets.d/db/server.key")) == key {
		t.Error("the server has its old key")
	}
	parse := parseCert(t, shown())
	if err := parse.CheckSignatureFrom(parseCert(t, believed())); err != nil {
		t.Error(err)
	}
	turn(t, dir, Change{Address: "secret.tls", Op: Revoke})
	turn(t, dir, Change{Address: "secret.tls", Op: Stage}, Change{Address: "secret.ca", Op: Stage})
	turn(t, dir, Change{Address: "secret.tls", Op: Promote}, Change{Address: "secret.ca", Op: Promote})
	turn(t, dir, Change{Address: "secret.tls", Op: Revoke}, Change{Address: "secret.ca", Op: Revoke})
	if err := parseCert(t, shown()).CheckSignatureFrom(parseCert(t, believed())); err != nil {
		t.Error(err)
	}
}

// TestTurnTwoPasswords: the server takes both from staging to revoking, and no
// change of places changes what it is told.
func TestTurnTwoPasswords(t *testing.T) {
	dir := workDir(t)
	rules := func() []string { return strings.Fields(get(t, filepath.Join(dir, ".secrets.d/cache/users.acl")))[3:] }
	turn(t, dir)
	old := rules()
	turn(t, dir, Change{Address: "secret.cache", Op: Stage})
	both := strings.Join(rules(), " ")
	if len(rules()) != 2 || !strings.Contains(both, old[0]) {
		t.Fatalf("staged: %v", rules())
	}
	turn(t, dir, Change{Address: "secret.cache", Op: Promote})
	if strings.Join(rules(), " ") != both {
		t.Error("promoting changes what the server is told")
	}
	turn(t, dir, Change{Address: "secret.cache", Op: Revoke})
	if len(rules()) != 1 || rules()[0] == old[0] || !strings.Contains(both, rules()[0]) {
		t.Errorf("revoked: %v", rules())
	}
}

// TestTurnTwice: a step that was taken is not taken again, and says so.
func TestTurnTwice(t *testing.T) {
	dir := workDir(t)
	turn(t, dir)
	for _, op := range []Op{Promote, Revoke, Discard, Undo} {
		before := state(t, dir)
		if got := turn(t, dir, Change{Address: "secret.key", Op: op}); len(got.Turned) > 0 || state(t, dir) != before {
			t.Errorf("%s of what was not staged: %v", op, got.Turned)
		}
	}
	for _, op := range []Op{Stage, Discard, Stage, Promote, Undo, Promote, Revoke} {
		if got := turn(t, dir, Change{Address: "secret.key", Op: op}); len(got.Turned) != 1 {
			t.Errorf("%s: %v", op, got.Turned)
		}
		before := state(t, dir)
		if got := turn(t, dir, Change{Address: "secret.key", Op: op}); len(got.Turned) != 0 || state(t, dir) != before {
			t.Errorf("%s again: %v", op, got.Turned)
		}
		stack, files := turning()
		if r := build(t, dir, stack, files); len(r.Undeclared) > 0 || len(r.Rendered) > 0 || len(r.Generated) > 0 {
			t.Errorf("a build after %s: %+v", op, r)
		}
	}
}

// TestTurnRefuses: whatever is wrong, nothing is changed.
func TestTurnRefuses(t *testing.T) {
	stack, files := turning()
	for name, tc := range map[string]struct {
		before  string // what is appended to .secrets, a format of which %s is a new value
		changes []Change
		code    string
		words   string
	}{
		"a third value":       {"KEY__PREVIOUS=%s", []Change{{Address: "secret.key", Op: Stage}}, "NS481", "third"},
		"next and previous":   {"KEY__PREVIOUS=%[1]s\nKEY__NEXT=%[1]s", nil, "NS480", "KEY__PREVIOUS on line"},
		"a next one alone":    {"KEY__NEXT=%s\n-KEY", nil, "NS480", "without KEY"},
		"no slot":             {"APP__SLOT=c", nil, "NS480", "neither a nor b"},
		"damaged next":        {"KEY__NEXT=abc", nil, "NS400", "KEY__NEXT on line"},
		"damaged authority":   {"CA__PREVIOUS__CERTIFICATE=abc\nCA__PREVIOUS__PRIVATE_KEY=abc", nil, "NS421", "CA__PREVIOUS__CERTIFICATE"},
		"an unfit value":      {"", []Change{{Address: "secret.key", Op: Stage, Value: Seal("abc")}}, "NS483", "is not an HS256 key"},
		"the same value":      {"", []Change{{Address: "secret.key", Op: Stage, Value: Seal("KEY")}}, "NS483", "the one that it has"},
		"a weak value":        {"", []Change{{Address: "secret.key", Op: Stage, Value: Seal(strings.Repeat("ab", 32))}}, "NS404", "The new value of secret.key repeats itself"},
		"nobody's":            {"", []Change{{Address: "secret.nobody", Op: Stage}}, "NS900", "no secret declares"},
		"one good, one wrong": {"", []Change{{Address: "secret.app", Op: Stage}, {Address: "secret.key", Op: Stage, Value: Seal("abc")}}, "NS483", "is not an HS256 key"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := workDir(t)
			turn(t, dir)
			all := entries(t, dir)
			text := get(t, filepath.Join(dir, ".secrets"))
			if tc.before != "" {
				text += strings.Split(fmt.Sprintf(tc.before+"%.0[1]s", strings.Repeat("0f1e2d3c4b5a6978", 4)), "\n-")[0] + "\n"
			}
			if strings.HasSuffix(tc.before, "\n-KEY") {
				text = strings.Replace(text, "\nKEY=", "\n#", 1)
			}
			put(t, filepath.Join(dir, ".secrets"), text, 0o600)
			for i, c := range tc.changes {
				if c.Value.Reveal() == "KEY" {
					tc.changes[i].Value = Seal(all["KEY"])
				}
			}
			before := state(t, dir)
			turned, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow}, tc.changes)
			d := wantCode(t, diags, tc.code, tc.words)
			for _, value := range all {
				if len(value) > 1 && strings.Contains(d.Detail, value) {
					t.Error("the finding holds a value")
				}
			}
			if state(t, dir) != before || len(turned.Turned) > 0 {
				t.Error("something was changed")
			}
		})
	}
}

// TestSealed: neither a printing verb nor an encoder finds the value.
func TestSealed(t *testing.T) {
	dir := workDir(t)
	turn(t, dir)
	turned := turn(t, dir, Change{Address: "secret.app", Op: Stage})
	value := entries(t, dir)["APP"]
	for _, what := range []any{Seal(value), &Credential{"u", Seal(value)}, turned.Valid("secret.app"), Change{Value: Seal(value)}, []Sealed{Seal(value)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if strings.Contains(fmt.Sprintf(verb, what), value) || strings.Contains(fmt.Sprintf(verb, what), fmt.Sprintf("%x", value)) {
				t.Errorf("%s shows it", verb)
			}
		}
		if text, err := json.Marshal(what); err != nil || strings.Contains(string(text), value) {
			t.Errorf("JSON shows it: %v", err)
		}
	}
	if Seal(value).Reveal() != value {
		t.Error("it is lost")
	}
}

// TestKnownWhileTurned: the values to look for are all that there are, by the secret
// that they are of, and no salt, letter or certificate.
func TestKnownWhileTurned(t *testing.T) {
	dir := workDir(t)
	turn(t, dir)
	turn(t, dir, Change{Address: "secret.app", Op: Stage}, Change{Address: "secret.ca", Op: Stage})
	turn(t, dir, Change{Address: "secret.app", Op: Promote})
	stack, files := turning()
	known := Known(dir, stack)
	all := entries(t, dir)
	for _, key := range []string{"APP", "APP__PREVIOUS", "CA__PRIVATE_KEY", "CA__NEXT__PRIVATE_KEY"} {
		if !Holds("x "+all[key]+" x", known) {
			t.Errorf("%s would not be found", key)
		}
	}
	for _, key := range []string{"APP__SLOT", "APP__SCRAM_SALT_A", "APP__SCRAM_SALT_B", "CA__CERTIFICATE", "CA__NEXT__CERTIFICATE"} {
		if all[key] == "" || Holds("x "+all[key]+" x", known) {
			t.Errorf("%s is taken for a secret, or is not there", key)
		}
	}
	for _, v := range known {
		if v.Address == "" || strings.HasPrefix(v.Address, "APP") || strings.HasPrefix(v.Address, "CA_") {
			t.Errorf("a value goes by the name %q", v.Address)
		}
	}
	// A build finds a former value in a committed file too.
	_, diags := Turn(context.Background(), dir, stack, append(files, file("docker-compose.yml", lit("x: "+all["APP__PREVIOUS"]+"\n"))), Options{Now: testNow}, nil)
	wantCode(t, diags, "NS405", "secret.app")
}
