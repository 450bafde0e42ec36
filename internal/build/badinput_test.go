package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inStack puts blocks into a stack that is right otherwise.
func inStack(blocks string) string {
	return `stack "bad" {
  domain = "bad.example.com"
}

` + blocks + "\n"
}

const image = "  image = \"ghcr.io/acme/app:1.0.0\"\n"

// badInputs are stacks that a careless compiler would choke on, or build.
var badInputs = []struct {
	name  string
	text  string
	code  string
	place string // line and column
	says  string // a part of what to do about it
}{
	{"100,000 parentheses", inStack("locals {\n  a = " + strings.Repeat("(", 100_000)), "NS133", "6:", "locals block"},
	{"100,000 brackets that close", inStack("locals {\n  a = " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "\n}"), "NS133", "6:", "locals block"},
	{"100,000 templates", inStack("locals {\n  a = " + strings.Repeat(`"${`, 100_000)), "NS133", "6:", ""},
	{"100,000 blocks in each other", inStack(strings.Repeat("a {\n", 100_000)), "NS13", "", ""},
	{"100,000 operators", inStack("locals {\n  a = 1" + strings.Repeat("+1", 100_000) + "\n}"), "NS135", "6:", ""},
	{"100,000 minus signs", inStack("locals {\n  a = " + strings.Repeat("-", 100_000) + "1\n}"), "NS13", "6:", ""},
	{"a number of ten million digits", inStack("locals {\n  a = 1e10000000\n}"), "NS134", "6:7", ""},
	{"a negative power", inStack("locals {\n  a = 1e-10000000\n}"), "NS134", "6:7", ""},
	{"a number in a text", inStack("locals {\n  a = tonumber(\"1e10000000\")\n}\nservice \"a\" {\n" + image + "  replicas = local.a\n}"), "NS", "", ""},
	{"a product that explodes", inStack("locals {\n  a = setproduct(range(1000), range(1000), range(1000))\n}\nservice \"a\" {\n" + image + "  env = { A = length(local.a) }\n}"), "NS2", "6:", ""},
	{"a text that doubles", inStack("locals {\n  a0 = \"xxxxxxxxxxxxxxxx\"\n" + doubling(40) + "}\nservice \"a\" {\n" + image + "  env = { A = local.a40 }\n}"), "NS2", "", ""},
	{"a list that squares", inStack("locals {\n  a = [for x in range(1000) : [for y in range(1000) : [for z in range(1000) : x]]]\n}\nservice \"a\" {\n" + image + "  replicas = length(local.a)\n}"), "NS2", "", ""},
	{"the same in fifty environments", environments(50) + inStack("locals {\n  a = [for x in range(1000) : [for y in range(1000) : [for z in range(1000) : x]]]\n}\nservice \"a\" {\n"+image+"  replicas = length(local.a)\n}"), "NS2", "", ""},
	{"an expression that backtracks", inStack("locals {\n  a = regex(\"^(a+)+$\", \"" + strings.Repeat("a", 4000) + "b\")\n}\nservice \"a\" {\n" + image + "  env = { A = local.a }\n}"), "NS2", "", ""},
	{"NUL", inStack("# \x00"), "NS132", "5:3", ""},
	{"an escape character", inStack("# \x1b[31m"), "NS132", "5:3", ""},
	{"a bidirectional override", inStack("# \u202e"), "NS132", "5:3", "Delete it"},
	{"an escape character in a text", inStack("service \"a\" {\n" + image + "  env = { A = \"\\u001b[2J\" }\n}"), "NS111", "7:15", "Remove it"},
	{"NUL in a text", inStack("service \"a\" {\n" + image + "  env = { A = \"\\u0000\" }\n}"), "NS206", "7:", ""},
	{"invalid UTF-8", inStack("# \xff"), "NS131", "5:3", "UTF-8"},
	{"UTF-16", "\xff\xfes\x00t\x00a\x00c\x00k\x00", "NS131", "1:1", "UTF-8"},
	{"nothing", "", "NS123", "1:1", "stack \"shop\""},
	{"no stack block", "locals {\n  a = 1\n}\n", "NS123", "1:1", "stack \"shop\""},
	{"two stacks", inStack("stack \"other\" {}"), "NS106", "5:1", "Two stacks are two folders"},
	{"a name twice", inStack("secret \"a\" {}\nsecret \"a\" {}"), "NS109", "6:1", "rename or remove"},
	{"a cycle", inStack("locals {\n  a = local.b\n  b = local.a\n}\nservice \"a\" {\n" + image + "  env = { A = local.a }\n}"), "NS204", "", ""},
	{"services that wait for each other", inStack("service \"a\" {\n" + image + "  env = { X = service.b.host }\n}\nservice \"b\" {\n" + image + "  env = { X = service.a.host }\n}"), "NS323", "", "Take one of the references out"},
	{"an unknown name", inStack("service \"a\" {\n" + image + "  env = { A = local.nope }\n}"), "NS201", "7:20", ""},
	{"an unknown block", inStack("servise \"a\" {}"), "NS104", "5:1", "Did you mean \"service\""},
	{"a floating tag", inStack("service \"a\" {\n  image = \"ghcr.io/acme/app:latest\"\n}"), "NS310", "6:11", "Name a version"},
	{"no tag", inStack("service \"a\" {\n  image = \"nginx\"\n}"), "NS310", "6:11", "Name a version"},
	{"an image that is none", inStack("service \"a\" {\n  image = \"-v /:/host x\"\n}"), "NS300", "6:11", "ghcr.io"},
	{"two routes for one host and path", inStack(routed("/a") + routed("/a/") + ingressFiles), "NS331", "20:3", "another path"},
	{"a published store", inStack("service \"db\" {\n" + image + "  store = \"x\"\n  port \"p\" {\n    container = 1\n  }\n  route {\n    host = \"a.b\"\n  }\n}\n" + ingressFiles), "NS322", "11:3", "docker compose exec"},
	{"a port on postgres", inStack("postgres \"db\" {\n  databases = [\"a\"]\n  port \"p\" {\n    container = 1\n  }\n}"), "NS104", "7:3", ""},
	{"ports on postgres", inStack("postgres \"db\" {\n  databases = [\"a\"]\n  ports = [\"5432:5432\"]\n}"), "NS102", "7:3", ""},
	{"ports through the back door", inStack("service \"a\" {\n" + image + "  extra_compose = { ports = [\"5432:5432\"] }\n}"), "NS361", "", "Use a route block"},
	{"privileges through the back door", inStack("service \"a\" {\n" + image + "  extra_compose = { privileged = true }\n}"), "NS361", "", ""},
	{"a secret inside upper", inStack("secret \"k\" {}\nservice \"a\" {\n" + image + "  secrets = { K = upper(secret.k) }\n}"), "NS220", "8:25", "Use it whole"},
	{"a secret compared", inStack("secret \"k\" {}\nservice \"a\" {\n" + image + "  replicas = secret.k == \"x\" ? 1 : 2\n}"), "NS220", "8:14", ""},
	{"a secret as a key", inStack("secret \"k\" {}\nservice \"a\" {\n" + image + "  env = { (secret.k) = \"x\" }\n}"), "NS22", "8:", ""},
	{"a secret as a label", inStack("secret \"k\" {}\nservice \"a\" {\n" + image + "  extra_compose = { labels = { a = secret.k } }\n}"), "NS363", "", ""},
	{"a secret in a command", inStack("secret \"k\" {}\nservice \"a\" {\n" + image + "  command = [secret.k]\n}"), "NS221", "8:14", "secrets"},
	{"a secret in a path", inStack("secret \"k\" {}\nservice \"a\" {\n" + image + "  volume \"v\" {\n    path = \"/x/${secret.k}\"\n  }\n}"), "NS221", "9:12", ""},
	{"a secret for each", inStack("secret \"k\" {}\nservice \"a\" {\n  for_each = toset([secret.k])\n" + image + "}"), "NS2", "7:", ""},
	{"a socket", inStack("service \"a\" {\n" + image + "  volume \"s\" {\n    path = \"/s\"\n    host = \"/var/run/docker.sock\"\n  }\n}"), "NS143", "9:12", "below the stack's folder"},
	{"a module outside", inStack("module \"m\" {\n  source = \"../../etc\"\n}"), "NS140", "6:12", "inside the stack's folder"},
	{"a template outside", inStack("service \"a\" {\n" + image + "  config \"c\" {\n    path = \"/c\"\n    template = \"../../../etc/passwd\"\n  }\n}"), "NS143", "9:16", ""},
	{"ten thousand services from one", inStack("service \"a\" {\n  for_each = { for i in range(20000) : \"k${i}\" => i }\n" + image + "}"), "NS2", "6:", ""},
	{"a merge conflict", inStack("<<<<<<< HEAD\nlocals {}\n=======\n>>>>>>> x"), "NS110", "5:", ""},
}

// ingressFiles is an ingress that production takes.
const ingressFiles = "ingress {\n  tls {\n    certificate {\n      files {\n        certificate = \"c\"\n        private_key = \"k\"\n      }\n    }\n  }\n}\n"

func routed(path string) string {
	return fmt.Sprintf("service \"s%d\" {\n%s  port \"p\" {\n    container = 1\n  }\n  route {\n    host = \"a.example.com\"\n    path = %q\n  }\n}\n", len(path), image, path)
}

func environments(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "environment \"e%d\" {}\n", i)
	}
	return b.String()
}

func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  a%d = \"${local.a%d}${local.a%d}\"\n", i+1, i, i)
	}
	return b.String()
}

// TestBadInput wants an error at its place, a sentence on what to do, nothing
// written, and all of it within a second.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, c := range some(badInputs) { // lang reads more of them
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "nself.hcl"), c.text)
			r := run(t, command(t, dir, "build"))
			for try := 0; r.cpu > time.Second && try < 3; try++ { // a machine that others share counts some of their time
				r = run(t, command(t, dir, "build"))
			}
			if r.cpu > time.Second {
				t.Errorf("it took %v", r.cpu)
			}
			if r.code != 1 || !strings.Contains(r.stderr, "Error "+c.code) {
				t.Fatalf("exit code %d, want 1 and %s:\n%s", r.code, c.code, r.stderr)
			}
			if !strings.Contains(r.stderr, "\n  nself.hcl:"+c.place) {
				t.Errorf("no finding at nself.hcl:%s:\n%s", c.place, r.stderr)
			}
			if !strings.Contains(strings.ReplaceAll(r.stderr, "\n", " "), c.says) {
				t.Errorf("the text does not say %q:\n%s", c.says, r.stderr)
			}
			if len(r.stderr) > 20_000 {
				t.Errorf("%d bytes are printed", len(r.stderr))
			}
			if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
				t.Error("something was written")
			}
		})
	}
}
