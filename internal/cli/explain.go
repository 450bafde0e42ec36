package cli

import (
	"fmt"
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
			if page, near = ownPage(code); page == "" {
				return Fail(env, Usage, "there is no code %q.%s nselfc explain lists all codes.", codes[i], eval.DidYouMean(code, append(near, diag.Codes()...)))
			}
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(page)
	}
	return Print(env, b.String())
}

// ownPage gives the page of a rule of the stack in this folder, or "" and the codes
// that there are.
func ownPage(code string) (page string, codes []string) {
	own, _, _ := build.OwnRules("")
	for _, r := range own {
		if r.ID.V == code {
			return render.Clean(r.Page(), true), nil
		}
		codes = append(codes, r.ID.V)
	}
	return "", codes
}
