package compiler

import (
	"path"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
	"nselfc/lang"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// lowerService fills u.out but for what depends on other services: networks and
// start order.
func (l *lowering) lowerService(u *unit) {
	s, o := u.in, u.out
	d, at := s.Declared, s.Range
	o.Name, o.Address, o.Site = s.Name, s.Address, s.Site()
	o.Origin = source.Origin{Range: at}
	if !isLabel(s.Name) {
		l.bug(d, at, "The service name %q is not a DNS label of lower-case letters, digits and hyphens.", s.Name)
	}

	o.Image = l.lowerImage(s)
	o.Build = l.lowerBuild(s)
	o.Entrypoint = l.words(d, s.Entrypoint, "the entrypoint")
	o.Command = l.words(d, s.Command, "the command")
	o.User = l.lowerUser(s)
	o.Store = l.guard(d, s.Store, "the argument store")
	o.Restart = l.lowerRestart(s)
	o.StopGrace = l.lowerDuration(d, s.StopGrace, source.Default(defaultStopGrace, at, "default service.stop_grace"), "stop_grace", true)
	o.Init = s.Init.Or(defaultInit, at, "default service.init")
	o.ReadOnly = s.ReadOnly.Or(true, at, "default service.read_only")
	o.CapAdd = l.lowerCapabilities(s)
	o.Extra, o.ExtraKeys = s.Extra, s.ExtraKeys

	// 6 MiB is the least that Docker accepts; the upper bounds catch slips of the unit.
	o.CPUs = within(l, d, s.CPUs, 0.01, 512, source.Default(defaultCPUs, at, "default service.cpus"), "cpus")
	o.Memory = within(l, d, s.Memory, 6<<20, 1<<44, source.Default[int64](defaultMemory, at, "default service.memory"), "memory, in bytes,")
	o.Pids = within(l, d, s.Pids, 1, 1<<22, source.Default(defaultPids, at, "default service.pids"), "pids")
	o.Replicas = within(l, d, s.Replicas, 0, 100, source.Default(defaultReplicas, at, "default service.replicas"), "replicas")

	l.lowerPorts(u)
	l.lowerPublish(u)
	l.lowerHealth(u)
	o.Job = isJob(o)
	l.lowerFiles(u)
	l.lowerMounts(u)
	l.lowerTmpfs(u)
	l.checkTargets(u)
	l.collectRoutes(u)
}

// isJob tells a service that runs once, such as a migration: it is not restarted
// after it has succeeded, and nothing can connect to it or ask for its health.
func isJob(o *ir.Service) bool {
	return (o.Restart.V == "no" || strings.HasPrefix(o.Restart.V, "on-failure")) && len(o.Ports) == 0 && o.Health == nil
}

// isLabel tells a DNS label (RFC 1123) in lower case.
func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// lowerImage checks the grammar of a reference: Docker refuses a wrong one when
// it pulls, on the host, and compose's schema lets everything through.
func (l *lowering) lowerImage(s *lang.Service) ir.String {
	if !s.Image.IsSet() {
		if s.Build == nil {
			l.errorf(s.Declared, s.Range, "NS347", "Service without an image",
				"%s has neither an image nor a build block, so there is nothing to run. Write:\n\n    image = \"ghcr.io/acme/api:1.4.2\"", s.Address)
		}
		return ir.String{}
	}
	return l.checkImage(s.Declared, s.Image)
}

func (l *lowering) checkImage(d lang.Declared, image lang.String) ir.String {
	if strings.Contains(image.V, secret.Mark) {
		return l.guard(d, image, "the image")
	}
	if _, err := reference.Parse(image.V); err != nil {
		l.errorf(d, image.Range, "NS300", "Invalid image reference",
			"The reference %q %s. Docker would refuse it on the host. Write a name, a version tag and, best, a digest:\n\n"+
				"    image = \"ghcr.io/acme/api:1.4.2@sha256:…\"", image.V, err)
		return ir.String{}
	}
	return image
}

func (l *lowering) lowerBuild(s *lang.Service) *ir.Build {
	b := s.Build
	if b == nil {
		return nil
	}
	d := s.Declared
	o := &ir.Build{
		Origin: source.Origin{Range: b.Range}, Target: l.guard(d, b.Target, "the build target"),
		Dockerfile: l.guard(d, b.Dockerfile, "the path of the Dockerfile").Or("Dockerfile", b.Range, "default build.dockerfile"),
	}
	if l.checkFolder(d, b.Context, "context") {
		o.Context = ir.String{V: l.fromOutput(b.Context.V), Origin: b.Context.Origin}
		l.checkContext(s, b)
		if file := o.Dockerfile; path.IsAbs(file.V) || !isBelow(path.Join(b.Context.V, file.V)) {
			l.errorf(d, file.Range, "NS307", hostPathSummary,
				"The Dockerfile of %s is %q, as seen from its context, which is not a path below the stack's folder. What lies outside is not "+
					"reviewed with the stack, and may not be there on another machine. Write:\n\n    dockerfile = \"Dockerfile\"", s.Address, file.V)
		}
	}
	for _, a := range sortedVars(b.Args) {
		if !l.checkEnvName(d, a, "A build argument", true) {
			continue
		}
		if plain, ok := l.plain(d, a.Value, "the build argument "+a.Name, "Build arguments stay in the history of the image."); ok {
			o.Args = append(o.Args, ir.EnvVar{Name: a.Name, Value: plain})
		}
	}
	return o
}

// plain gives a text that must not hold a secret, which it reports by name.
func (l *lowering) plain(d lang.Declared, t lang.Text, what, why string) (ir.String, bool) {
	if s, ok := t.V.Plain(); ok {
		return ir.String{V: s, Origin: t.Origin}, true
	}
	l.errorf(d, t.Range, "NS461", "Secret where it would be seen",
		"%s of %s holds %s. %s Give the secret to the running service as a file instead:\n\n    secrets = {\n      NAME = %s\n    }",
		upperFirst(what), d.Address, secretNames(t.V), why, asWritten(t.V))
	return ir.String{}, false
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// secretNames lists the secrets of a text for a sentence.
func secretNames(t secret.Text) string { return strings.Join(t.Addresses(), ", ") }

// asWritten repeats a text in advice: a secret of the stack's own by its name, and
// anything longer as "…", since names inside a kind are none that a stack can write.
func asWritten(t secret.Text) string {
	if a := t.Addresses(); len(t) == 1 && len(a) == 1 && strings.HasPrefix(a[0], "secret.") && t[0].Secret.Address != "" {
		return t[0].Secret.String()
	}
	return "…"
}

// sortedVars gives the variables by name, and the input as it was.
func sortedVars(vars []lang.EnvVar) []lang.EnvVar {
	byName := func(a, b lang.EnvVar) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(vars, byName) {
		return vars
	}
	vars = slices.Clone(vars)
	slices.SortFunc(vars, byName)
	return vars
}
