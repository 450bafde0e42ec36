package nginx

import (
	"strconv"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// at makes a range in line n of the sample's source.
func at(n int) source.Range {
	return source.Range{File: "nself.hcl", Start: source.Pos{Line: int32(n), Byte: int32(n * 100)}, End: source.Pos{Line: int32(n), Byte: int32(n*100 + 10)}}
}

func str(s string) ir.String     { return source.At(s, at(1)) }
func num(n int) ir.Int           { return source.At(n, at(1)) }
func yes() ir.Bool               { return source.At(true, at(1)) }
func origin(n int) source.Origin { return source.Origin{Range: at(n)} }

func limitOf(requests, window, burst int) *ir.RateLimit {
	return &ir.RateLimit{Origin: origin(40), Requests: num(requests), Window: num(window), Burst: num(burst)}
}

// aRoute is a route with the defaults of the language.
func aRoute(service, path string, port int) *ir.Route {
	return &ir.Route{
		Address: "service." + service + ".route[0]", Origin: origin(20), Path: str(path), Service: service, Port: num(port),
		BodySize: source.At(int64(1<<20), at(21)), ConnectTimeout: num(5), ReadTimeout: num(60), SendTimeout: num(60),
	}
}

func aHost(name string, routes ...*ir.Route) *ir.Host {
	return &ir.Host{Name: source.At(name, at(10)), Routes: routes}
}

// anIngress is an ingress for the release of nginx that is at hand.
func anIngress(hosts ...*ir.Host) *ir.Stack {
	return &ir.Stack{
		Name: str("shop"),
		Services: []*ir.Service{{
			Name: "ingress", Address: "ingress", Origin: origin(5), CPUs: source.At(1.0, at(6)), Memory: source.At(int64(256<<20), at(7)),
		}},
		Ingress: &ir.Ingress{
			Origin: origin(5), Service: "ingress", Version: ir.Version{Major: 1, Minor: 30, Patch: 4},
			Profile: str("guide"), HTTP: num(8080), HTTPS: num(8443), HTTPSPublic: num(443),
			HSTS:        ir.HSTS{MaxAge: num(63072000), IncludeSubDomains: yes()},
			Certificate: ir.Certificate{Source: "files", Chain: "/run/secrets/ingress.crt", Key: "/run/secrets/ingress.key"},
			Hosts:       hosts,
		},
	}
}

// rich uses everything that an ingress can say.
func rich() *ir.Stack {
	api := aRoute("api", "/", 8080)
	api.WebSocket = yes()
	login := aRoute("api", "/auth/login", 8080)
	login.Address = "service.api.route[1]"
	login.RateLimit = limitOf(5, 60, 2)
	upload := aRoute("files", "/files", 9000)
	upload.StripPrefix = yes()
	upload.BodySize = source.At(int64(100<<20), at(31))
	upload.ReadTimeout = num(300)
	upload.Headers = []ir.Header{
		{Name: "Content-Security-Policy", Value: str("default-src 'none'; img-src 'self' data:")},
		{Name: "X-Frame-Options", Value: str("")},
		{Name: "X-Price", Value: str(`5 $ "net" \o/`)},
	}
	console := aRoute("admin", "/", 3000)
	console.Address = `service.admin["eu"].route[0]`
	console.AllowFrom = []ir.String{str("203.0.113.0/24"), str("2001:db8::/32")}
	console.RateLimit = &ir.RateLimit{Origin: origin(41), Off: yes()}
	s := anIngress(
		aHost("admin.example.com", console),
		aHost("api.example.com", login, upload, api),
		aHost("docs.example.com", aRoute("docs", "/guide", 80)),
	)
	s.Ingress.RateLimit = limitOf(100, 60, 100)
	s.Ingress.TrustedProxy = []ir.String{str("10.0.0.0/8")}
	s.Ingress.HTTPSPublic, s.Ingress.HealthPort = num(8443), num(8081)
	return s
}

// render renders without any finding.
func render(t testing.TB, s *ir.Stack) map[string]string {
	t.Helper()
	files, diags := Render(s, Options{})
	for _, d := range diags {
		t.Fatalf("%s: %s", d.Code, d.Detail)
	}
	return contents(t, files)
}

func contents(t testing.TB, files []emit.File) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range files {
		s, plain := f.Text.Plain()
		if !plain {
			t.Fatalf("%s holds a secret", f.Path)
		}
		if _, twice := out[f.Path]; twice {
			t.Fatalf("%s is written twice", f.Path)
		}
		out[f.Path] = s
	}
	return out
}

// codes lists the codes of a list of findings.
func codes(l diag.List) []string {
	var out []string
	for _, d := range l {
		out = append(out, d.Code)
	}
	return out
}

// many makes n hosts with one route each.
func many(n int) *ir.Stack {
	hosts := make([]*ir.Host, n)
	for i := range hosts {
		name := "service-" + strconv.Itoa(i)
		hosts[i] = aHost(name+".customers.example.com", aRoute(name, "/", 8080))
	}
	s := anIngress(hosts...)
	s.Ingress.RateLimit = limitOf(100, 60, 100)
	return s
}

func aHeader(name, value string) ir.Header { return ir.Header{Name: name, Value: str(value)} }
