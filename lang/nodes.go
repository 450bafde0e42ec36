package lang

import (
	"reflect"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// serviceNode is what an expression sees of a service: its host name and its
// ports. Referring to any of them makes the dependency.
func serviceNode(u *unit) *eval.Node {
	at := source.FromHCL(u.block.DefRange())
	return &eval.Node{
		Address: u.address, Noun: "service", Range: at,
		Expand: func(*eval.Evaluator) (*eval.Members, bool) {
			reached := &eval.Effect{Address: u.address}
			m := eval.NewMembers("attribute")
			host := reached.On(cty.StringVal(u.composeName()))
			m.Add("host", eval.Constant(u.address+".host", "attribute", at, host))
			m.Add("name", eval.Constant(u.address+".name", "attribute", at, host))
			m.Add("ports", &eval.Node{
				Address: u.address + ".ports", Noun: "attribute", Range: at,
				Place:   u.x.place,
				Compute: func(*eval.Evaluator) (cty.Value, bool) { return u.ports(reached) },
			})
			return m, true
		},
	}
}

// ports gives the numbers of a service's ports by name, or false when one of
// them is wrong.
func (u *unit) ports(reached *eval.Effect) (cty.Value, bool) {
	out := map[string]cty.Value{}
	for _, b := range u.block.Body.Blocks {
		a, ok := b.Body.Attributes["container"]
		if b.Type != "port" || len(b.Labels) != 1 || !ok {
			continue
		}
		v, ok := u.x.ev.Value(a.Expr, u.sc)
		if !ok || v.IsNull() {
			return cty.DynamicVal, false
		}
		n, err := eval.Convert(v, cty.Number)
		if err != nil {
			return cty.DynamicVal, false // reading the service reports it
		}
		out[b.Labels[0]] = reached.On(n)
	}
	return cty.ObjectVal(out), true
}

// secretNode is what an expression sees of a secret: a token, or an object of
// tokens for a certificate.
func secretNode(u *unit) *eval.Node {
	return &eval.Node{
		Address: u.address, Noun: "secret", Range: source.FromHCL(u.block.DefRange()), Place: u.x.place,
		Compute: func(ev *eval.Evaluator) (cty.Value, bool) {
			kind := ""
			if a, ok := u.block.Body.Attributes["kind"]; ok {
				v, ok := ev.Value(a.Expr, u.sc)
				if !ok || v.IsNull() || v.Type() != cty.String {
					return cty.DynamicVal, false
				}
				kind = v.AsString()
			}
			switch kind {
			case "x509":
			case "ed25519", "rsa":
				return cty.ObjectVal(map[string]cty.Value{
					"private_key":    token(u.address, "private_key"),
					"public_key":     token(u.address, "public_key"),
					"public_key_ssh": token(u.address, "public_key_ssh"),
				}), true
			default:
				return token(u.address, ""), true
			}
			return cty.ObjectVal(map[string]cty.Value{
				"certificate":    token(u.address, "certificate"),
				"private_key":    token(u.address, "private_key"),
				"ca_certificate": token(u.address, "ca_certificate"),
			}), true
		},
	}
}

func token(address, field string) cty.Value {
	return cty.StringVal((&secret.Expr{Address: address, Field: field}).Token())
}

// ref is what a reference to a volume or config evaluates to: nothing that an
// expression could look into.
type ref struct {
	unit *unit
}

var refType = cty.Capsule("reference", reflect.TypeFor[ref]())

func refNode(u *unit) *eval.Node {
	return &eval.Node{
		Address: u.address, Noun: u.decl.kind, Range: source.FromHCL(u.block.DefRange()),
		Compute: func(*eval.Evaluator) (cty.Value, bool) {
			return cty.CapsuleVal(refType, &ref{u}), true
		},
	}
}

// ref reads a reference to a volume or config.
func (r *reader) ref(name, kind string) (*unit, source.Range, bool) {
	v, at, ok := r.value(name)
	if !ok {
		return nil, at, false
	}
	if v.Type() == refType {
		if u := v.EncapsulatedValue().(*ref).unit; u.decl.kind == kind {
			return u, at, true
		}
	}
	r.ev.Report(diag.Errorf("NS210", at, "Incorrect value type",
		"The argument %q takes a reference to a %s block, as in\n    %s = %s.NAME", name, kind, name, kind))
	return nil, at, false
}

// secretRef reads a reference to an x509 secret and gives its address.
func (r *reader) secretRef(name string) string {
	v, at, ok := r.value(name)
	if !ok {
		return ""
	}
	if v.Type().IsObjectType() && v.Type().HasAttribute("certificate") {
		t, err := r.ev.Text(v.GetAttr("certificate").AsString())
		if err == nil && len(t) == 1 && t[0].Secret != nil {
			return t[0].Secret.Address
		}
	}
	r.ev.Report(diag.Errorf("NS210", at, "Incorrect value type",
		"The argument %q takes a secret of kind x509, as in\n    %s = secret.ca", name, name))
	return ""
}
