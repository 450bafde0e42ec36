package verify_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/compose"
	"nselfc/emit/compose/verify"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

func at[T any](v T, line int32) source.Value[T] {
	return source.At(v, source.Range{File: "nself.hcl", Start: source.Pos{Line: line}, End: source.Pos{Line: line, Byte: 1}})
}

// stack has one service with every field set.
func stack() *ir.Stack {
	o := at("", 4).Origin
	return &ir.Stack{
		Name: at("s", 1), Project: "s",
		Services: []*ir.Service{{
			Name: "api", Address: "service.api", Origin: o,
			Image: at("i:1", 4), Command: []ir.String{at("c", 4)}, Entrypoint: []ir.String{at("e", 4)}, User: at("1:1", 4),
			Build: &ir.Build{Context: at("ctx", 4), Dockerfile: at("D", 4), Target: at("t", 4), Args: []ir.EnvVar{{Name: "A", Value: at("1", 4)}}},
			Ports: []ir.Port{{Container: at(80, 4), Protocol: at("tcp", 4)}}, Publish: []ir.Publish{{HostIP: at("127.0.0.1", 4), Host: at(80, 4), Container: at(8080, 4), Protocol: at("tcp", 4)}},
			Env: []ir.EnvVar{{Name: "A", Value: at("$x", 4)}}, EnvFile: at("e.env", 4),
			Secrets: []ir.Mount{{Name: "k", File: ".secrets.d/k", Target: "/run/secrets/k"}}, Configs: []ir.Mount{{File: "f", Target: "/f"}},
			Volumes: []ir.VolumeMount{{Volume: "v", Target: at("/v", 4)}, {Bind: "b", Target: at("/b", 4), ReadOnly: at(true, 4)}},
			Tmpfs:   []ir.Tmpfs{{Target: at("/t", 4), Size: at[int64](1<<20, 4), Mode: 0o700}},
			Health:  &ir.Health{Test: []string{"CMD", "t"}, Interval: at("1m", 4), Timeout: at("2s", 4), StartPeriod: at("3s", 4), Retries: at(4, 4)},
			CPUs:    at(0.5, 4), Memory: at[int64](1<<20, 4), Pids: at(9, 4), Replicas: at(2, 4), Restart: at("no", 4), StopGrace: at("5s", 4),
			Init: at(true, 4), ReadOnly: at(true, 4), CapAdd: []ir.String{at("CHOWN", 4)}, Digest: "d",
			Networks:  []ir.Attachment{{Network: "n", Aliases: []string{"a"}}},
			DependsOn: []ir.Dependency{{Service: "db", Condition: "service_healthy"}},
			Extra:     at(cty.ObjectVal(map[string]cty.Value{"hostname": cty.StringVal("h1"), "labels": cty.ObjectVal(map[string]cty.Value{"l": cty.StringVal("$")})}), 7),
		}, {Name: "db", Address: "service.db", Origin: at("", 9).Origin, Image: at("db", 9)}},
		Networks: []*ir.Network{{Name: "n", Origin: at("", 12).Origin, Internal: true, Subnet: "10.0.0.0/24", Bridge: "nself-n"}},
		Volumes:  []*ir.Volume{{Name: "v", Origin: at("", 13).Origin, Labels: []ir.EnvVar{{Name: "a", Value: at("b", 13)}}}},
	}
}

func rendered(t *testing.T) []emit.File {
	t.Helper()
	files, diags := compose.Render(stack(), compose.Options{})
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	return files
}

func TestVerifyAccepts(t *testing.T) {
	for _, d := range verify.Verify(context.Background(), stack(), rendered(t)) {
		t.Error(d.Detail)
	}
}

// TestVerifySeesEveryField changes what the compiler meant, one field at a
// time: the file then says something else, and Verify must tell.
func TestVerifySeesEveryField(t *testing.T) {
	files := rendered(t)
	for name, change := range map[string]func(*ir.Stack, *ir.Service){
		"name":           func(s *ir.Stack, _ *ir.Service) { s.Project = "other" },
		"a service":      func(s *ir.Stack, _ *ir.Service) { s.Services = append(s.Services, &ir.Service{Name: "new"}) },
		"no service":     func(s *ir.Stack, _ *ir.Service) { s.Services = s.Services[:1] },
		"address":        func(_ *ir.Stack, x *ir.Service) { x.Address += "x" },
		"image":          func(_ *ir.Stack, x *ir.Service) { x.Image.V += "x" },
		"command":        func(_ *ir.Stack, x *ir.Service) { x.Command[0].V += "x" },
		"no command":     func(_ *ir.Stack, x *ir.Service) { x.Command = nil },
		"entrypoint":     func(_ *ir.Stack, x *ir.Service) { x.Entrypoint[0].V += "x" },
		"user":           func(_ *ir.Stack, x *ir.Service) { x.User.V = "0:0" },
		"context":        func(_ *ir.Stack, x *ir.Service) { x.Build.Context.V = "/" },
		"dockerfile":     func(_ *ir.Stack, x *ir.Service) { x.Build.Dockerfile.V += "x" },
		"target":         func(_ *ir.Stack, x *ir.Service) { x.Build.Target.V += "x" },
		"args":           func(_ *ir.Stack, x *ir.Service) { x.Build.Args[0].Value.V += "x" },
		"no build":       func(_ *ir.Stack, x *ir.Service) { x.Build = nil },
		"port":           func(_ *ir.Stack, x *ir.Service) { x.Ports[0].Container.V++ },
		"port protocol":  func(_ *ir.Stack, x *ir.Service) { x.Ports[0].Protocol.V = "udp" },
		"host port":      func(_ *ir.Stack, x *ir.Service) { x.Publish[0].Host.V++ },
		"host ip":        func(_ *ir.Stack, x *ir.Service) { x.Publish[0].HostIP.V = "" },
		"published":      func(_ *ir.Stack, x *ir.Service) { x.Publish[0].Container.V++ },
		"protocol":       func(_ *ir.Stack, x *ir.Service) { x.Publish[0].Protocol.V = "udp" },
		"no port":        func(_ *ir.Stack, x *ir.Service) { x.Publish = nil },
		"env":            func(_ *ir.Stack, x *ir.Service) { x.Env[0].Value.V = "x" },
		"env name":       func(_ *ir.Stack, x *ir.Service) { x.Env[0].Name += "x" },
		"env file":       func(_ *ir.Stack, x *ir.Service) { x.EnvFile.V += "x" },
		"secret":         func(_ *ir.Stack, x *ir.Service) { x.Secrets[0].Name += "x" },
		"secret file":    func(_ *ir.Stack, x *ir.Service) { x.Secrets[0].File += "x" },
		"secret target":  func(_ *ir.Stack, x *ir.Service) { x.Secrets[0].Target += "x" },
		"config file":    func(_ *ir.Stack, x *ir.Service) { x.Configs[0].File += "x" },
		"config target":  func(_ *ir.Stack, x *ir.Service) { x.Configs[0].Target += "x" },
		"volume":         func(_ *ir.Stack, x *ir.Service) { x.Volumes[0].Volume += "x" },
		"bind":           func(_ *ir.Stack, x *ir.Service) { x.Volumes[1].Bind += "x" },
		"mount target":   func(_ *ir.Stack, x *ir.Service) { x.Volumes[0].Target.V += "x" },
		"read-only":      func(_ *ir.Stack, x *ir.Service) { x.Volumes[0].ReadOnly.V = true },
		"tmpfs":          func(_ *ir.Stack, x *ir.Service) { x.Tmpfs[0].Target.V += "x" },
		"tmpfs size":     func(_ *ir.Stack, x *ir.Service) { x.Tmpfs[0].Size.V++ },
		"tmpfs mode":     func(_ *ir.Stack, x *ir.Service) { x.Tmpfs[0].Mode = 0o777 },
		"tmpfs exec":     func(_ *ir.Stack, x *ir.Service) { x.Tmpfs[0].Exec.V = true },
		"health test":    func(_ *ir.Stack, x *ir.Service) { x.Health.Test[1] += "x" },
		"interval":       func(_ *ir.Stack, x *ir.Service) { x.Health.Interval.V = "61s" },
		"timeout":        func(_ *ir.Stack, x *ir.Service) { x.Health.Timeout.V = "" },
		"start period":   func(_ *ir.Stack, x *ir.Service) { x.Health.StartPeriod.V = "1s" },
		"retries":        func(_ *ir.Stack, x *ir.Service) { x.Health.Retries.V++ },
		"no health":      func(_ *ir.Stack, x *ir.Service) { x.Health = nil },
		"cpus":           func(_ *ir.Stack, x *ir.Service) { x.CPUs.V++ },
		"memory":         func(_ *ir.Stack, x *ir.Service) { x.Memory.V++ },
		"pids":           func(_ *ir.Stack, x *ir.Service) { x.Pids.V++ },
		"replicas":       func(_ *ir.Stack, x *ir.Service) { x.Replicas.V++ },
		"restart":        func(_ *ir.Stack, x *ir.Service) { x.Restart.V = "always" },
		"stop grace":     func(_ *ir.Stack, x *ir.Service) { x.StopGrace.V = "6s" },
		"init":           func(_ *ir.Stack, x *ir.Service) { x.Init.V = false },
		"read-only root": func(_ *ir.Stack, x *ir.Service) { x.ReadOnly.V = false },
		"capability":     func(_ *ir.Stack, x *ir.Service) { x.CapAdd[0].V = "SETUID" },
		"digest":         func(_ *ir.Stack, x *ir.Service) { x.Digest += "x" },
		"network":        func(_ *ir.Stack, x *ir.Service) { x.Networks[0].Network += "x" },
		"alias":          func(_ *ir.Stack, x *ir.Service) { x.Networks[0].Aliases[0] += "x" },
		"no network":     func(_ *ir.Stack, x *ir.Service) { x.Networks = nil },
		"dependency":     func(_ *ir.Stack, x *ir.Service) { x.DependsOn[0].Service = "gone" },
		"condition":      func(_ *ir.Stack, x *ir.Service) { x.DependsOn[0].Condition = "service_started" },
		"extra": func(_ *ir.Stack, x *ir.Service) {
			x.Extra.V = cty.ObjectVal(map[string]cty.Value{"hostname": cty.StringVal("h"), "labels": cty.EmptyObjectVal})
		},
		"no extra": func(_ *ir.Stack, x *ir.Service) { x.Extra = source.Value[cty.Value]{} },
		"extra label": func(_ *ir.Stack, x *ir.Service) {
			x.Extra.V = cty.ObjectVal(map[string]cty.Value{"hostname": cty.StringVal("h1"), "labels": cty.ObjectVal(map[string]cty.Value{"l": cty.StringVal("$$")})})
		},
		"internal":       func(s *ir.Stack, _ *ir.Service) { s.Networks[0].Internal = false },
		"subnet":         func(s *ir.Stack, _ *ir.Service) { s.Networks[0].Subnet = "10.0.1.0/24" },
		"IPv6":           func(s *ir.Stack, _ *ir.Service) { s.Networks[0].Subnet6 = "fd00::/64" },
		"bridge":         func(s *ir.Stack, _ *ir.Service) { s.Networks[0].Bridge += "x" },
		"another net":    func(s *ir.Stack, _ *ir.Service) { s.Networks = append(s.Networks, &ir.Network{Name: "m"}) },
		"volume label":   func(s *ir.Stack, _ *ir.Service) { s.Volumes[0].Labels = nil },
		"another volume": func(s *ir.Stack, _ *ir.Service) { s.Volumes = append(s.Volumes, &ir.Volume{Name: "w"}) },
	} {
		t.Run(name, func(t *testing.T) {
			meant := stack()
			change(meant, meant.Services[0])
			diags := verify.Verify(context.Background(), meant, files)
			if len(diags) == 0 {
				t.Fatal("the difference is not seen")
			}
			if diags[0].Code != "NS900" || diags[0].Subject.IsZero() {
				t.Errorf("got %+v", diags[0])
			}
		})
	}
}

// TestVerifyControls damages the file instead.
func TestVerifyControls(t *testing.T) {
	good := rendered(t)[0].Text.String()
	for _, tc := range []struct{ name, old, new, say string }{
		{"an unescaped dollar sign", "A: '$$x'", "A: '$x'", "Environment"},
		{"an inherited variable", "A: '$$x'", "A:", "inherited"},
		{"a key nobody meant", "    init: true", "    privileged: true\n    init: true", "privileged"},
		{"another label", "io.nselfc.config: d", "io.nselfc.config: d\n      io.nselfc.more: d", "Labels"},
		{"no label of networks", "io.nselfc.networks: ", "io.nselfc.other: ", "io.nselfc.networks"},
		{"a duplicate", "    init: true", "    init: true\n    init: true", "already defined"},
		{"an unknown key", "    init: true", "    innit: true", "cannot read"},
		{"a dropped capability back", "- ALL", "- NET_RAW", "CapDrop"},
		{"new privileges", "no-new-privileges:true", "no-new-privileges:false", "SecurityOpt"},
		{"a log without end", "max-size: 10m", "max-size: 10g", "Logging"},
		{"a missing host path is made", "create_host_path: false", "create_host_path: true", "Volumes"},
		{"a missing env file is fine", "required: true", "required: false", "EnvFiles"},
		{"an external volume", "    labels:\n      a: b", "    external: true", "volumes.v"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(good, tc.old) {
				t.Fatalf("%q is not in the file", tc.old)
			}
			bad := []emit.File{{Path: "docker-compose.yml", Text: secret.Literal(strings.Replace(good, tc.old, tc.new, 1))}}
			diags := verify.Verify(context.Background(), stack(), bad)
			if len(diags) == 0 || !strings.Contains(diags[0].Detail, tc.say) {
				t.Errorf("%q is not said: %v", tc.say, diags)
			}
		})
	}
}

// TestVerifyNetworkLabels has three services, of which two are on the same
// networks, and takes their labels for each other's.
func TestVerifyNetworkLabels(t *testing.T) {
	meant := stack()
	meant.Networks = append(meant.Networks, &ir.Network{Name: "o", Internal: true, Subnet: "10.0.1.0/24", Bridge: "nself-o"})
	on := func(name string, networks ...string) *ir.Service {
		s := &ir.Service{Name: name, Address: "service." + name, Origin: at("", 20).Origin, Image: at("i:1", 20)}
		for _, n := range networks {
			s.Networks = append(s.Networks, ir.Attachment{Network: n})
		}
		return s
	}
	meant.Services = []*ir.Service{on("a", "n"), on("b", "n"), on("c", "n", "o")}
	files, _ := compose.Render(meant, compose.Options{})
	good := files[0].Text.String()
	if diags := verify.Verify(context.Background(), meant, files); len(diags) > 0 {
		t.Fatal(diags[0].Detail)
	}
	labels := regexp.MustCompile(`io.nselfc.networks: (.*)`).FindAllStringSubmatch(good, -1)
	if len(labels) != 3 || labels[0][1] != labels[1][1] || labels[0][1] == labels[2][1] {
		t.Fatalf("labels %v", labels)
	}
	for what, bad := range map[string]string{
		"one for all":          strings.Replace(good, labels[2][1], labels[0][1], 1),
		"another for the same": strings.Replace(good, labels[0][1], "x", 1),
		"an empty one":         strings.Replace(good, "io.nselfc.networks: "+labels[2][1], "io.nselfc.networks: ''", 1),
	} {
		diags := verify.Verify(context.Background(), meant, []emit.File{{Path: "docker-compose.yml", Text: secret.Literal(bad)}})
		if len(diags) == 0 || !strings.Contains(diags[0].Detail, "io.nselfc.networks") {
			t.Errorf("%s: %v", what, diags)
		}
	}
}
