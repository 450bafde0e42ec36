package cli

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"nselfc/internal/build"
	"nselfc/lang"
	"nselfc/lang/diag/render"
)

// Why prints what caused a line of the output, FILE:LINE, or an attribute,
// service.api.memory: the line of the stack, or the default or rule when nobody
// wrote it.
func Why(ctx context.Context, env Env, d Display, stack, where string, o build.Options) int {
	path, line, ok := splitLine(where)
	if !ok && strings.Contains(where, "/") && !strings.Contains(where, "[") {
		return Fail(env, Usage, "%q names neither a line nor an attribute: write FILE:LINE, as in out/docker-compose.yml:42, or an address, as in service.api.memory", where)
	}
	if !ok {
		return WhyAddress(ctx, env, d, stack, where, o)
	}
	if stack == "" {
		stack = stackAbove(path)
	}
	o.Trace = true
	c, diags := compile(ctx, env, stack, o)
	if diags.HasErrors() || ctx.Err() != nil {
		return stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	e, below := c.Find(o, path)
	if e == nil {
		return Fail(env, Failed, "%s is not below the output of the stack in %s", path, filepath.Clean(c.Dir))
	}
	w := why{env: env, c: c, e: e, path: path, below: below, line: line}
	answer, err := w.answer()
	if err != nil {
		return Fail(env, Failed, "%v", err)
	}
	return Print(env, answer)
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

// stackFile gives the first file in a folder that makes it a stack's, or "".
func stackFile(dir string) string {
	entries, err := os.ReadDir(dir) // not Glob, to which [ in a folder's name means more
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && filepath.Ext(e.Name()) == ".hcl" && !strings.HasSuffix(e.Name(), lang.TestSuffix) {
			return filepath.Join(dir, e.Name())
		}
	}
	return ""
}

// stackAbove finds the nearest folder above a file that holds a stack, or gives
// "" for this one.
func stackAbove(path string) string {
	dir := filepath.Dir(path)
	for range 16 {
		if stackFile(dir) != "" {
			return dir
		}
		dir = filepath.Join(dir, "..")
	}
	return ""
}
