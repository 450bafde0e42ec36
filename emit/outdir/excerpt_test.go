package outdir

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExcerpt(t *testing.T) {
	old := "a\nb\nc\nd\ne\nf\ng\nh\ni\n"
	for name, c := range map[string]struct {
		old, text, want string
		line            int
	}{
		"changed":   {old, strings.Replace(old, "e\n", "E\n", 1), "@@ -3,5 +3,5 @@\n c\n d\n-e\n+E\n f\n g", 5},
		"added":     {old, old + "j\n", "@@ -8,2 +8,3 @@\n h\n i\n+j", 10},
		"removed":   {old, old[2:], "@@ -1,3 +1,2 @@\n-a\n b\n c", 1},
		"two hunks": {old, "A" + old[1:16] + "I\n", "@@ -1,3 +1,3 @@\n-a\n+A\n b\n c\n@@ -7,3 +7,3 @@\n g\n h\n-i\n+I", 1},
		"one hunk":  {old, strings.NewReplacer("c", "C", "g", "G").Replace(old), "@@ -1,9 +1,9 @@\n a\n b\n-c\n+C\n d\n e\n f\n-g\n+G\n h\n i", 3},
		"controls":  {"a\x1b[31m\n", "b\n", "@@ -1,1 +1,1 @@\n-a\uFFFD[31m\n+b", 1},
		"no newline": {
			"a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a", 1,
		},
		"same": {old, old, "", 0},
	} {
		got, line := excerpt(c.old, c.text)
		want := c.want
		if want != "" {
			want = "    " + strings.ReplaceAll(want, "\n", "\n    ")
		}
		if d := cmp.Diff(want, got); d != "" || line != c.line {
			t.Errorf("%s, line %d, want %d (-want +got):\n%s", name, line, c.line, d)
		}
	}
}

// TestExcerptIsBounded: 200,000 lines that all differ take no time and no room.
func TestExcerptIsBounded(t *testing.T) {
	old, text := strings.Repeat("old line\n", 200_000), strings.Repeat("new line\n", 200_000)
	begin := time.Now()
	got, _ := excerpt(old, text)
	if took := time.Since(begin); took > busy {
		t.Errorf("it took %v", took)
	}
	if n := strings.Count(got, "\n") + 1; n != excerptLines+1 || !strings.HasSuffix(got, "… and more") {
		t.Errorf("%d lines", n)
	}
}
