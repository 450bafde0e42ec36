// Package review says what a change to a stack means: what becomes reachable or
// weaker and what safer (risks), and what Docker, the databases and the secret
// store will do about it (effects). It compares two models and reads nothing else:
// neither the disk, nor a running stack, nor the text of any output.
package review

import (
	"cmp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Review is what a change of one environment means.
type Review struct {
	Changes []model.Change // by address
	Risks   []Risk         // what gets weaker, most severe first
	Safer   []Risk         // what gets safer
	Effects Effects

	r     *reviewer
	cause func(source.Range) source.Range
}

// Trace puts down what was found to where its values were written: cause finds that
// for the place of an expression that may only name a variable.
func (r *Review) Trace(cause func(source.Range) source.Range) {
	r.cause = cause
	for _, list := range [][]Risk{r.Risks, r.Safer} {
		for i := range list {
			o := &list[i].Origin
			o.Range = cause(o.Range)
		}
	}
}

// Place gives the place of an attribute of a resource, for a reader.
func (r *Review) Place(address string, path []string) source.Origin {
	if r.r == nil {
		return source.Origin{}
	}
	o := r.r.place(address, path)
	if r.cause != nil {
		o.Range = r.cause(o.Range)
	}
	return o
}

// Changed tells whether the two models differ.
func (r *Review) Changed() bool { return len(r.Changes) > 0 }

// Compare reviews the change from one model to another; stack is what the new one
// was made from, and gives the findings their places. An error says that the old
// model is damaged.
func Compare(old, now *model.Model, stack *ir.Stack) (*Review, error) {
	changes, err := model.Diff(old, now)
	if err != nil {
		return nil, err
	}
	r := newReviewer(old, now, stack, changes)
	for i := range changes {
		r.resource(&changes[i])
	}
	r.posture()
	if err := r.paths(); err != nil {
		return nil, err
	}
	r.volumes()
	out := r.review()
	out.Effects = r.effects()
	return out, nil
}

// Contrast reviews how one environment of a stack differs from another: changes
// and risks alone, without what differs by its nature, such as subnets, and without
// effects, as nothing becomes of anything.
func Contrast(from, to *model.Model, stack *ir.Stack) (*Review, error) {
	all, err := model.Diff(from, to, model.TypeService, model.TypeKind, model.TypeRoute)
	if err != nil {
		return nil, err
	}
	var changes []model.Change
	for _, c := range all {
		c.Attributes = slices.DeleteFunc(c.Attributes, func(a model.Attribute) bool { return natural(&c, a) })
		if c.Action != model.Update || c.Renamed() || len(c.Attributes) > 0 {
			changes = append(changes, c)
		}
	}
	r := newReviewer(from, to, stack, changes)
	for i := range changes {
		if changes[i].Type != model.TypeStore { // neither took the values of the other
			r.resource(&changes[i])
		}
	}
	r.posture()
	return r.review(), nil
}

// natural tells what differs between any two environments.
func natural(c *model.Change, a model.Attribute) bool {
	switch c.Type {
	case model.TypeNetwork:
		return slices.Contains([]string{"subnet", "subnet6", "bridge"}, a.Path[0])
	case model.TypeStack:
		return slices.Contains([]string{"environment", "project"}, a.Path[0])
	}
	return false
}

func newReviewer(old, now *model.Model, stack *ir.Stack, changes []model.Change) *reviewer {
	return &reviewer{old: old, now: now, stack: stack, changes: changes, origins: map[string]map[string]source.Origin{}}
}

// review gives what was found, in order.
func (r *reviewer) review() *Review {
	out := &Review{Changes: r.changes, r: r}
	for _, k := range r.found {
		if k.Safer {
			out.Safer = append(out.Safer, k)
		} else {
			out.Risks = append(out.Risks, k)
		}
	}
	sortRisks(out.Risks)
	sortRisks(out.Safer)
	return out
}

// reviewer is one comparison.
type reviewer struct {
	old, now *model.Model
	stack    *ir.Stack
	changes  []model.Change
	found    []Risk
	origins  map[string]map[string]source.Origin
	known    []server // see servers
	listed   bool
}

// resource looks at one change for what its type can do.
func (r *reviewer) resource(c *model.Change) {
	switch c.Type {
	case model.TypeService:
		r.service(c)
	case model.TypeRoute:
		r.route(c)
	case model.TypeFirewall:
		r.firewall(c)
	case model.TypeKind:
		r.kind(c)
	case model.TypeSecret:
		r.secret(c)
		r.rotation(c)
	case model.TypeStore:
		r.keeper(c)
	case model.TypeWaiver:
		r.waiver(c)
	case model.TypePolicy:
		r.policy(c)
	}
}

// finding is a risk before it has a place.
type finding struct {
	code     string
	severity Severity
	safer    bool
	path     []string // of the attribute that it is about
	detail   string
}

// add notes a finding about a resource.
func (r *reviewer) add(c *model.Change, f finding) {
	at := r.origin(c, f.path)
	r.found = append(r.found, Risk{
		Code: f.code, Severity: f.severity, Safer: f.safer, Address: c.Address,
		Path: f.path, Summary: diag.Title(f.code), Detail: f.detail, Origin: at,
	})
}

// either notes a finding in the one direction or the other: weaker and safer are
// what it says of each, and "" says nothing of it.
func (r *reviewer) either(c *model.Change, code string, s Severity, path []string, isWeaker, isSafer bool, weaker, safer string) {
	switch {
	case isWeaker && weaker != "":
		r.add(c, finding{code: code, severity: s, path: path, detail: weaker})
	case isSafer && safer != "":
		r.add(c, finding{code: code, severity: s, safer: true, path: path, detail: safer})
	}
}

// origin gives the place of an attribute: its own, or that of what it stood in.
// Of a resource that is gone, it is the stack's.
func (r *reviewer) origin(c *model.Change, path []string) source.Origin {
	return r.place(c.Address, path)
}

func (r *reviewer) place(address string, path []string) source.Origin {
	if res := r.now.Find(address); res != nil {
		known, ok := r.origins[address]
		if !ok {
			known = res.Origins()
			r.origins[address] = known
		}
		if o := model.Place(known, path, res.Site); !o.Range.IsZero() {
			return o
		}
	}
	if r.stack != nil {
		return source.Origin{Range: r.stack.Name.Range, By: "removed"}
	}
	return source.Origin{}
}

func sortRisks(list []Risk) {
	slices.SortStableFunc(list, func(a, b Risk) int {
		return cmp.Or(
			-cmp.Compare(a.Severity, b.Severity), strings.Compare(a.Code, b.Code),
			strings.Compare(a.Address, b.Address), strings.Compare(model.Key(a.Path), model.Key(b.Path)), strings.Compare(a.Detail, b.Detail),
		)
	})
}
