package cli

import (
	"encoding/json"
	"strings"
	"testing"

	composeschema "github.com/compose-spec/compose-go/v2/schema"

	"nselfc/lang/diag"
	"nselfc/lang/schema"
)

// TestComposeWordsTeach: whoever writes a key of Compose in a service is told what to
// write instead, for every key that Compose's specification has, and in whatever form.
func TestComposeWordsTeach(t *testing.T) {
	var spec struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(composeschema.Schema), &spec); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, part := range []string{"service", "container_spec", "workload_spec"} {
		for key := range spec.Defs[part].Properties {
			keys[key] = true
		}
	}
	if len(keys) < 80 {
		t.Fatalf("only %d keys in the schema of Compose", len(keys))
	}
	service, _ := schema.Get().Root.Nested("service")
	for word := range keys {
		_, argument := service.Arg(word)
		if _, block := service.Nested(word); argument || block {
			continue
		}
		hint := service.Hint(word)
		if hint == "" {
			t.Errorf("%s: no hint", word)
			continue
		}
		for form, text := range map[string]string{"NS102": word + " = [\"x\"]", "NS104": word + " {}"} {
			told := compiledIn(t, completed("", "Wrong", "service \"api\" {\n  image = \"ghcr.io/acme/api:1.4.2\"\n  "+text+"\n}\n"), false)
			found := false
			for _, d := range told {
				found = found || d.Code == form && d.Severity == diag.Error && strings.HasSuffix(d.Detail, hint)
			}
			if !found {
				t.Errorf("%s: %v", text, told)
			}
		}
	}
}

// TestUnsafeWordsTeach: what opens a host is refused under every name that tutorials
// have for it, and the message says what would be lost or what to write.
func TestUnsafeWordsTeach(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"service \"api\" {\n  privileged = true\n}", "own the host"},
		{"service \"api\" {\n  cap_add = [\"ALL\"]\n}", "argument capabilities"},
		{"service \"api\" {\n  security_opt = [\"seccomp:unconfined\"]\n}", "a way to the host"},
		{"service \"api\" {\n  seccomp = \"unconfined\"\n}", "a way to the host"},
		{"service \"api\" {\n  pid = \"host\"\n}", "passwords included"},
		{"service \"api\" {\n  ipc = \"host\"\n}", "shm_size"},
		{"service \"api\" {\n  userns_mode = \"host\"\n}", "root on the host"},
		{"service \"api\" {\n  pids_limit = -1\n}", "resources { pids = 256 }"},
		{"service \"api\" {\n  docker_socket = true\n}", "root on the host"},
		{"service \"api\" {\n  port \"http\" {\n    container = 80\n    host_ip   = \"0.0.0.0\"\n  }\n}", "route block"},
		{"service \"api\" {\n  port \"http\" {\n    container = 80\n  }\n  publish \"http\" {\n    host    = 80\n    address = \"0.0.0.0\"\n  }\n}", "open to the world"},
		{"service \"api\" {\n  route {\n    host = \"a.example.com\"\n    cors = [\"*\"]\n  }\n}", "every page"},
		{"service \"api\" {\n  build {\n    context    = \".\"\n    privileged = true\n  }\n}", "root on the host"},
		{"service \"api\" {\n  volume \"a\" {\n    path        = \"/a\"\n    propagation = \"rshared\"\n  }\n}", "from inside a container"},
		{"volume \"a\" {\n  driver_opts = { device = \"/etc\" }\n}", "any folder of the host"},
		{"secret \"a\" {\n  value = \"changeme\"\n}", "nselfc secrets set"},
		{"ingress {\n  tls {\n    protocols = [\"TLSv1\", \"TLSv1.1\"]\n  }\n}", "RFC 8996"},
		{"ingress {\n  tls {\n    ssl_verify = false\n  }\n}", "whoever answers"},
		{"ingress {\n  config = \"autoindex on;\"\n}", "nobody checks"},
		{"firewall {\n  default = \"allow\"\n}", "every process of the host"},
		{"postgres \"main\" {\n  databases = [\"app\"]\n  pg_hba    = [\"host all all all trust\"]\n}", "as the superuser"},
		{"postgres \"main\" {\n  databases  = [\"app\"]\n  privileged = true\n}", "nothing of it can be switched off"},
		{"redis \"cache\" {\n  requirepass = \"\"\n}", "made by the kind"},
		{"redis \"cache\" {\n  protected_mode = false\n}", "without a password"},
		{"version = \"3.8\"", "no version"},
	} {
		found := false
		for _, d := range compiledIn(t, completed("", "Wrong", tt.text+"\n"), false) {
			found = found || (d.Code == "NS102" || d.Code == "NS104" || d.Code == "NS112") && strings.Contains(d.Detail, tt.want)
		}
		if !found {
			t.Errorf("%s\nwant %q in an error, got %v", tt.text, tt.want, compiledIn(t, completed("", "Wrong", tt.text+"\n"), false))
		}
	}
}
