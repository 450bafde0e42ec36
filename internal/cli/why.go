package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"nselfc/emit"
	"nselfc/internal/build"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// Why prints what caused a line of the output: the line of the stack, or the
// default or rule when nobody wrote it.
func Why(ctx context.Context, env Env, d Display, stack, where string, o build.Options) int {
	path, line, ok := splitLine(where)
	if !ok {
		return Fail(env, Usage, "%q does not name a line: write FILE:LINE, as in out/docker-compose.yml:42", where)
	}
	if stack == "" {
		stack = stackAbove(path)
	}
	o.Trace = true
	c, diags := build.Compile(ctx, stack, o)
	if diags.HasErrors() || ctx.Err() != nil {
		return stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	e, f := c.Find(o, path)
	if f == nil {
		return Fail(env, Failed, "%s is not a file that the stack in %s generates", path, filepath.Clean(c.Dir))
	}
	lines := strings.Split(strings.TrimSuffix(f.Text.String(), "\n"), "\n")
	if line > len(lines) {
		return Fail(env, Failed, "%s has %d lines now", path, len(lines))
	}
	mark, ok := markAt(f.Marks, line)
	if !ok {
		return Print(env, fmt.Sprintf("%s:%d is the same in every stack.\n  %d | %s\n", clean(path), line, line, clean(lines[line-1])))
	}
	if stale(path, f) {
		say(env, "nselfc: %s is not what the stack gives now; this is about the line after the next build\n", clean(path))
	}
	return Print(env, explainMark(c, e, mark, path, line, lines[line-1]))
}

func clean(s string) string { return render.Clean(s, false) }

// splitLine cuts FILE:LINE at its last colon.
func splitLine(s string) (string, int, bool) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil && n > 0
}

// stackAbove finds the nearest folder above a file that holds a stack, or gives
// "" for this one.
func stackAbove(path string) string {
	dir := filepath.Dir(path)
	for range 16 {
		if found, err := filepath.Glob(filepath.Join(dir, "*.hcl")); err == nil && len(found) > 0 {
			return dir
		}
		dir = filepath.Join(dir, "..")
	}
	return ""
}

// stale tells whether a committed file on disk differs from what is compiled.
func stale(path string, f *emit.File) bool {
	want, plain := f.Text.Plain()
	got, err := os.ReadFile(path)
	return plain && (err != nil || string(got) != want)
}

// markAt finds the mark that covers a line.
func markAt(marks []emit.Mark, line int) (emit.Mark, bool) {
	i := sort.Search(len(marks), func(i int) bool { return marks[i].Line > line })
	if i == 0 {
		return emit.Mark{}, false
	}
	return marks[i-1], true
}

// explainMark prints the chain from a generated line to its cause.
func explainMark(c *build.Compiled, e *build.Environment, m emit.Mark, path string, line int, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d\n  %d | %s\n", clean(path), line, line, clean(text))
	if m.Address != "" {
		fmt.Fprintf(&b, "\nbelongs to %s", clean(m.Address))
		if e.Name != "" {
			fmt.Fprintf(&b, " in environment %s", clean(e.Name))
		}
		b.WriteString("\n")
	}
	verb := "is written at"
	if !m.Origin.Written() {
		verb = "completes"
		if m.Origin.By != "" {
			fmt.Fprintf(&b, "is set by %s\n", clean(m.Origin.By))
		}
	}
	b.WriteString(cause(c, m.Origin.Range, verb))
	return b.String()
}

// cause prints the place in the stack, with its line.
func cause(c *build.Compiled, r source.Range, verb string) string {
	if r.IsZero() {
		return ""
	}
	out := fmt.Sprintf("%s %s:%d\n", verb, clean(c.DisplayName(r.File)), r.Start.Line)
	if f := c.Files()[r.File]; f != nil {
		out += fmt.Sprintf("  %d | %s\n", r.Start.Line, clean(string(f.Line(int(r.Start.Line)))))
	}
	return out
}
