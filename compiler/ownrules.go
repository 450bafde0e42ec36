package compiler

import (
	"cmp"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/compiler/policy"
	"nselfc/compiler/policymodel"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// judged are the rules of the stack's own as policy knows rules, and what kept some
// of them from being judged.
type judged struct {
	list  []policy.Rule
	diags diag.List
}

// ownRules makes rules of what the stack declares as such. The model is made when the
// first of them is judged.
func ownRules(rules []*lang.Rule, stack *ir.Stack) *judged {
	out := &judged{}
	p := &places{
		stack:     stack,
		services:  sync.OnceValue(func() map[string]*ir.Service { return byAddress(stack.Services) }),
		resources: sync.OnceValue(func() *model.Model { return model.Of(stack) }),
	}
	values := sync.OnceValue(func() map[string]cty.Value { return policymodel.Of(stack) })
	for _, r := range rules {
		one := OwnRule(r)
		one.Check = func(_ *ir.Stack, report func(policy.Finding)) {
			out.diags = append(out.diags, r.Judge(values(), func(b lang.Breach) { report(p.finding(b)) })...)
		}
		out.list = append(out.list, one)
	}
	return out
}

// OwnRule makes the entry of a rule that a stack declares, without its check.
func OwnRule(r *lang.Rule) policy.Rule {
	out := policy.OwnRule(ownRule(r))
	out.References, out.Page = plainTexts(r.References), r.Page()
	return out
}

func ownRule(r *lang.Rule) ir.Rule {
	return ir.Rule{Code: r.ID.V, Title: cmp.Or(r.Title.V, "Rule of the stack broken"), Severity: r.Severity.V, Waivable: r.Waivable.V || !r.Waivable.IsSet()}
}

func plainTexts(list []lang.String) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.V
	}
	return out
}

// places finds where in the source a breach is to be mended.
type places struct {
	stack     *ir.Stack
	services  func() map[string]*ir.Service // by address
	resources func() *model.Model
}

// finding puts a breach where its condition looked: at the first attribute of an
// object of the model that somebody wrote, or that something set; or else at the
// object, or the stack.
func (p *places) finding(b lang.Breach) policy.Finding {
	f := policy.Finding{Detail: b.Message, Assert: b.Condition}
	var object string
	for _, read := range b.Reads {
		if read.Address == "" {
			continue
		}
		object = cmp.Or(object, read.Address)
		r := p.resources().Find(read.Address)
		if r == nil || len(read.Path) == 0 {
			continue
		}
		path := argumentOf(read.Path)
		origins := r.Origins()
		if o, ok := origins[model.Key(path[:1])]; ok && !o.Range.IsZero() {
			object, f.At = read.Address, model.Place(origins, path, r.Site).Range
			break
		}
	}
	f.Service, f.Address = p.services()[object], object
	if f.At.IsZero() && f.Service == nil {
		f.At = p.of(object)
	}
	return f
}

// argumentOf gives the attribute that somebody writes for one that is a part of it.
func argumentOf(path []string) []string {
	switch path[0] {
	case "registry", "tag", "digest":
		return []string{"image"}
	}
	return path
}

// of gives the place of an object that is no service.
func (p *places) of(address string) source.Range {
	if r := p.resources().Find(address); r != nil {
		at := model.Place(r.Origins(), nil, r.Site).Range
		if !at.IsZero() {
			return at
		}
	}
	return p.stack.Name.Range
}

func byAddress(list []*ir.Service) map[string]*ir.Service {
	out := make(map[string]*ir.Service, len(list))
	for _, s := range list {
		out[s.Address] = s
	}
	return out
}
