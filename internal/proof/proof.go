// Package proof judges the emitted artefacts by their bytes. It reads what Docker
// Compose, nginx, ufw and the stores will read, with readers of its own, and holds
// them against the rules of the catalogue that the compiler keeps by construction:
// a fault of an emitter is found before anything is written.
//
// It knows nothing of the language and of the intermediate representation, which the
// emitters could share a mistake with. It touches no file of the host and knows no
// secret: where a text holds one, it sees the token.
package proof

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"nselfc/emit"
	"nselfc/emit/outdir"
)

// Finding is one place in the artefacts that breaks a rule.
type Finding struct {
	Code string // of the rule, "NS1001"
	Place
	Detail string // what stands there, in a full sentence
}

// Place is a line of an artefact.
type Place struct {
	File string // path below the output directory
	Line int    // from 1; 0 for the file as a whole
}

// Rule holds one rule of the catalogue against the artefacts.
type Rule struct {
	Code string
	// Check calls report for every place that breaks the rule. It is linear in the
	// size of what it reads.
	Check func(a *Artefacts, report Report)
}

// Report takes one finding; the detail is a format.
type Report func(at Place, detail string, args ...any)

// Artefacts are the files of one environment, and what the readers made of them.
type Artefacts struct {
	Files []emit.File

	compose func() *composition
	edge    func() *edge // nil for a stack without nginx
	wall    func() *wall // nil for a stack without a firewall
	stores  func() *stores
	model   func() map[string]string
}

func newArtefacts(files []emit.File) *Artefacts {
	a := &Artefacts{Files: withGitFiles(files)}
	a.compose = sync.OnceValue(func() *composition { return readCompose(files) })
	a.edge = sync.OnceValue(func() *edge { return readEdge(a) })
	a.wall = sync.OnceValue(func() *wall { return readWall(a) })
	a.stores = sync.OnceValue(func() *stores { return readStores(a.Files) })
	a.model = sync.OnceValue(func() map[string]string { return readModel(files) })
	return a
}

// withGitFiles adds the files that every output directory has besides.
func withGitFiles(files []emit.File) []emit.File {
	out := slices.Clip(files)
	for _, f := range outdir.GitFiles() {
		if !slices.ContainsFunc(files, func(o emit.File) bool { return o.Path == f.Path }) {
			out = append(out, f)
		}
	}
	return out
}

// Rules lists what is proved.
func Rules() []Rule { return append(matterRules(), restRules()...) }

// matterRules are each about one matter.
func matterRules() []Rule {
	return slices.Concat(composeRules(), edgeRules(), wallRules(), storeRules())
}

// restRules list what may stand in a file at all, and refuse the rest.
func restRules() []Rule {
	return []Rule{
		eachService("NS1024", unknownKey),
		edgeRule("NS1540", unknownDirectives),
		eachFamily("NS1716", unknownRules),
		storeRule("NS1924", unknownSettings),
		rolesRule("NS1925", unknownStatements),
	}
}

// Check judges the artefacts of an environment. Findings are sorted by file, line
// and code, and none stands there twice. Of a line that breaks a rule about its matter,
// those about the rest say nothing: one cause, one finding.
func Check(files []emit.File) []Finding {
	a := newArtefacts(files)
	var out []Finding
	told := map[Place]bool{}
	for _, r := range matterRules() {
		r.Check(a, func(at Place, detail string, args ...any) {
			told[at] = true
			out = append(out, Finding{Code: r.Code, Place: at, Detail: fmt.Sprintf(detail, args...)})
		})
	}
	for _, r := range restRules() {
		r.Check(a, func(at Place, detail string, args ...any) {
			if !told[at] {
				out = append(out, Finding{Code: r.Code, Place: at, Detail: fmt.Sprintf(detail, args...)})
			}
		})
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line, cmp.Compare(a.Code, b.Code), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(out)
}
