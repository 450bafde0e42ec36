package source

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Limits of one file. HCL's parser recurses without a bound (100,000 open
// parentheses end the process with a stack overflow that nothing can recover)
// and joins the lines of a text in quadratic time, so what it cannot take is
// refused before it starts. All of them are far above what people write.
const (
	MaxBytes   = 8 << 20     // size of a file; 5,000 services are 2 MB
	MaxTokens  = 1_500_000   // words, numbers, signs and line ends of a folder's files; 5,000 services have 600,000
	MaxDepth   = 100         // brackets, braces, parentheses and template sequences open at once
	MaxChain   = 1000        // operators, calls and index brackets in a row, which nest in the syntax tree
	MaxBraces  = 100_000     // opening braces: after a syntax error the parser may nest each block in the one before
	MaxNumber  = 64          // characters of a number
	MaxPower   = 308         // exponent of a number; what a float64 holds
	MaxSkips   = 200_000_000 // line ends and comments that the parser passes over to look ahead, about 1 s
	MaxMelding = 1 << 30     // bytes that the parser copies to join the pieces of texts, about 0.3 s
)

// Fault is the reason for which a file is not even parsed. It has the parts of
// a diagnostic; lang/diag stands on this package and makes one of it.
type Fault struct {
	Code    string
	Range   Range
	Summary string
	Detail  string
}

// Guard checks that hclsyntax can parse the file safely: in time proportional
// to its size and in bounded stack. It reads the bytes twice, tells no more
// than the first fault, and gives nil when there is none. A byte order mark at
// the start and CRLF line ends are fine. Whether the text means anything is the
// parser's to say: many a file that passes is not valid HCL.
func Guard(f *File) *Fault {
	_, fault := GuardPieces(f, MaxBytes)
	return fault
}

// Pieces are where a file may be cut, and what its parts cost.
type Pieces struct {
	Cuts   []int // offsets, in order
	Tokens int   // about as many as the lexer will make
}

// GuardPieces is Guard, and finds on the way where the file can be cut into
// pieces of at least that many bytes, so that each parses by itself: at the
// beginnings of lines outside every bracket, text and comment. A file that is not
// well formed may be cut anywhere; then some piece does not parse either.
func GuardPieces(f *File, size int) (Pieces, *Fault) {
	if fault := checkBytes(f); fault != nil {
		return Pieces{}, fault
	}
	s := newScanner(f)
	s.size, s.cut = size, size
	fault := s.code()
	return Pieces{s.cuts, s.tokens}, fault
}

// GuardTemplate is Guard for a file that is one template from its first byte,
// as hclsyntax.ParseTemplate reads it.
func GuardTemplate(f *File) *Fault {
	if fault := checkBytes(f); fault != nil {
		return fault
	}
	s := newScanner(f)
	s.texts = append(s.texts, text{kind: bareText})
	s.inText = true
	return s.code()
}

// SizeFault is the fault of a file that is too large, for readers that know the
// size before they read.
func SizeFault(name string, size int64) *Fault {
	return &Fault{
		Code:    "NS130",
		Range:   Range{File: name, Start: Pos{Line: 1}, End: Pos{Line: 1}},
		Summary: "File too large",
		Detail: fmt.Sprintf("This file has %d bytes; a file of a stack may have %d. A stack that large cannot be reviewed. "+
			"Split it into several files in the same folder, and give large contents to the container in an image or a volume.", size, MaxBytes),
	}
}

// TokenFault is the fault of the file with which a folder has more than
// MaxTokens.
func TokenFault(name string, at Range) *Fault {
	if at.IsZero() {
		at = Range{File: name, Start: Pos{Line: 1}, End: Pos{Line: 1}}
	}
	return &Fault{
		Code: "NS130", Range: at, Summary: "File too large",
		Detail: fmt.Sprintf("Up to here the files of this folder have more than %d words, numbers, signs and line ends. Reading them would take seconds and gigabytes of memory, and nobody can review a stack that large. "+
			"Write what is repeated once, with for_each, and give long lists to a container in a file of a config block, an image or a volume.", MaxTokens),
	}
}

func (f *File) fault(code string, start, end int, summary, detail string, args ...any) *Fault {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Fault{
		Code: code, Summary: summary, Detail: detail,
		Range: Range{File: f.Name, Start: f.PosAt(start), End: f.PosAt(end)},
	}
}

// odd marks the bytes that need a look: control characters and everything
// beyond ASCII.
var odd = func() (t [256]bool) {
	for c := range t {
		t[c] = c < 0x20 && c != '\t' && c != '\n' || c >= 0x7F
	}
	return t
}()

// usual tells, for eight bytes at once, that each is printable ASCII or a
// newline. It may miss that they are, and the caller then looks at each.
func usual(w uint64) bool {
	const ones, high, low7 = 0x0101010101010101, 0x8080808080808080, 0x7F7F7F7F7F7F7F7F
	control := (w - 0x20*ones) &^ w & high
	n := w ^ '\n'*ones
	newline := ^(n&low7 + low7 | n | low7) // exact: high bit set where the byte is a newline
	return (w|(w+ones))&high|control&^newline == 0
}

// byteOrderMark may open a file, as some editors on Windows write it.
const byteOrderMark = "\uFEFF"

// checkBytes refuses what no editor shows: control characters, bytes that are
// not UTF-8, and characters that make a line read differently from what it
// says (CVE-2021-42574, "Trojan Source").
func checkBytes(f *File) *Fault {
	b := f.Bytes
	if len(b) > MaxBytes {
		return SizeFault(f.Name, int64(len(b)))
	}
	for i := 0; i < len(b); i++ {
		for i+8 <= len(b) && usual(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
		if i == len(b) {
			break
		}
		c := b[i]
		if !odd[c] || c == '\r' && i+1 < len(b) && b[i+1] == '\n' {
			continue
		}
		if c < utf8.RuneSelf {
			return f.controlFault(i, 1, rune(c))
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return f.fault("NS131", i, i+1, "File is not UTF-8",
				"The byte 0x%02X is not part of a character in UTF-8, which every file of a stack must be written in. "+
					"The file may be in another encoding, such as Latin-1 or UTF-16, or not be a text at all. Save it as UTF-8.", c)
		}
		if hidden(r) && (i > 0 || string(b[:size]) != byteOrderMark) {
			return f.controlFault(i, size, r)
		}
		i += size - 1
	}
	return nil
}

// hidden tells the characters that change how a line looks without being seen:
// C1 controls, bidirectional embeddings, overrides and isolates (Unicode
// Standard Annex 9), and a byte order mark inside the text.
func hidden(r rune) bool {
	switch {
	case r >= 0x80 && r <= 0x9F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
		return true
	}
	return false
}

func (f *File) controlFault(at, size int, r rune) *Fault {
	what, instead := fmt.Sprintf("The invisible character U+%04X stands here.", r), "Delete it."
	switch r {
	case 0:
		what, instead = "A NUL byte stands here.", "The file may be binary, or in UTF-16: save it as UTF-8."
	case '\r':
		what = "A carriage return stands here without a line feed."
		instead = "Save the file with line ends of the LF or CRLF kind; inside a text write \\r."
	}
	return f.fault("NS132", at, at+size, "Control character in a file",
		"%s Reviewers cannot see it, terminals may obey it, and it would travel into the generated files. %s", what, instead)
}
