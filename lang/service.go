package lang

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// service reads one unit of a service block. Every reference that any of its
// expressions makes becomes a use; its routes are uses of the ingress instead.
func (u *unit) service() *Service {
	s := &Service{Declared: u.declared(), Name: u.composeName()}
	uses := u.x.ev.Collect(u.x.place, func() { u.readService(s) })
	if len(uses) > 0 {
		s.Uses = make([]Use, 0, len(uses))
	}
	for _, e := range uses {
		switch {
		case e.File != "":
			u.companion(s, e)
		case e.Address != u.address:
			s.Uses = append(s.Uses, Use{Service: e.Address, Range: e.At})
		}
	}
	slices.SortFunc(s.Uses, func(a, b Use) int { return strings.Compare(a.Service, b.Service) })
	slices.SortFunc(s.Files, func(a, b CompanionFile) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// companion adds a file that came along with an output. Two outputs may bring
// the same file, but not two files of one name.
func (u *unit) companion(s *Service, e eval.Use) {
	t, err := u.x.ev.Text(e.Text)
	if err != nil {
		return // the output has reported it
	}
	for _, f := range s.Files {
		if f.Name != e.File {
			continue
		}
		if f.Text.V.String() != t.String() {
			u.x.ev.Report(diag.Errorf("NS107", e.At, "Duplicate name in a map",
				"What is referred to here brings the file %q along, and so does another reference of %s, with another text. One of them would be lost: rename one in the files of its output.", e.File, u.address).
				With(f.Text.Range, "one of the files").With(e.Range, "the other"))
		}
		return
	}
	s.Files = append(s.Files, CompanionFile{Name: e.File, Text: source.At(t, e.Range)})
}

func (u *unit) readService(s *Service) {
	r := u.x.read(u.block, u.decl.spec, u.sc)
	s.Image = r.str("image")
	s.Command = r.words("command")
	s.Entrypoint = r.words("entrypoint")
	s.User = r.str("user")
	s.Env = r.texts("env")
	s.Secrets = r.texts("secrets")
	s.Replicas = r.integer("replicas", 0, 100)
	s.Restart = r.str("restart")
	s.StopGrace = r.durationText("stop_grace", 0, day)
	s.Init = r.boolean("init")
	s.ReadOnly = r.boolean("read_only")
	s.Egress = r.boolean("egress")
	s.Capabilities = r.strings("capabilities")
	s.Store = r.str("store")
	if v, at, ok := r.value("extra_compose"); ok {
		s.Extra, s.ExtraKeys = source.At(v, at), r.keys("extra_compose")
	}
	for _, b := range r.body.Blocks {
		nested, ok := r.spec.Nested(b.Type)
		if !ok || len(b.Labels) != len(nested.Labels) {
			continue // reported already
		}
		if !u.names(b) {
			continue
		}
		switch b.Type {
		case "build":
			s.Build = u.build(b, &r)
		case "port":
			s.Ports = append(s.Ports, u.port(b, &r))
		case "publish":
			n := u.x.read(b, nested.Block, u.sc)
			s.Publish = append(s.Publish, Publish{Range: n.at, Port: label(b), Host: n.integer("host", 1, 65535)})
		case "volume":
			s.Volumes = append(s.Volumes, u.mount(b, &r))
		case "config":
			if c, ok := u.config(b, nested.Block); ok {
				s.Configs = append(s.Configs, c)
			}
		case "writable":
			n := u.x.read(b, nested.Block, u.sc)
			s.Writable = append(s.Writable, Writable{Path: label(b), Size: n.size("size", 4<<10, 1<<40), Exec: n.boolean("exec")})
		case "healthcheck":
			s.Health = u.health(b, &r)
		case "resources":
			n := u.x.read(b, nested.Block, u.sc)
			s.CPUs = n.float("cpus", 0.01, 512)
			s.Memory = n.size("memory", 6<<20, 1<<44)
			s.Pids = n.integer("pids", 1, 1<<22)
		case "route":
			u.routes(s, b, nested.Block)
		}
	}
	u.checkPorts(s)
}

// labels are the names that blocks inside a service may have.
var labels = map[string]struct {
	pattern *regexp.Regexp
	rule    string
}{
	"port":   {dnsName, "1 to 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, as in \"http\""},
	"volume": {dnsName, "1 to 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen, as in \"data\""},
	"config": {fileName, "letters, digits, dots, underscores and hyphens, beginning with a letter or digit, as in \"app.conf\""},
}

// names tells whether the label of a block inside a service is a name.
func (u *unit) names(b *hclsyntax.Block) bool {
	l, ok := labels[b.Type]
	if !ok || l.pattern.MatchString(b.Labels[0]) {
		return true
	}
	u.x.ev.Report(diag.Errorf("NS108", source.FromHCL(b.LabelRanges[0]), "Invalid name", "The name of a %s is made of %s.", b.Type, l.rule))
	return false
}

// words reads a command; one text is what the image's shell runs.
func (r *reader) words(name string) []String {
	words, shell := r.command(name)
	if shell {
		return []String{source.At("/bin/sh", words[0].Range), source.At("-c", words[0].Range), words[0]}
	}
	return words
}

func (u *unit) build(b *hclsyntax.Block, outer *reader) *Build {
	r := u.x.read(b, outer.nested("build"), u.sc)
	out := &Build{
		Range: r.at, Context: r.str("context"), Dockerfile: r.str("dockerfile"),
		Target: r.str("target"), Args: r.texts("args"),
	}
	for _, a := range out.Args {
		if a.Value.V.HasSecret() {
			r.ev.Report(diag.Errorf("NS221", a.Value.Range, "Secret in a plain argument",
				"The build argument %q would hold %s, and build arguments stay in the history of the image. Give the secret to the running service instead.", a.Name, a.Value.V.Addresses()[0]))
		}
	}
	out.Context = u.below(&r, "context", out.Context)
	u.ignored(out)
	return out
}

// ignored reads what Docker leaves out of a context: the file that belongs to the
// Dockerfile, else that of the folder. One that cannot be read leaves out nothing.
func (u *unit) ignored(b *Build) {
	dockerfile := b.Dockerfile.V
	if dockerfile == "" {
		dockerfile = "Dockerfile"
	}
	for _, name := range []string{dockerfile + ".dockerignore", ".dockerignore"} {
		b.Ignore = path.Join(b.Context.V, name)
		text, err := readFile(u.x.dir.fsys, b.Ignore)
		if err == nil {
			b.Ignored = append([]byte{}, text...)
			return
		}
	}
}

// below resolves a path of the declaring file to one below the stack's folder.
func (u *unit) below(r *reader, name string, p String) String {
	if !p.IsSet() {
		return p
	}
	full := path.Join(path.Dir(u.block.TypeRange.Filename), p.V)
	if path.IsAbs(p.V) || full == ".." || strings.HasPrefix(full, "../") || strings.Contains(p.V, "\\") {
		r.ev.Report(diag.Errorf("NS143", p.Range, "Path outside the stack",
			"The argument %q is a path below the stack's folder, relative to the file that names it. What lies outside may not exist on another machine, and is not reviewed with the stack.%s", name, ofTheHost(p.V)))
		return String{}
	}
	p.V = full
	return p
}

// ofTheHost says what else is wrong with a path that belongs to the host itself.
func ofTheHost(p string) string {
	clean := path.Clean(p)
	first, _, _ := strings.Cut(strings.TrimPrefix(clean, "/"), "/")
	switch base := path.Base(clean); {
	case base == "docker.sock" || base == "containerd.sock" || base == "podman.sock":
		return " Whoever can talk to a container engine is root on the host, also where the socket is mounted read-only: one call starts a " +
			"container that has the whole disk. There is no way to mount it. What a service wants to know of its neighbours, it refers to: service.api.host."
	case clean == "/":
		return " A container that sees the host's root folder reads every key and password of the host; one that may write there is root."
	}
	switch first {
	case "bin", "boot", "dev", "etc", "home", "lib", "proc", "root", "run", "sbin", "sys", "usr", "var":
		if path.IsAbs(clean) {
			return " /" + first + " is the host's own: what lies there says who may log in, or is another program's data. Data that a container keeps belongs " +
				"into a volume:\n\n    volume \"data\" {\n      path = \"/data\"\n    }"
		}
	}
	return ""
}

func (u *unit) port(b *hclsyntax.Block, outer *reader) Port {
	r := u.x.read(b, outer.nested("port"), u.sc)
	return Port{Name: label(b), Container: r.integer("container", 1, 65535), Protocol: r.str("protocol")}
}

// checkPorts refuses two ports of one name, and names that no port has.
func (u *unit) checkPorts(s *Service) {
	names := make([]string, 0, len(s.Ports))
	for i, p := range s.Ports {
		for _, q := range s.Ports[:i] {
			if q.Name.V == p.Name.V {
				u.x.ev.Report(duplicate(p.Name.Range, "port", p.Name.V, q.Name.Range))
			}
		}
		names = append(names, p.Name.V)
	}
	check := func(name String) {
		if !name.IsSet() {
			return
		}
		if slices.Contains(names, name.V) {
			return
		}
		u.x.ev.Report(diag.Errorf("NS219", name.Range, "Unknown port",
			"%s has no port named %q.%s", u.address, name.V, eval.DidYouMean(name.V, names)))
	}
	for _, p := range s.Publish {
		check(p.Port)
	}
	for _, rt := range s.Routes {
		check(rt.Port)
	}
	if s.Health != nil {
		check(s.Health.Port)
	}
}

func (u *unit) mount(b *hclsyntax.Block, outer *reader) Mount {
	r := u.x.read(b, outer.nested("volume"), u.sc)
	m := Mount{Range: r.at, Name: b.Labels[0], Path: r.str("path"), ReadOnly: r.boolean("read_only")}
	m.Host = u.below(&r, "host", r.str("host"))
	shared, at, ok := r.ref("source", "volume")
	if ok {
		m.Volume = shared.address
	}
	if ok && m.Host.IsSet() {
		r.ev.Report(diag.Errorf("NS113", at, "Conflicting arguments", "A volume has a source or a host path, not both.").With(m.Host.Range, "the host path"))
	}
	return m
}

func (u *unit) health(b *hclsyntax.Block, outer *reader) *Health {
	r := u.x.read(b, outer.nested("healthcheck"), u.sc)
	h := &Health{
		Range: r.at, HTTP: r.str("http"), TCP: r.boolean("tcp"), Port: r.str("port"),
		Interval: r.durationText("interval", second, hour), Timeout: r.durationText("timeout", second, hour),
		Retries: r.integer("retries", 1, 100), StartPeriod: r.durationText("start_period", 0, day),
	}
	h.Command, h.Shell = r.command("command")
	given := 0
	for _, name := range []string{"http", "tcp", "command"} {
		if _, ok := r.body.Attributes[name]; ok {
			given++
		}
	}
	if given > 1 || given == 0 && !r.strange {
		r.ev.Report(diag.Errorf("NS113", r.at, "Conflicting arguments",
			"A health check has exactly one of http, tcp and command, as in\n    healthcheck {\n      http = \"/healthz\"\n    }"))
	}
	return h
}

// routes reads a route block, once for each key of its for_each.
func (u *unit) routes(s *Service, b *hclsyntax.Block, spec *schema.Block) {
	index := 0
	for _, rt := range s.Routes {
		if rt.Range != source.FromHCL(b.DefRange()) {
			index = rt.index + 1
		}
	}
	base := u.address + ".route[" + strconv.Itoa(index) + "]"
	attr, repeated := b.Body.Attributes["for_each"]
	if !repeated {
		s.Routes = append(s.Routes, u.route(b, spec, u.sc, base, index))
		return
	}
	v, ok := u.x.ev.Eval(attr.Expr, u.sc)
	if !ok {
		return
	}
	d := &decl{x: u.x, block: b, spec: spec, kind: "route"}
	elems, ok := d.elements(u.x.ev, v, source.FromHCL(attr.Expr.Range()))
	if !ok {
		return
	}
	for _, e := range elems {
		sc := eval.NewScope(u.sc)
		e.declare(sc, source.FromHCL(attr.Expr.Range()))
		s.Routes = append(s.Routes, u.route(b, spec, sc, base+"["+strconv.Quote(e.name())+"]", index))
	}
}

func (u *unit) route(b *hclsyntax.Block, spec *schema.Block, sc *eval.Scope, address string, index int) *Route {
	r := u.x.read(b, spec, sc)
	rt := &Route{
		Declared: Declared{Address: address, Range: r.at, Calls: u.x.calls}, index: index,
		Host: r.str("host"), Path: r.str("path"), Port: r.str("port"),
		StripPrefix: r.boolean("strip_prefix"), WebSocket: r.boolean("websocket"),
		BodySize:       r.size("body_size", 1<<10, 1<<40),
		ConnectTimeout: r.wholeUnits("connect_timeout", second, "seconds", 1, 75),
		ReadTimeout:    r.wholeUnits("read_timeout", second, "seconds", 1, 86400),
		SendTimeout:    r.wholeUnits("send_timeout", second, "seconds", 1, 86400),
		Headers:        r.texts("headers"), AllowFrom: r.networks("allow_from"),
	}
	for _, h := range rt.Headers {
		if h.Value.V.HasSecret() {
			r.ev.Report(diag.Errorf("NS221", h.Value.Range, "Secret in a plain argument",
				"The response header %q would show %s to every client.", h.Name, h.Value.V.Addresses()[0]))
		}
	}
	for _, rb := range r.blocks("rate_limit") {
		rt.RateLimit = u.x.rateLimit(rb, r.nested("rate_limit"), sc)
	}
	return rt
}

func (x *instance) rateLimit(b *hclsyntax.Block, spec *schema.Block, sc *eval.Scope) *RateLimit {
	r := x.read(b, spec, sc)
	l := &RateLimit{
		Range: r.at, Requests: r.integer("requests", 1, 1_000_000), Burst: r.integer("burst", 1, 1_000_000),
		Window: r.wholeUnits("window", second, "seconds", 1, 86400), Off: r.boolean("off"),
	}
	if _, has := r.body.Attributes["requests"]; !has && !l.Off.V && !r.strange {
		r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
			"A rate_limit block needs requests, as in\n    rate_limit {\n      requests = 100\n      window   = \"60s\"\n    }\nor off = true for no limit."))
	}
	return l
}
