package source

import "bytes"

// textKind says what ends a text.
type textKind uint8

const (
	quotedText  textKind = iota // a quotation mark
	heredocText                 // a line that holds the marker alone
	bareText                    // the end of the file
)

// text is one open string, heredoc or bare template.
type text struct {
	kind   textKind
	marker []byte // of a heredoc
	fresh  bool   // at the start of a line, where a marker may stand
	at     int

	parts      int // literals and sequences, which the parser keeps in one slice
	joins      int // literals behind a literal, which it joins to the one before
	run        int // bytes of the literals joined so far
	directives int // if and for directives that are open
}

func (s *scanner) beginText(t text) {
	if s.seen != nil {
		s.seen('"', t.at)
	}
	s.texts = append(s.texts, t)
	s.inText = true
}

func (s *scanner) endText() {
	if s.seen != nil {
		s.seen('\'', s.pos)
	}
	t := &s.texts[len(s.texts)-1]
	// Each join moves the rest of the slice down by one element of 16 bytes.
	s.melding += 8 * t.joins * t.parts
	if s.melding > MaxMelding {
		s.fault = s.meldingFault(s.pos)
		return
	}
	s.texts = s.texts[:len(s.texts)-1]
	s.inText = false
}

// literal accounts for a literal token of n bytes.
func (t *text) literal(s *scanner, n int) {
	t.parts++
	s.tokens++
	if t.run > 0 {
		t.joins++
		s.melding += t.run + n // the parser copies both to join them
	}
	t.run += n
}

// plain marks the bytes of a text that neither end it nor begin a sequence.
var plain = func() (t [256]bool) {
	for c := range t {
		switch c {
		case '"', '\\', '$', '%', '\n':
		default:
			t[c] = true
		}
	}
	return t
}()

// template scans the innermost text from the position on, up to the beginning
// of a sequence or its end.
func (s *scanner) template() {
	t := &s.texts[len(s.texts)-1]
	start := s.pos // of the literal being read
	for s.pos < len(s.b) {
		if t.fresh && s.endOfHeredoc(t) {
			return
		}
		i := s.pos
		for i < len(s.b) && plain[s.b[i]] {
			i++
		}
		s.pos = i
		if i == len(s.b) {
			return
		}
		c := s.b[i]
		switch {
		case c == '"' && t.kind == quotedText:
			s.literal(t, start)
			s.endText()
			s.pos++
			return
		case c == '\\' && t.kind == quotedText && s.pos+1 < len(s.b) && s.b[s.pos+1] != '\n' && s.b[s.pos+1] != '\r':
			s.pos += 2
			continue
		case c == '\n':
			s.pos++
			s.literal(t, start)
			start = s.pos
			t.fresh = t.kind == heredocText
			continue
		case c == '$' || c == '%':
			s.literal(t, start)
			start = s.pos
			if s.sequence(t, c) {
				return
			}
			s.literal(t, start)
			start = s.pos
			continue
		}
		s.pos++
	}
}

func (s *scanner) literal(t *text, start int) {
	if s.pos > start {
		t.literal(s, s.pos-start)
	}
}

// sequence reads what begins with a dollar or per cent sign: an interpolation
// or directive, which it opens, or else literal characters.
func (s *scanner) sequence(t *text, c byte) bool {
	rest := s.b[s.pos+1:]
	t.fresh = false
	if len(rest) == 0 || rest[0] != '{' {
		s.pos++
		if len(rest) > 1 && rest[0] == c && rest[1] == '{' {
			s.pos += 2 // $${ stands for ${
		}
		return false
	}
	t.parts++
	t.run = 0
	at := s.pos
	s.pos += 2
	if s.pos < len(s.b) && s.b[s.pos] == '~' {
		s.pos++
	}
	if c == '%' {
		s.directive(t)
	}
	s.open('$', at)
	s.braces++
	s.ends = append(s.ends, s.braces)
	s.inText = false
	return true
}

// directive follows the nesting of if and for directives, which the parser
// nests in its tree. A directive that cannot be made out counts as an opening.
func (s *scanner) directive(t *text) {
	word := bytes.TrimLeft(s.b[s.pos:min(s.pos+64, len(s.b))], " \t\r\n")
	switch {
	case bytes.HasPrefix(word, []byte("end")):
		t.directives = max(0, t.directives-1)
	case bytes.HasPrefix(word, []byte("else")):
	default:
		t.directives++
	}
	if t.directives > MaxDepth {
		s.fault = s.f.fault("NS133", s.pos-2, s.pos, "Nested too deeply",
			"More than %d template directives are open here. Give parts of the template names in a locals block.", MaxDepth)
	}
}

// endSequence takes the brace that ends a template sequence, or the "~}" that
// the lexer takes for one anywhere.
func (s *scanner) endSequence(trim bool) {
	if s.seen != nil {
		s.seen('$', s.pos)
	}
	n := len(s.ends)
	if n > 0 && s.ends[n-1] == s.braces {
		s.ends = s.ends[:n-1]
		s.inText = true
	}
	s.braces--
	if s.inText && s.top().kind == '$' {
		s.pop()
	} else if s.misfit < 0 {
		s.misfit = s.pos
	}
	s.pos++
	if trim {
		s.pos++
	}
}

// heredoc begins a heredoc if one is introduced here.
func (s *scanner) heredoc() bool {
	rest := s.b[s.pos+1:]
	if len(rest) == 0 || rest[0] != '<' {
		return false
	}
	i := 1
	if i < len(rest) && rest[i] == '-' {
		i++
	}
	start := i
	ascii := true
	for i < len(rest) {
		k := classes[rest[i]]
		if k != className && (i == start || k != classDigit && rest[i] != '-') {
			break
		}
		ascii = ascii && rest[i] < 0x80
		i++
	}
	marker := rest[start:i]
	if i < len(rest) && rest[i] == '\r' {
		i++
	}
	if len(marker) == 0 || i >= len(rest) || rest[i] != '\n' {
		return false
	}
	if !ascii {
		s.fault = s.f.fault("NS138", s.pos, s.pos+1+i, "Marker of a text is not ASCII",
			"The marker of a text over several lines is made of the letters A to Z, digits and underscores, as in\n    <<-EOT\n      …\n    EOT")
		return true
	}
	at := s.pos
	s.pos += 1 + i + 1
	s.beginText(text{kind: heredocText, marker: marker, fresh: true, at: at})
	return true
}

// endOfHeredoc looks for the marker on the line that begins here. Behind it the
// lexer stands before the newline, which ends the item.
func (s *scanner) endOfHeredoc(t *text) bool {
	t.fresh = false
	end := bytes.IndexByte(s.b[s.pos:], '\n')
	if end < 0 || !bytes.Equal(bytes.TrimSpace(s.b[s.pos:s.pos+end]), t.marker) {
		return false
	}
	s.pos += end
	if s.b[s.pos-1] == '\r' {
		s.pos--
	}
	s.endText()
	return true
}

func (s *scanner) meldingFault(at int) *Fault {
	return s.f.fault("NS136", max(0, at-1), at, "Text too long",
		"The texts of this file have too many lines: the parser would need seconds to join them. "+
			"Put long contents into files of their own and refer to them with template = \"FILE\" in a config block.")
}
