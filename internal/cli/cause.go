package cli

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/outdir"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/lang/source"
)

// why is one question: what caused a line of the output?
type why struct {
	env   Env
	c     *build.Compiled
	e     *build.Environment
	path  string // as typed
	below string // the same, below the output directory
	line  int    // from 1
}

// answer finds out who wrote the file, and asks them.
func (w *why) answer() (string, error) {
	if f := w.e.File(w.below); f != nil {
		if f.Secret() {
			return w.secretFile(f), nil
		}
		return w.generated(f)
	}
	for _, f := range outdir.GitFiles() {
		if f.Path == w.below {
			return w.generated(&f)
		}
	}
	switch {
	case w.below == outdir.LockName:
		return w.lock()
	case w.below == ".secrets":
		return w.dotSecrets()
	case strings.HasPrefix(w.below, secrets.Dir+"/."), w.below == ".secrets.lock":
		return w.quote("") + "The secret store keeps this file for itself: it is in no stack, and never committed.\n", nil
	}
	return "", fmt.Errorf("%s is not a file that the stack in %s generates", w.path, clean(w.c.DisplayName(".")))
}

// generated answers for a committed file, of which every byte is known.
func (w *why) generated(f *emit.File) (string, error) {
	text, _ := f.Text.Plain()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if w.line > len(lines) {
		return "", fmt.Errorf("%s has %d lines now", w.path, len(lines))
	}
	if got, err := os.ReadFile(w.path); err != nil || string(got) != text {
		say(w.env, "nselfc: %s is not what the stack gives now; this is about the line after the next build\n", clean(w.path))
	}
	line := lines[w.line-1]
	mark, ok := markAt(f.Marks, w.line)
	switch {
	case strings.TrimSpace(line) == "":
		return w.quote(line) + "A blank line, for the eye.\n", nil
	case !ok, strings.Contains(line, emit.Header):
		return w.quote(line) + "It is the same in every stack.\n", nil
	}
	if mark.Address == "" {
		mark.Address = w.user(f.Path, mark.Origin.Range)
	}
	return w.quote(line) + w.because(mark.Address, mark.Origin), nil
}

// markAt finds the mark that covers a line.
func markAt(marks []emit.Mark, line int) (emit.Mark, bool) {
	i := sort.Search(len(marks), func(i int) bool { return marks[i].Line > line })
	if i == 0 {
		return emit.Mark{}, false
	}
	return marks[i-1], true
}

// quote begins an answer with the line that it is about.
func (w *why) quote(line string) string {
	s := fmt.Sprintf("%s:%d\n", clean(w.path), w.line)
	if line != "" {
		s += fmt.Sprintf("  %d | %s\n", w.line, clean(line))
	}
	return s + "\n"
}

// user gives the address of the first service that mounts a file, or the volume
// that was declared at a place; "" for none.
func (w *why) user(file string, at source.Range) string {
	reads := func(m ir.Mount) bool { return m.File == file }
	keeps := func(v ir.VolumeMount) bool { return v.Volume != "" && v.Origin.Range == at }
	for _, s := range w.e.Stack.Services {
		if slices.ContainsFunc(s.Configs, reads) || slices.ContainsFunc(s.Secrets, reads) || slices.ContainsFunc(s.Volumes, keeps) {
			return s.Address
		}
	}
	return ""
}

// because prints the chain from an owner to the line of the stack behind it.
func (w *why) because(address string, o source.Origin) string {
	var b strings.Builder
	if address != "" {
		fmt.Fprintf(&b, "belongs to %s", clean(address))
		if w.e.Name != "" {
			fmt.Fprintf(&b, " in environment %s", clean(w.e.Name))
		}
		b.WriteString("\n")
	}
	verb := "comes from"
	if o.By != "" {
		reason, rule := reasons[o.By]
		fmt.Fprintf(&b, "is set by %s%s\n", clean(o.By), reason)
		verb = "completes" // a default does
		if rule {
			verb = "because of"
		}
	}
	w.place(&b, verb, o.Range)
	if site := w.site(address); site.File != o.Range.File && site != o.Range {
		w.place(&b, "for the block at", site)
	}
	return b.String()
}

// reasons say what the rules are that no argument stands for.
var reasons = map[string]string{
	"topology":        ": references between services make networks and start order",
	"hardening":       ": every container gets it",
	"log rotation":    ": every container gets it",
	"label of nselfc": ": it says what the container is made from",
	"service.secrets": ": each secret is a file, and a variable NAME_FILE names it",
	"published":       ": the ingress publishes it",
}

// site gives the block of the user's own that an address comes from.
func (w *why) site(address string) source.Range {
	for _, s := range w.e.Stack.Services {
		if s.Address == address {
			return s.Site
		}
	}
	for _, s := range w.e.Stack.Secrets {
		if s.Address == address {
			return s.Site
		}
	}
	return source.Range{}
}

// place prints a place in the stack, with its line.
func (w *why) place(b *strings.Builder, verb string, r source.Range) {
	if r.IsZero() {
		return
	}
	fmt.Fprintf(b, "%s %s:%d\n", verb, clean(w.c.DisplayName(r.File)), r.Start.Line)
	if f := w.c.Files()[r.File]; f != nil {
		fmt.Fprintf(b, "  %d | %s\n", r.Start.Line, clean(string(f.Line(int(r.Start.Line)))))
	}
}
