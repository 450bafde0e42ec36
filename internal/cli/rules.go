package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"nselfc/compiler"
	"nselfc/compiler/policy"
	"nselfc/internal/build"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/eval"
)

// RulesOptions say which rules to list, and how.
type RulesOptions struct {
	Format string // text or json
	Theme  string // "" for all
	Path   string // file or folder of a stack, whose own rules are listed too; "" for that in this folder, if there is one
}

// Themes lists the themes of the catalogue, in its order and in lower case.
func Themes() []string {
	var out []string
	for _, r := range policy.Rules() {
		if theme := themeName(r); len(out) == 0 || out[len(out)-1] != theme {
			out = append(out, theme)
		}
	}
	return out
}

// ListedThemes are the values of --theme: those of the catalogue, and that of the rules
// of a stack's own.
func ListedThemes() []string { return append(Themes(), string(policy.Own)) }

func themeName(r policy.Rule) string { return strings.ToLower(string(r.Theme)) }

// Rules prints the catalogue of rules, and behind it the rules of a stack's own.
func Rules(env Env, d Display, o RulesOptions) int {
	own, stack, diags := build.OwnRules(o.Path)
	if o.Path != "" && diags.HasErrors() { // of a folder without a stack, the catalogue is listed
		return d.Show(env, diags, stack.Files(), stack.DisplayName)
	}
	known := policy.Rules()
	for _, r := range own {
		known = append(known, compiler.OwnRule(r))
	}
	if unreadRules(diags) && (o.Theme == "" || strings.ToLower(o.Theme) == string(policy.Own)) {
		say(env, "nselfc: %s\n", someUnread)
	}
	var rules []policy.Rule
	for _, r := range known {
		if o.Theme == "" || themeName(r) == strings.ToLower(o.Theme) {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 && unreadRules(diags) && strings.ToLower(o.Theme) == string(policy.Own) {
		return Failed
	}
	if len(rules) == 0 && strings.ToLower(o.Theme) != string(policy.Own) {
		return Fail(env, Usage, "there is no theme %q.%s The themes are: %s.", o.Theme, eval.DidYouMean(o.Theme, ListedThemes()), strings.Join(ListedThemes(), ", "))
	}
	switch o.Format {
	case "text":
		return Print(env, rulesText(rules))
	case "json":
		b, err := json.MarshalIndent(rulesJSON(rules), "", "  ")
		if err != nil {
			return Fail(env, Bug, "this is a bug in nselfc: the rules cannot be written: %v", err)
		}
		return Print(env, string(b)+"\n")
	}
	return Fail(env, Usage, "there is no format %q: it is text or json", o.Format)
}

func rulesText(rules []policy.Rule) string {
	if len(rules) == 0 {
		return "There is no rule of a stack's own here.\n"
	}
	var cells, b strings.Builder
	theme := ""
	for _, r := range rules {
		if themeName(r) != theme {
			if theme != "" {
				cells.WriteString("\n")
			}
			theme = themeName(r)
			fmt.Fprintf(&cells, "%s\tseverity\tproduction\tdevelopment\theld\twaiver\t\n", theme)
		}
		waiver := "no"
		if r.Waivable {
			waiver = "yes"
		}
		fmt.Fprintf(&cells, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Code, r.Severity, r.Production, r.Development, r.Held, waiver, render.Clean(r.Title, false))
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = w.Write([]byte(cells.String())) // a builder takes every write
	_ = w.Flush()
	return b.String()
}

// rulesDocument is the form of --format json. A later minor version of the format
// adds keys only.
type rulesDocument struct {
	FormatVersion string     `json:"format_version"`
	Rules         []ruleJSON `json:"rules"`
}

type ruleJSON struct {
	Code        string   `json:"code"`
	Title       string   `json:"title"`
	Theme       string   `json:"theme"`
	Severity    string   `json:"severity"`
	Production  string   `json:"production"`
	Development string   `json:"development"`
	Held        string   `json:"held"`
	Waivable    bool     `json:"waivable"`
	References  []string `json:"references"`
}

func rulesJSON(rules []policy.Rule) rulesDocument {
	doc := rulesDocument{FormatVersion: "1.0", Rules: []ruleJSON{}}
	for _, r := range rules {
		doc.Rules = append(doc.Rules, ruleJSON{
			r.Code, render.Clean(r.Title, false), themeName(r), r.Severity.String(), r.Production.String(), r.Development.String(), r.Held.String(), r.Waivable, r.References,
		})
	}
	return doc
}

// ruleHead gives what the catalogue says of a code, as lines between the title of its
// page and the text, or "" for a code that is no rule's.
func ruleHead(code string) string {
	for _, r := range policy.Rules() {
		if r.Code != code {
			continue
		}
		waiver := "none: nobody may accept it"
		if r.Waivable {
			waiver = "a waive block may accept it"
		}
		return fmt.Sprintf("    theme       %s\n    severity    %s\n    a finding   %s in production, %s in development\n    held        %s\n    waiver      %s\n    references  %s\n",
			themeName(r), r.Severity, levelWord(r.Production), levelWord(r.Development), r.Held, waiver, strings.Join(r.References, ";\n                "))
	}
	return ""
}

func levelWord(l policy.Level) string {
	if l == policy.Off {
		return "none"
	}
	return l.String()
}

// explained gives the page of a code, with what the catalogue says of it below the
// title.
func explained(code string) (string, bool) {
	page, ok := diag.Page(code)
	head := ruleHead(code)
	if title, text, cut := strings.Cut(page, "\n"); cut && head != "" {
		page = title + "\n\n" + head + text
	}
	return page, ok
}
