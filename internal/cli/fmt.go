package cli

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/format"
	"nselfc/lang/source"
)

// FmtOptions are the flags of fmt.
type FmtOptions struct {
	Paths []string // files and folders, or just "-"; none for this folder
	Check bool
	Diff  bool
}

// Fmt formats files, names those that change, and shows every file that does
// not parse.
func Fmt(ctx context.Context, env Env, d Display, o FmtOptions) int {
	if slices.Contains(o.Paths, "-") {
		if len(o.Paths) > 1 {
			return Fail(env, Usage, "\"-\" reads standard input, and stands alone; a file of that name is ./-")
		}
		return fmtStdin(env, d, o)
	}
	paths, err := hclFiles(o.Paths)
	if err != nil {
		return Fail(env, IO, "%v", err)
	}
	files := source.Files{}
	var diags diag.List
	code := OK
	for _, path := range paths {
		if ctx.Err() != nil {
			return Interrupted
		}
		before, err := readHCL(path)
		if err != nil {
			code = max(code, Fail(env, IO, "%v", err))
			continue
		}
		after, more := format.Source(path, before)
		if len(more) > 0 {
			files[path] = source.NewFile(path, before)
			diags = append(diags, more...)
			continue
		}
		if !bytes.Equal(before, after) {
			code = max(code, fmtChanged(env, o, path, before, after))
		}
	}
	return max(code, d.Show(env, diags.Sort(), files, nil))
}

// fmtChanged does with one changed file what the flags say.
func fmtChanged(env Env, o FmtOptions, path string, before, after []byte) int {
	code := OK
	if o.Check {
		code = Failed
	}
	if o.Diff {
		return max(code, Print(env, render.Clean(string(format.Diff(path, before, after)), true)))
	}
	if !o.Check {
		if err := replaceFile(path, after); err != nil {
			return Fail(env, IO, "%v", err)
		}
	}
	return max(code, Print(env, render.Clean(path, false)+"\n"))
}

// fmtStdin is fmt as a filter, for editors.
func fmtStdin(env Env, d Display, o FmtOptions) int {
	const name = "<stdin>"
	before, err := readLimited(env.Stdin)
	if err != nil {
		return Fail(env, IO, "cannot read standard input: %v", err)
	}
	after, diags := format.Source(name, before)
	if diags.HasErrors() {
		return d.Show(env, diags, source.Files{name: source.NewFile(name, before)}, nil)
	}
	if o.Check || o.Diff {
		if bytes.Equal(before, after) {
			return OK
		}
		return fmtChanged(env, o, strings.Trim(name, "<>"), before, after)
	}
	return Print(env, string(after))
}
