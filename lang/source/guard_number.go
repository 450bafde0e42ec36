package source

// number passes over a number literal and bounds what its value costs: the
// digits of 1e10000000 take seconds to write out.
func (s *scanner) number() {
	start := s.pos
	power, inPower := 0, false
	for s.pos < len(s.b) {
		switch c := s.b[s.pos]; {
		case classes[c] == classDigit:
			if inPower {
				power = min(power*10+int(c-'0'), MaxPower+1)
			}
		case c == '.':
			inPower = false
		case (c == 'e' || c == 'E') && s.powerFollows():
			if next := s.b[s.pos+1]; next == '+' || next == '-' {
				s.pos++
			}
			power, inPower = 0, true
		default:
			return
		}
		s.pos++
		if s.pos-start > MaxNumber || power > MaxPower {
			s.fault = s.f.fault("NS134", start, s.pos, "Number out of range",
				"A number may have %d characters and an exponent of at most %d: larger ones take very long to compute, and nothing in a stack is that large. "+
					"Digits that are not a quantity, such as an identifier, belong in quotes.", MaxNumber, MaxPower)
			return
		}
	}
}

// powerFollows tells whether a digit, perhaps behind a sign, follows the e.
func (s *scanner) powerFollows() bool {
	i := s.pos + 1
	if i < len(s.b) && (s.b[i] == '+' || s.b[i] == '-') {
		i++
	}
	return i < len(s.b) && classes[s.b[i]] == classDigit
}
