package lang

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/internal/bench"
	"nselfc/lang/source"
)

// TestPiecesMeanTheSame parses a large file whole and in pieces of several
// sizes and compares every block with its ranges and values.
func TestPiecesMeanTheSame(t *testing.T) {
	text := bench.Stack(40)
	text = append(text, "# a comment { with [ brackets\nlocals {\n  doc = <<EOT\nservice \"x\" {\n}\n\nEOT\n  s = \"}\\n{\"\n}\n/* and\n} a long one\n*/\nsecret \"last\" {}\n"...)
	f := source.NewFile("nself.hcl", text)
	whole, diags := hclsyntax.ParseConfig(text, f.Name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := describeBody(whole.Body.(*hclsyntax.Body))
	for _, size := range []int{1, 100, 1000, 5000} {
		pieces, fault := source.GuardPieces(f, size)
		cuts := pieces.Cuts
		if fault != nil || len(cuts) < 2 {
			t.Fatalf("size %d: %d cuts, %v", size, len(cuts), fault)
		}
		got := parsePieces(f, cuts)
		if got == nil {
			t.Fatalf("size %d: some piece does not parse", size)
		}
		if diff := cmp.Diff(want, describeBody(got)); diff != "" {
			t.Errorf("size %d:\n%s", size, diff)
		}
	}
}

// describeBody lists every block and argument with its place and source.
func describeBody(b *hclsyntax.Body) []string {
	var out []string
	for _, block := range b.Blocks {
		out = append(out, fmt.Sprint(block.Type, block.Labels, block.TypeRange, block.OpenBraceRange, block.CloseBraceRange))
		for _, a := range attributesInOrder(block.Body) {
			v, _ := a.Expr.Value(nil)
			out = append(out, fmt.Sprintf("%s %s %s %#v", a.Name, a.NameRange, a.Expr.Range(), v))
		}
		out = append(out, describeBody(block.Body)...)
	}
	return out
}

// TestErrorsDoNotDependOnPieces breaks a large file in its middle: the findings
// are those of the file parsed whole.
func TestErrorsDoNotDependOnPieces(t *testing.T) {
	text := bench.Stack(200)
	broken := append([]byte(nil), text...)
	copy(broken[len(broken)/2:], []byte("\nservice = = {\n"))
	_, got := Open(fstest.MapFS{"nself.hcl": {Data: broken}}, []string{"nself.hcl"})
	_, want := hclsyntax.ParseConfig(broken, "nself.hcl", hcl.InitialPos)
	if len(got) == 0 || got[0].Subject != source.FromHCL(*want[0].Subject) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzPieces holds that whatever parses whole is the same in pieces.
func FuzzPieces(f *testing.F) {
	f.Add("a \"b\" {\n  c = 1\n}\n\nd {\n}\n")
	f.Add("x = <<E\na\nE\n/* {\n*/ b {}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("f.hcl", []byte(text))
		cut, fault := source.GuardPieces(file, 1)
		cuts := cut.Cuts
		if fault != nil {
			return
		}
		whole, diags := hclsyntax.ParseConfig(file.Bytes, file.Name, hcl.InitialPos)
		pieces := parsePieces(file, cuts)
		switch {
		case pieces == nil:
		case diags.HasErrors():
			t.Errorf("does not parse whole and does in pieces: %v", diags)
		default:
			if diff := cmp.Diff(describeBody(whole.Body.(*hclsyntax.Body)), describeBody(pieces)); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func BenchmarkParseWhole(b *testing.B) {
	text := bench.Stack(1000)
	for b.Loop() {
		if _, diags := hclsyntax.ParseConfig(text, "nself.hcl", hcl.InitialPos); diags.HasErrors() {
			b.Fatal(diags)
		}
	}
}

func BenchmarkParsePieces(b *testing.B) {
	f := source.NewFile("nself.hcl", bench.Stack(1000))
	for b.Loop() {
		pieces, _ := source.GuardPieces(f, pieceSize)
		parsePieces(f, pieces.Cuts)
	}
}
