// Package ufw renders the host firewall: the rules of one stack as blocks for
// ufw's after.rules and after6.rules, and the scripts that bring them onto a
// host without ever closing ssh. It does not know which ports ought to be open,
// nor anything of the host that the scripts will run on: they find that out.
package ufw

import (
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// Options of a rendering.
type Options struct {
	Trace bool // fill emit.File.Marks
}

// The artefacts, relative to the output directory.
const (
	applyPath    = "ufw/apply.sh"
	rollbackPath = "ufw/rollback.sh"
	afterPath    = "ufw/after.rules"
	after6Path   = "ufw/after6.rules"
	rulesPath    = "ufw/rules.txt"
)

// Render gives the firewall of a stack, or nothing for a stack that declares
// none. A value that the compiler should have refused is NS900; a published
// port that would take ssh's place is NS380, because no rule may close the way in.
func Render(stack *ir.Stack, opts Options) ([]emit.File, diag.List) {
	if stack.Firewall == nil {
		return nil, nil
	}
	rules, diags := lower(stack)
	if diags.HasErrors() {
		return nil, diags
	}
	after, after6 := renderBlock(rules, v4), renderBlock(rules, v6)
	rollback := rollbackScript()
	files := []emit.File{
		file(afterPath, 0o644, after),
		file(after6Path, 0o644, after6),
		file(applyPath, 0o755, applyScript(rules, after.text(), after6.text(), rollback.text())),
		file(rollbackPath, 0o755, rollback),
		file(rulesPath, 0o644, renderTable(rules)),
	}
	if !opts.Trace {
		for i := range files {
			files[i].Marks = nil
		}
	}
	return files, diags
}

// text is the text of a file while it is written, with the marks of its lines.
type text struct {
	lines []string
	marks []emit.Mark
}

// add appends a line.
func (t *text) add(line string) { t.lines = append(t.lines, line) }

// trace appends a line and says what caused it.
func (t *text) trace(line string, r rule) {
	t.marks = append(t.marks, emit.Mark{Line: len(t.lines) + 1, Address: r.address, Origin: r.origin})
	t.add(line)
}

// back says that the lines from here on belong to the firewall block again.
func (t *text) back(rules ruleSet) {
	t.marks = append(t.marks, emit.Mark{Line: len(t.lines) + 1, Address: "firewall", Origin: rules.origin})
}

func (t *text) text() string { return strings.Join(t.lines, "\n") + "\n" }

func file(path string, mode uint32, t *text) emit.File {
	return emit.File{Path: path, Mode: mode, Text: secret.Literal(t.text()), Marks: t.marks}
}

func number(n int) string { return strconv.Itoa(n) }
