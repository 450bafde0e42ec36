package model

import "testing"

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "60s": "1m", "1m": "1m", "90s": "1m30s", "1m30s": "1m30s", "1500ms": "1s500ms", "24h": "24h", "3600s": "1h",
		"0s": "0s", "0ms": "0s", "250us": "250us", "soon": "soon", "5": "5", "5d": "5d", "s": "s",
	} {
		if got := canonical(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
