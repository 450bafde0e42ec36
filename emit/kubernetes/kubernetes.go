// Package kubernetes writes the manifests by which a cluster gets the secrets of an
// environment: a Secret, which holds the values, or an ExternalSecret, which names
// where the cluster finds them. It sees values because callers on the host hand
// them in; it knows no cluster, and no file.
//
// A Secret has a fixed name and may change. A name made of a digest of the values,
// with immutable: true, would let whoever reads the name try values against it.
package kubernetes

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/lang/escape"
)

// maxSize is what the values of one Secret may have (core/v1 MaxSecretSize).
const maxSize = 1 << 20

// Secret writes a Secret (v1) with values by key. Texts stand as they are, other
// bytes in base64.
func Secret(s *ir.Stack, values map[string]string) ([]byte, error) {
	size := 0
	var text, data strings.Builder
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		if !validKey(key) {
			return nil, fmt.Errorf("%q is no key of a Secret: letters, digits, hyphens, underscores and dots, at most 253", key)
		}
		size += len(value)
		if utf8.ValidString(value) && !strings.ContainsRune(value, 0) {
			quoted, _ := escape.YAML(value) // it is UTF-8
			text.WriteString("  " + scalar(key) + ": " + quoted + "\n")
		} else {
			data.WriteString("  " + scalar(key) + ": " + base64.StdEncoding.EncodeToString([]byte(value)) + "\n")
		}
	}
	if size > maxSize {
		return nil, fmt.Errorf("the values have %d bytes together, and a Secret holds 1 MiB at most", size)
	}
	var b strings.Builder
	b.WriteString("# Written by nselfc secrets sync. It holds values: never commit it.\n")
	head(&b, s, "v1", "Secret")
	b.WriteString("type: Opaque\n")
	for _, part := range []struct{ name, text string }{{"data", data.String()}, {"stringData", text.String()}} {
		if part.text != "" {
			b.WriteString(part.name + ":\n" + part.text)
		}
	}
	return []byte(b.String()), nil
}

// ExternalSecret writes an ExternalSecret (external-secrets.io/v1) that makes a
// Secret of keys. It holds no value, and may be committed.
func ExternalSecret(s *ir.Stack, keys []string) ([]byte, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("the stack has no secret")
	}
	var b strings.Builder
	b.WriteString("# Written by nselfc secrets sync. It holds no values, and may be committed.\n")
	head(&b, s, "external-secrets.io/v1", "ExternalSecret")
	path, err := escape.YAML(s.Store.Path.V)
	if err != nil {
		return nil, fmt.Errorf("the key in the store of the cluster is not UTF-8")
	}
	b.WriteString("spec:\n  refreshInterval: 1h0m0s\n  secretStoreRef:\n    kind: SecretStore\n    name: " + scalar(s.Store.External.V) + "\n" +
		"  target:\n    name: " + scalar(s.Store.Name.V) + "\n    creationPolicy: Owner\n  data:\n")
	for _, key := range slices.Sorted(slices.Values(keys)) {
		if !validKey(key) {
			return nil, fmt.Errorf("%q is no key of a Secret", key)
		}
		b.WriteString("    - secretKey: " + scalar(key) + "\n      remoteRef:\n        key: " + path + "\n        property: " + scalar(key) + "\n")
	}
	return []byte(b.String()), nil
}

func head(b *strings.Builder, s *ir.Stack, version, kind string) {
	b.WriteString("apiVersion: " + version + "\nkind: " + kind + "\nmetadata:\n  name: " + scalar(s.Store.Name.V) + "\n")
	if s.Store.Namespace.IsSet() {
		b.WriteString("  namespace: " + scalar(s.Store.Namespace.V) + "\n")
	}
	b.WriteString("  labels:\n    app.kubernetes.io/managed-by: nselfc\n    app.kubernetes.io/part-of: " + scalar(s.Project) + "\n")
}

// scalar quotes a name of letters, digits and few signs: bare, "1e3", "no" and "null"
// would be something else than texts.
func scalar(name string) string { return `"` + name + `"` }

// validKey tells a key of a Secret's data (IsConfigMapKey of Kubernetes).
func validKey(key string) bool {
	return key != "" && len(key) <= 253 && key != "." && key != ".." && !strings.ContainsFunc(key, func(r rune) bool {
		return r != '-' && r != '.' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
