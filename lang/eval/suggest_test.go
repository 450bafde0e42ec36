package eval_test

import (
	"testing"

	"nselfc/lang/eval"
)

func TestSuggest(t *testing.T) {
	names := []string{"image", "env", "port", "ip", "replicas", "a"}
	for given, want := range map[string]string{
		"imge": "image", "images": "image", "enf": "env", "replcas": "replicas", "rpelicas": "replicas",
		"db": "", "x": "", "": "", "b": "", "po": "", "completely": "", "IMAGE": "", "prot": "port", "imgae": "image", "pi": "ip",
	} {
		if got := eval.Suggest(given, names); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", given, got, want)
		}
	}
	if got := eval.DidYouMean("imge", names); got != ` Did you mean "image"?` {
		t.Error(got)
	}
}
