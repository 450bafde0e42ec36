package compiler

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// ingressName is the ingress's name and address.
const ingressName = "ingress"

// lowerIngress makes the one nginx that publishes ports, and its service. Without
// routes there is nothing to publish, and no ingress.
func (l *lowering) lowerIngress() {
	s := l.in.Ingress
	if s == nil {
		l.checkNoRoutes()
		return
	}
	if len(l.routes) == 0 {
		if !slices.ContainsFunc(l.in.Services, func(s *lang.Service) bool { return len(s.Routes) > 0 }) {
			l.warningf(s.Declared, s.Range, "NS334", "Ingress without routes",
				"No service has a route, so nothing would be published, and no nginx is made. Give a service one:\n\n"+
					"    route {\n      host = \"api.example.com\"\n    }")
		}
		return
	}
	if i := slices.IndexFunc(l.units, func(u *unit) bool { return u.in.Name == ingressName }); i >= 0 {
		l.errorf(l.units[i].in.Declared, l.units[i].in.Range, "NS320", sameNameSummary,
			"%s is named %q, as is the nginx of the ingress block. One would replace the other. Rename the service.", l.units[i].in.Address, ingressName).
			With(s.Range, "the ingress")
		return
	}
	d, at := s.Declared, s.Range
	o := &ir.Ingress{
		Origin: source.Origin{Range: at}, Service: ingressName,
		Profile:     s.Profile.Or("guide", at, "default tls.profile"),
		HTTP:        source.Default(ingressHTTP, at, "default ingress"),
		HTTPS:       source.Default(ingressHTTPS, at, "default ingress"),
		HealthPort:  source.Default(ingressHealth, at, "default ingress"),
		HTTPSPublic: within(l, d, s.HTTPSPort, 1, 65535, source.Default(defaultHTTPSPort, at, "default ingress.https_port"), "https_port"),
		HSTS:        l.lowerHSTS(s),
	}
	if !slices.Contains([]string{"guide", "intermediate", "modern"}, o.Profile.V) {
		l.errorf(d, o.Profile.Range, "NS345", unknownWordSummary, "%q is no TLS profile. It is one of \"guide\", \"intermediate\" and \"modern\".", o.Profile.V)
	}
	if o.RateLimit = l.lowerRateLimit(d, s.RateLimit); o.RateLimit != nil && o.RateLimit.Off.V {
		o.RateLimit = nil
	} else if s.RateLimit == nil && l.out.Posture == ir.Production {
		o.RateLimit = productionRate(at)
	}
	o.TrustedProxy = l.lowerRanges(d, s.TrustedProxy)
	l.out.Ingress = o
	l.lowerHosts(o)
	l.ingressService(s, o)
	l.lowerCertificate(s, o)
}

// productionRate is the guide's limit, for an ingress that does not say.
func productionRate(at source.Range) *ir.RateLimit {
	by := "posture production"
	return &ir.RateLimit{
		Origin:   source.Origin{Range: at, By: by},
		Requests: source.Default(defaultRequests, at, by), Window: source.Default(defaultWindow, at, by),
		Burst: source.Default(defaultRequests, at, by), Off: source.Default(false, at, by),
	}
}

// checkNoRoutes reports routes that nothing would serve.
func (l *lowering) checkNoRoutes() {
	if len(l.routes) == 0 {
		return
	}
	routes := slices.Clone(l.routes)
	slices.SortFunc(routes, func(a, b routed) int {
		return cmp.Or(compareRanges(a.in.Range, b.in.Range), strings.Compare(a.in.Address, b.in.Address))
	})
	first := routes[0]
	d := l.errorf(first.in.Declared, first.in.Range, "NS333", "Route without an ingress",
		"%s publishes %s, but the stack has no ingress, so no nginx would listen for it. Add one, with a certificate:\n\n"+
			"    ingress {\n      tls {\n        certificate {\n          files {\n            certificate = \"/etc/ssl/shop/fullchain.pem\"\n"+
			"            private_key = \"/etc/ssl/shop/privkey.pem\"\n          }\n        }\n      }\n    }", first.in.Address, first.in.Host.V)
	for _, r := range routes[1:] {
		d.With(r.in.Site(), "another route")
	}
	l.routes = nil
}

// lowerHSTS gives the Strict-Transport-Security header, which development never
// sends: a browser that saw it would refuse every other project of the laptop
// that has the host without TLS. The default names no subdomains: some of them
// may be another machine's, and a browser keeps to the header for two years.
func (l *lowering) lowerHSTS(s *lang.Ingress) ir.HSTS {
	at, by := s.Range, "posture production"
	in := s.HSTS
	if in == nil {
		in = &lang.HSTS{Range: at}
	}
	o := ir.HSTS{
		MaxAge:            within(l, s.Declared, in.MaxAge, 0, 10*365*86400, source.Default(productionHSTS, at, by), "max_age, in seconds,"),
		IncludeSubDomains: in.IncludeSubDomains.Or(false, at, "default hsts.include_subdomains"),
		Preload:           in.Preload.Or(false, at, "default hsts.preload"),
	}
	if o.Preload.V && (!o.IncludeSubDomains.V || o.MaxAge.V < 31536000) {
		l.errorf(s.Declared, o.Preload.Range, "NS342", "HSTS preload without its conditions",
			"Browsers take a host into their lists only when the header covers its subdomains for a year or more (hstspreload.org). Write, "+
				"if every subdomain has TLS:\n\n    hsts {\n      max_age            = \"730d\"\n      include_subdomains = true\n      preload            = true\n    }")
	}
	if l.out.Posture == ir.Development {
		o.MaxAge = source.Default(0, at, "posture development")
	}
	return o
}

// ingressService makes the service that runs nginx. It depends on no other: see
// lowerOrder.
func (l *lowering) ingressService(s *lang.Ingress, in *ir.Ingress) {
	d, at := s.Declared, s.Range
	by := func(argument string) string { return "default ingress." + argument }
	o := &ir.Service{
		Name: ingressName, Address: ingressName, Origin: source.Origin{Range: at}, Site: d.Site(),
		Image:     source.Default(defaultNginx, at, by("image")),
		User:      source.Default(nginxUser, at, by("user")),
		Restart:   source.Default(defaultRestart, at, by("restart")),
		StopGrace: source.Default(defaultStopGrace, at, by("stop_grace")), // nginx's workers shut down within 30 s
		Init:      source.Default(false, at, by("init")),                  // nginx reaps its workers itself
		ReadOnly:  source.Default(true, at, by("read_only")),
		CPUs:      within(l, d, s.CPUs, 0.01, 512, source.Default(ingressCPUs, at, by("cpus")), "cpus"),
		Memory:    within(l, d, s.Memory, 6<<20, 1<<44, source.Default[int64](ingressMemory, at, by("memory")), "memory, in bytes,"),
		Pids:      source.Default(defaultPids, at, by("pids")),
		Replicas:  source.Default(1, at, by("replicas")),
		Ports: []ir.Port{
			{Name: source.Default("http", at, "default ingress"), Container: in.HTTP, Protocol: source.Default("tcp", at, "default ingress")},
			{Name: source.Default("https", at, "default ingress"), Container: in.HTTPS, Protocol: source.Default("tcp", at, "default ingress")},
		},
		Volumes: []ir.VolumeMount{{
			Origin: source.Origin{Range: at}, Bind: "./nginx",
			Target: source.Default("/etc/nginx", at, "default ingress"), ReadOnly: source.Default(true, at, "default ingress"),
		}},
		// The official images have curl (Debian), or busybox's wget (Alpine).
		Health: &ir.Health{
			Origin: source.Origin{Range: at, By: by("healthcheck")}, Test: httpTest(in.HealthPort.V, "/"),
			Interval: source.Default(defaultInterval, at, by("healthcheck")), Timeout: source.Default(defaultTimeout, at, by("healthcheck")),
			Retries: source.Default(defaultRetries, at, by("healthcheck")), StartPeriod: source.Default(defaultStartWait, at, by("healthcheck")),
		},
	}
	for _, p := range [...]string{"/tmp", "/var/cache/nginx"} {
		o.Tmpfs = append(o.Tmpfs, ir.Tmpfs{
			Target: source.Default(p, at, by("writable")), Size: source.Default[int64](defaultTmpfs, at, by("writable")),
			Mode: tmpfsMode, Exec: source.Default(false, at, by("writable")),
		})
	}
	if s.Image.IsSet() {
		o.Image = l.checkImage(d, s.Image)
	}
	in.Version = l.nginxVersion(s, o.Image)
	address := l.ingressAddress(s)
	http := within(l, d, s.HTTPPort, 1, 65535, source.Default(defaultHTTPPort, at, by("http_port")), "http_port")
	o.Publish = []ir.Publish{
		{HostIP: address, Host: http, Container: in.HTTP, Protocol: source.Default("tcp", at, "default ingress")},
		{HostIP: address, Host: in.HTTPSPublic, Container: in.HTTPS, Protocol: source.Default("tcp", at, "default ingress")},
	}
	slices.SortFunc(o.Publish, comparePublish)
	l.out.Services = append(l.out.Services, o)
}

// ingressPublish gives the ports that the ingress publishes.
func (l *lowering) ingressPublish() []ir.Publish {
	if l.out.Ingress == nil {
		return nil
	}
	return l.out.Services[len(l.out.Services)-1].Publish
}

// ingressAddress is the host address to listen on: a laptop's loopback, and every
// address of a server.
func (l *lowering) ingressAddress(s *lang.Ingress) ir.String {
	def := source.Default("", s.Range, "posture production")
	if l.out.Posture == ir.Development {
		def = source.Default(developmentListen, s.Range, "posture development")
	}
	if !s.Address.IsSet() || s.Address.V == "" {
		return def
	}
	if a, err := netip.ParseAddr(s.Address.V); err == nil && a.Zone() == "" && !a.Is4In6() {
		return s.Address
	}
	l.errorf(s.Declared, s.Address.Range, "NS337", rangeSummary,
		"%q is not an address of the host that Docker could listen on. Write one, or leave the argument out:\n\n    address = \"203.0.113.10\"", s.Address.V)
	return def
}

// nginxVersion reads the release, on which the directives that nginx knows
// depend, from the image's tag or from what the author says. A tag that is no
// 1.x counts something else: an image of the author's own has releases of its own.
func (l *lowering) nginxVersion(s *lang.Ingress, image ir.String) ir.Version {
	switch {
	case s.Version.IsSet():
		if major, minor, patch, ok := reference.ParseVersion(s.Version.V); ok {
			return ir.Version{Major: major, Minor: minor, Patch: patch}
		}
		l.unknownNginx(s, s.Version.Range, "The version %q is not a release of nginx.", s.Version.V)
	case image.IsSet():
		parsed, err := reference.Parse(image.V)
		if major, minor, patch, ok := parsed.Version(); err == nil && ok && major == 1 {
			return ir.Version{Major: major, Minor: minor, Patch: patch}
		}
		if l.out.Posture == ir.Production && parsed.Floating() {
			break // the floating tag is an error itself, and a better tag mends both
		}
		l.unknownNginx(s, image.Range, "The tag of %q does not begin with a release of nginx.", image.V)
	}
	return ir.Version{Major: 1, Minor: 30, Patch: 4}
}

func (l *lowering) unknownNginx(s *lang.Ingress, at source.Range, problem string, args ...any) {
	l.errorf(s.Declared, at, "NS338", "Unknown nginx release",
		problem+" The directives that may be written depend on it, and an nginx that does not know one does not start. Write a tag such as "+
			"nginx:1.30.4, or say what the image holds:\n\n    version = \"1.30.4\"", args...)
}

// lowerCertificate declares the certificate's secrets and mounts its files.
func (l *lowering) lowerCertificate(s *lang.Ingress, in *ir.Ingress) {
	at, from := s.Range, ""
	if c := s.Certificate; c != nil {
		at, from = c.Range, c.Source
	} else {
		from = "local" // refused in production, by policy
	}
	const address = ingressName + ".certificate"
	hosts := make([]ir.String, len(in.Hosts))
	for i, h := range in.Hosts {
		hosts[i] = h.Name
	}
	by := "default ingress.certificate"
	leaf := &ir.Secret{Address: address, Key: secretKey(address), Origin: source.Origin{Range: at}}
	switch from {
	case "local":
		l.localCA(at, hosts)
		leaf.Kind, leaf.Rotation = source.Default("x509", at, by), rotationOf("overlap", at, by)
		leaf.X509 = &ir.X509{CommonName: hosts[0], SignedBy: localCA, Hosts: hosts, Days: source.Default(localLeafDays, at, by)}
	case "files":
		leaf.Kind, leaf.Rotation = source.Default("files", at, by), rotationOf("manual", at, by)
		leaf.Files = &ir.CertificateFiles{
			Certificate: l.guard(s.Declared, s.Certificate.Certificate, "the certificate's path"),
			PrivateKey:  l.guard(s.Declared, s.Certificate.PrivateKey, "the key's path"), Hosts: hosts,
		}
	default:
		l.errorf(s.Declared, at, "NS345", unknownWordSummary, "%q is no source of certificates. It is one of \"local\" and \"files\".", from)
		return
	}
	l.addIngressSecret(s, leaf)
	in.Certificate = ir.Certificate{Origin: source.Origin{Range: at}, Source: from, Chain: secretsDir + "tls.crt", Key: secretsDir + "tls.key"}
	service := l.out.Services[len(l.out.Services)-1]
	begin := len(l.files)
	for _, f := range [...][2]string{{"tls.crt", "certificate"}, {"tls.key", "private_key"}} {
		file := ".secrets.d/" + ingressName + "/" + f[0]
		l.addFile(file, source.Origin{Range: at}, secretMode, secret.Of(&secret.Expr{Address: address, Field: f[1]}))
		service.Secrets = append(service.Secrets, ir.Mount{
			Origin: source.Origin{Range: at}, Name: ingressName + "." + f[0], File: file, Target: secretsDir + f[0], Mode: secretMode,
		})
	}
	service.Digest = digest(l.files[begin:])
}

// localCA is the address of the authority that signs local certificates.
const localCA = ingressName + ".ca"

// localCA declares an authority of the stack's own. Its certificate may sign for
// the stack's hosts only, so that trusting it in a browser endangers no other
// site. The file is for that: nothing mounts it.
func (l *lowering) localCA(at source.Range, hosts []ir.String) {
	names := slices.Clone(hosts)
	for i := range names {
		names[i].V = strings.TrimPrefix(names[i].V, "*.")
	}
	by := "default ingress.certificate"
	l.addIngressSecret(l.in.Ingress, &ir.Secret{
		Address: localCA, Key: secretKey(localCA), Origin: source.Origin{Range: at},
		Kind: source.Default("x509", at, by), Rotation: rotationOf("overlap", at, by),
		X509: &ir.X509{CA: true, CommonName: source.Default(l.in.Name.V+ir.LocalAuthority, at, by), Hosts: sortedStrings(names), Days: source.Default(localCADays, at, by)},
	})
	l.addFile(".secrets.d/"+ingressName+"/ca.crt", source.Origin{Range: at}, secretMode, secret.Of(&secret.Expr{Address: localCA, Field: "certificate"}))
}

func rotationOf(class string, at source.Range, by string) *ir.Rotation {
	return &ir.Rotation{Class: source.Default(class, at, by), Origin: source.Origin{Range: at}}
}

// addIngressSecret adds a secret that the ingress needs. A declared one of the
// same key would have the same value.
func (l *lowering) addIngressSecret(s *lang.Ingress, o *ir.Secret) {
	for _, other := range l.out.Secrets {
		if other.Key == o.Key {
			declared := l.secrets[other.Address].in
			l.report(declared.Declared, declared.Range, diag.Errorf("NS464", declared.Range, "Two secrets with one key",
				"%s and the %s of the ingress would both be %s in .secrets, and so have one value. Rename the secret.",
				other.Address, strings.TrimPrefix(o.Address, ingressName+"."), o.Key)).With(s.Range, "the ingress")
			return
		}
	}
	l.out.Secrets = append(l.out.Secrets, o)
}
