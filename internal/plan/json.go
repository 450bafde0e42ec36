package plan

import (
	"encoding/json"
	"io"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit/textdiff"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// FormatVersion is the version of the JSON form. The minor part grows when
// something is added, the major part when something changes its meaning or goes.
// docs/plan.schema.json describes it.
const FormatVersion = "1.0"

// Document is a plan in JSON.
type Document struct {
	FormatVersion string              `json:"format_version"`
	Stack         string              `json:"stack"`
	Base          Base                `json:"base"`
	Errored       bool                `json:"errored"` // the stack does not compile, or a build would stop
	Changed       bool                `json:"changed"`
	Summary       Summary             `json:"summary"`
	Environments  []EnvironmentJSON   `json:"environments"`
	Diagnostics   []render.Diagnostic `json:"diagnostics"`
}

// Base is what the stack is compared with.
type Base struct {
	Kind     string `json:"kind"` // "output", "revision"
	Revision string `json:"revision,omitempty"`
	Commit   string `json:"commit,omitempty"`
}

// Summary counts.
type Summary struct {
	Add      int            `json:"add"`
	Change   int            `json:"change"`
	Remove   int            `json:"remove"`
	Recreate int            `json:"recreate"`
	Files    int            `json:"files"`
	Risks    map[string]int `json:"risks"` // by severity
	Safer    int            `json:"safer"`
	Text     string         `json:"text"`
}

// EnvironmentJSON is one environment.
type EnvironmentJSON struct {
	Environment string       `json:"environment"` // "" for the nameless one
	Project     string       `json:"project"`
	Posture     string       `json:"posture"`
	Output      string       `json:"output"` // its directory
	Status      Status       `json:"status"`
	Reason      string       `json:"reason,omitempty"` // why the status is unknown
	Risks       []RiskJSON   `json:"risks"`
	Safer       []RiskJSON   `json:"safer"`
	Changes     []ChangeJSON `json:"resource_changes"`
	Effects     EffectsJSON  `json:"effects"`
	Files       []FileJSON   `json:"files"`
}

// RiskJSON is one thing that gets weaker or safer.
type RiskJSON struct {
	Code     string        `json:"code"`
	Severity string        `json:"severity"`
	Address  string        `json:"address"`
	Path     []string      `json:"path,omitempty"`
	Summary  string        `json:"summary"`
	Detail   string        `json:"detail"`
	By       string        `json:"by,omitempty"` // default or rule that set it
	Range    *render.Range `json:"range,omitempty"`
}

// ChangeJSON is one resource that differs. Applying all of them to the model of
// before gives the model of after.
type ChangeJSON struct {
	Address         string          `json:"address"`
	PreviousAddress string          `json:"previous_address,omitempty"`
	Type            string          `json:"type"`
	Action          model.Action    `json:"action"`
	Before          map[string]any  `json:"before,omitempty"` // of a resource that is gone
	After           map[string]any  `json:"after,omitempty"`  // of one that is new
	Attributes      []AttributeJSON `json:"attributes,omitempty"`
}

// AttributeJSON is one attribute that differs. A value that is made of secrets is
// an object with the one member "sensitive", which names them.
type AttributeJSON struct {
	Path            []string      `json:"path"`
	Before          any           `json:"before"` // null for none
	After           any           `json:"after"`
	BeforeSensitive bool          `json:"before_sensitive,omitempty"`
	AfterSensitive  bool          `json:"after_sensitive,omitempty"`
	By              string        `json:"by,omitempty"`
	Range           *render.Range `json:"range,omitempty"`
}

// EffectsJSON is what bringing the stack up does.
type EffectsJSON struct {
	Create   []ContainerJSON `json:"create"`
	Recreate []ContainerJSON `json:"recreate"`
	Scale    []ContainerJSON `json:"scale"`
	Remove   []ContainerJSON `json:"remove"`
	Older    []ContainerJSON `json:"older"` // recreated as well by Compose before 2.29.4
	Refresh  []ContainerJSON `json:"refresh"`
	Build    []ContainerJSON `json:"build"`
	Networks PartsJSON       `json:"networks"`
	Volumes  PartsJSON       `json:"volumes"`
	Secrets  SecretsJSON     `json:"secrets"`
	Firewall bool            `json:"firewall"`
	Steps    []StepJSON      `json:"steps"`
}

// ContainerJSON is a service with the reasons for which something happens to it.
type ContainerJSON struct {
	Service string   `json:"service"`
	Address string   `json:"address"`
	Reasons []string `json:"reasons,omitempty"`
}

// PartsJSON are networks or volumes.
type PartsJSON struct {
	Created   []string `json:"created"`
	Recreated []string `json:"recreated"`
	Removed   []string `json:"removed"`
}

// SecretsJSON is what becomes of the secrets, by address.
type SecretsJSON struct {
	Generated []string `json:"generated"`
	Kept      int      `json:"kept"`
	Rotated   []string `json:"rotated"`
	Retired   []string `json:"retired"`
	Unfit     []string `json:"unfit"` // the build stops: the value has the form of before
}

// StepJSON is something to do by hand.
type StepJSON struct {
	Address string `json:"address"`
	Text    string `json:"text"`
}

// FileJSON is one file that changes. Diff is a unified diff, without that of
// records and of what is not known whole.
type FileJSON struct {
	Path         string       `json:"path"`
	PreviousPath string       `json:"previous_path,omitempty"`
	Action       model.Action `json:"action"`
	State        string       `json:"state,omitempty"`
	Sensitive    bool         `json:"sensitive,omitempty"`
	Record       bool         `json:"record,omitempty"`
	Mode         string       `json:"mode,omitempty"`
	PreviousMode string       `json:"previous_mode,omitempty"`
	Added        int          `json:"added"`
	Removed      int          `json:"removed"`
	ExplainedBy  []string     `json:"explained_by"`
	LayoutOnly   bool         `json:"layout_only,omitempty"`
	Diff         string       `json:"diff,omitempty"`
}

// JSON writes the plan for programs.
func (p *Plan) JSON(w io.Writer, report *render.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(p.document(report))
}

func (p *Plan) document(report *render.Report) *Document {
	n := p.Count()
	d := &Document{
		FormatVersion: FormatVersion, Stack: p.Stack, Base: Base{Kind: "output"}, Changed: p.Changed(),
		Errored: p.Diagnostics.HasErrors(), Environments: []EnvironmentJSON{}, Diagnostics: report.Diagnostics,
		Summary: Summary{
			Add: n.Add, Change: n.Change, Remove: n.Remove, Recreate: n.Recreate, Files: n.Files, Safer: n.Safer,
			Risks: map[string]int{}, Text: p.Summary(),
		},
	}
	if p.Revision != "" {
		d.Base = Base{Kind: "revision", Revision: p.Revision, Commit: p.Commit}
	}
	for severity, count := range n.Risks {
		d.Summary.Risks[review.Severity(severity).String()] = count
	}
	for _, e := range p.Environments {
		d.Environments = append(d.Environments, p.environmentJSON(e))
	}
	return d
}

func (p *Plan) environmentJSON(e *Environment) EnvironmentJSON {
	out := EnvironmentJSON{
		Environment: e.Name, Project: e.Project, Posture: e.Posture, Output: e.Dir, Status: e.Status, Reason: e.Why,
		Risks: p.risksJSON(e.Review.Risks), Safer: p.risksJSON(e.Review.Safer), Changes: []ChangeJSON{},
		Effects: effectsJSON(&e.Review.Effects), Files: []FileJSON{},
	}
	for i := range e.Review.Changes {
		out.Changes = append(out.Changes, p.changeJSON(e, &e.Review.Changes[i]))
	}
	for i := range e.Files {
		out.Files = append(out.Files, e.fileJSON(&e.Files[i]))
	}
	return out
}

func (p *Plan) rangeJSON(o source.Origin) *render.Range {
	if o.Range.IsZero() {
		return nil
	}
	at := &diag.Diagnostic{Subject: o.Range}
	return render.New(diag.List{at}, p.files, p.name).Diagnostics[0].Range
}

func (p *Plan) risksJSON(list []review.Risk) []RiskJSON {
	out := []RiskJSON{}
	for i := range list {
		k := &list[i]
		out = append(out, RiskJSON{
			Code: k.Code, Severity: k.Severity.String(), Address: k.Address, Path: k.Path,
			Summary: k.Summary, Detail: clean(k.Detail), By: k.Origin.By, Range: p.rangeJSON(k.Origin),
		})
	}
	return out
}

func (p *Plan) changeJSON(e *Environment, c *model.Change) ChangeJSON {
	out := ChangeJSON{Address: c.Address, Type: c.Type, Action: c.Action}
	switch c.Action {
	case model.Create:
		out.After = c.After
	case model.Delete:
		out.Before = c.Before
	case model.Update:
		if c.Renamed() {
			out.PreviousAddress = c.Previous
		}
		for _, a := range c.Attributes {
			at := e.Review.Place(c.Address, a.Path)
			out.Attributes = append(out.Attributes, AttributeJSON{
				Path: a.Path, Before: a.Before, After: a.After, BeforeSensitive: model.Sensitive(a.Before), AfterSensitive: model.Sensitive(a.After),
				By: at.By, Range: p.rangeJSON(at),
			})
		}
	}
	return out
}

func effectsJSON(x *review.Effects) EffectsJSON {
	containers := func(list []review.Container) []ContainerJSON {
		out := []ContainerJSON{}
		for _, c := range list {
			out = append(out, ContainerJSON(c))
		}
		return out
	}
	parts := func(p review.Parts) PartsJSON {
		return PartsJSON{Created: listed(p.Created), Recreated: listed(p.Recreated), Removed: listed(p.Removed)}
	}
	out := EffectsJSON{
		Create: containers(x.Create), Recreate: containers(x.Recreate), Scale: containers(x.Scale), Remove: containers(x.Remove),
		Older: containers(x.Older), Refresh: containers(x.Refresh), Build: containers(x.Build), Networks: parts(x.Networks), Volumes: parts(x.Volumes),
		Secrets: SecretsJSON{
			Generated: listed(x.Secrets.Generated), Kept: x.Secrets.Kept, Rotated: listed(x.Secrets.Rotated),
			Retired: listed(x.Secrets.Retired), Unfit: listed(x.Secrets.Unfit),
		},
		Firewall: x.Firewall, Steps: []StepJSON{},
	}
	for _, s := range x.Steps {
		out.Steps = append(out.Steps, StepJSON(s))
	}
	return out
}

// listed makes an empty list of none, which JSON would call null.
func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (e *Environment) fileJSON(f *File) FileJSON {
	out := FileJSON{
		Path: f.Path, Action: f.Action, State: f.State, Sensitive: f.Sensitive, Record: f.Record,
		Mode: mode(f.NewMode), PreviousMode: mode(f.OldMode), ExplainedBy: listed(f.ExplainedBy), LayoutOnly: f.LayoutOnly,
	}
	if f.Previous != f.Path {
		out.PreviousPath = f.Previous
	}
	if !f.OldUnknown && !f.Record {
		out.Added, out.Removed = f.counts()
	}
	if f.shown(e) {
		out.Diff = textdiff.Unified(f.Previous, f.Path, f.Old, f.New, around)
	}
	return out
}
