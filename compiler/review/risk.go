package review

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Severity orders risks.
type Severity uint8

// The severities. Destructive stands above all: what is lost cannot be had back.
const (
	Low Severity = iota
	Medium
	High
	Critical
	Destructive
)

var severityNames = []string{"low", "medium", "high", "critical", "destructive"}

// String gives the word of the language.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads the word.
func ParseSeverity(s string) (Severity, error) {
	i := slices.Index(severityNames, s)
	if i < 0 {
		return 0, fmt.Errorf("it is %s", strings.Join(severityNames, ", "))
	}
	return Severity(i), nil
}

// Risk is one thing that gets weaker by a change, or safer.
type Risk struct {
	Code     string // "NS702"; each has a page under nselfc explain
	Severity Severity
	Safer    bool
	Address  string   // of the resource
	Path     []string // of the attribute; nil for the resource as a whole
	Summary  string   // fixed text
	Detail   string
	// Origin is the line of the stack that causes it; for something that was
	// removed, the block that it was removed from.
	Origin source.Origin
}

// Diagnostic gives the risk in the form of all findings. None is an error: whether
// a risk stops a pipeline is for the pipeline to say.
func (k *Risk) Diagnostic() *diag.Diagnostic {
	d := diag.Warningf(k.Code, k.Origin.Range, k.Summary, "%s", k.Detail)
	if k.Severity < Medium || k.Safer {
		d.Severity = diag.Note
	}
	return d
}
