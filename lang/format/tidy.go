package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// tidy does what hclwrite leaves undone: line ends, blank lines, and space at
// the end of lines. It works on tokens, so that it never reaches into a text.
func tidy(src []byte) []byte {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos) // the source parsed; its layout does not matter here
	out := make([]byte, 0, len(src)+1)
	newlines := 2 // as if behind a blank line: the file begins with none
	end := 0
	for _, t := range tokens {
		gap := src[end:t.Range.Start.Byte]
		end = t.Range.End.Byte
		switch t.Type {
		case hclsyntax.TokenEOF:
		case hclsyntax.TokenNewline:
			if newlines < 2 {
				out = append(out, '\n')
				newlines++
			}
		case hclsyntax.TokenComment:
			out = append(out, gap...)
			text, ended := comment(t.Bytes)
			out = append(out, text...)
			newlines = 0
			if ended {
				out = append(out, '\n')
				newlines = 1
			}
		default:
			if t.Range.Start.Byte > 0 && !isBOM(gap) {
				out = append(out, gap...)
			}
			if t.Type == hclsyntax.TokenOHeredoc { // it holds the end of its line
				out = append(out, bytes.TrimRight(t.Bytes, "\r\n")...)
				out = append(out, '\n')
			} else {
				out = append(out, t.Bytes...)
			}
			newlines = 0
		}
	}
	out = bytes.TrimRight(out, "\n")
	if len(out) == 0 {
		return out
	}
	return append(out, '\n')
}

// isBOM tells a byte order mark, which stands before the first token without
// being one.
func isBOM(gap []byte) bool { return bytes.HasPrefix(gap, []byte("\uFEFF")) }

// comment gives the text of a comment without the newline that a line comment
// ends with, and whether it had one.
func comment(b []byte) ([]byte, bool) {
	if bytes.HasPrefix(b, []byte("/*")) {
		return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), false
	}
	return bytes.TrimRight(b, " \t\r\n"), bytes.HasSuffix(b, []byte("\n"))
}

// sameTokens tells whether two texts differ in white space only.
func sameTokens(a, b []byte) bool {
	x, y := significant(a), significant(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Type != y[i].Type || !bytes.Equal(x[i].Bytes, y[i].Bytes) {
			return false
		}
	}
	return true
}

// significant gives the tokens that carry meaning: line ends count once, as
// what separates; comments without the space at their end.
func significant(src []byte) hclsyntax.Tokens {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	out := make(hclsyntax.Tokens, 0, len(tokens))
	newline := hclsyntax.Token{Type: hclsyntax.TokenNewline}
	for _, t := range tokens {
		ended := t.Type == hclsyntax.TokenNewline
		switch t.Type {
		case hclsyntax.TokenComment:
			t.Bytes, ended = comment(t.Bytes)
			out = append(out, t)
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF:
		case hclsyntax.TokenOHeredoc, hclsyntax.TokenCHeredoc:
			t.Bytes = bytes.TrimSpace(t.Bytes) // the layout indents the end marker
			out = append(out, t)
		default:
			out = append(out, t)
		}
		if ended && len(out) > 0 && out[len(out)-1].Type != hclsyntax.TokenNewline {
			out = append(out, newline)
		}
	}
	if n := len(out); n > 0 && out[n-1].Type == hclsyntax.TokenNewline {
		out = out[:n-1]
	}
	return out
}
