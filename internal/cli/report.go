package cli

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/internal/redact"
	"nselfc/internal/term"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// Format is the value of --format for diagnostics.
type Format string

// The formats. Unset means text, or github where GitHub Actions runs.
const (
	FormatText   Format = "text"
	FormatJSON   Format = "json"
	FormatSARIF  Format = "sarif"
	FormatGitHub Format = "github"
)

var formats = []string{string(FormatText), string(FormatJSON), string(FormatSARIF), string(FormatGitHub)}

// Set implements pflag.Value.
func (f *Format) Set(s string) error {
	if !slices.Contains(formats, s) {
		return fmt.Errorf("it is %s", strings.Join(formats, ", "))
	}
	*f = Format(s)
	return nil
}

// String implements pflag.Value.
func (f *Format) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *Format) Type() string { return "FORMAT" }

// Display says how diagnostics are shown.
type Display struct {
	Format Format
	Color  term.ColorMode
}

// Show writes a list: text to standard error, every other format to standard
// output. files and name are those of render.New. The result is the exit code,
// IO when the report could not be written.
func (d Display) Show(env Env, list diag.List, files source.Files, name func(string) string) int {
	return d.write(env, list, render.New(unrevealing(list, env.Secrets), files, name))
}

// ShowPlaces is Show without a line of any file, in which a secret may stand. files
// gives the columns.
func (d Display) ShowPlaces(env Env, list diag.List, files source.Files) int {
	return d.write(env, list, render.New(unrevealing(list, env.Secrets), files, nil).WithoutLines())
}

func (d Display) write(env Env, list diag.List, r *render.Report) int {
	var err error
	switch d.format(env) {
	case FormatText:
		err = d.text(env, r)
	case FormatJSON:
		err = render.JSON(env.Stdout, r)
	case FormatSARIF:
		err = render.SARIF(env.Stdout, r, Version)
	case FormatGitHub:
		err = render.GitHub(env.Stdout, r)
	}
	if err != nil {
		say(env, "nselfc: cannot write the report: %v\n", err)
		return IO
	}
	return Code(list)
}

// unrevealing gives a list without the values of secrets: once its texts are wrapped
// or cut, nobody can find one in them.
func unrevealing(list diag.List, values *redact.Registry) diag.List {
	out := make(diag.List, len(list))
	for i, d := range list {
		clean := *d
		clean.Detail = values.Text(d.Detail)
		clean.Related = slices.Clone(d.Related)
		for j := range clean.Related {
			clean.Related[j].Message = values.Text(clean.Related[j].Message)
		}
		if a := d.Accepted; a != nil {
			said := *a
			said.Reason, said.Owner, said.Ticket = values.Text(a.Reason), values.Text(a.Owner), values.Text(a.Ticket)
			clean.Accepted = &said
		}
		out[i] = &clean
	}
	return out
}

// text writes a report for people.
func (d Display) text(env Env, r *render.Report) error {
	return render.Text(env.Stderr, r, render.TextOptions{
		Color: term.Color(d.Color, env.Stderr, env.Getenv), Width: term.Width(env.Stderr),
		Limit: render.DefaultLimit, Alike: render.DefaultAlike,
	})
}

// format gives the form to use: the flag's, or what fits the surroundings.
func (d Display) format(env Env) Format {
	switch {
	case d.Format != "":
		return d.Format
	case env.Getenv("GITHUB_ACTIONS") == "true":
		return FormatGitHub
	}
	return FormatText
}

// Print writes text to standard output and gives the exit code: IO when it
// could not be written.
func Print(env Env, text string) int {
	if _, err := fmt.Fprint(env.Stdout, text); err != nil {
		say(env, "nselfc: cannot write to standard output: %v\n", err)
		return IO
	}
	return OK
}

// Fail prints one line for people and gives the code.
func Fail(env Env, code int, format string, args ...any) int {
	say(env, "nselfc: %s\n", render.Clean(fmt.Sprintf(format, args...), true))
	return code
}
