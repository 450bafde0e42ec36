package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"nselfc/emit/compose"
	"nselfc/internal/build"
	"nselfc/lang/diag/render"
	"nselfc/lang/escape"
)

// listed is how many files of a kind are named before the rest is counted.
const listed = 40

// summary tells what a build did, and what to run next.
func summary(written []*build.Written, o BuildOptions) string {
	var b, next strings.Builder
	for _, w := range written {
		if w.Result == nil {
			continue
		}
		fmt.Fprintf(&b, "%s\n", render.Clean(w.Dir, false))
		list(&b, "created", w.Result.Created)
		list(&b, "updated", w.Result.Updated)
		list(&b, "removed", w.Result.Removed)
		if n := len(w.Result.Unchanged); n > 0 {
			fmt.Fprintf(&b, "  unchanged  %s\n", plural(n, "file"))
		}
		secretsMade(&b, w)
		commands(&next, w, o)
	}
	if next.Len() > 0 {
		fmt.Fprintf(&b, "\nNext:\n%s", next.String())
	}
	return b.String()
}

func list(b *strings.Builder, what string, paths []string) {
	for i, p := range paths {
		if i == listed {
			fmt.Fprintf(b, "  %-9s  and %s more\n", what, plural(len(paths)-i, "file"))
			return
		}
		fmt.Fprintf(b, "  %-9s  %s\n", what, render.Clean(p, false))
	}
}

func secretsMade(b *strings.Builder, w *build.Written) {
	r := w.Secrets
	if r == nil {
		return
	}
	if n := len(r.Generated); n > 0 {
		fmt.Fprintf(b, "  secrets    %s made: %s\n", plural(n, "secret"), render.Clean(strings.Join(r.Generated, ", "), false))
	}
	for _, c := range r.Reissued {
		fmt.Fprintf(b, "  secrets    %s renewed: %s\n", render.Clean(c.Address, false), c.Reason)
	}
	if n := len(r.Kept); n > 0 {
		fmt.Fprintf(b, "  secrets    %s kept\n", plural(n, "secret"))
	}
	if len(r.Undeclared) > 0 {
		fmt.Fprintf(b, "  secrets    no longer declared, kept all the same: %s\n", render.Clean(strings.Join(r.Undeclared, ", "), false))
	}
}

// commands prints what brings an environment up. Where its secrets were not
// made here, that begins with a build on the host.
func commands(b *strings.Builder, w *build.Written, o BuildOptions) {
	e := w.Environment
	if w.Secrets == nil {
		if e.Name == "" {
			fmt.Fprintf(b, "    nselfc build%s    # makes the secrets\n", argument(o.Path))
		} else {
			fmt.Fprintf(b, "    nselfc build%s --env %s    # on the host that runs %s: makes its secrets\n", argument(o.Path), e.Name, e.Name)
		}
		return
	}
	file := filepath.Join(w.Dir, compose.FileName)
	fmt.Fprintf(b, "    docker compose -f%s up -d --wait\n", argument(file))
	for _, f := range e.Files {
		if f.Path == "ufw/apply.sh" && !e.Development() {
			fmt.Fprintf(b, "    sudo%s --check    # then --apply, and --confirm from a second session\n", argument(filepath.Join(w.Dir, f.Path)))
		}
	}
}

// argument prints a blank and a word that a shell reads as s, or nothing for "".
func argument(s string) string {
	if s == "" {
		return ""
	}
	const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,="
	if strings.Trim(s, bare) == "" && !strings.HasPrefix(s, "-") {
		return " " + s
	}
	q, err := escape.ShellQuote(render.Clean(s, false))
	if err != nil {
		return " …" // a NUL: no path holds one
	}
	return " " + q
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
