package secretstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// texts takes a JSON object that may hold nothing but texts: a number or an object
// would come back as something else when it is written again.
func texts(store string, object map[string]json.RawMessage) (map[string]string, error) {
	values := make(map[string]string, len(object))
	for k, raw := range object {
		var text *string
		if json.Unmarshal(raw, &text) != nil || text == nil {
			return nil, notText(store, k)
		}
		values[k] = *text
	}
	return values, nil
}

func notText(store, key string) error {
	return &Error{
		Kind: ErrInvalid, Store: store, Problem: "holds something else than a text under " + named(key) + ".",
		Advice: "nselfc keeps texts there, one for each secret. Write the value as a text (in JSON, between quotation marks), or move it to another place of the store.",
	}
}

// encodable makes sure that values survive JSON, which holds Unicode alone: other
// bytes would silently become replacement characters.
func encodable(store string, values map[string]string) error {
	for k, text := range values {
		if !utf8.ValidString(text) || !utf8.ValidString(k) {
			return &Error{
				Kind: ErrInvalid, Store: store, Problem: "cannot hold the value of " + named(k) + ", which is not text in UTF-8.",
				Advice: "Encode the value, as base64 for instance, and decode it where it is used.",
			}
		}
	}
	return nil
}

// named gives a key as people may see it. What does not look like a key of .secrets
// might be a value or a token that came back in the wrong place.
func named(key string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	if key == "" || len(key) > 128 || strings.Trim(key, letters+"0123456789") != "" || !strings.Contains(letters, key[:1]) {
		return "a name that is no key of .secrets"
	}
	return fmt.Sprintf("%q", key)
}
