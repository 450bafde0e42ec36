package model

import (
	"strconv"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// edge describes what the ingress does beside being a service.
func edge(w *writer, i *ir.Ingress) {
	w.group("tls", i.Origin)
	w.text("profile", i.Profile)
	w.group("certificate", i.Certificate.Origin)
	w.str("source", i.Certificate.Source, i.Certificate.Origin)
	w.endGroup()
	w.group("hsts", i.HSTS.MaxAge.Origin)
	w.number("max_age", i.HSTS.MaxAge)
	w.yes("include_subdomains", i.HSTS.IncludeSubDomains)
	w.yes("preload", i.HSTS.Preload)
	w.endGroup()
	w.endGroup()
	w.number("http_port", i.HTTP)
	w.number("https_port", i.HTTPS)
	w.number("https_public", i.HTTPSPublic)
	v := i.Version
	w.str("nginx_version", strconv.Itoa(v.Major)+"."+strconv.Itoa(v.Minor)+"."+strconv.Itoa(v.Patch), i.Origin)
	rateLimit(w, i.RateLimit)
	w.set("trusted_proxies", i.TrustedProxy, i.Origin)
}

func rateLimit(w *writer, l *ir.RateLimit) {
	if l == nil {
		return
	}
	w.group("rate_limit", l.Origin)
	w.number("requests", l.Requests)
	w.number("window", l.Window)
	w.number("burst", l.Burst)
	w.yes("off", l.Off)
	w.endGroup()
}

func (d *describer) route(w *writer, h *ir.Host, r *ir.Route) {
	resource(w, TypeRoute, r.Origin)
	w.text("host", h.Name)
	w.text("path", r.Path)
	w.str("service", r.Service, r.Origin)
	w.number("port", r.Port)
	rateLimit(w, r.RateLimit)
	w.bytes("body_size", r.BodySize)
	w.number("connect_timeout", r.ConnectTimeout)
	w.number("read_timeout", r.ReadTimeout)
	w.number("send_timeout", r.SendTimeout)
	w.yes("websocket", r.WebSocket)
	w.yes("strip_prefix", r.StripPrefix)
	if len(r.Headers) > 0 {
		list := make([]ir.EnvVar, len(r.Headers))
		for i, h := range r.Headers {
			list[i] = ir.EnvVar(h)
		}
		vars(w, "headers", list, r.Origin)
	}
	w.set("allow_from", r.AllowFrom, r.Origin)
	w.end()
}

func firewall(w *writer, f *ir.Firewall) {
	resource(w, TypeFirewall, f.Origin)
	w.group("ssh", f.SSH.Port.Origin)
	w.number("port", f.SSH.Port)
	w.set("from", f.SSH.From, f.SSH.Port.Origin)
	w.yes("limit", f.SSH.Limit)
	w.endGroup()
	if len(f.Open) > 0 {
		w.group("open", f.Origin)
		for _, p := range f.Open {
			open(w, p)
		}
		w.endGroup()
	}
	w.end()
}

// open describes a port by what opens it, number and protocol.
func open(w *writer, p ir.OpenPort) {
	o := p.Origin
	if o == (source.Origin{}) {
		o = p.Port.Origin
	}
	w.group(p.ID+" "+strconv.Itoa(p.Port.V)+"/"+p.Protocol.V, o)
	w.bool("container", p.Container, o)
	w.set("from", p.From, o)
	w.endGroup()
}
