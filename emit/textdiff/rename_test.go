package textdiff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRenames(t *testing.T) {
	long := strings.Join(compose(3, "x"), "")
	lines := func(from, to int) string {
		var w strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&w, "line %d\n", i)
		}
		return w.String()
	}
	type files = map[string]string
	for _, c := range []struct {
		name           string
		removed, added files
		want           files
	}{
		{"nothing", nil, nil, files{}},
		{"identical", files{"a": long}, files{"b": long}, files{"b": "a"}},
		{"same base name first", files{"a/x": long, "b/y": long}, files{"c/y": long, "c/z": long}, files{"c/y": "b/y", "c/z": "a/x"}},
		{"identical before similar", files{"a": lines(0, 10), "b": lines(0, 9)}, files{"c": lines(0, 9)}, files{"c": "b"}},
		{"just enough", files{"a": lines(0, 10)}, files{"b": lines(4, 14)}, files{"b": "a"}},
		{"not enough", files{"a": lines(0, 10)}, files{"b": lines(5, 15)}, files{}},
		{"part of a longer one", files{"a": lines(0, 100)}, files{"b": lines(0, 10)}, files{}},
		{"the better one", files{"a": lines(0, 10), "b": lines(2, 12)}, files{"c": lines(2, 13)}, files{"c": "b"}},
		{"each once", files{"a": lines(0, 10)}, files{"b": lines(0, 9), "c": lines(0, 8)}, files{"b": "a"}},
		{"empty", files{"a": ""}, files{"b": ""}, files{}},
		{"order of lines", files{"a": lines(0, 5) + lines(5, 10)}, files{"b": lines(5, 10) + lines(0, 5)}, files{"b": "a"}},
		{"a repeated line", files{"a": strings.Repeat("x\n", 10)}, files{"b": strings.Repeat("x\n", 5) + strings.Repeat("y\n", 5)}, files{}},
	} {
		for range 5 { // maps have no order
			if d := cmp.Diff(c.want, Renames(c.removed, c.added)); d != "" {
				t.Fatalf("%s (-want +got):\n%s", c.name, d)
			}
		}
	}
}

// TestRenamesOfTemplates: texts of one template differ in a line or two, and have
// no line that only two of them share.
func TestRenamesOfTemplates(t *testing.T) {
	removed, added, want := map[string]string{}, map[string]string{}, map[string]string{}
	for i := range 2000 {
		text := strings.Repeat("host all all samenet scram-sha-256\n", 20) + fmt.Sprintf("host db%d\n", i)
		from, to := fmt.Sprintf("postgres/a%04d/pg_hba.conf", i), fmt.Sprintf("postgres/b%04d/pg_hba.conf", i)
		removed[from], added[to], want[to] = text+"# old\n", text, from
	}
	if d := cmp.Diff(want, Renames(removed, added)); d != "" {
		t.Error(d)
	}
}
