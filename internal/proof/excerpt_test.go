package proof_test

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nselfc/emit"
	"nselfc/emit/outdir"
	"nselfc/internal/proof"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// The pages of rules about text that people read line by line show excerpts: what
// stands below "Right" is what nselfc writes, and what stands below "Wrong" takes its
// place. An excerpt begins with the path of its file, behind the sign of a comment;
// or it is a line of a listing, a mode and a path.

// TestExcerptsAreProved: each "Right" stands in the artefacts of testdata/good.hcl, and
// each "Wrong" in its place breaks the page's rule and no other.
func TestExcerptsAreProved(t *testing.T) {
	stack := good(t, "prod")
	judged := 0
	for _, r := range proof.Rules() {
		if !diag.CodeIn(r.Code, "NS1500", "NS2000") || diag.CodeIn(r.Code, "NS1821", "NS1830") { // those are about compose files
			continue
		}
		judged++
		t.Run(r.Code, func(t *testing.T) {
			page, _ := diag.Page(r.Code)
			wrong, right := excerpts(page, "Wrong"), excerpts(page, "Right")
			if len(wrong) == 0 || len(wrong) != len(right) {
				t.Fatalf("%d excerpts are wrong and %d right", len(wrong), len(right))
			}
			files := stack
			for i := range wrong {
				files = exchanged(t, files, right[i], wrong[i])
			}
			if r.Code != "NS1713" {
				files = digested(files)
			}
			found := proof.Check(files)
			if len(found) == 0 {
				t.Error("nothing is found")
			}
			for _, f := range found {
				if f.Code != r.Code {
					t.Errorf("another rule: %+v", f)
				}
				i := slices.IndexFunc(files, func(o emit.File) bool { return o.Path == f.File })
				if i >= 0 && (f.Line < 1 || f.Line > strings.Count(files[i].Text.String(), "\n")+1) ||
					!strings.HasSuffix(f.Detail, ".") || strings.Contains(f.Detail, "%!") {
					t.Errorf("%+v", f)
				}
			}
		})
	}
	if judged < 90 {
		t.Errorf("only %d rules were judged", judged)
	}
}

var (
	fenceOf  = regexp.MustCompile("(?ms)^```(?:nginx|text|sql|sh|json)\n(.*?)^```")
	listing  = regexp.MustCompile(`^(0[0-7]{3}) (\S+)\n$`)
	fileLine = regexp.MustCompile(`^(?:#|--) (\S+)\n`)
	tokens   = regexp.MustCompile(`\$\{[^"}]*(?:"[^"]*"[^"}]*)*\}`)
)

// excerpts gives what stands in fences below a heading.
func excerpts(page, heading string) []string {
	_, below, _ := strings.Cut(page, "\n## "+heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	var out []string
	for _, m := range fenceOf.FindAllStringSubmatch(below, -1) {
		out = append(out, m[1])
	}
	return out
}

// exchanged gives files of which one has the wrong excerpt where it had the right one.
func exchanged(t *testing.T, files []emit.File, right, wrong string) []emit.File {
	t.Helper()
	files = slices.Clone(files)
	if m := listing.FindStringSubmatch(right); m != nil {
		w := listing.FindStringSubmatch(wrong)
		for i, f := range files {
			if f.Path == m[2] && strconv.FormatUint(uint64(f.Mode), 8) == m[1][1:] {
				mode, _ := strconv.ParseUint(w[1], 8, 32)
				files[i].Path, files[i].Mode = w[2], uint32(mode)
				return files
			}
		}
		t.Fatalf("no file has the mode and the path of %q", right)
	}
	m := fileLine.FindStringSubmatch(right)
	if m == nil || !strings.HasPrefix(wrong, m[0]) {
		t.Fatalf("no path before the excerpts\n%s%s", right, wrong)
	}
	if !slices.ContainsFunc(files, func(f emit.File) bool { return f.Path == m[1] }) {
		files = append(files, withGit(m[1])...)
	}
	for i, f := range files {
		if f.Path != m[1] {
			continue
		}
		text, ok := substituted(f.Text.String(), strings.TrimPrefix(right, m[0]), strings.TrimPrefix(wrong, m[0]))
		if !ok {
			t.Fatalf("%s does not hold\n%s", f.Path, right)
		}
		files[i].Text = withTokens(text, f.Secret() || strings.Contains(wrong, "${secret."))
		return files
	}
	t.Fatalf("there is no %s", m[1])
	return nil
}

// substituted puts lines in the place of the first ones that are, but for their
// indentation, those of an excerpt. An … at the end of a line stands for the rest.
func substituted(text, right, wrong string) (string, bool) {
	lines, want := strings.SplitAfter(text, "\n"), strings.SplitAfter(right, "\n")
	want = want[:len(want)-1] // what follows the last line's end
	for i := 0; i+len(want) <= len(lines); i++ {
		if slices.EqualFunc(lines[i:i+len(want)], want, func(a, b string) bool {
			a, b = strings.TrimSpace(a), strings.TrimSpace(b)
			beginning, open := strings.CutSuffix(b, "…")
			return a == b || open && strings.HasPrefix(a, beginning)
		}) {
			indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " "))]
			return strings.Join(lines[:i], "") + indent + strings.TrimLeft(wrong, " ") + strings.Join(lines[i+len(want):], ""), true
		}
	}
	return "", false
}

// withTokens makes a text of what its String printed.
func withTokens(s string, holds bool) secret.Text {
	if !holds {
		return secret.Literal(s)
	}
	var out secret.Text
	end := 0
	for _, m := range tokens.FindAllStringIndex(s, -1) {
		out = append(out, secret.Literal(s[end:m[0]])...)
		e := &secret.Expr{Address: s[m[0]+2 : m[1]-1]}
		if address, field, ok := strings.Cut(e.Address, "#"); ok && !strings.Contains(address, "(") {
			e.Address, e.Field = address, field
		}
		out, end = append(out, secret.Of(e)...), m[1]
	}
	return append(out, secret.Literal(s[end:])...)
}

// digested brings the digests that apply.sh knows up to date, as an emitter would
// whose fault is elsewhere.
func digested(files []emit.File) []emit.File {
	files = slices.Clone(files)
	for i, f := range files {
		if f.Path != "ufw/apply.sh" {
			continue
		}
		text := f.Text.String()
		for variable, path := range map[string]string{"AFTER_SHA256": "ufw/after.rules", "AFTER6_SHA256": "ufw/after6.rules", "ROLLBACK_SHA256": "ufw/rollback.sh"} {
			for _, o := range files {
				if o.Path == path {
					sum := sha256.Sum256([]byte(o.Text.String()))
					text = regexp.MustCompile(`(?m)^readonly `+variable+`=.*$`).ReplaceAllString(text, "readonly "+variable+"="+hex.EncodeToString(sum[:]))
				}
			}
		}
		files[i].Text = secret.Literal(text)
	}
	return files
}

// withGit gives the file of that name that every output directory has.
func withGit(path string) []emit.File {
	return slices.DeleteFunc(outdir.GitFiles(), func(f emit.File) bool { return f.Path != path })
}
