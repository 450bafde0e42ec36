package textdiff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadable: a change is shown where its reader sees it, and not in the middle
// of what it has nothing to do with.
func TestReadable(t *testing.T) {
	const api = "  api:\n    image: a\n    networks:\n      edge: {}\n    restart: unless-stopped\n"
	const web = "  web:\n    image: w\n    networks:\n      edge: {}\n    restart: unless-stopped\n"
	const db = "  db:\n    image: d\n    networks:\n      data: {}\n    restart: unless-stopped\n"
	const server = "server {\n  listen 443;\n\n  location / {\n    return 200;\n  }\n}\n\n"
	for _, c := range []struct{ name, old, text, want string }{
		{"a service added between", api + db, api + web + db, "+  web:\n+    image: w\n+    networks:\n+      edge: {}\n+    restart: unless-stopped\n"},
		{"a service added last", api + db, api + db + web, "+  web:\n+    image: w\n+    networks:\n+      edge: {}\n+    restart: unless-stopped\n"},
		{"a service added first", db + web, api + db + web, "+  api:\n+    image: a\n+    networks:\n+      edge: {}\n+    restart: unless-stopped\n"},
		{"a service removed", api + web + db, api + db, "-  web:\n-    image: w\n-    networks:\n-      edge: {}\n-    restart: unless-stopped\n"},
		{"a service moved", api + web + db, web + db + api, "-  api:\n-    image: a\n-    networks:\n-      edge: {}\n-    restart: unless-stopped\n+  api:\n+    image: a\n+    networks:\n+      edge: {}\n+    restart: unless-stopped\n"},
		{"a line changed", api + web, strings.Replace(api, "image: a", "image: b", 1) + web, "-    image: a\n+    image: b\n"},
		{"a server block added", server + "end\n", server + server + "end\n", "+server {\n+  listen 443;\n+\n+  location / {\n+    return 200;\n+  }\n+}\n+\n"},
		{"an item of a list", "x:\n  - a\n  - a\n  - b\n", "x:\n  - a\n  - a\n  - a\n  - b\n", "+  - a\n"},
		{"a block closed", "if {\n  a\n}\nif {\n  b\n}\n", "if {\n  a\n}\nif {\n  c\n}\nif {\n  b\n}\n", "+if {\n+  c\n+}\n"},
		{"a line moved past many that repeat", "a\na\na\na\na\na\nX\nb\nb\nb\nb\n", "X\na\na\na\na\na\na\nb\nb\nb\nb\n", "+X\n-X\n"},
	} {
		var got strings.Builder
		for _, h := range Hunks(c.old, c.text, 0) {
			for _, l := range h.Lines {
				got.WriteString(string(l.Op) + l.Text)
			}
		}
		if d := cmp.Diff(c.want, got.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestHunks(t *testing.T) {
	old := "a\nb\nc\nd\ne\nf\ng\nh\ni\n"
	got := Hunks(old, "a\nB\nc\nd\ne\nf\ng\ni", 1)
	want := []Hunk{
		{0, 3, 0, 3, []Line{{' ', "a\n", 1, 1}, {'-', "b\n", 2, 0}, {'+', "B\n", 0, 2}, {' ', "c\n", 3, 3}}},
		{6, 9, 6, 8, []Line{{' ', "g\n", 7, 7}, {'-', "h\n", 8, 0}, {'-', "i\n", 9, 0}, {'+', "i", 0, 8}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := Hunks(old, old, 3); got != nil {
		t.Errorf("equal texts: %v", got)
	}
	for _, c := range []struct {
		context int
		want    string // the hunks' headers
	}{
		{0, "@@ -2,1 +2,1 @@ @@ -8,0 +9,1 @@"},
		{2, "@@ -1,4 +1,4 @@ @@ -7,3 +7,4 @@"},
		{3, "@@ -1,9 +1,10 @@"},
	} {
		var headers []string
		for _, h := range Hunks(old, "a\nB\nc\nd\ne\nf\ng\nh\nnew\ni\n", c.context) {
			headers = append(headers, h.Header())
		}
		if got := strings.Join(headers, " "); got != c.want {
			t.Errorf("context %d: %s, want %s", c.context, got, c.want)
		}
	}
}
