package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nselfc/internal/build"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/eval"
)

// Explain prints the pages of codes, those of rules with what the catalogue says of
// them, or every code with its summary. Rules of a stack's own are known in the
// stack's folder.
func Explain(env Env, codes []string) int {
	var b strings.Builder
	if len(codes) == 0 {
		for _, c := range diag.Codes() {
			fmt.Fprintf(&b, "%s  %s\n", c, diag.Title(c))
		}
		own, _, _ := build.OwnRules("")
		for _, r := range own {
			fmt.Fprintf(&b, "%s  %s\n", r.ID.V, render.Clean(r.Title.V, false))
		}
		return Print(env, b.String())
	}
	for i, code := range codes {
		code = strings.ToUpper(strings.TrimSpace(code))
		if _, err := strconv.Atoi(code); err == nil {
			code = "NS" + code
		}
		page, ok := explained(code)
		if !ok {
			var near []string
			var diags diag.List
			if page, near, diags = ownPage(code); page == "" {
				unread := ""
				if unreadRules(diags) {
					unread = " " + someUnread
				}
				return Fail(env, Usage, "there is no code %q.%s nselfc explain lists all codes.%s", codes[i], eval.DidYouMean(code, append(near, diag.Codes()...)), unread)
			}
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(page)
	}
	return Print(env, b.String())
}

// ownPage gives the page of a rule of the stack in this folder, or "" with the codes
// that there are and what is wrong with the stack.
func ownPage(code string) (page string, codes []string, diags diag.List) {
	own, _, diags := build.OwnRules("")
	for _, r := range own {
		if r.ID.V == code {
			return render.Clean(r.Page(), true), nil, nil
		}
		codes = append(codes, r.ID.V)
	}
	return "", codes, diags
}

// someUnread is said where a rule is missed that may be there.
const someUnread = "The stack in this folder has errors, and rules of its own may be among what could not be read: nselfc validate shows them."

// unreadRules tells by what is wrong with a stack whether it may have rules that are
// not known. A folder without a stack has none.
func unreadRules(diags diag.List) bool {
	return diags.HasErrors() && !slices.ContainsFunc(diags, func(d *diag.Diagnostic) bool { return d.Code == "NS120" })
}
