package secrets

// Kept gives what .secrets has of some secrets now, by key: what their store is to
// have as well. A value that is pending or on its way out is not among them.
func (t *Turned) Kept(addresses ...string) map[string]string {
	out := map[string]string{}
	if t.book == nil {
		return out
	}
	for _, a := range addresses {
		s := t.book.secrets[a]
		if s == nil {
			continue
		}
		for _, part := range parts(s) {
			if v, ok := t.book.doc.Get(s.Key + part); ok {
				out[s.Key+part] = v
			}
		}
	}
	return out
}
