package compose_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/compose"
	"nselfc/emit/compose/verify"
	"nselfc/lang/secret"
)

func object(pairs ...any) cty.Value {
	attrs := map[string]cty.Value{}
	for i := 0; i < len(pairs); i += 2 {
		attrs[pairs[i].(string)] = value(pairs[i+1])
	}
	return cty.ObjectVal(attrs)
}

func value(v any) cty.Value {
	switch v := v.(type) {
	case string:
		return cty.StringVal(v)
	case int:
		return cty.NumberIntVal(int64(v))
	case float64:
		return cty.NumberFloatVal(v)
	case bool:
		return cty.BoolVal(v)
	case []string:
		var l []cty.Value
		for _, s := range v {
			l = append(l, cty.StringVal(s))
		}
		return cty.TupleVal(l)
	}
	return v.(cty.Value)
}

func withExtra(v cty.Value) *ir.Stack {
	return &ir.Stack{Name: at("s", 1), Project: "s", Services: []*ir.Service{
		{Name: "x", Address: "service.x", Origin: origin(1), Image: at("i", 1), Memory: at[int64](512<<20, 1), Extra: at(v, 5)},
	}}
}

// TestExtraRefused tries to undo each hardening; nothing of it may reach the
// file, and the error must say what to do instead.
func TestExtraRefused(t *testing.T) {
	for _, tc := range []struct {
		value cty.Value
		code  string
		say   string // in the detail
	}{
		{object("privileged", true), "NS361", "capabilities"},
		{object("privileged", "false"), "NS361", "capabilities"},
		{object("cap_add", []string{"SYS_ADMIN"}), "NS361", "capabilities"},
		{object("cap_drop", []string{}), "NS361", "already"},
		{object("security_opt", []string{"seccomp=unconfined"}), "NS361", "no-new-privileges"},
		{object("network_mode", "host"), "NS361", "egress"},
		{object("networks", []string{"main"}), "NS361", "Refer"},
		{object("pid", "host"), "NS361", "processes"},
		{object("ipc", "host"), "NS361", "shm_size"},
		{object("uts", "host"), "NS361", "hostname"},
		{object("userns_mode", "host"), "NS361", "root"},
		{object("cgroup", "host"), "NS361", "host"},
		{object("cgroup_parent", "/"), "NS361", "resources"},
		{object("devices", []string{"/dev/mem"}), "NS361", "host"},
		{object("ports", []string{"5432:5432"}), "NS361", "route"},
		{object("user", "0:0"), "NS361", "user"},
		{object("group_add", []string{"docker"}), "NS361", "user"},
		{object("read_only", false), "NS361", "writable"},
		{object("volumes", []string{"/var/run/docker.sock:/s"}), "NS361", "volume block"},
		{object("volumes_from", []string{"main"}), "NS361", "volume"},
		{object("tmpfs", "/tmp"), "NS361", "writable"},
		{object("secrets", []string{"a"}), "NS361", "secrets"},
		{object("env_file", ".env"), "NS361", "env"},
		{object("environment", object("A", "b")), "NS361", "env"},
		{object("configs", []string{"a"}), "NS361", "config block"},
		{object("depends_on", []string{"a"}), "NS361", "Refer"},
		{object("deploy", object("resources", object())), "NS361", "resources"},
		{object("mem_limit", "64g"), "NS361", "resources"},
		{object("memswap_limit", -1), "NS361", "resources"},
		{object("oom_kill_disable", true), "NS361", "limit"},
		{object("oom_score_adj", -1000), "NS362", "never last"},
		{object("logging", object("driver", "none")), "NS361", "logs"},
		{object("restart", "always"), "NS361", "restart"},
		{object("extra_hosts", []string{"h:host-gateway"}), "NS361", "references"},
		{object("dns", "8.8.8.8"), "NS361", "name server"},
		{object("runtime", "runc"), "NS361", "daemon"},
		{object("use_api_socket", true), "NS361", "socket"},
		{object("provider", object("type", "x")), "NS361", "program"},
		{object("extends", "main"), "NS361", "module"},
		{object("label_file", "l"), "NS361", "labels"},
		{object("develop", object()), "NS361", "image"},
		{object("pre_start", []string{}), "NS361", "entrypoint"},
		{object("annotations", object("a", "b")), "NS361", "labels"},
		{object("healthcheck", object("disable", true)), "NS361", "healthcheck block"},
		// Extensions are attributes to some releases: x-develop is develop.
		{object("x-develop", object()), "NS361", "no key"},
		{object("x-anything", "a"), "NS361", "no key"},
		{object("Privileged", true), "NS361", "no key"},
		{object("privileged ", true), "NS361", "no key"},
		{object("<<", object("privileged", true)), "NS361", "no key"},
		{object("", "a"), "NS361", "no key"},
		// Allowed keys with values that are not.
		{object("sysctls", object("kernel.shmmax", "1")), "NS362", "net.core.somaxconn"},
		{object("sysctls", object("net.ipv4.ip_forward", 1)), "NS362", "net.core.somaxconn"},
		{object("sysctls", []string{"kernel.msgmax=1"}), "NS362", "object"},
		{object("ulimits", object("nofile", -1)), "NS362", "memlock alone"},
		{object("ulimits", object("rtprio", 99)), "NS362", "nofile"},
		{object("ulimits", object("nofile", object("soft", 1))), "NS362", "hard"},
		{object("labels", object("com.docker.compose.project", "other")), "NS362", "com.docker."},
		{object("labels", object("io.nselfc.address", "service.y")), "NS362", "io.nselfc."},
		{object("labels", object("x-a", "b")), "NS362", "x-"},
		{object("labels", object("a", 1)), "NS362", "strings"},
		{object("labels", []string{"a=b"}), "NS362", "object"},
		{object("ulimits", object("nofile", object("soft", 2, "hard", 1))), "NS362", "not above hard"},
		{object("ulimits", object("memlock", object("soft", -1, "hard", 1))), "NS362", "not above hard"},
		{object("mem_reservation", "513m"), "NS362", "start"},
		{object("shm_size", "1bg"), "NS362", "64m"},
		{object("shm_size", "lots"), "NS362", "64m"},
		{object("shm_size", -1), "NS362", "64m"},
		{object("cpu_shares", 1.5), "NS362", "whole number"},
		{object("pull_policy", "weekly"), "NS362", "missing"},
		{object("hostname", "a b"), "NS362", "letters"},
		{object("working_dir", "../.."), "NS362", "absolute"},
		{object("attach", "no"), "NS362", "true or false"},
		{object("dns_opt", []string{"a", "a"}), "NS362", "list"},
		{object("dns_opt", []string{}), "NS362", "list"},
		{object("stop_signal", "kill me"), "NS362", "SIGINT"},
		// Secrets, wherever they stand.
		{object("labels", object("a", "pre"+secret.Of(&secret.Expr{Address: "secret.k"})[0].Secret.Token())), "NS363", "holds a secret"},
		{object("hostname", secret.Of(&secret.Expr{Address: "secret.k"})[0].Secret.Token()), "NS363", "holds a secret"},
		// Not an object at all.
		{cty.StringVal("privileged"), "NS362", "object"},
		{cty.UnknownVal(cty.String), "NS362", "object"},
		{cty.TupleVal([]cty.Value{cty.StringVal("a")}), "NS362", "object"},
	} {
		files, diags := compose.Render(withExtra(tc.value), compose.Options{})
		if got := codes(diags); !slices.Equal(got, []string{tc.code}) || !strings.Contains(diags[0].Detail, tc.say) {
			t.Errorf("%#v: got %v, want %s with %q", tc.value, got, tc.code, tc.say)
			continue
		}
		if diags[0].Subject != span(5) {
			t.Errorf("%#v: the error points at %v", tc.value, diags[0].Subject)
		}
		clean, _ := compose.Render(withExtra(cty.NilVal), compose.Options{})
		if text(files[0]) != text(clean[0]) {
			t.Errorf("%#v: what is refused changes the file:\n%s", tc.value, text(files[0]))
		}
	}
}

func TestExtraMerged(t *testing.T) {
	marked := object("hostname", "h", "shm_size", cty.NullVal(cty.String), "cpuset", "0-3").Mark("both branches")
	files, diags := compose.Render(withExtra(marked), compose.Options{})
	if got := codes(diags); !slices.Equal(got, []string{"NS360"}) {
		t.Fatalf("got %v", got)
	}
	if want := "adds `cpuset` and `hostname` to"; !strings.Contains(diags[0].Detail, want) {
		t.Errorf("%q is missing in %q", want, diags[0].Detail)
	}
	if got := text(files[0]); !strings.Contains(got, "    cpuset: 0-3\n") && !strings.Contains(got, "    cpuset: '0-3'\n") || !strings.Contains(got, "    hostname: h\n") || strings.Contains(got, "shm_size") {
		t.Errorf("got:\n%s", got)
	}
	for _, v := range []cty.Value{cty.NilVal, cty.NullVal(cty.DynamicPseudoType), cty.EmptyObjectVal, object("hostname", cty.NullVal(cty.String))} {
		if _, diags := compose.Render(withExtra(v), compose.Options{}); len(diags) != 0 {
			t.Errorf("%#v: got %v", v, codes(diags))
		}
	}
}

// allExtra sets every key that is allowed.
func allExtra() cty.Value {
	return object(
		"attach", false, "cpu_shares", 512, "cpuset", "0", "dns_opt", []string{"ndots:1"}, "dns_search", []string{"a.example"},
		"domainname", "example.com", "hostname", "h", "labels", object("com.example.a", "$b"), "mem_reservation", "16m",
		"oom_score_adj", 500, "platform", "linux/amd64", "pull_policy", "missing", "shm_size", "64m", "stop_signal", "SIGINT",
		"sysctls", object("net.core.somaxconn", 1024, "net.ipv4.ip_local_port_range", "1024 65000"),
		"ulimits", object("nofile", object("soft", 1024, "hard", 65536), "nproc", 64, "memlock", object("soft", -1, "hard", -1)), "working_dir", "/srv",
	)
}

func TestExtraAllowed(t *testing.T) {
	stack := withExtra(allExtra())
	file := render(t, stack)
	for _, d := range append(verify.Verify(context.Background(), stack, []emit.File{file}), compose.Check(stack, []emit.File{file})...) {
		t.Error(d.Detail)
	}
	all := allExtra()
	for key, allowed := range compose.ExtraKeys() {
		if allowed != all.Type().HasAttribute(key) {
			t.Errorf("allExtra has no value for %s", key)
		}
	}
}

// TestExtraErrorsAreSorted holds that several errors come in one order.
func TestExtraErrorsAreSorted(t *testing.T) {
	_, diags := compose.Render(withExtra(object("user", "0", "ports", []string{"1"}, "hostname", "h", "cap_add", []string{"ALL"})), compose.Options{})
	if got := codes(diags); !slices.Equal(got, []string{"NS361", "NS361", "NS361", "NS360"}) {
		t.Fatalf("got %v", got)
	}
	for i, want := range []string{"`cap_add`", "`ports`", "`user`"} {
		if !strings.HasPrefix(diags[i].Detail, want) {
			t.Errorf("error %d: %s", i, diags[i].Detail)
		}
	}
}

// TestExtraKnowsEveryKey fails when compose-go's schema learns a key of a
// service that nobody has judged, or forgets one.
func TestExtraKnowsEveryKey(t *testing.T) {
	defs := schemaDefs(t)
	known := compose.ExtraKeys()
	for _, name := range []string{"container_spec", "workload_spec", "service"} {
		var def struct{ Properties map[string]json.RawMessage }
		if err := json.Unmarshal(defs[name], &def); err != nil {
			t.Fatal(err)
		}
		for key := range def.Properties {
			if _, ok := known[key]; !ok {
				t.Errorf("%s is not judged", key)
			}
			delete(known, key)
		}
	}
	for key := range known {
		t.Errorf("%s is no key of a service", key)
	}
}

func schemaDefs(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	var doc struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(schema.Schema), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Defs
}
