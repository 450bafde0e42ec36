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
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// FormatVersion is the version of the form. The minor part grows when something is
// added, the major part when something changes its meaning or goes. So a reader
// takes every minor version of its major one: of a newer model it leaves alone what
// it does not know, and in an older one it finds less.
//
//	1.0  the first
//	1.1  how a secret is rotated, what an input must be, where values are kept, what is waived
const (
	FormatVersion = "1.1"

	major, minor = 1, 1
)

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
	TypeStore    = "secret_store"
	TypePolicy   = "policy"
	TypeWaiver   = "waiver"
)

// WaiverName is what a waiver is called in its address: its code, and what it is on.
func WaiverName(code, on string) string {
	if on == "" {
		return code
	}
	return code + " " + on
}

// StoreAddress is the address of where the values of secrets are kept.
const StoreAddress = "secrets"

// Model is one environment of a stack. Resources are sorted by address, and no
// address stands twice.
type Model struct {
	Resources []Resource
	Minor     int // minor version of the form that it was written in

	doc string // the document, of a model that was made
}

// Resource is one thing of a stack.
type Resource struct {
	Address string // "service.api", `route["api.example.com/"]`, "postgres.main"
	Text    string // its attributes as a JSON object, in canonical form
	// Site is where a user can act: the outermost kind or module block that the
	// resource comes from, or else its own. Of a resource that was read, it is zero.
	Site source.Range

	describe func(*writer) // writes Text; nil for a resource that was read
}

// Of gives the model of a stack.
func Of(s *ir.Stack) *Model {
	d := describer{stack: s}
	d.all()
	return d.write()
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

// Place finds where an attribute comes from: its own place, or that of what it
// stands in. What the built-in kinds write is put down to the block that uses them,
// which is the user's.
func Place(origins map[string]source.Origin, path []string, site source.Range) source.Origin {
	for n := len(path); n >= 0; n-- {
		o, ok := origins[Key(path[:n])]
		if !ok || o.Range.IsZero() {
			continue
		}
		if strings.HasPrefix(o.Range.File, "catalog/") && !site.IsZero() {
			o.Range = site
		}
		return o
	}
	return source.Origin{Range: site}
}

// Key makes one string of the path of an attribute.
func Key(path []string) string { return strings.Join(path, "\x00") }

// FilePath gives the path of the file that an address names, and whether it names one.
func FilePath(address string) (string, bool) {
	s, ok := strings.CutPrefix(address, TypeFile+"[")
	if !ok {
		return "", false
	}
	path, err := strconv.Unquote(strings.TrimSuffix(s, "]"))
	return path, err == nil
}

// Form gives the text of a file that holds secrets, with their names in the place
// of their values, and whether the attributes are those of one.
func Form(file map[string]any) (string, bool) {
	return Secrets(file["form"]), Sensitive(file["form"])
}
