package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// History is all that a repository's refs lead to: every commit of every branch, tag
// and stash. What only a reflog knows is left out, as nobody else gets it.
type History struct {
	repo     *repository
	prefix   string
	info     *batch
	contents *batch
}

// Past is a file as a commit has it.
type Past struct {
	Commit string // its full name
	Path   string // slash-separated, from the top of the work tree
	Object string // the name of what is in it
}

// OpenHistory finds the repository whose work tree holds dir, as Open does. The
// context bounds the life of what it gives. An error is an *Error; after none, it
// wants closing.
func OpenHistory(ctx context.Context, dir string) (*History, error) {
	p, err := find()
	if err != nil {
		return nil, err
	}
	repo, prefix, err := p.discover(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &History{repo: repo, prefix: prefix, info: repo.batch(ctx, "--batch-check"), contents: repo.batch(ctx, "--batch")}, nil
}

// Prefix gives the folder's slash-separated path from the top of the work tree.
func (h *History) Prefix() string { return h.prefix }

// Shallow tells whether the clone has but the last commits of its history.
func (h *History) Shallow(ctx context.Context) (bool, error) {
	out, said, err := h.repo.run(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return false, failed(said, err)
	}
	return strings.TrimSpace(out) == "true", nil
}

// Files hands over every version of the files that the pathspecs (gitglossary(7))
// take, until take says that it is enough. Merges are compared with each parent, so
// that what only a merge brought is there too; then a version may come twice.
func (h *History) Files(ctx context.Context, pathspecs []string, take func(Past) bool) error {
	return h.log(ctx, append([]string{"--"}, pathspecs...), take)
}

// log hands over what the commits bring that git log lists with some arguments more.
func (h *History) log(ctx context.Context, args []string, take func(Past) bool) error {
	args = append([]string{
		"log", "--all", "--full-history", "-m", "--no-renames", "--diff-filter=AMT", "--raw", "--no-abbrev", "-z", "--format=commit %H", "--no-show-signature",
	}, args...)
	commit := ""
	return h.stream(ctx, '\x00', args, func(word string, next func() (string, error)) (more bool, err error) {
		word = strings.TrimPrefix(word, "\n")
		if name, ok := strings.CutPrefix(word, "commit "); ok {
			commit = name
			return true, nil
		}
		// ":100644 100644 <old> <new> M", and the path as a word of its own (git-diff(1)).
		fields := strings.Fields(word)
		switch {
		case word == "":
			return true, nil
		case len(fields) != 5 || !strings.HasPrefix(word, ":"):
			return false, errors.New("its answer is not understood: " + quoted(word))
		}
		path, err := next()
		if err != nil {
			return false, err
		}
		return take(Past{Commit: commit, Path: path, Object: fields[3]}), nil
	})
}

// Objects hands over the names of all commits, tags, folders and files that the refs
// lead to, each once, with a path that it has or had ("" for commits), until take
// says that it is enough.
func (h *History) Objects(ctx context.Context, take func(name, path string) bool) error {
	return h.stream(ctx, '\n', []string{"rev-list", "--all", "--objects"}, func(line string, _ func() (string, error)) (bool, error) {
		name, path, _ := strings.Cut(line, " ")
		return take(name, path), nil
	})
}

// Count gives the number of objects that Objects hands over at most, for whoever
// shows how far it is.
func (h *History) Count(ctx context.Context) (int, error) {
	out, said, err := h.repo.run(ctx, "count-objects", "-v")
	if err != nil {
		return 0, failed(said, err)
	}
	n := 0
	for line := range strings.Lines(out) {
		var more int
		if _, err := fmt.Sscanf(line, "count: %d", &more); err == nil {
			n += more
		}
		if _, err := fmt.Sscanf(line, "in-pack: %d", &more); err == nil {
			n += more
		}
	}
	return n, nil
}

// Look gives the kind ("blob", "commit", "tag" or "tree") and size of an object.
func (h *History) Look(name string) (kind string, size int64, err error) {
	o, _, err := h.info.ask(name, 0)
	return o.kind, o.size, err
}

// Read gives what is in an object, which has at most so many bytes.
func (h *History) Read(name string, most int64) ([]byte, error) {
	_, text, err := h.contents.ask(name, most)
	return text, err
}

// Holders gives, for contents of files by their objects' names, the first commit that
// has a file with them.
func (h *History) Holders(ctx context.Context, objects map[string]bool) (map[string]Past, error) {
	found := map[string]Past{}
	if len(objects) == 0 {
		return found, nil
	}
	err := h.log(ctx, []string{"--reverse"}, func(p Past) bool {
		if _, known := found[p.Object]; objects[p.Object] && !known {
			found[p.Object] = p
		}
		return len(found) < len(objects)
	})
	return found, err
}

// Close ends git's processes.
func (h *History) Close() error { return errors.Join(h.info.close(), h.contents.close()) }

// stream runs git and hands over its words as they come, until one is enough.
func (h *History) stream(ctx context.Context, end byte, args []string, take func(word string, next func() (string, error)) (more bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := h.repo.with("GIT_LITERAL_PATHSPECS").command(ctx, h.repo.dir, args...)
	stderr := &bounded{most: 16 << 10}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return failed("", err)
	}
	if err := cmd.Start(); err != nil {
		return failed("", err)
	}
	reader := bufio.NewReaderSize(out, 64<<10)
	next := func() (string, error) {
		word, err := reader.ReadString(end)
		if errors.Is(err, io.EOF) && word != "" {
			err = nil
		}
		return strings.TrimSuffix(word, string(end)), err
	}
	for more := true; more && err == nil; {
		var word string
		if word, err = next(); err == nil {
			more, err = take(word, next)
		}
		if !more && err == nil {
			cancel() // it may have much more to say
			_ = cmd.Wait()
			return nil
		}
	}
	if !errors.Is(err, io.EOF) {
		cancel()
		_ = cmd.Wait()
		return failed("", err)
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return &Error{Reason: "Reading the history was interrupted.", err: ctx.Err()}
	case err != nil:
		return failed(words(stderr.String()), err)
	}
	return nil
}
