package source

import "bytes"

// A scanner walks the tokens of HCL that open and close things, in the way of
// hclsyntax's lexer (a fuzz test compares the two), and allocates nothing per
// token. It counts too much rather than too little: a closing bracket that does
// not fit closes nothing, since the parser may skip it in its search for a place
// to go on from.
type scanner struct {
	f      *File
	b      []byte
	pos    int
	frames []frame // brackets that are open; the first stands for the file
	texts  []text  // strings and heredocs that are open
	inText bool    // the position is in the innermost text, not in a sequence of it

	// The lexer's bookkeeping: it counts braces only, and a template sequence
	// ends at the brace that brings the count back to what it was.
	braces int
	ends   []int

	tokens  int    // of which the parser will make one each, so far
	opened  int    // opening braces so far
	scopes  int    // "::" so far
	skipped int    // tokens that the parser will pass over to look ahead
	melding int    // bytes that the parser will copy to join texts
	misfit  int    // offset of the first closing bracket that closes nothing, or -1
	fault   *Fault // the first, which ends the scan

	size int   // of the pieces that the file is to be cut into
	cut  int   // offset from which on the next cut may stand
	cuts []int // offsets of the cuts

	seen func(kind byte, at int) // for tests: called at every opening and closing
}

// frame is one open bracket.
type frame struct {
	kind  byte // '(', '[', '{', or '$' for a template sequence
	block bool // body of a block: items end with their line
	lines bool // a newline ends an expression; false where the parser ignores newlines
	fresh bool // nothing but space since the brace: "for" may follow
	wide  bool // a newline stands between the braces
	item  item
	at    int
	chain int
}

// item is how far the current line of a block's body is read.
type item uint8

const (
	itemNone  item = iota
	itemHead       // a name, labels
	itemValue      // behind the equals sign
	itemDone       // behind a nested block
)

func newScanner(f *File) *scanner {
	s := &scanner{f: f, b: f.Bytes, misfit: -1}
	s.frames = append(make([]frame, 0, MaxDepth+2), frame{kind: '{', block: true, lines: true})
	if bytes.HasPrefix(s.b, []byte(byteOrderMark)) {
		s.pos = len(byteOrderMark)
	}
	return s
}

// class sorts bytes by what the lexer does with them outside texts.
type class uint8

const (
	classOther class = iota
	classSpace
	className
	classDigit
	classOperator
	classOpen
	classClose
)

var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= 0x80:
			t[c] = className
		case c >= '0' && c <= '9':
			t[c] = classDigit
		case c == ' ', c == '\t':
			t[c] = classSpace
		}
	}
	for _, c := range "+-*%!?=<>&|" {
		t[c] = classOperator
	}
	for _, c := range "([{" {
		t[c] = classOpen
	}
	for _, c := range ")]}" {
		t[c] = classClose
	}
	return t
}()

// inName marks the bytes that go on with a name.
var inName = func() (t [256]bool) {
	for c := range t {
		t[c] = classes[c] == className || classes[c] == classDigit
	}
	return t
}()

// code scans to the end of the file, from whichever mode the scanner is in.
func (s *scanner) code() *Fault {
	for s.pos < len(s.b) && s.fault == nil {
		if s.inText {
			s.template()
			continue
		}
		if s.tokens++; s.tokens > MaxTokens {
			s.fault = TokenFault(s.f.Name, Range{File: s.f.Name, Start: s.f.PosAt(s.pos), End: s.f.PosAt(s.pos + 1)})
			break
		}
		if s.pos >= s.cut && s.between() {
			s.cuts = append(s.cuts, s.pos)
			s.cut = s.pos + s.size
		}
		c := s.b[s.pos]
		switch classes[c] {
		case classSpace:
			for s.pos++; s.pos < len(s.b) && s.b[s.pos] == ' '; {
				s.pos++
			}
		case className:
			s.name()
		case classDigit:
			s.number()
		case classOperator:
			s.operator(c)
		case classOpen:
			s.open(c, s.pos)
			s.pos++
		case classClose:
			s.close(c)
		case classOther:
			s.other(c)
		}
	}
	if s.fault == nil && s.melding > MaxMelding {
		s.fault = s.meldingFault(len(s.b))
	}
	return s.fault
}

// between tells whether the position is at the beginning of a line that no
// bracket surrounds. A scan for one text or without pieces never asks.
func (s *scanner) between() bool {
	return s.size > 0 && s.b[s.pos-1] == '\n' && len(s.frames) == 1 && len(s.texts) == 0 && s.braces == 0 && s.misfit < 0
}

func (s *scanner) top() *frame { return &s.frames[len(s.frames)-1] }

// name passes over an identifier. A minus sign belongs to it, but not behind a
// character beyond ASCII, which the lexer may not take for a letter.
func (s *scanner) name() {
	start, i := s.pos, s.pos+1
	for i < len(s.b) && (inName[s.b[i]] || s.b[i] == '-' && s.b[i-1] < 0x80) {
		i++
	}
	s.pos = i
	f := s.top()
	if f.item == itemNone {
		f.item = itemHead
	}
	if f.fresh {
		f.fresh = false
		if string(s.b[start:s.pos]) == "for" {
			f.lines = false
		}
	}
}

func (s *scanner) operator(c byte) {
	f := s.top()
	f.chain++
	f.fresh = false
	if f.chain > MaxChain {
		s.fault = s.chainFault()
		return
	}
	switch {
	case c == '=' && f.item == itemHead:
		f.item = itemValue
	case c == '<' && s.heredoc():
		return
	}
	s.pos++
}

func (s *scanner) other(c byte) {
	switch c {
	case '\n':
		s.newline()
	case '"':
		if f := s.top(); f.item == itemNone {
			f.item = itemHead
		}
		s.top().fresh = false
		s.beginText(text{kind: quotedText, at: s.pos})
	case ',':
		s.top().chain = 0
	case '#':
		s.lineComment()
		return
	case '/':
		if s.pos+1 < len(s.b) && s.b[s.pos+1] == '/' {
			s.lineComment()
			return
		}
		if s.pos+1 < len(s.b) && s.b[s.pos+1] == '*' {
			s.comment()
			return
		}
		s.operator(c)
		return
	case '~':
		if s.pos+1 < len(s.b) && s.b[s.pos+1] == '}' {
			s.endSequence(true)
			return
		}
	case ':':
		if s.pos+1 < len(s.b) && s.b[s.pos+1] == ':' {
			s.scopes++
			s.pos++
			if s.scopes > MaxChain {
				s.fault = s.chainFault()
			}
		}
	}
	s.pos++
}

// comment passes over a comment between /* and */. The lexer would take one
// that nothing ends for an operator, go on behind it, and search the rest of the
// file again at the next: 100,000 of them take it minutes.
func (s *scanner) comment() {
	end := bytes.Index(s.b[s.pos+2:], []byte("*/"))
	if end < 0 {
		s.fault = s.f.fault("NS139", s.pos, s.pos+2, "Comment not closed",
			"No */ follows this /*. A comment over several lines ends with */; a comment of one line begins with #.")
		return
	}
	s.pos += end + 4
	s.skip(s.top())
}

// lineComment passes over a comment and the newline that ends it.
func (s *scanner) lineComment() {
	end := bytes.IndexByte(s.b[s.pos:], '\n')
	if end < 0 {
		s.pos = len(s.b)
		return
	}
	s.pos += end + 1
	s.newline()
}

// newline ends an expression or an item where newlines count.
func (s *scanner) newline() {
	f := s.top()
	f.wide = true
	if f.lines {
		f.chain = 0
	} else {
		s.skip(f)
	}
	f.item = itemNone
}

// skip accounts for a line end or comment inside an expression. The parser
// passes over it again for each operator in front and each of its ten levels of
// precedence.
func (s *scanner) skip(f *frame) {
	s.skipped += 10 + f.chain
	if s.skipped > MaxSkips && s.fault == nil {
		s.fault = s.f.fault("NS135", max(0, s.pos-1), s.pos, "Expression too long",
			"The expressions up to here have so many operators, empty lines and comments that the parser would need seconds to read them. Give parts of them names in a locals block.")
	}
}

// open pushes a bracket at offset at.
func (s *scanner) open(c byte, at int) {
	if s.seen != nil {
		s.seen(c, at)
	}
	f := s.top()
	f.chain++
	f.fresh = false
	next := frame{kind: c, at: at}
	if c == '{' {
		s.braces++
		s.opened++
		next.block = f.block && f.item == itemHead
		next.lines = true
		next.fresh = !next.block
	}
	s.frames = append(s.frames, next)
	switch {
	case len(s.frames)-1 > MaxDepth:
		s.fault = s.depthFault(at)
	case f.chain > MaxChain:
		s.fault = s.chainFault()
	case s.opened > MaxBraces:
		s.fault = s.f.fault("NS137", at, at+1, "Too many blocks in a file",
			"This is opening brace number %d of the file; %d are allowed. Split the stack into several files in the same folder.", s.opened, MaxBraces)
	}
}

var openers = [256]byte{')': '(', ']': '[', '}': '{'}

// close takes a closing bracket.
func (s *scanner) close(c byte) {
	if c == '}' {
		if n := len(s.ends); n > 0 && s.ends[n-1] == s.braces {
			s.endSequence(false)
			return
		}
		s.braces--
	}
	if s.seen != nil {
		s.seen(c, s.pos)
	}
	f := s.top()
	if len(s.frames) > 1 && f.kind == openers[c] && f.closes() {
		s.pop()
	} else if s.misfit < 0 {
		s.misfit = s.pos
	}
	s.pos++
}

// closes tells whether the parser is sure to take the brace for the end of the
// frame. In the body of a block it is not, if the brace stands behind something
// on a line of its own: the parser then skips the rest of the line, brace
// included, and the block stays open.
func (f *frame) closes() bool {
	return !f.block || f.item == itemNone || f.item == itemValue && !f.wide
}

func (s *scanner) pop() {
	s.frames = s.frames[:len(s.frames)-1]
	if f := s.top(); f.item == itemHead {
		f.item = itemDone
	}
}

func (s *scanner) depthFault(at int) *Fault {
	if s.misfit >= 0 {
		return s.f.fault("NS133", s.misfit, s.misfit+1, "Nested too deeply",
			"From here on, closing brackets do not fit the opening ones: this one closes nothing, and at line %d more than %d things are open. "+
				"A block that spans lines ends with a brace on a line of its own.", s.f.PosAt(at).Line, MaxDepth)
	}
	return s.f.fault("NS133", at, at+1, "Nested too deeply",
		"More than %d brackets, braces, parentheses or template sequences are open here, the outermost since line %d. "+
			"The parser would run out of memory on a file that goes much deeper. Give parts of the expression names in a locals block.",
		MaxDepth, s.f.PosAt(s.frames[1].at).Line)
}

func (s *scanner) chainFault() *Fault {
	return s.f.fault("NS135", s.pos, s.pos+1, "Expression too long",
		"This expression joins more than %d operators, calls or index brackets. Give parts of it names in a locals block, or use a list with a for expression.", MaxChain)
}
