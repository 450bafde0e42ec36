package compiler

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// drawStack makes a stack of services, stores, references, routes, secrets and
// everything else, most of it right and some of it wrong.
func drawStack(t *rapid.T) *builder {
	b := newBuilder()
	if rapid.Bool().Draw(t, "development") {
		b.stack.Posture = b.str("development")
	}
	secrets := rapid.IntRange(0, 4).Draw(t, "secrets")
	for i := range secrets {
		b.secret(fmt.Sprintf("s%d", i), func(s *lang.Secret) {
			s.Kind = b.str(rapid.SampledFrom([]string{"hex", "password", "jwt", "base64url"}).Draw(t, "kind"))
		})
	}
	text := func(label string) lang.Text {
		parts := []any{rapid.SampledFrom([]string{"", "x", "postgres://"}).Draw(t, label)}
		if secrets > 0 && rapid.Bool().Draw(t, label+" is secret") {
			parts = append(parts, ref(fmt.Sprintf("secret.s%d", rapid.IntRange(0, secrets-1).Draw(t, "which"))))
		}
		return b.text(parts...)
	}
	if rapid.Bool().Draw(t, "shared volume") {
		b.stack.Volumes = []*lang.Volume{
			{Declared: lang.Declared{Address: "volume.a", Range: b.at()}, Name: "a"}, {Declared: lang.Declared{Address: "volume.b", Range: b.at()}, Name: "b"},
		}
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "services") {
		name := fmt.Sprintf("n%d", i)
		if rapid.IntRange(0, 19).Draw(t, "same name") == 0 {
			name = "n0"
		}
		s := b.service(name, func(s *lang.Service) { s.Address = fmt.Sprintf("service.a%d", i) })
		if rapid.IntRange(0, 2).Draw(t, "store") == 0 {
			s.Store = b.str("redis")
		}
		s.Egress = value(b, rapid.Bool().Draw(t, "egress"))
		s.Replicas = b.num(rapid.IntRange(0, 40).Draw(t, "replicas"))
		for j := range rapid.IntRange(0, 3).Draw(t, "variables") {
			s.Env = append(s.Env, lang.EnvVar{Name: fmt.Sprintf("E%d", j), Value: text("env")})
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "secret files") {
			s.Secrets = append(s.Secrets, lang.EnvVar{Name: fmt.Sprintf("S%d", j), Value: text("secret")})
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "configs") {
			s.Configs = append(s.Configs, lang.Config{Range: b.at(), Name: fmt.Sprintf("c%d", j), Path: b.str(fmt.Sprintf("/c/%d", j)), Content: text("config")})
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "volumes") {
			m := lang.Mount{Range: b.at(), Name: fmt.Sprintf("v%d", j), Path: b.str(fmt.Sprintf("/v/%d", j))}
			if len(b.stack.Volumes) > 0 && rapid.Bool().Draw(t, "shared") {
				m.Volume = "volume.a"
			}
			s.Volumes = append(s.Volumes, m)
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "writable") {
			s.Writable = append(s.Writable, lang.Writable{Path: b.str(fmt.Sprintf("/w/%d", j))})
		}
		s.Capabilities = b.strs(rapid.SliceOfN(rapid.SampledFrom([]string{"CHOWN", "CAP_CHOWN", "KILL", "SETUID"}), 0, 3).Draw(t, "capabilities")...)
		if rapid.IntRange(0, 3).Draw(t, "publish") == 0 {
			s.Publish = []lang.Publish{{Range: b.at(), Port: b.str("http"), Host: b.num(rapid.IntRange(8000, 8003).Draw(t, "host port"))}}
		}
		for range rapid.IntRange(0, 2).Draw(t, "routes") {
			b.route(s, rapid.SampledFrom([]string{"a.example.com", "b.example.com", "*.example.com"}).Draw(t, "host"), func(r *lang.Route) {
				r.Path = b.str(rapid.SampledFrom([]string{"/", "/a", "/a/", "/b/c", "/%61"}).Draw(t, "path"))
				r.AllowFrom = b.strs(rapid.SliceOfN(rapid.SampledFrom([]string{"10.0.0.0/8", "10.0.0.1/8", "::/0"}), 0, 2).Draw(t, "from")...)
			})
		}
		for _, p := range b.stack.Services[:len(b.stack.Services)-1] {
			if rapid.IntRange(0, 3).Draw(t, "use") == 0 {
				b.use(s, p)
			}
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "ingress") > 0 {
		b.ingress()
		if rapid.Bool().Draw(t, "local") {
			b.stack.Ingress.Certificate.Source = "local"
		}
		b.stack.Firewall.Allow = []lang.Allow{{Range: b.at(), Name: "x", Port: b.num(4000)}, {Range: b.at(), Name: "y", Port: b.num(4001)}}
	}
	return b
}

// shuffle permutes every slice whose order means nothing.
func shuffle(t *rapid.T, s *lang.Stack) *lang.Stack {
	out := *s
	out.Services = permuted(t, s.Services)
	out.Volumes, out.Secrets = permuted(t, s.Volumes), permuted(t, s.Secrets)
	for i, service := range out.Services {
		c := *service
		c.Ports, c.Env, c.Secrets, c.Volumes = permuted(t, c.Ports), permuted(t, c.Env), permuted(t, c.Secrets), permuted(t, c.Volumes)
		c.Configs, c.Routes, c.Uses, c.Files = permuted(t, c.Configs), permuted(t, c.Routes), permuted(t, c.Uses), permuted(t, c.Files)
		c.Writable, c.Capabilities, c.Publish = permuted(t, c.Writable), permuted(t, c.Capabilities), permuted(t, c.Publish)
		for j, r := range c.Routes {
			route := *r
			route.AllowFrom, route.Headers = permuted(t, r.AllowFrom), permuted(t, r.Headers)
			c.Routes[j] = &route
		}
		out.Services[i] = &c
	}
	if s.Firewall != nil {
		f := *s.Firewall
		f.Allow = permuted(t, f.Allow)
		out.Firewall = &f
	}
	return &out
}

func permuted[T any](t *rapid.T, list []T) []T {
	if len(list) == 0 {
		return list
	}
	return rapid.Permutation(list).Draw(t, "order")
}

func TestOrderOfTheInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawStack(t)
		before := dump(t, b.stack)
		one, oneDiags := Compile(b.stack)
		two, twoDiags := Compile(shuffle(t, b.stack))
		if after := dump(t, b.stack); after != before {
			t.Fatalf("the input was changed:\n%s\n%s", before, after)
		}
		if a, b := dump(t, one), dump(t, two); a != b {
			t.Fatalf("results differ:\n%s\n%s", a, b)
		}
		if a, b := dump(t, oneDiags), dump(t, twoDiags); a != b {
			t.Fatalf("diagnostics differ:\n%s\n%s", a, b)
		}
	})
}

func dump(t *rapid.T, v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawStack(t)
		out, diags := Compile(b.stack)
		checkStores(t, out)
		checkReach(t, b.stack, out)
		checkSubnets(t, out)
		checkSecrets(t, out)
		checkSorted(t, out)
		var missing []string
		origins(reflect.ValueOf(out), "stack", &missing)
		if len(missing) > 0 {
			t.Fatalf("no origin: %s", strings.Join(missing, ", "))
		}
		for _, d := range diags {
			if d.Subject.IsZero() {
				t.Fatalf("no place: %+v", d)
			}
		}
	})
}

// checkStores: a store is never published and never routed.
func checkStores(t *rapid.T, out *ir.Stack) {
	stores := map[string]bool{}
	for _, s := range out.Services {
		stores[s.Name] = s.Store.V != ""
		if s.Store.V != "" && len(s.Publish) > 0 {
			t.Fatalf("the store %s is published", s.Name)
		}
		for _, p := range s.Publish {
			if a, err := netip.ParseAddr(p.HostIP.V); s.Name != "ingress" && (err != nil || !a.IsLoopback()) {
				t.Fatalf("%s publishes on %q", s.Name, p.HostIP.V)
			}
		}
	}
	if out.Ingress == nil {
		return
	}
	for _, h := range out.Ingress.Hosts {
		for _, r := range h.Routes {
			if stores[r.Service] {
				t.Fatalf("the store %s has a route", r.Service)
			}
		}
	}
}

// checkReach: a consumer joins the provider's network, once, and nobody else
// does; only what asked for it can leave the host.
func checkReach(t *rapid.T, in *lang.Stack, out *ir.Stack) {
	networks := map[string]*ir.Network{}
	for _, n := range out.Networks {
		networks[n.Name] = n
		if n.Internal != (n.Purpose == "provider") {
			t.Fatalf("%+v", n)
		}
	}
	refers := map[[2]string]bool{}
	egress := map[string]bool{}
	for _, s := range in.Services {
		egress[s.Address] = egress[s.Address] || s.Egress.V
		for _, u := range s.Uses {
			refers[[2]string{s.Address, u.Service}] = true
		}
		if len(s.Routes) > 0 {
			refers[[2]string{"ingress", s.Address}] = true
		}
	}
	for _, s := range out.Services {
		seen := map[string]int{}
		for _, a := range s.Networks {
			n := networks[a.Network]
			seen[n.Owner+n.Purpose]++
			switch {
			case n.Owner == s.Address:
			case n.Purpose != "provider":
				t.Fatalf("%s joined %s of %s", s.Address, n.Purpose, n.Owner)
			case !refers[[2]string{s.Address, n.Owner}]:
				t.Fatalf("%s reaches %s without a reference", s.Address, n.Owner)
			}
			if !n.Internal && s.Name != "ingress" && !egress[s.Address] && len(s.Publish) == 0 {
				t.Fatalf("%s can leave the host", s.Address)
			}
		}
		for key, count := range seen {
			if count != 1 {
				t.Fatalf("%s joined %s %d times", s.Address, key, count)
			}
		}
		for _, d := range s.DependsOn {
			if seen[addressOf(out, d.Service)+"provider"] != 1 && d.Origin.By == topology {
				t.Fatalf("%s waits for %s and cannot reach it", s.Address, d.Service)
			}
		}
	}
}

func addressOf(out *ir.Stack, name string) string {
	for _, s := range out.Services {
		if s.Name == name {
			return s.Address
		}
	}
	return ""
}

func checkSubnets(t *rapid.T, out *ir.Stack) {
	members := map[string]int{}
	for _, s := range out.Services {
		for _, a := range s.Networks {
			members[a.Network] += max(1, s.Replicas.V)
		}
	}
	bridges := map[string]bool{}
	for i, n := range out.Networks {
		p := netip.MustParsePrefix(n.Subnet)
		if !defaultPool.Contains(p.Addr()) || p != p.Masked() || 1<<(32-p.Bits())-3 < members[n.Name] {
			t.Fatalf("%s: %s for %d", n.Name, p, members[n.Name])
		}
		for _, o := range out.Networks[:i] {
			if p.Overlaps(netip.MustParsePrefix(o.Subnet)) {
				t.Fatalf("%s %s overlaps %s %s", n.Name, p, o.Name, o.Subnet)
			}
		}
		if bridges[n.Bridge] || len(n.Bridge) != 15 || !strings.HasPrefix(n.Bridge, "nself-") {
			t.Fatalf("bridge %q", n.Bridge)
		}
		bridges[n.Bridge] = true
	}
}

// checkSecrets: every secret that a file holds is in the list, every mounted
// file exists, and nothing secret is committed.
func checkSecrets(t *rapid.T, out *ir.Stack) {
	known, files, names := map[string]bool{}, map[string]*ir.File{}, map[string]bool{}
	for _, s := range out.Secrets {
		known[s.Address] = true
	}
	for _, f := range out.Files {
		if files[f.Path] != nil {
			t.Fatalf("two files at %s", f.Path)
		}
		files[f.Path] = f
		if f.Content.HasSecret() != strings.HasPrefix(f.Path, ".secrets.d/") {
			t.Fatalf("%s holds %s", f.Path, f.Content)
		}
		f.Content.Walk(func(e *secret.Expr) {
			if e.Address != "" && !known[e.Address] {
				t.Fatalf("%s holds %s, which is not declared", f.Path, e.Address)
			}
		})
	}
	for _, s := range out.Services {
		for _, m := range slices.Concat(s.Secrets, s.Configs) {
			if files[m.File] == nil || files[m.File].Mode != m.Mode || m.Mode&0o444 != 0o444 {
				t.Fatalf("%s mounts %+v", s.Name, m)
			}
		}
		for _, m := range s.Secrets {
			if names[m.Name] {
				t.Fatalf("two compose secrets %s", m.Name)
			}
			names[m.Name] = true
		}
		if s.EnvFile.V != "" && files[s.EnvFile.V] == nil {
			t.Fatalf("%s has no %s", s.Name, s.EnvFile.V)
		}
	}
	if text := fmt.Sprintf("%+v", out); strings.Contains(text, secret.Mark) {
		t.Fatal("a token is in the result")
	}
}

func checkSorted(t *rapid.T, out *ir.Stack) {
	sorted := func(what string, names []string) {
		if !slices.IsSorted(names) {
			t.Fatalf("%s: %v", what, names)
		}
	}
	var services, networks, volumes, files, secrets []string
	for _, s := range out.Services {
		services = append(services, s.Name)
		var joined, env, needs []string
		for _, a := range s.Networks {
			joined = append(joined, a.Network)
		}
		for _, e := range s.Env {
			env = append(env, e.Name)
		}
		for _, d := range s.DependsOn {
			needs = append(needs, d.Service)
		}
		sorted("networks of "+s.Name, joined)
		sorted("environment of "+s.Name, env)
		sorted("dependencies of "+s.Name, needs)
	}
	for _, n := range out.Networks {
		networks = append(networks, n.Name)
	}
	for _, v := range out.Volumes {
		volumes = append(volumes, v.Name)
	}
	for _, f := range out.Files {
		files = append(files, f.Path)
	}
	for _, s := range out.Secrets {
		secrets = append(secrets, s.Address)
	}
	sorted("services", services)
	sorted("networks", networks)
	sorted("volumes", volumes)
	sorted("files", files)
	sorted("secrets", secrets)
}

// origins walks the whole result and lists the leaves and elements without a
// file: every leaf that has a value, and every Origin there is.
func origins(v reflect.Value, path string, missing *[]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			origins(v.Elem(), path, missing)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[secret.Text]() {
			return
		}
		for i := range v.Len() {
			origins(v.Index(i), fmt.Sprintf("%s[%d]", path, i), missing)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[source.Origin]() {
			if v.Interface().(source.Origin).Range.IsZero() {
				*missing = append(*missing, path)
			}
			return
		}
		if leaf := v.FieldByName("V"); leaf.IsValid() {
			// Unset leaves have no value: the image of a built service, no store …
			if !leaf.IsZero() && v.FieldByName("Range").Interface().(source.Range).IsZero() {
				*missing = append(*missing, path)
			}
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Name == "Extra" || f.Name == "Firewall" && v.Field(i).IsNil() {
				continue
			}
			if f.Name == "Certificate" && v.Field(i).Kind() == reflect.Struct && v.Field(i).IsZero() {
				continue
			}
			origins(v.Field(i), path+"."+f.Name, missing)
		}
	default: // names, paths, flags: their element has an origin
	}
}

func TestOriginsWalkFindsWhatIsMissing(t *testing.T) {
	out := shop().compiled(t)
	service(t, out, "api").User.Range = source.Range{}
	out.Networks[0].Origin = source.Origin{}
	var missing []string
	origins(reflect.ValueOf(out), "stack", &missing)
	if len(missing) != 2 {
		t.Errorf("%v", missing)
	}
}

// TestSubnetsStay: what is added or removed leaves the other networks where they
// are.
func TestSubnetsStay(t *testing.T) {
	subnets := func(n int, skip int) map[string]string {
		b := newBuilder()
		for i := range n {
			if i == skip {
				continue
			}
			b.service(fmt.Sprintf("s%d", i), func(s *lang.Service) { s.Egress = value(b, true) })
		}
		out, _ := Compile(b.stack)
		got := map[string]string{}
		for _, x := range out.Networks {
			got[x.Name] = x.Subnet + " " + x.Bridge
		}
		return got
	}
	base := subnets(60, -1)
	for skip := range 60 {
		for name, subnet := range subnets(60, skip) {
			if base[name] != subnet {
				t.Errorf("without s%d, %s moved from %s to %s", skip, name, base[name], subnet)
			}
		}
	}
}
