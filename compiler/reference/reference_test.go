package reference

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParse(t *testing.T) {
	for in, want := range map[string]Image{
		"nginx":                             {Name: "nginx"},
		"nginx:1.30.4":                      {Name: "nginx", Tag: "1.30.4"},
		"library/nginx:1.30.4-alpine":       {Name: "library/nginx", Tag: "1.30.4-alpine"},
		"ghcr.io/acme/api:1.4.2@" + digest:  {Name: "ghcr.io/acme/api", Tag: "1.4.2", Digest: digest},
		"localhost:5000/a/b_c/d__e--f.g:_x": {Name: "localhost:5000/a/b_c/d__e--f.g", Tag: "_x"},
		"Registry.Example/api:1":            {Name: "Registry.Example/api", Tag: "1"},
		"[fd00::1]:5000/api:1":              {Name: "[fd00::1]:5000/api", Tag: "1"},
		"api@" + digest:                     {Name: "api", Digest: digest},
	} {
		got, err := Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", ":1", "UPPER case!!", "Nginx:1", "a//b", "/a", "a/", "a:", "a:.x", "a:-x", "a:" + strings.Repeat("x", 129), "a b:1", "a:1 ",
		"a@sha256:12", "a@md5:" + strings.Repeat("0", 64), "a@" + strings.ToUpper(digest), "a@" + digest + "@" + digest, "a___b", "a._b", "_a", "a_",
		"host:port/a", "-h.example/a", "a\x00b", "a\nb", strings.Repeat("a", 256), "https://example.com/a:1", "é:1",
	} {
		if got, err := Parse(in); err == nil {
			t.Errorf("%q was read as %+v", in, got)
		}
	}
}

func TestFloating(t *testing.T) {
	for tag, want := range map[string]bool{
		"": true, "latest": true, "stable": true, "main": true, "edge": true, "alpine": true, "alpine3.20": true, "lts-alpine3.20": true,
		"latest-alpine3.20": true, "slim-bookworm": true, "ubuntu24.04": true,
		"1": false, "17-alpine": false, "1.30.4": false, "v2": false, "pg16": false, "RELEASE.2024-01-16T16-07-38Z": false,
		"stable-20240101-slim": false, "sha-0123abc": false, "0123abcdef": false, "main-deadbee": false,
	} {
		if got := (Image{Tag: tag}).Floating(); got != want {
			t.Errorf("tag %q: floating %v, want %v", tag, got, want)
		}
	}
	if (Image{Tag: "latest", Digest: digest}).Floating() {
		t.Error("a digest pins whatever the tag says")
	}
}

func TestVersion(t *testing.T) {
	for tag, want := range map[string][3]int{
		"1.30.4": {1, 30, 4}, "1.29-alpine": {1, 29, 0}, "v1.26.3-perl": {1, 26, 3},
	} {
		a, b, c, ok := (Image{Tag: tag}).Version()
		if got := [3]int{a, b, c}; !ok || got != want {
			t.Errorf("%s: %v %v", tag, got, ok)
		}
	}
	for _, tag := range []string{"", "1", "latest", "stable-alpine3.20", "1.x", "1.2.3.4", "99999.1"} {
		if _, _, _, ok := (Image{Tag: tag}).Version(); ok {
			t.Errorf("%q was read as a version", tag)
		}
	}
}
