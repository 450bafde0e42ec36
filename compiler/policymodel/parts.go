package policymodel

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
)

func (b *builder) networks() values {
	members := map[string][]string{}
	for _, s := range b.stack.Services { // by name
		for _, n := range s.Networks {
			members[n.Network] = append(members[n.Network], s.Name)
		}
	}
	out := make(values, len(b.stack.Networks))
	for _, n := range b.stack.Networks {
		out[n.Name] = object(values{
			"address": text(model.Address(model.TypeNetwork, n.Name)), "name": text(n.Name), "internal": cty.BoolVal(n.Internal),
			"subnet": text(n.Subnet), "subnet6": text(n.Subnet6), "purpose": text(n.Purpose), "owner": text(n.Owner), "members": texts(members[n.Name]),
		})
	}
	return out
}

func (b *builder) volumes() values {
	users := map[string][]string{}
	for _, s := range b.stack.Services {
		for _, v := range s.Volumes {
			if v.Volume != "" && !slices.Contains(users[v.Volume], s.Name) {
				users[v.Volume] = append(users[v.Volume], s.Name)
			}
		}
	}
	out := make(values, len(b.stack.Volumes))
	for _, v := range b.stack.Volumes {
		out[v.Name] = object(values{
			"address": text(model.Address(model.TypeVolume, v.Name)), "name": text(v.Name), "labels": variables(v.Labels), "used_by": texts(users[v.Name]),
		})
	}
	return out
}

// secrets must come after the services, which tell who uses them.
func (b *builder) secrets() values {
	out := make(values, len(b.stack.Secrets))
	for _, s := range b.stack.Secrets {
		class, after := "", cty.NullVal(cty.Number)
		if r := s.Rotation; r != nil {
			class, after = r.Class.V, positive(r.After.V)
		}
		out[s.Address] = object(values{
			"address": text(s.Address), "key": text(s.Key), "kind": text(s.Kind.V),
			"bytes": positive(s.Bytes.V), "length": positive(s.Length.V), "bits": positive(s.Bits.V),
			"min_length": positive(s.MinLength.V), "max_age": positive(s.MaxAge.V),
			"certificate": certificate(s.X509), "rotation": object(values{"class": text(class), "after": after}),
			"used_by": texts(b.used[s.Address]),
		})
	}
	return out
}

func certificate(x *ir.X509) cty.Value {
	if x == nil {
		return null("secrets", "certificate")
	}
	return object(values{
		"ca": cty.BoolVal(x.CA), "common_name": text(x.CommonName.V), "signed_by": text(x.SignedBy), "hosts": plain(x.Hosts),
		"days": number(x.Days.V), "client": cty.BoolVal(x.Client),
	})
}

func (b *builder) kindObjects() values {
	out := make(values, len(b.stack.Kinds))
	for _, k := range b.stack.Kinds {
		out[k.Address] = object(values{"address": text(k.Address), "kind": text(k.Type)})
	}
	return out
}

func (b *builder) routes() values {
	out := values{}
	if b.stack.Ingress == nil {
		return out
	}
	for _, h := range b.stack.Ingress.Hosts {
		for _, r := range h.Routes {
			headers := make([]ir.EnvVar, len(r.Headers))
			for i, one := range r.Headers {
				headers[i] = ir.EnvVar(one)
			}
			out[h.Name.V+r.Path.V] = object(values{
				"address": text(model.Address(model.TypeRoute, h.Name.V+r.Path.V)), "host": text(h.Name.V), "path": text(r.Path.V),
				"service": text(r.Service), "port": number(r.Port.V), "rate_limit": rateLimit(cmp.Or(r.RateLimit, b.stack.Ingress.RateLimit)),
				"body_size": number(r.BodySize.V), "connect_timeout": number(r.ConnectTimeout.V), "read_timeout": number(r.ReadTimeout.V),
				"send_timeout": number(r.SendTimeout.V), "websocket": cty.BoolVal(r.WebSocket.V), "strip_prefix": cty.BoolVal(r.StripPrefix.V),
				"headers": variables(headers), "allow_from": plain(r.AllowFrom),
			})
		}
	}
	return out
}

func rateLimit(l *ir.RateLimit) cty.Value {
	if l == nil || l.Off.V {
		return null("ingress", "rate_limit")
	}
	return object(values{"requests": number(l.Requests.V), "window": number(l.Window.V), "burst": number(l.Burst.V)})
}

func (b *builder) ingress() cty.Value {
	i := b.stack.Ingress
	if i == nil {
		return null("ingress")
	}
	address := i.Service
	for _, s := range b.stack.Services {
		if s.Name == i.Service {
			address = s.Address
		}
	}
	hosts := make([]string, len(i.Hosts))
	for n, h := range i.Hosts {
		hosts[n] = h.Name.V
	}
	return object(values{
		"address": text(address), "service": text(i.Service),
		"tls": object(values{
			"profile": text(i.Profile.V), "certificate": object(values{"source": text(i.Certificate.Source)}),
			"hsts": object(values{
				"max_age": number(i.HSTS.MaxAge.V), "include_subdomains": cty.BoolVal(i.HSTS.IncludeSubDomains.V), "preload": cty.BoolVal(i.HSTS.Preload.V),
			}),
		}),
		"nginx_version": text(fmt.Sprintf("%d.%d.%d", i.Version.Major, i.Version.Minor, i.Version.Patch)),
		"https_public":  number(i.HTTPSPublic.V), "rate_limit": rateLimit(i.RateLimit),
		"trusted_proxies": plain(i.TrustedProxy), "hosts": texts(hosts),
	})
}

func (b *builder) firewall() cty.Value {
	f := b.stack.Firewall
	if f == nil {
		return null("firewall")
	}
	open := make([]cty.Value, len(f.Open))
	for i, p := range f.Open {
		open[i] = object(values{
			"id": text(p.ID), "port": number(p.Port.V), "protocol": text(cmp.Or(p.Protocol.V, "tcp")), "from": plain(p.From), "container": cty.BoolVal(p.Container),
		})
	}
	return object(values{
		"address": text(model.TypeFirewall),
		"ssh":     object(values{"port": number(f.SSH.Port.V), "from": plain(f.SSH.From), "limit": cty.BoolVal(f.SSH.Limit.V)}),
		"open":    list(open, "firewall", "open"),
	})
}
