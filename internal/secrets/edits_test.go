package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nselfc/emit"
	"nselfc/lang/diag"
)

// TestEditsStoppedAnywhere lets the disk fail before each change that one of the
// commands makes. Every value that was there is there afterwards, in .secrets or
// among the retired; and the same command, repeated, does its work.
func TestEditsStoppedAnywhere(t *testing.T) {
	without, _ := small()
	stack, files := small()
	gone := decl("gone", "password")
	stack.Secrets = append(stack.Secrets, gone, decl("new", "hex"))
	unused := func() diag.List { return nil }
	given := generate(decl("given", "password"))
	for _, edit := range []struct {
		name string
		run  func(dir string, opts Options) diag.List
		done func(secrets, retired string) bool
	}{
		{"generate", func(dir string, opts Options) diag.List {
			_, diags := Generate(context.Background(), dir, stack, files, opts, stack.Secrets, nil)
			return diags
		}, func(s, _ string) bool { return strings.Contains(s, "\nNEW=") }},
		{"set", func(dir string, opts Options) diag.List {
			_, diags := Set(context.Background(), dir, stack, files, gone, given, opts, SetOptions{Replace: true})
			return diags
		}, func(s, _ string) bool { return strings.Contains(s, given) }},
		{"retire", func(dir string, opts Options) diag.List {
			return Retire(context.Background(), dir, without, files, opts, []string{"GONE"}, unused, nil)
		}, func(s, r string) bool { return !strings.Contains(s, "\nGONE=") && strings.Contains(r, "GONE") }},
		{"undo", func(dir string, opts Options) diag.List {
			return Unretire(context.Background(), dir, opts, "BEFORE", nil)
		}, func(s, r string) bool { return strings.Contains(s, "\nBEFORE=") && !strings.Contains(r, "BEFORE") }},
	} {
		t.Run(edit.name, func(t *testing.T) {
			t.Parallel()
			for n := 0; ; n++ {
				dir := workDir(t)
				first := stackOf(append(slices.Clone(without.Secrets), decl("gone", "password"), decl("before", "password"))...)
				build(t, dir, first, files)
				if diags := Retire(context.Background(), dir, stack, files, Options{Now: time.Now()}, []string{"BEFORE"}, unused, nil); diags.HasErrors() {
					t.Fatal(diags[0].Detail)
				}
				kept := stored(dir)
				old := storedRetired(dir)[0].Values["BEFORE"]
				steps := 0
				fail := Options{Now: time.Now(), step: func(string, string) error {
					if steps++; steps == n+1 {
						return []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO}[n%3]
					}
					return nil
				}}
				diags := edit.run(dir, fail)
				failed := steps > n
				if failed != diags.HasErrors() || failed && diags[len(diags)-1].Code != codeWrite {
					t.Fatalf("step %d: %v", n, diags)
				}
				all := text(t, dir, File) + text(t, dir, RetiredFile)
				for _, key := range kept.Keys() {
					if value, _ := kept.Get(key); !strings.Contains(all, value) && !strings.Contains(value, "\n") && (edit.name != "set" || key != "GONE") {
						t.Errorf("step %d: %s is lost", n, key)
					}
				}
				if !strings.Contains(all, old) {
					t.Errorf("step %d: what was retired is lost", n)
				}
				if !failed {
					if n < 4 {
						t.Errorf("only %d steps", n)
					}
					return
				}
				whole := edit.done("\n"+text(t, dir, File), text(t, dir, RetiredFile)) // but for the last sync
				if diags := edit.run(dir, Options{Now: time.Now()}); diags.HasErrors() && !whole {
					t.Fatalf("step %d, again: %v %s", n, diags[0].Code, diags[0].Detail)
				}
				if !edit.done("\n"+text(t, dir, File), text(t, dir, RetiredFile)) {
					t.Errorf("step %d: the second run did not finish the work", n)
				}
				if left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*")); len(left) > 0 {
					t.Errorf("step %d: left over: %v", n, left)
				}
			}
		})
	}
}

func text(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// TestStoreComesFirst wants a store that refuses to leave .secrets as it is, and
// what it has to count as there.
func TestStoreComesFirst(t *testing.T) {
	dir := workDir(t)
	stack, files := stackOf(decl("a", "hex"), decl("b", "hex")), []emit.File(nil)
	refuse := diag.List{diag.Errorf("NS631", onFile("x"), "s", "d")}
	_, diags := Generate(context.Background(), dir, stack, files, Options{Now: time.Now()}, stack.Secrets, func(map[string]string) diag.List { return refuse })
	if !diags.HasErrors() || text(t, dir, File) != "" {
		t.Errorf("got %v", diags)
	}
	there := generate(decl("a", "hex"))
	var sent map[string]string
	_, diags = Generate(context.Background(), dir, stack, files, Options{Now: time.Now(), ReadStore: reading(map[string]string{"A": there, "OTHER": "x"})}, stack.Secrets, func(values map[string]string) diag.List {
		sent = values
		return nil
	})
	doc := stored(dir)
	a, _ := doc.Get("A")
	b, _ := doc.Get("B")
	if _, other := doc.Get("OTHER"); diags.HasErrors() || a != there || b == "" || other || len(sent) != 1 || sent["B"] != b {
		t.Errorf("got %v, and the keys %v", diags, doc.Keys())
	}
}
