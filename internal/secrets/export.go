package secrets

import (
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// Exported are the keys of .secrets that another system may have of a stack's
// secrets: all but the private keys of authorities, which never leave the host.
func Exported(stack *ir.Stack) []string {
	var keys []string
	for _, s := range stack.Secrets {
		for _, part := range parts(s) {
			if part == suffixPrivateKey && s.X509 != nil && s.X509.CA {
				continue
			}
			keys = append(keys, s.Key+part)
		}
	}
	slices.Sort(keys)
	return keys
}

// Export gives the values of those keys as .secrets has them, each of them. They
// are made known to the registry of opts first.
func Export(dir string, stack *ir.Stack, opts Options) (map[string]string, diag.List) {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return nil, diags
	}
	defer st.close()
	doc, _, more := st.readSecrets()
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	st.learn(doc)
	values := map[string]string{}
	var lacking []string
	for _, key := range Exported(stack) {
		value, ok := doc.Get(key)
		if !ok {
			lacking = append(lacking, key)
			continue
		}
		values[key] = value
	}
	if len(lacking) > 0 {
		file := filepath.Join(dir, File)
		return nil, append(diags, diag.Errorf(codeNoValue, onFile(file), "Secret without a value",
			"%s has no value of %s. A manifest without it would take it away from whoever uses it.\n\nMake it first:\n\n    nselfc secrets generate", file, strings.Join(lacking, ", ")))
	}
	return values, diags
}
