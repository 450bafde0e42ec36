package secrets

import (
	"path/filepath"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// Reveal gives a value out of .secrets, for somebody who asked for that one by its
// name. field is that of a certificate or of a pair of keys, or "".
func Reveal(dir string, s *ir.Secret, field string, opts Options) (Sealed, diag.List) {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return Sealed{}, diags
	}
	defer st.close()
	doc, _, more := st.readSecrets()
	if diags = append(diags, more...); diags.HasErrors() {
		return Sealed{}, diags
	}
	ending := ""
	if s.Kind.V == kindX509 {
		ending = map[string]string{"certificate": suffixCertificate, "private_key": suffixPrivateKey}[field]
	}
	value, ok := doc.Get(s.Key + ending)
	if !ok {
		return Sealed{}, append(diags, diag.Errorf(codeNoValue, onFile(filepath.Join(dir, File)), "Secret without a value",
			"%s has no value of %s yet.\n\nMake it, or bring it from the store:\n\n    nselfc secrets generate %s\n    nselfc secrets sync", filepath.Join(dir, File), s.Address, s.Address))
	}
	if field == "" || s.Kind.V == kindX509 {
		return Seal(value), diags
	}
	if !fits(s, value) {
		b := &book{doc: doc, file: filepath.Join(dir, File)}
		return Sealed{}, append(diags, b.unfit(s, s.Key, value))
	}
	return Seal(valueFields(s, value)[field]), diags
}
