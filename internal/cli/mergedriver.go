package cli

import (
	"context"
	"strconv"

	"nselfc/internal/mergedriver"
)

// MergeDriver merges one generated file for git: the files %O, %A and %B, the path
// %P and, if given, the length %L of conflict markers. Every exit code that git
// may get is a conflict but OK; none is above 128, which would make it stop in the
// midst of the merge.
func MergeDriver(ctx context.Context, env Env, d Display, args []string) int {
	f := mergedriver.File{Base: args[0], Ours: args[1], Theirs: args[2], Path: args[3], MarkerSize: 7}
	if len(args) > 4 {
		n, err := strconv.Atoi(args[4])
		if err != nil || n < 1 {
			return Fail(env, Usage, "%q is not the length of a conflict marker: git gives it for %%L", args[4])
		}
		f.MarkerSize = n
	}
	d.Format = FormatText // git shows it to a person, wherever that is
	clean, diags := mergedriver.Merge(ctx, f)
	if code := d.Show(env, diags, nil, nil); code != OK || clean {
		return code
	}
	return Failed
}
