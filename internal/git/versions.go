package git

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Version is a file as a commit left it.
type Version struct {
	Commit string // its full name
	Time   time.Time
	Text   []byte // nil when the commit removed the file
}

// Versions gives what the history of the revision that is checked out has of a file
// in a folder, the oldest first: at most so many, the newest ones, each of at most
// so many bytes. A repository without a commit has none. Merges that took one
// side's file are left out, as git log leaves them out.
func Versions(ctx context.Context, dir, name string, most int, size int64) (_ []Version, err error) {
	p, err := find()
	if err != nil {
		return nil, err
	}
	repo, prefix, err := p.discover(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, _, err := repo.run(ctx, "rev-parse", "--quiet", "--verify", "HEAD^{commit}"); err != nil {
		return nil, ctx.Err()
	}
	out, said, err := repo.run(ctx, "log", "--max-count="+strconv.Itoa(most), "--format=commit %H %ct", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-show-signature",
		"HEAD", "--", path.Join(prefix, name))
	if err != nil {
		return nil, failed(said, err)
	}
	contents := repo.batch(ctx, "--batch")
	defer func() {
		if closing := contents.close(); err == nil {
			err = closing
		}
	}()
	var list []Version
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 3 && fields[0] == "commit":
			seconds, err := strconv.ParseInt(fields[2], 10, 64)
			if err != nil {
				return nil, failed("", err)
			}
			list = append(list, Version{Commit: fields[1], Time: time.Unix(seconds, 0).UTC()})
		case len(fields) >= 5 && strings.HasPrefix(line, ":") && strings.Trim(fields[3], "0") != "" && len(list) > 0: // :100644 100644 OLD NEW M
			_, text, err := contents.ask(fields[3], size)
			if err != nil {
				return nil, err
			}
			list[len(list)-1].Text = text
		}
	}
	slices.Reverse(list)
	return list, nil
}
