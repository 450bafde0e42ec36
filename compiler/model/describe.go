package model

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// describer makes the resources of one stack.
type describer struct {
	stack *ir.Stack
	out   []Resource
	sites map[string]source.Range // of what services bring along, by address
}

func (d *describer) add(address string, site source.Range, describe func(*writer)) {
	d.out = append(d.out, Resource{Address: address, Site: site, describe: describe})
}

// write writes the document, in the order of the addresses. The text of a resource
// is a stretch of it.
func (d *describer) write() *Model {
	slices.SortFunc(d.out, func(a, b Resource) int { return strings.Compare(a.Address, b.Address) })
	w := writer{buf: make([]byte, 0, 512*len(d.out))}
	w.buf = append(appendString(append(w.buf, head...), FormatVersion), mid...)
	ends := make([][2]int, len(d.out))
	for i := range d.out {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(appendString(append(w.buf, '\n'), d.out[i].Address), ": "...)
		ends[i][0] = len(w.buf)
		d.out[i].describe(&w)
		ends[i][1] = len(w.buf)
	}
	doc := string(append(w.buf, tail...))
	for i := range d.out {
		d.out[i].Text = doc[ends[i][0]:ends[i][1]]
	}
	return &Model{Resources: d.out, Minor: minor, doc: doc}
}

// bring notes the sites of what the services bring along: the first one's counts.
func (d *describer) bring() {
	d.sites = map[string]source.Range{}
	first := func(address string, site source.Range) {
		if _, ok := d.sites[address]; !ok {
			d.sites[address] = site
		}
	}
	for _, s := range d.stack.Services {
		for _, v := range s.Volumes {
			first(Address(TypeVolume, v.Volume), s.Site)
		}
		for _, m := range s.Secrets {
			first(Address(TypeFile, m.File), s.Site)
		}
		for _, m := range s.Configs {
			first(Address(TypeFile, m.File), s.Site)
		}
		first(Address(TypeFile, s.EnvFile.V), s.Site)
		d.sites[s.Address] = s.Site
	}
}

func (d *describer) all() {
	s := d.stack
	d.out = make([]Resource, 0, 8+len(s.Services)+len(s.Networks)+len(s.Volumes)+len(s.Files)+len(s.Secrets)+len(s.Kinds))
	d.bring()
	d.add(TypeStack, s.Name.Range, func(w *writer) { stack(w, s) })
	for _, k := range s.Kinds {
		d.add(k.Address, k.Site, func(w *writer) { kind(w, k) })
	}
	for _, x := range s.Services {
		d.add(x.Address, x.Site, func(w *writer) { d.service(w, x) })
	}
	for _, n := range s.Networks {
		d.add(Address(TypeNetwork, n.Name), d.sites[n.Owner], func(w *writer) { network(w, n) })
	}
	for _, v := range s.Volumes {
		at := Address(TypeVolume, v.Name)
		d.add(at, d.sites[at], func(w *writer) { volume(w, v) })
	}
	for _, f := range s.Files {
		at := Address(TypeFile, f.Path)
		d.add(at, d.sites[at], func(w *writer) { file(w, f) })
	}
	for _, x := range s.Secrets {
		d.add(x.Address, x.Site, func(w *writer) { secretOf(w, x) })
	}
	if s.MaxWaiverDays.Written() {
		d.add(TypePolicy, s.MaxWaiverDays.Range, func(w *writer) { policy(w, s) })
	}
	for _, x := range s.Waivers {
		d.add(Address(TypeWaiver, WaiverName(x.Code.V, x.On.V)), x.Origin.Range, func(w *writer) { waiver(w, x) })
	}
	if s.Store != nil {
		d.add(StoreAddress, s.Store.Origin.Range, func(w *writer) { store(w, s.Store) })
	}
	if s.Ingress != nil {
		for _, h := range s.Ingress.Hosts {
			for _, r := range h.Routes {
				d.add(Address(TypeRoute, h.Name.V+r.Path.V), r.Origin.Range, func(w *writer) { d.route(w, h, r) })
			}
		}
	}
	if s.Firewall != nil {
		d.add(TypeFirewall, s.Firewall.Origin.Range, func(w *writer) { firewall(w, s.Firewall) })
	}
}

// Address makes the address of what no block declares by that name.
func Address(kind, name string) string { return kind + "[" + strconv.Quote(name) + "]" }

// byName puts a list in the order of names, which it mostly is in.
func byName[T any](list []T, name func(*T) string) []T {
	order := func(a, b T) int { return strings.Compare(name(&a), name(&b)) }
	if slices.IsSortedFunc(list, order) {
		return list
	}
	list = slices.Clone(list)
	slices.SortFunc(list, order)
	return list
}

func compare(a, b string) int { return cmp.Compare(a, b) }

// resource opens a resource of a type.
func resource(w *writer, kind string, o source.Origin) {
	w.object(o)
	w.str("type", kind, o)
}

func stack(w *writer, s *ir.Stack) {
	resource(w, TypeStack, s.Name.Origin)
	w.text("name", s.Name)
	w.str("environment", s.Environment, s.Name.Origin)
	w.str("project", s.Project, s.Name.Origin)
	w.str("posture", s.Posture.String(), s.PostureAt)
	w.end()
}

func kind(w *writer, k *ir.Kind) {
	resource(w, TypeKind, k.Origin)
	w.str("kind", k.Type, k.Origin)
	w.group("arguments", k.Origin)
	w.sorted = true
	for _, a := range k.Args {
		w.value(a.Name, a.Value.V, a.Value.Origin)
		for _, p := range a.Inside {
			w.note(Key(append([]string{a.Name}, p.Path...)), source.Origin{Range: p.Range})
		}
	}
	w.endGroup()
	w.end()
}

func network(w *writer, n *ir.Network) {
	resource(w, TypeNetwork, n.Origin)
	w.bool("internal", n.Internal, n.Origin)
	w.str("subnet", n.Subnet, n.Origin)
	w.str("subnet6", n.Subnet6, n.Origin)
	w.str("bridge", n.Bridge, n.Origin)
	w.str("purpose", n.Purpose, n.Origin)
	w.str("owner", n.Owner, n.Origin)
	w.end()
}

func volume(w *writer, v *ir.Volume) {
	resource(w, TypeVolume, v.Origin)
	vars(w, "labels", v.Labels, v.Origin)
	w.end()
}

// file describes a file by the digest of its text; one that holds secrets by its
// form, which is the text with their names in the place of their values.
func file(w *writer, f *ir.File) {
	resource(w, TypeFile, f.Origin)
	w.str("mode", "0"+strconv.FormatUint(uint64(f.Mode), 8), f.Origin)
	if text, plain := f.Content.Plain(); plain {
		w.str("digest", digest(text), f.Origin)
	} else {
		w.begin("form", f.Origin)
		w.secret(f.Content)
		uses(w, f.Content, f.Origin)
	}
	w.end()
}

// uses lists the secrets that a text is made of; of a certificate, which part.
func uses(w *writer, t secret.Text, o source.Origin) {
	var names []string
	t.Walk(func(e *secret.Expr) {
		switch {
		case e.Address == "":
		case e.Field == "":
			names = append(names, e.Address)
		default:
			names = append(names, e.Address+"."+e.Field)
		}
	})
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	w.group("uses", o)
	for _, n := range slices.Compact(names) {
		w.bool(n, true, o)
	}
	w.endGroup()
}

// vars writes variables by name.
func vars(w *writer, name string, list []ir.EnvVar, o source.Origin) {
	if len(list) == 0 {
		return
	}
	w.group(name, o)
	for _, v := range byName(list, func(v *ir.EnvVar) string { return v.Name }) {
		w.begin(v.Name, v.Value.Origin)
		w.buf = appendString(w.buf, v.Value.V) // an empty one is one
	}
	w.endGroup()
}

func secretOf(w *writer, s *ir.Secret) {
	resource(w, TypeSecret, s.Origin)
	w.text("kind", s.Kind)
	w.str("key", s.Key, s.Origin)
	w.number("bytes", s.Bytes)
	w.number("length", s.Length)
	w.number("bits", s.Bits)
	w.text("pattern", s.Pattern)
	w.number("min_length", s.MinLength)
	w.number("max_age", s.MaxAge)
	if x := s.X509; x != nil {
		w.group("certificate", s.Origin)
		w.bool("ca", x.CA, s.Origin)
		w.text("common_name", x.CommonName)
		w.str("signed_by", x.SignedBy, s.Origin)
		w.set("hosts", x.Hosts, s.Origin)
		w.int("days", int64(x.Days.V), x.Days.Origin)
		w.bool("client", x.Client, s.Origin)
		w.endGroup()
	}
	if r := s.Rotation; r != nil && (r.Class.Written() || r.After.IsSet()) {
		w.group("rotation", r.Origin)
		w.text("class", r.Class)
		w.number("after", r.After)
		w.str("service", r.Service, r.Origin)
		w.str("file", r.File, r.Origin)
		w.list("apply", r.Apply, r.Origin)
		w.list("prove", r.Prove, r.Origin)
		w.text("user", r.User)
		w.endGroup()
	}
	if f := s.Files; f != nil {
		w.group("files", s.Origin)
		w.text("certificate", f.Certificate)
		w.text("private_key", f.PrivateKey)
		w.set("hosts", f.Hosts, s.Origin)
		w.endGroup()
	}
	w.end()
}

// store describes where the values are kept.
func store(w *writer, s *ir.SecretStore) {
	resource(w, TypeStore, s.Origin)
	w.text("store", s.Kind)
	w.text("file", s.File)
	w.set("recipients", s.Recipients, s.Origin)
	w.text("address", s.Address)
	w.text("namespace", s.Namespace)
	w.text("mount", s.Mount)
	w.text("path", s.Path)
	w.text("auth", s.Auth)
	w.text("region", s.Region)
	w.text("form", s.Form)
	w.text("name", s.Name)
	w.text("external", s.External)
	w.list("command", s.Command, s.Origin)
	w.set("environment", s.Environment, s.Origin)
	w.number("timeout", s.Timeout)
	w.end()
}
