package compiler

import (
	"cmp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/compiler/policy"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// defaultWaiverDays is half a year: long enough for a release of a vendor, short
// enough that somebody remembers.
const defaultWaiverDays = 180

// lowerWaivers hands on what somebody has accepted; policy judges it.
func (l *lowering) lowerWaivers() {
	l.out.MaxWaiverDays = l.in.MaxWaiverDays.Or(defaultWaiverDays, l.in.Range, "default policy.max_waiver_days")
	if len(l.in.Waivers) == 0 {
		return
	}
	for _, r := range l.in.Rules {
		l.out.OwnRules = append(l.out.OwnRules, ownRule(r))
	}
	addresses := l.addresses()
	for _, w := range l.in.Waivers {
		known := slices.ContainsFunc(addresses, func(address string) bool { return policy.Covers(w.On.V, address) })
		title := ""
		if diag.Title(w.Code.V) == "" {
			title = policy.TitleOf(l.out, w.Code.V)
		}
		l.out.Waivers = append(l.out.Waivers, &ir.Waiver{
			Origin: source.Origin{Range: w.Range}, Code: w.Code, On: w.On, Reason: w.Reason, Owner: w.Owner, Until: w.Until, Ticket: w.Ticket,
			Severity: policy.SeverityOf(l.out, w.Code.V), Title: title, Shared: w.Shared, Known: known,
		})
	}
	slices.SortFunc(l.out.Waivers, func(a, b *ir.Waiver) int {
		return cmp.Or(strings.Compare(a.Code.V, b.Code.V), strings.Compare(a.On.V, b.On.V))
	})
}

// addresses lists what the environment has a name for.
func (l *lowering) addresses() []string {
	out := []string{"stack"}
	add := func(d *lang.Declared) { out = append(out, d.Address) }
	for _, k := range l.in.Kinds {
		add(&k.Declared)
	}
	for _, s := range l.in.Services {
		add(&s.Declared)
		for _, r := range s.Routes {
			add(&r.Declared)
		}
	}
	for _, v := range l.in.Volumes {
		add(&v.Declared)
	}
	for _, s := range l.in.Secrets {
		add(&s.Declared)
	}
	if l.in.Ingress != nil {
		add(&l.in.Ingress.Declared)
	}
	if l.in.Firewall != nil {
		add(&l.in.Firewall.Declared)
	}
	if l.in.Store != nil {
		out = append(out, "secrets")
	}
	for _, n := range l.out.Networks {
		out = append(out, model.Address(model.TypeNetwork, n.Name))
	}
	for _, v := range l.out.Volumes {
		out = append(out, model.Address(model.TypeVolume, v.Name))
	}
	return out
}
