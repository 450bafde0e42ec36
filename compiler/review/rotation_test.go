package review_test

import (
	"strings"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/lang/source"
)

// TestRotations compares every class of rotation with every other one, each as it is
// written and as the kind of a secret has it.
func TestRotations(t *testing.T) {
	t.Parallel()
	type one struct{ kind, class string } // "" is the class that the kind has
	rank := map[one]int{
		{"hex", "pair"}: 3, {"hex", "dual"}: 3, {"hex", "restart"}: 2, {"hex", ""}: 2, {"hex", "manual"}: 1, {"input", ""}: 1,
		{"files", ""}: 0, // its owner brings it, and nothing is said
	}
	stack := func(o one) *ir.Stack {
		s := &ir.Secret{Address: "secret.a", Key: "A", Origin: place(), Kind: set(o.kind), Rotation: &ir.Rotation{Origin: place()}}
		if o.class != "" {
			s.Rotation.Class = set(o.class)
		} else {
			s.Rotation.Class = source.Default("restart", place().Range, "default secret.rotation")
		}
		return &ir.Stack{Name: set("s"), Project: "s", Secrets: []*ir.Secret{s}}
	}
	for was, before := range rank {
		for is, after := range rank {
			want := ""
			switch {
			case before == 0 || after == 0:
			case after < before && after == 1:
				want = "medium"
			case after < before:
				want = "low"
			case after > before:
				want = "safer"
			}
			document := model.Of(stack(was)).Document()
			if got := rotations(t, document, stack(is)); got != want {
				t.Errorf("%v to %v: %q, want %q", was, is, got, want)
			}
			// A model of the first format need not say how a secret was rotated.
			if was.class == "" {
				want = ""
			}
			if got := rotations(t, strings.Replace(document, model.FormatVersion, "1.0", 1), stack(is)); got != want {
				t.Errorf("format 1.0, %v to %v: %q, want %q", was, is, got, want)
			}
		}
	}
}

// rotations gives the severity of what a review says of rotation.
func rotations(t *testing.T, before string, after *ir.Stack) string {
	t.Helper()
	old, err := model.Read([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Compare(old, model.Of(after), after)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range r.Risks {
		if k.Code == "NS725" {
			return k.Severity.String()
		}
	}
	for _, k := range r.Safer {
		if k.Code == "NS725" {
			return "safer"
		}
	}
	return ""
}
