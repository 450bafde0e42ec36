// Package plan says what a change to a stack means and does, for those who approve
// it: risks, then changes by resource with their effects, then the files. It joins
// what compiler/review finds with what stands on disk or at a revision of git, and
// renders it. It writes nothing but to the writers that it is given.
package plan

import (
	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/internal/build"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Plan is the review of every environment that was asked for.
type Plan struct {
	Stack string
	// Revision is what the stack is compared with; "" for the committed output.
	// Commit is its full name.
	Revision, Commit string
	Environments     []*Environment
	// Diagnostics are the findings about the stack itself, and what stands in the
	// way of a build.
	Diagnostics diag.List

	files  source.Files
	source *lang.Source
	name   func(string) string
	title  string // "the committed output", "main (1a2b3c4)"
}

// Status is what became of an environment as a whole.
type Status string

// The statuses. Of an Unknown one the state before the change has no model.
const (
	Unchanged Status = "unchanged"
	Changed   Status = "changed"
	New       Status = "new"
	Gone      Status = "gone"
	Unknown   Status = "unknown"
)

// Environment is the review of one environment.
type Environment struct {
	Name    string // "" for the nameless one
	Dir     string // the output directory
	Project string // compose project
	Posture string
	Status  Status
	Why     string // for Unknown: why there is no model
	Review  *review.Review
	Files   []File // those that change, by path
}

// File is one file of the output that changes.
type File struct {
	Path, Previous   string // Previous differs when the file was renamed
	Action           model.Action
	State            string // of the committed file: "stale", "hand-edited" …; "" with a revision
	Old, New         string // texts; of a sensitive file, with the names of secrets
	OldMode, NewMode uint32
	// Sensitive files hold secrets and are rendered on the host. Of one in a
	// committed output, the text before is not known.
	Sensitive, OldUnknown bool
	// Concealed files were edited by hand, and hold a secret since.
	Concealed   bool
	Record      bool     // the lock, the model: they change whenever anything does
	ExplainedBy []string // addresses of the changed resources that it is made from
	// LayoutOnly says that nothing in the stack explains the change: another version
	// of nselfc writes the same in other words.
	LayoutOnly bool
}

// Changed tells whether there is anything to review.
func (p *Plan) Changed() bool {
	for _, e := range p.Environments {
		if e.Status != Unchanged {
			return true
		}
	}
	return false
}

// Options say what is compared.
type Options struct {
	build.Options
	Version string // of nselfc, for the lock
}

// settle finds the status of an environment from what changed.
func (e *Environment) settle() {
	if e.Status != "" {
		return
	}
	e.Status = Unchanged
	if e.Review.Changed() || len(e.Files) > 0 {
		e.Status = Changed
	}
}

// newEnvironment begins the review of a compiled environment.
func newEnvironment(e *build.Environment) *Environment {
	return &Environment{Name: e.Name, Project: e.Stack.Project, Posture: e.Stack.Posture.String(), Review: &review.Review{}}
}
