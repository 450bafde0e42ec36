package git

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersions(t *testing.T) {
	r := newRepo(t, map[string]string{"other": "1"})
	var want []Version
	step := func(name, text string) {
		commit := r.commit(map[string]string{name: text})
		if name == "a folder/out [1]/f.json" {
			want = append(want, Version{Commit: commit, Text: []byte(text)})
		}
	}
	step("a folder/out [1]/f.json", "one")
	step("other", "2")
	step("a folder/out 1/f.json", "not meant") // what a pattern would match
	step("a folder/out [1]/f.json", "two")
	r.git("rm", "-q", "a folder/out [1]/f.json")
	r.git("commit", "-q", "-m", "gone")
	want = append(want, Version{Commit: r.git("rev-parse", "HEAD")})
	step("a folder/out [1]/f.json", "three")
	get := func(most int) []Version {
		got, err := Versions(context.Background(), filepath.Join(r.dir, "a folder/out [1]"), "f.json", most, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i].Time.IsZero() {
				t.Error("no time")
			}
			got[i].Time = want[0].Time
		}
		return got
	}
	if d := cmp.Diff(want, get(100)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[2:], get(2)); d != "" {
		t.Error(d)
	}
	if _, err := Versions(context.Background(), filepath.Join(r.dir, "a folder/out [1]"), "f.json", 100, 2); err == nil {
		t.Error("a version of any size is read")
	}
}

func TestNoVersions(t *testing.T) {
	var e *Error
	if got, err := Versions(context.Background(), t.TempDir(), "f", 10, 10); got != nil || !errors.As(err, &e) || e.Kind != NotRepository {
		t.Errorf("got %v and %v outside of a repository", got, err)
	}
	r := newRepo(t, nil)
	r.git("checkout", "-q", "--orphan", "empty")
	if got, err := Versions(context.Background(), r.dir, "f", 10, 10); got != nil || err != nil {
		t.Errorf("got %v and %v without a commit", got, err)
	}
}
