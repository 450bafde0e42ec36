package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

// newMergeDriver is for git to run; the list of commands does not show it.
func newMergeDriver(env cli.Env, d *display) *cobra.Command {
	return &cobra.Command{
		Use:    "merge-driver BASE OURS THEIRS PATH [MARKER-SIZE]",
		Short:  "Merge a generated file for git",
		Hidden: true,
		Long: `Git runs this for each generated file that both sides of a merge, rebase or
cherry-pick changed. Every clone has to be told of it once; out/.gitattributes
names it already:

  git config merge.nselfc.name "nselfc: generated files"
  git config merge.nselfc.driver "nselfc merge-driver %O %A %B %P %L"

nself.lock is merged fact by fact. Of other files the current side is kept, as
the next build writes them anew from the merged nself.hcl; but a file that was
edited by hand is merged as git merges any text, and the build shows the edit.

Without these lines git merges generated files as texts, and nselfc build says
how to go on after a conflict.`,
		Example: `  git merge feature && nselfc build && git add out && git commit --amend --no-edit`,
		Args:    cobra.RangeArgs(4, 5),
		RunE: action(func(ctx context.Context, args []string) int {
			return cli.MergeDriver(ctx, env, *d, args)
		}),
	}
}
