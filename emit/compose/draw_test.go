package compose_test

import (
	"fmt"
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// nasty draws strings that YAML or Compose could misread.
var nasty = rapid.OneOf(
	rapid.String(),
	rapid.StringOf(rapid.RuneFrom([]rune("$ {}:-#'\"\\|>&*!%@`[],?~=<\t\n\r\u2028\u0085\ufeffaé🙂0"))),
	rapid.SampledFrom([]string{
		"", "yes", "null", "~", "0123", "1e3", "12:30:45", "a: b", "a #b", " a", "a ", "$HOME", "${X:?gone}", "$$", "it's", "a\nb\n",
		"#!/bin/sh\nset -eu\n\texec \"$@\"", "line\n\n  indented\nlast", "---", "x-a", "<<", "2001-01-01", "0x1f", "- a",
	}),
).Filter(func(s string) bool { return !strings.ContainsRune(s, 0) })

// word draws names that the compiler allows for services, networks, volumes.
var word = rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,8}`).Filter(func(s string) bool { return !strings.HasPrefix(s, "x-") })

var envName = rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_.-]{0,10}`).Filter(func(s string) bool { return !strings.HasPrefix(s, "x-") })

var absolute = rapid.Map(rapid.SliceOfN(nasty, 1, 3), func(parts []string) string {
	return path.Clean("/" + strings.ReplaceAll(strings.Join(parts, "/"), ":", "."))
}).Filter(func(s string) bool { return s != "/" })

var below = rapid.Map(rapid.SliceOfN(word, 1, 3), func(parts []string) string { return strings.Join(parts, "/") })

var span2 = rapid.StringMatching(`[1-9][0-9]{0,2}(ms|s|m|h)|[1-9]m[1-9]s`)

func draw[T any](t *rapid.T, g *rapid.Generator[T], label string) source.Value[T] {
	return at(g.Draw(t, label), int32(rapid.IntRange(1, 99).Draw(t, "line")))
}

// some draws up to max elements.
func some[T any](t *rapid.T, limit int, label string, make func(i int) T) []T {
	var out []T
	for i := range rapid.IntRange(0, limit).Draw(t, label) {
		out = append(out, make(i))
	}
	return out
}

func drawStack(t *rapid.T) *ir.Stack {
	names := rapid.SliceOfNDistinct(word, 1, 3, rapid.ID[string]).Draw(t, "services")
	nets := rapid.SliceOfNDistinct(word, 0, 3, rapid.ID[string]).Draw(t, "networks")
	vols := rapid.SliceOfNDistinct(word, 0, 3, rapid.ID[string]).Draw(t, "volumes")
	stack := &ir.Stack{Name: at("s", 1), Project: rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,8}`).Draw(t, "project")}
	for i, name := range names {
		stack.Services = append(stack.Services, drawService(t, i, name, names[:i], nets, vols))
	}
	for i, name := range nets {
		stack.Networks = append(stack.Networks, &ir.Network{
			Name: name, Origin: origin(int32(i + 1)), Internal: rapid.Bool().Draw(t, "internal"),
			Subnet:  rapid.SampledFrom([]string{"", fmt.Sprintf("10.9.%d.0/24", i)}).Draw(t, "subnet"),
			Subnet6: rapid.SampledFrom([]string{"", fmt.Sprintf("fd00:0:0:%d::/64", i)}).Draw(t, "subnet6"),
			Bridge:  rapid.SampledFrom([]string{"", fmt.Sprintf("nself-%d", i)}).Draw(t, "bridge"),
		})
	}
	for i, name := range vols {
		stack.Volumes = append(stack.Volumes, &ir.Volume{
			Name: name, Origin: origin(int32(i + 1)),
			Labels: some(t, 1, "labels", func(int) ir.EnvVar { return ir.EnvVar{Name: "io.nselfc.address", Value: draw(t, nasty, "label")} }),
		})
	}
	return stack
}

func drawService(t *rapid.T, i int, name string, before, nets, vols []string) *ir.Service {
	line := origin(int32(i + 1))
	s := &ir.Service{
		Name: name, Address: "service." + name, Origin: line,
		Image:      draw(t, nasty.Filter(func(s string) bool { return s != "" }), "image"),
		Command:    some(t, 3, "command", func(int) ir.String { return draw(t, nasty, "argument") }),
		Entrypoint: some(t, 2, "entrypoint", func(int) ir.String { return draw(t, nasty, "argument") }),
		User:       draw(t, rapid.StringMatching(`([0-9]{1,5}:[0-9]{1,5})?`), "user"),
		CPUs:       at(float64(rapid.IntRange(0, 400).Draw(t, "cpus"))/100, 1),
		Memory:     draw(t, rapid.Int64Range(0, 1<<42), "memory"),
		Pids:       draw(t, rapid.IntRange(0, 4096), "pids"),
		Restart:    draw(t, rapid.SampledFrom([]string{"", "no", "always", "unless-stopped", "on-failure", "on-failure:5"}), "restart"),
		StopGrace:  draw(t, rapid.OneOf(rapid.Just(""), span2), "grace"),
		Init:       draw(t, rapid.Bool(), "init"),
		ReadOnly:   draw(t, rapid.Bool(), "read-only"),
		Digest:     rapid.StringMatching(`(sha256:[0-9a-f]{8})?`).Draw(t, "digest"),
	}
	if rapid.Bool().Draw(t, "replicated") {
		s.Replicas = draw(t, rapid.IntRange(0, 5), "replicas")
	}
	if rapid.Bool().Draw(t, "built") {
		s.Build = &ir.Build{Origin: line, Context: draw(t, below, "context"), Dockerfile: draw(t, rapid.OneOf(rapid.Just(""), nasty), "dockerfile"), Target: draw(t, nasty, "target"), Args: drawVars(t)}
	}
	s.Env = drawVars(t)
	if rapid.Bool().Draw(t, "env-file") {
		s.EnvFile = at(".secrets.d/"+name+".env", 2)
	}
	s.Ports = some(t, 2, "ports", func(i int) ir.Port {
		return ir.Port{Container: at(8000+i*rapid.IntRange(0, 1).Draw(t, "apart"), 1), Protocol: draw(t, protocols, "protocol")}
	})
	s.Publish = some(t, 2, "publish", func(i int) ir.Publish {
		return ir.Publish{HostIP: draw(t, rapid.SampledFrom([]string{"", "127.0.0.1", "::1"}), "ip"), Host: at(1000*i+1, 1), Container: at(8000+i, 1), Protocol: draw(t, protocols, "protocol")}
	})
	drawMounts(t, s, vols)
	if rapid.Bool().Draw(t, "healthy") {
		s.Health = &ir.Health{
			Origin: line, Test: append([]string{rapid.SampledFrom([]string{"CMD", "CMD-SHELL"}).Draw(t, "form")}, nasty.Draw(t, "test")),
			Interval: draw(t, span2, "interval"), Timeout: draw(t, rapid.OneOf(rapid.Just(""), span2), "timeout"),
			StartPeriod: draw(t, rapid.OneOf(rapid.Just(""), span2), "start"), Retries: draw(t, rapid.IntRange(0, 9), "retries"),
		}
	}
	for _, n := range nets {
		if rapid.Bool().Draw(t, "joins") {
			s.Networks = append(s.Networks, ir.Attachment{Origin: line, Network: n, Aliases: rapid.SliceOfNDistinct(word, 0, 2, rapid.ID[string]).Draw(t, "aliases")})
		}
	}
	for _, d := range before {
		if rapid.Bool().Draw(t, "depends") {
			s.DependsOn = append(s.DependsOn, ir.Dependency{Origin: line, Service: d, Condition: rapid.SampledFrom([]string{"service_healthy", "service_started", "service_completed_successfully"}).Draw(t, "condition")})
		}
	}
	if rapid.Bool().Draw(t, "capable") {
		s.CapAdd = []ir.String{at("CHOWN", 1), at("SETUID", 1)}
	}
	s.Extra = drawExtra(t)
	return s
}

var protocols = rapid.SampledFrom([]string{"tcp", "udp"})

func drawVars(t *rapid.T) []ir.EnvVar {
	var out []ir.EnvVar
	for _, name := range rapid.SliceOfNDistinct(envName, 0, 4, rapid.ID[string]).Draw(t, "variables") {
		out = append(out, ir.EnvVar{Name: name, Value: draw(t, nasty, "value")})
	}
	return out
}

func drawMounts(t *rapid.T, s *ir.Service, vols []string) {
	targets := rapid.SliceOfNDistinct(absolute, 0, 6, rapid.ID[string]).Draw(t, "targets")
	for i, target := range targets {
		o := origin(int32(i + 1))
		switch rapid.IntRange(0, 4).Draw(t, "mount") {
		case 0:
			s.Configs = append(s.Configs, ir.Mount{Origin: o, File: below.Draw(t, "file"), Target: target})
		case 1:
			name := fmt.Sprintf("%s-%d", s.Name, i)
			s.Secrets = append(s.Secrets, ir.Mount{Origin: o, Name: name, File: ".secrets.d/" + name, Target: target})
		case 2:
			s.Tmpfs = append(s.Tmpfs, ir.Tmpfs{
				Target: at(target, 1), Size: draw(t, rapid.Int64Range(0, 1<<31), "size"),
				Mode: rapid.SampledFrom([]uint32{0, 0o700, 0o1777}).Draw(t, "mode"), Exec: draw(t, rapid.Bool(), "exec"),
			})
		case 3:
			s.Volumes = append(s.Volumes, ir.VolumeMount{Origin: o, Bind: below.Draw(t, "bind"), Target: at(target, 1), ReadOnly: draw(t, rapid.Bool(), "read-only")})
		case 4:
			if len(vols) > 0 {
				s.Volumes = append(s.Volumes, ir.VolumeMount{Origin: o, Volume: rapid.SampledFrom(vols).Draw(t, "volume"), Target: at(target, 1), ReadOnly: draw(t, rapid.Bool(), "read-only")})
			}
		}
	}
}

// drawExtra draws allowed keys; those that are refused have tests of their own.
func drawExtra(t *rapid.T) source.Value[cty.Value] {
	if rapid.IntRange(0, 3).Draw(t, "extra") > 0 {
		return source.Value[cty.Value]{}
	}
	attrs := map[string]cty.Value{}
	for key, v := range map[string]cty.Value{
		"cpu_shares": cty.NumberIntVal(512), "dns_search": cty.ListVal([]cty.Value{cty.StringVal("a.example"), cty.StringVal("b.example")}),
		"labels":      cty.MapVal(map[string]cty.Value{"team": cty.StringVal(nasty.Draw(t, "team")), "on": cty.StringVal("1")}),
		"shm_size":    cty.StringVal("64M"),
		"ulimits":     cty.ObjectVal(map[string]cty.Value{"nproc": cty.NumberIntVal(100)}),
		"working_dir": cty.StringVal("/a $b"), "stop_signal": cty.StringVal("SIGINT"), "attach": cty.True,
		"platform": cty.NullVal(cty.String), "oom_score_adj": cty.NumberIntVal(10), "sysctls": cty.ObjectVal(map[string]cty.Value{"net.ipv4.ip_local_port_range": cty.StringVal("1024 65000")}),
	} {
		if rapid.Bool().Draw(t, key) {
			attrs[key] = v
		}
	}
	return at(cty.ObjectVal(attrs).Mark("conditional"), 9)
}
