package compiler

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/diag"
)

// storeOf compiles a stack of one environment, prod, with a secrets block.
func storeOf(t *testing.T, posture, block string) (*ir.SecretStore, diag.List) {
	t.Helper()
	text := "stack \"shop\" {}\nenvironment \"prod\" {\n posture = \"" + posture + "\"\n secrets {\n" + block + "\n }\n}\n"
	src, diags := lang.Open(fstest.MapFS{"nself.hcl": {Data: []byte(text)}}, []string{"nself.hcl"})
	in, more := src.Evaluate("prod")
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatalf("%s\n%v", text, diags[0])
	}
	out, diags := Compile(in)
	return out.Store, diags
}

func recipient(t *testing.T) (public, private string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), id.String()
}

func hybrid(t *testing.T) (public, private string) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), id.String()
}

const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ops"

// TestStores lowers each kind of store with what it has by default.
func TestStores(t *testing.T) {
	public, _ := recipient(t)
	for _, tt := range []struct{ name, block, want string }{
		{"file", "file {}", ""},
		{"none", "", ""},
		{"age", `age { recipients = ["` + public + `"] }`, "age file=secrets/prod.age recipients=" + public},
		{"age, ssh", `age { recipients = ["` + sshKey + `"] }`, "age file=secrets/prod.age recipients=" + sshKey},
		{"vault", `vault { address = "https://vault.example.com:8200" }`, "vault path=shop/prod address=https://vault.example.com:8200 mount=secret auth=token timeout=15"},
		{"vault, here", "vault {\naddress = \"http://[::1]:8200\"\nauth = \"approle\"\ntimeout = \"1m\"\nnamespace = \"a/b\"\n}", "vault path=shop/prod address=http://[::1]:8200 mount=secret auth=approle namespace=a/b timeout=60"},
		{"aws", "aws {\n region = \"eu-central-1\"\n}", "aws path=shop/prod region=eu-central-1 timeout=15"},
		{"aws, ARN", "aws {\n secret = \"arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf\"\n}", "aws path=arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf timeout=15"},
		{"Secret", "kubernetes {}", "kubernetes form=Secret name=shop-prod"},
		{"ExternalSecret", "kubernetes {\n form = \"ExternalSecret\"\n store = \"vault\"\n}", "kubernetes path=shop/prod form=ExternalSecret name=shop-prod external=vault"},
		{"exec", "exec {\n command = [\"pass\", \"show\", \"a b\"]\n environment = [\"GNUPGHOME\", \"B\"]\n}", "exec command=pass,show,a b environment=B,GNUPGHOME timeout=15"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, diags := storeOf(t, "production", tt.block)
			if diags.HasErrors() {
				t.Fatalf("%s: %s", diags[0].Code, diags[0].Detail)
			}
			if diff := cmp.Diff(tt.want, written(s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func written(s *ir.SecretStore) string {
	if s == nil {
		return ""
	}
	out := s.Kind.V
	add := func(name, v string) {
		if v != "" {
			out += " " + name + "=" + v
		}
	}
	list := func(vs []ir.String) string {
		var words []string
		for _, v := range vs {
			words = append(words, v.V)
		}
		return strings.Join(words, ",")
	}
	for _, p := range []struct{ name, v string }{
		{"file", s.File.V},
		{"recipients", list(s.Recipients)},
		{"path", s.Path.V},
		{"address", s.Address.V},
		{"mount", s.Mount.V},
		{"auth", s.Auth.V},
		{"namespace", s.Namespace.V},
		{"region", s.Region.V},
		{"form", s.Form.V},
		{"name", s.Name.V},
		{"external", s.External.V},
		{"command", list(s.Command)},
		{"environment", list(s.Environment)},
	} {
		add(p.name, p.v)
	}
	if s.Timeout.V != 0 {
		add("timeout", fmt.Sprint(s.Timeout.V))
	}
	return out
}

// TestBadStores holds that each is refused, by one finding, and that no finding
// shows what must not be shown.
func TestBadStores(t *testing.T) {
	public, private := recipient(t)
	quantum, quantumPrivate := hybrid(t)
	ageOf := func(recipients ...string) string {
		return `age { recipients = ["` + strings.Join(recipients, `", "`) + `"] }`
	}
	file := func(f string) string { return "age {\n file = \"" + f + "\"\n recipients = [\"" + public + "\"]\n}" }
	vault := func(a string) string { return `vault { address = "` + a + `" }` }
	for _, tt := range []struct{ name, block, want string }{
		{"no key", ageOf("nobody"), "NS641"},
		{"one letter changed", ageOf(public[:len(public)-1] + "b"), "NS641"},
		{"cut off", ageOf(public[:40]), "NS641"},
		{"twice", ageOf(public, public), "NS641"},
		{"a plugin's", ageOf("age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"), "NS641"},
		{"two sorts", ageOf(public, quantum), "NS641"},
		{"RSA, cut off", ageOf("ssh-rsa AAAA"), "NS641"},
		{"private", ageOf(public, private), "NS642"},
		{"private, in lower case", ageOf(strings.ToLower(private)), "NS642"},
		{"private, with blanks", ageOf(" " + private), "NS642"},
		{"private, post-quantum", ageOf(quantumPrivate), "NS642"},
		{"private, of ssh", ageOf("-----BEGIN OPENSSH PRIVATE KEY-----"), "NS642"},
		{"absolute", file("/etc/prod.age"), "NS307"},
		{"outside", file("../prod.age"), "NS307"},
		{"outside, later", file("secrets/../../prod.age"), "NS307"},
		{"a folder", file("secrets/"), "NS307"},
		{"in the output", file("out/prod/x.age"), "NS307"},
		{"in .git", file(".git/x.age"), "NS307"},
		{"never committed", file(".secrets"), "NS307"},
		{"the stack", file("prod.hcl"), "NS307"},
		{"http", vault("http://vault.example.com"), "NS643"},
		{"http to a private network", vault("http://10.0.0.7:8200"), "NS643"},
		{"http, looks local", vault("http://localhost.example.com"), "NS643"},
		{"no scheme", vault("vault.example.com:8200"), "NS643"},
		{"ftp", vault("ftp://vault.example.com"), "NS643"},
		{"a password", vault("https://ops:" + private + "@vault.example.com"), "NS643"},
		{"no URL, a password", vault("https://ops:" + private + "@vault:x y/"), "NS643"},
		{"a path", vault("https://vault.example.com/v1/secret"), "NS643"},
		{"a query", vault("https://vault.example.com?token=" + private), "NS643"},
		{"dots", "vault {\n address = \"https://v.example.com\"\n path = \"a/../b\"\n}", "NS643"},
		{"slashes", "vault {\n address = \"https://v.example.com\"\n path = \"/a\"\n}", "NS643"},
		{"a query in a path", "vault {\n address = \"https://v.example.com\"\n mount = \"kv?x\"\n}", "NS643"},
		{"no name of AWS", "aws { secret = \"a b\" }", "NS643"},
		{"short ARN", "aws { secret = \"arn:aws:secretsmanager:eu-central-1\" }", "NS643"},
		{"two regions", "aws {\n secret = \"arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop\"\n region = \"eu-west-1\"\n}", "NS643"},
		{"no region", "aws {\n region = \"Frankfurt\"\n}", "NS643"},
		{"upper case", "kubernetes { name = \"Shop\" }", "NS643"},
		{"too long", "kubernetes { name = \"" + strings.Repeat("a", 64) + "\" }", "NS643"},
		{"namespace with a dot", "kubernetes { namespace = \"a.b\" }", "NS643"},
		{"value instead of a name", "exec {\n command = [\"pass\"]\n environment = [\"TOKEN=x\"]\n}", "NS643"},
		{"loader", "exec {\n command = [\"pass\"]\n environment = [\"LD_PRELOAD\"]\n}", "NS643"},
		{"no program", "exec { command = [\"\"] }", "NS643"},
		{"shell", "exec { command = [\"bash\", \"-c\", \"pass show $0\"] }", "NS644"},
		{"shell, at a distance", "exec { command = [\"/usr/bin/env\", \"-i\", \"/bin/sh\", \"-euc\", \"x\"] }", "NS644"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, diags := storeOf(t, "production", tt.block)
			if len(diags) != 1 || diags[0].Code != tt.want || diags[0].Severity != diag.Error || diags[0].Subject.Start.Line < 5 {
				t.Fatalf("want %s, got %v", tt.want, diags)
			}
			said := fmt.Sprintf("%+v", *diags[0])
			for _, hidden := range []string{private, quantumPrivate, strings.ToLower(private)} {
				if strings.Contains(said, hidden[:20]) {
					t.Errorf("the finding shows the key: %s", said)
				}
			}
			if strings.Contains(said, "%!") {
				t.Error(said)
			}
		})
	}
	for _, block := range []string{"exec { command = [\"bash\", \"of.sh\"] }", "exec { command = [\"./of\", \"-c\", \"sh\"] }", ageOf(quantum)} {
		if _, diags := storeOf(t, "production", block); diags.HasErrors() {
			t.Errorf("%s is refused: %s", block, diags[0].Detail)
		}
	}
	if _, diags := storeOf(t, "development", "exec { command = [\"bash\", \"-c\", \"x\"] }"); diags.HasErrors() {
		t.Error(diags[0].Detail)
	}
}
