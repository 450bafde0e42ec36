package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/dotsecrets"
	"nselfc/lang/source"
)

// secretFile answers for a file under .secrets.d. Its lines are those of the
// host, which are not looked at: a certificate alone is many of them.
func (w *why) secretFile(f *emit.File) string {
	var b strings.Builder
	b.WriteString(w.quote(""))
	fmt.Fprintf(&b, "is made from %s\n", clean(strings.Join(f.Text.Addresses(), ", ")))
	var o source.Origin
	if mark, ok := markAt(f.Marks, w.line); ok {
		o = mark.Origin
	}
	b.WriteString(w.because(w.user(f.Path, o.Range), o))
	return b.String()
}

// dotSecrets answers for a line of .secrets: by its key, and never with a value.
func (w *why) dotSecrets() (string, error) {
	text, err := os.ReadFile(w.path)
	if err != nil {
		return "", err
	}
	if n := strings.Count(strings.TrimSuffix(string(text), "\n"), "\n") + 1; w.line > n {
		return "", fmt.Errorf("%s has %d lines", w.path, n)
	}
	doc, diags := dotsecrets.Parse(w.path, text)
	if diags.HasErrors() {
		return "", fmt.Errorf("%s cannot be read: %s", w.path, diags[0].Detail)
	}
	key := doc.KeyAt(w.line)
	if key == "" {
		// Not quoted: a line that somebody took out of use has a value behind its #.
		return w.quote("…") + "A comment, or a blank line: it sets nothing.\n", nil
	}
	if s := w.secretOf(key); s != nil {
		return w.quote(key+"=…") + w.because(s.Address, s.Origin), nil
	}
	return w.quote(key+"=…") + "The stack declares no such secret: it is of an earlier stack, or a line of your own.\n", nil
}

// secretOf finds the secret that a key of .secrets belongs to: its own, or that
// of a part, KEY__PART.
func (w *why) secretOf(key string) *ir.Secret {
	for _, s := range w.e.Stack.Secrets {
		if own, _, _ := strings.Cut(key, "__"); key == s.Key || own == s.Key {
			return s
		}
	}
	return nil
}

// lock answers for a line of nself.lock, which says itself what it is about.
func (w *why) lock() (string, error) {
	text, err := os.ReadFile(w.path)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if w.line > len(lines) {
		return "", fmt.Errorf("%s has %d lines", w.path, len(lines))
	}
	line := lines[w.line-1]
	words := strings.Fields(line)
	if len(words) < 2 {
		words = []string{"", ""}
	}
	last := words[len(words)-1]
	var b strings.Builder
	b.WriteString(w.quote(line))
	switch words[0] {
	case "stack":
		b.WriteString(w.because("", w.e.Stack.Name.Origin))
	case "compiler":
		b.WriteString("The version of nselfc that built this.\n")
	case "input":
		fmt.Fprintf(&b, "What the build read: %s.\n", clean(w.c.DisplayName(last)))
	case "file":
		fmt.Fprintf(&b, "What the build wrote: a hand edit is noticed by it. For the file's own lines: nselfc why %s:1\n",
			clean(strings.TrimSuffix(w.path, w.below)+last))
	case "image":
		b.WriteString(w.image(last))
	case "secret":
		b.WriteString(w.secret(last))
	default:
		b.WriteString("It is the same in every stack.\n")
	}
	return b.String(), nil
}

// record answers for a line of nself.secrets.json: a secret has one.
func (w *why) record() (string, error) {
	text, err := os.ReadFile(w.path)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if w.line > len(lines) {
		return "", fmt.Errorf("%s has %d lines", w.path, len(lines))
	}
	line := lines[w.line-1]
	var entry map[string]json.RawMessage
	if json.Unmarshal([]byte("{"+strings.TrimSuffix(strings.TrimSpace(line), ",")+"}"), &entry) != nil || len(entry) != 1 {
		return w.quote(line) + "It is the same in every stack.\n", nil
	}
	for address, facts := range entry {
		switch {
		case address == "stack":
			return w.quote(line) + w.because("", w.e.Stack.Name.Origin), nil
		case strings.HasPrefix(string(facts), "{") && address != "secrets":
			return w.quote(line) + w.secret(address), nil
		}
	}
	return w.quote(line) + "It is the same in every stack.\n", nil
}

func (w *why) image(reference string) string {
	for _, s := range w.e.Stack.Services {
		if own, _, _ := strings.Cut(s.Image.V, "@"); own == reference {
			return w.because(s.Address, s.Image.Origin)
		}
	}
	return "No service runs this image now.\n"
}

func (w *why) secret(address string) string {
	for _, s := range w.e.Stack.Secrets {
		if s.Address == address {
			return w.because(s.Address, s.Origin)
		}
	}
	return "The stack does not declare this secret now.\n"
}
