package cli

import (
	"fmt"
	"strconv"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
)

// Explain prints the pages of codes, those of rules with what the catalogue says of
// them, or every code with its summary.
func Explain(env Env, codes []string) int {
	var b strings.Builder
	if len(codes) == 0 {
		for _, c := range diag.Codes() {
			fmt.Fprintf(&b, "%s  %s\n", c, diag.Title(c))
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
			return Fail(env, Usage, "there is no code %q.%s nselfc explain lists all codes.", codes[i], eval.DidYouMean(code, diag.Codes()))
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(page)
	}
	return Print(env, b.String())
}
