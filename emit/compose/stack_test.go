package compose_test

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// at gives a value a place: line n of nself.hcl.
func at[T any](v T, line int32) source.Value[T] { return source.At(v, span(line)) }

func span(line int32) source.Range {
	return source.Range{File: "nself.hcl", Start: source.Pos{Line: line, Byte: line * 40}, End: source.Pos{Line: line, Byte: line*40 + 20}}
}

func origin(line int32) source.Origin { return source.Origin{Range: span(line)} }

// preset gives a value that a default set for the block at a line.
func preset[T any](v T, line int32, by string) source.Value[T] {
	return source.Default(v, span(line), by)
}

// rich is a stack with everything that the emitter can write.
func rich() *ir.Stack {
	return &ir.Stack{
		Name: at("shop", 1), Project: "shop-prod", Environment: "prod",
		Services: []*ir.Service{api(), ingress(), main(), worker()},
		Networks: []*ir.Network{
			{Name: "edge-api", Origin: origin(10), Internal: true, Subnet: "10.89.0.0/28", Bridge: "nself-3f9ac1", Purpose: "edge", Owner: "service.api"},
			{Name: "egress", Origin: origin(60), Subnet: "10.89.0.32/28", Bridge: "nself-77aa01", Purpose: "egress", Owner: "ingress"},
			{Name: "main", Origin: origin(30), Internal: true, Subnet: "10.89.0.16/28", Bridge: "nself-0c4e55", Purpose: "provider", Owner: "postgres.main.service.main"},
		},
		Volumes: []*ir.Volume{
			{Name: "main-data", Origin: origin(34), Labels: []ir.EnvVar{{Name: "io.nselfc.address", Value: at("postgres.main.service.main", 34)}}},
			{Name: "scratch", Origin: origin(50)},
		},
	}
}

func api() *ir.Service {
	return &ir.Service{
		Name: "api", Address: "service.api", Origin: origin(10),
		Image:   at("ghcr.io/acme/api:1.4.2@sha256:4bf4a01b5a2bb4bf4a01b5a2bb4bf4a01b5a2bb4bf4a01b5a2bb4bf4a01b5a2b", 11),
		Command: []ir.String{at("serve", 12), at("--greeting=$HOME is not yours", 12), at("yes", 12)},
		User:    preset("10001:10001", 10, "default service.user"),
		Ports: []ir.Port{
			{Name: at("admin", 13), Container: at(8080, 13), Protocol: at("tcp", 13)}, // a second name
			{Name: at("http", 13), Container: at(8080, 13), Protocol: at("tcp", 13)},
			{Name: at("metrics", 14), Container: at(9125, 14), Protocol: at("udp", 14)},
		},
		Env: []ir.EnvVar{
			{Name: "DATABASE_URL_FILE", Value: preset("/run/secrets/DATABASE_URL", 16, "argument secrets")},
			{Name: "DEBUG", Value: at("off", 15)},
			{Name: "EMPTY", Value: at("", 15)},
			{Name: "MOTD", Value: at("first line\n  second, indented\n\nlast: #1 for $5\n", 15)},
			{Name: "PRICE", Value: at("12:30:45", 15)},
			{Name: "SHELL_LIKE", Value: at("a$b ${C:-d} $$e it's \"quoted\"", 15)},
		},
		EnvFile: at(".secrets.d/api.env", 17),
		Secrets: []ir.Mount{{Origin: origin(16), Name: "api-DATABASE_URL", File: ".secrets.d/api/DATABASE_URL", Target: "/run/secrets/DATABASE_URL", Mode: 0o444}},
		Configs: []ir.Mount{{Origin: origin(18), Name: "api-settings", File: "api/settings.json", Target: "/etc/api/settings.json", Mode: 0o644}},
		Tmpfs:   []ir.Tmpfs{{Target: preset("/tmp", 10, "default service.writable"), Size: preset[int64](64<<20, 10, "default service.writable"), Mode: 0o1777}},
		Health: &ir.Health{
			Origin: origin(19), Test: []string{"CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"},
			Interval: at("10s", 20), Timeout: preset("5s", 19, "default healthcheck.timeout"), Retries: at(3, 21), StartPeriod: at("1m30s", 22),
		},
		CPUs: at(1.5, 23), Memory: at[int64](512<<20, 24), Pids: at(256, 25), Replicas: at(2, 26),
		Restart:   preset("unless-stopped", 10, "default service.restart"),
		StopGrace: at("45s", 27),
		Init:      at(true, 28), ReadOnly: preset(true, 10, "posture production"),
		CapAdd:    []ir.String{at("NET_BIND_SERVICE", 29)},
		Networks:  []ir.Attachment{{Origin: origin(10), Network: "edge-api", Aliases: []string{"api.internal"}}, {Origin: origin(16), Network: "main"}},
		DependsOn: []ir.Dependency{{Origin: origin(16), Service: "main", Condition: "service_healthy"}},
		Digest:    "sha256:9f86d081884c7d65",
		Extra: at(cty.ObjectVal(map[string]cty.Value{
			"hostname":    cty.StringVal("api-1"),
			"labels":      cty.ObjectVal(map[string]cty.Value{"com.example.team": cty.StringVal("pay$ments")}),
			"shm_size":    cty.StringVal("64m"),
			"sysctls":     cty.ObjectVal(map[string]cty.Value{"net.core.somaxconn": cty.NumberIntVal(1024)}),
			"ulimits":     cty.ObjectVal(map[string]cty.Value{"nofile": cty.ObjectVal(map[string]cty.Value{"soft": cty.NumberIntVal(1024), "hard": cty.NumberIntVal(65536)})}),
			"working_dir": cty.StringVal("/srv"),
			"dns_opt":     cty.TupleVal([]cty.Value{cty.StringVal("ndots:1")}),
			"attach":      cty.False,
		}), 30),
	}
}

func ingress() *ir.Service {
	return &ir.Service{
		Name: "ingress", Address: "ingress", Origin: origin(60),
		Image: at("nginx:1.30.4", 61), User: preset("101:101", 60, "default ingress.user"),
		Publish: []ir.Publish{
			{Host: preset(80, 60, "default ingress.http"), Container: preset(8080, 60, "ingress"), Protocol: preset("tcp", 60, "ingress")},
			{HostIP: at("127.0.0.1", 62), Host: at(8443, 62), Container: preset(8443, 60, "ingress"), Protocol: preset("tcp", 60, "ingress")},
			{HostIP: at("::1", 62), Host: at(8443, 62), Container: preset(8443, 60, "ingress"), Protocol: preset("tcp", 60, "ingress")},
		},
		Configs: []ir.Mount{{Origin: origin(60), File: "nginx/nginx.conf", Target: "/etc/nginx/nginx.conf"}},
		Tmpfs:   []ir.Tmpfs{{Target: preset("/var/cache/nginx", 60, "ingress"), Size: preset[int64](1000, 60, "ingress"), Mode: 0o700, Exec: at(true, 63)}},
		CPUs:    preset(1.0, 60, "default ingress.cpus"), Memory: preset[int64](2<<30, 60, "default ingress.memory"), Pids: preset(100, 60, "default ingress.pids"),
		Restart: at("on-failure:5", 64), ReadOnly: preset(true, 60, "posture production"),
		Networks:  []ir.Attachment{{Origin: origin(10), Network: "edge-api"}, {Origin: origin(60), Network: "egress"}},
		DependsOn: []ir.Dependency{{Origin: origin(10), Service: "api", Condition: "service_started"}},
	}
}

func main() *ir.Service {
	return &ir.Service{
		Name: "main", Address: "postgres.main.service.main", Origin: origin(30), Store: at("postgres", 30),
		Image: at("postgres:17", 31), User: at("999:999", 31),
		Entrypoint: []ir.String{at("/bin/sh", 32), at("-c", 32), at("set -eu\nexec docker-entrypoint.sh \"$@\"", 32)},
		Command:    []ir.String{at("postgres", 32), at("-c", 32), at("config_file=/etc/postgresql/postgresql.conf", 32)},
		Secrets: []ir.Mount{
			{Origin: origin(33), Name: "api-DATABASE_URL", File: ".secrets.d/api/DATABASE_URL", Target: "/run/secrets/APP_URL"},
			{Origin: origin(33), Name: "main-superuser", File: ".secrets.d/main/superuser", Target: "/run/secrets/superuser"},
		},
		Volumes: []ir.VolumeMount{
			{Origin: origin(34), Volume: "main-data", Target: at("/var/lib/postgresql/data", 34)},
			{Origin: origin(35), Bind: "../seed", Target: at("/seed", 35), ReadOnly: at(true, 35)},
		},
		Health:   &ir.Health{Origin: origin(36), Test: []string{"CMD-SHELL", "pg_isready -U postgres || exit 1"}, Interval: at("5s", 36)},
		Memory:   at[int64](1<<30+1<<10, 37),
		Restart:  at("unless-stopped", 38),
		Networks: []ir.Attachment{{Origin: origin(30), Network: "main"}},
	}
}

func worker() *ir.Service {
	return &ir.Service{
		Name: "worker", Address: `service.worker["eu"]`, Origin: origin(50),
		Build: &ir.Build{
			Origin: origin(51), Context: at("../worker", 51), Dockerfile: at("Dockerfile.prod", 51), Target: at("run", 51),
			Args: []ir.EnvVar{{Name: "VERSION", Value: at("1.10", 51)}},
		},
		Volumes: []ir.VolumeMount{{Origin: origin(52), Volume: "scratch", Target: at("/scratch", 52)}},
	}
}

// many is a stack of n services that look like what people write: the api of
// rich without extra_compose, each with names of its own.
func many(n int) *ir.Stack {
	stack := &ir.Stack{Name: at("big", 1), Project: "big"}
	for i := range n {
		name := fmt.Sprintf("svc-%04d", i)
		s := api()
		s.Name, s.Address = name, "service."+name
		s.Extra = source.Value[cty.Value]{}
		s.DependsOn = nil
		if i > 0 {
			s.DependsOn = []ir.Dependency{{Origin: origin(16), Service: fmt.Sprintf("svc-%04d", i-1), Condition: "service_healthy"}}
		}
		s.Secrets[0].Name, s.Secrets[0].File = name+"-url", ".secrets.d/"+name+"/url"
		s.Networks[0].Network, s.Networks[1].Network = "edge-"+name, "main"
		stack.Services = append(stack.Services, s)
		stack.Networks = append(stack.Networks, &ir.Network{
			Name: "edge-" + name, Origin: origin(10), Internal: true, Bridge: fmt.Sprintf("nself-%06x", i), Owner: s.Address,
			Subnet: fmt.Sprintf("10.%d.%d.%d/29", 64+i/8192, i/32%256, i%32*8),
		})
	}
	stack.Networks = append(stack.Networks, &ir.Network{Name: "main", Origin: origin(30), Internal: true})
	return stack
}
