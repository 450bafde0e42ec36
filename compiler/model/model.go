// Package model is a stack as reviewers and tools see it: one record for each
// resource, by address, in JSON. It is what two states of a stack are compared
// by, and stands in the output as nself.model.json, so that the state before a
// change is known without the source that it was built from.
//
// The form is canonical: the same stack gives the same bytes, one resource on a
// line, and a resource that did not change gives the same line. The model holds no
// place in the source, as a line that is added above must not change it, and no
// value of a secret, as the compiler has none.
//
// The package does not know what a change means: compiler/review does.
package model

import (
	"cmp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// FormatVersion is the version of the form. The minor part grows when something is
// added, the major part when something changes its meaning or goes.
const FormatVersion = "1.0"

// FileName is the model's path in the output directory.
const FileName = "nself.model.json"

// The types of resources that are no kind.
const (
	TypeStack    = "stack"
	TypeService  = "service"
	TypeRoute    = "route"
	TypeNetwork  = "network"
	TypeVolume   = "volume"
	TypeFile     = "file"
	TypeSecret   = "secret"
	TypeFirewall = "firewall"
	TypeKind     = "kind"
)

// Model is one environment of a stack. Resources are sorted by address, and no
// address stands twice.
type Model struct {
	Resources []Resource
}

// Resource is one thing of a stack.
type Resource struct {
	Address string // "service.api", `route["api.example.com/"]`, "postgres.main"
	Text    string // its attributes as a JSON object, in canonical form

	describe func(*writer) // writes Text; nil for a resource that was read
}

// Of gives the model of a stack.
func Of(s *ir.Stack) *Model {
	d := describer{stack: s}
	d.all()
	slices.SortFunc(d.out, func(a, b Resource) int { return strings.Compare(a.Address, b.Address) })
	return &Model{Resources: d.out}
}

// Find gives the resource of an address, or nil.
func (m *Model) Find(address string) *Resource {
	i, ok := slices.BinarySearchFunc(m.Resources, address, func(r Resource, a string) int { return cmp.Compare(r.Address, a) })
	if !ok {
		return nil
	}
	return &m.Resources[i]
}

// Origins tells where the attributes of a resource come from, by Key of their
// path; that of the resource itself stands under "". A model that was read knows
// none.
func (r *Resource) Origins() map[string]source.Origin {
	w := writer{trace: map[string]source.Origin{}}
	if r.describe != nil {
		r.describe(&w)
	}
	return w.trace
}

// Key makes one string of the path of an attribute.
func Key(path []string) string { return strings.Join(path, "\x00") }
