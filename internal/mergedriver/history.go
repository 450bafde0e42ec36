package mergedriver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// patience is how long the history is searched for one file. Who made the file
// is then not known, and a merge of texts follows, as without this driver.
const patience = 10 * time.Second

// written tells whether a build wrote the text of a file: whether any lock that
// any commit here ever held knows its digest, of any file or, unless at is "", of
// the file with this path. A lock names paths below its own folder, which may have
// been another once, so an end of the path is enough. The branches that are merged come
// first, as commits are searched from the newest. In a shallow clone, or where git
// fails, the answer may be no for a text that a build did write.
func written(ctx context.Context, file, at string) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	digest := sha256.Sum256(text)
	line := "^(file|merged) sha256:" + hex.EncodeToString(digest[:]) + " "
	if at != "" {
		line += "0[0-7]+ [0-9]+ (" + strings.Join(ends(at), "|") + ")$"
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := git(ctx, "-c", "log.showSignature=false", "log", "--format=%H", "--max-count=1",
		// What is merged may be on no branch: git pull URL, git cherry-pick of an old commit.
		"--all", "--reflog", "--ignore-missing", "HEAD", "FETCH_HEAD", "ORIG_HEAD",
		// The lock of a merge may be in that commit alone.
		"--full-history", "-m", "--no-renames", "--no-textconv", "--no-ext-diff",
		"--pickaxe-regex", "-S"+line, "--", ":(top,glob)**/nself.lock")
	return err == nil && len(bytes.TrimSpace(out)) > 0
}

// ends gives patterns of every path that p ends in: "a/b" gives "a/b" and "b".
func ends(p string) []string {
	var out []string
	for {
		out = append(out, regexp.QuoteMeta(p)) // what Go escapes, POSIX does, too
		_, rest, more := strings.Cut(p, "/")
		if !more {
			return out
		}
		p = rest
	}
}

// exitError is a git that ended with an exit code.
type exitError struct {
	code int
	said string
}

func (e *exitError) Error() string { return fmt.Sprintf("git: exit code %d: %s", e.code, e.said) }

func git(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	// A merge must not wait for a network, nor for a pager.
	// Before 2.44, git does not know the first of these, but the second.
	cmd.Env = append(os.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=", "GIT_PAGER=cat")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return out.Bytes(), &exitError{exit.ExitCode(), strings.TrimSpace(said.String())}
	}
	return out.Bytes(), err
}
