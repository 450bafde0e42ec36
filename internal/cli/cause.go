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
	"nselfc/internal/secrets/register"
	"nselfc/lang/schema"
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
	case w.below == register.Name:
		return w.record()
	case w.below == ".secrets":
		return w.dotSecrets()
	case strings.HasPrefix(w.below, secrets.Dir+"/."), w.below == secrets.LockFile, w.below == secrets.RetiredFile:
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
	w.chain(&b, o, w.site(address))
	return b.String()
}

// chain prints what set a value, and the lines of the stack behind it: the nearest
// first, then the block of the user's own at site.
func (w *why) chain(b *strings.Builder, o source.Origin, site source.Range) {
	verb := "comes from"
	if o.By != "" {
		reason, rule := reasonOf(o.By)
		fmt.Fprintf(b, "is set by %s%s\n", clean(o.By), clean(reason))
		verb = "completes" // a default does
		if rule {
			verb = "because of"
		}
	}
	w.place(b, verb, o.Range)
	if site.File != o.Range.File && site != o.Range {
		w.place(b, "for the block at", site)
	}
}

// reasonOf says why something set a value that nobody wrote, and whether that was a
// rule, as against the default of an argument.
func reasonOf(by string) (string, bool) {
	if reason, ok := reasons[by]; ok {
		return reason, true
	}
	name, isDefault := strings.CutPrefix(by, "default ")
	if !isDefault {
		return "", false
	}
	block, argument, _ := strings.Cut(name, ".")
	if doc := documented(schema.Get().Root, block, argument); doc != "" {
		return ": " + doc, false
	}
	return "", false
}

// documented finds the words of the reference on an argument of a block, or of one
// of the blocks in it.
func documented(in *schema.Block, block, argument string) string {
	if in.Name == block || block == "" {
		if a, ok := in.Arg(argument); ok {
			return a.Doc
		}
		if n, ok := in.Nested(argument); ok {
			return n.Doc
		}
		block = "" // of a block in it: service.memory stands in resources
	}
	for _, n := range in.Blocks {
		if doc := documented(n.Block, block, argument); doc != "" {
			return doc
		}
	}
	return ""
}

// reasons say what the rules are that no argument stands for.
var reasons = map[string]string{
	"topology":        ": references between services make networks and start order",
	"hardening":       ": every container gets it",
	"log rotation":    ": every container gets it",
	"label of nselfc": ": it says what the container is made from",
	"service.secrets": ": each secret is a file, and a variable NAME_FILE names it",
	"published":       ": the ingress publishes it",

	"posture production":  ": it hardens what nobody wrote",
	"posture development": ": it allows what a laptop needs",
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
