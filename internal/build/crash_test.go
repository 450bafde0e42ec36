package build_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// rounds gives n where there is time, and a tenth of it where there is not.
func rounds(n int) int {
	if thorough {
		return n
	}
	return n / 10
}

// some gives all cases where there is time, and every third where there is not.
func some[T any](cases []T) []T {
	if thorough {
		return cases
	}
	var out []T
	for i := 0; i < len(cases); i += 3 {
		out = append(out, cases[i])
	}
	return out
}

// versions gives two texts of one stack, so that every build has work to do.
func versions() [2]string {
	return [2]string{canaryStack, strings.NewReplacer("8080", "8081", `service "app"`, `service "web"`, "ghcr.io/acme/app:1.0.0", "ghcr.io/acme/app:2.0.0").Replace(canaryStack)}
}

// TestKilled kills builds at any moment. No file is ever cut off, no secret is
// lost or changed, and the next build finishes the work.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir, clean := t.TempDir(), t.TempDir()
	texts := versions()
	want := map[string]map[string]string{}
	for _, text := range texts {
		put(t, filepath.Join(clean, "nself.hcl"), text)
		ran(t, 0, clean, "build")
		want[text] = committedTree(t, filepath.Join(clean, "out"))
	}
	var kept map[string]string
	killed := 0
	n := rounds(60)
	for i := range n {
		put(t, filepath.Join(dir, "nself.hcl"), texts[i%2])
		c := command(t, dir, "build")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		_ = c.Process.Kill() // it may have ended
		if err := c.Wait(); err != nil {
			killed++
		}
		after := tree(t, dir)
		checkWhole(t, after)
		if _, made := after["out/dev/.secrets"]; made {
			now := values(t, filepath.Join(dir, "out", "dev"))
			for k, v := range kept {
				if now[k] != v && !strings.HasSuffix(k, "__CERTIFICATE") {
					t.Fatalf("run %d: %s is lost or changed", i, k)
				}
			}
			kept = now
		}
		if rand.IntN(3) > 0 {
			continue // kill the next one too
		}
		finish(t, dir, want[texts[i%2]])
	}
	put(t, filepath.Join(dir, "nself.hcl"), texts[0])
	finish(t, dir, want[texts[0]])
	if killed < n/4 {
		t.Errorf("only %d builds were killed", killed)
	}
}

// finish builds twice: the first must complete the output, and the second find
// nothing to do.
func finish(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	r := ran(t, 0, dir, "build")
	if strings.Contains(r.stderr, "NS508") && !strings.Contains(r.stderr, "This one has finished its work") {
		t.Errorf("the note does not say that the work is done:\n%s", r.stderr)
	}
	if diff := gocmp.Diff(want, committedTree(t, filepath.Join(dir, "out"))); diff != "" {
		t.Fatalf("the output is not that of an undisturbed build:\n%s", diff)
	}
	if r := ran(t, 0, dir, "build"); strings.Contains(r.stdout, "created") || strings.Contains(r.stdout, "updated") || strings.Contains(r.stdout, "made") {
		t.Fatalf("the next build still changes something:\n%s", r.stdout)
	}
}

// TestInterrupted presses Ctrl-C at any moment. The exit code says so, and the
// files are those of one build or of the other.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	texts := versions()
	put(t, filepath.Join(dir, "nself.hcl"), texts[0])
	ran(t, 0, dir, "build")
	kept := values(t, filepath.Join(dir, "out", "dev"))
	interrupted, took := 0, 50*time.Millisecond
	for i := 0; i < rounds(30) || interrupted == 0 && i < 120; i++ { // a busy machine takes more tries
		put(t, filepath.Join(dir, "nself.hcl"), texts[(i+1)%2])
		c := command(t, dir, "build")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// Not before the program listens: until then the system ends it.
		time.Sleep(took/4 + rand.N(took))
		_ = c.Process.Signal(syscall.SIGINT) // it may have ended
		_ = c.Wait()                         // the state tells
		switch code := c.ProcessState.ExitCode(); {
		case code == 130:
			interrupted++
			if !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("it does not say so:\n%s", stderr.String())
			}
		case code != 0 && code != -1:
			t.Errorf("exit code %d:\n%s", code, stderr.String())
		}
		checkWhole(t, tree(t, dir))
		now := values(t, filepath.Join(dir, "out", "dev"))
		for k, v := range kept {
			if now[k] != v && !strings.HasSuffix(k, "__CERTIFICATE") {
				t.Fatalf("%s is lost or changed", k)
			}
		}
		started := time.Now()
		ran(t, 0, dir, "build")
		took = time.Since(started)
	}
	if interrupted == 0 {
		t.Error("no build was interrupted")
	}
}

// TestAtOnce starts several builds at the same moment. Each succeeds or says
// that another one is at work, and all secrets have one value.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	for round := range rounds(12) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "nself.hcl"), canaryStack)
		var wg sync.WaitGroup
		results := make([]result, 4)
		for i := range results {
			c := command(t, dir, "build")
			wg.Go(func() { results[i] = run(t, c) })
		}
		wg.Wait()
		done := 0
		for _, r := range results {
			switch {
			case r.code == 0:
				done++
			case r.code != 1 || !strings.Contains(r.stderr, "NS503") && !strings.Contains(r.stderr, "NS603"):
				t.Errorf("round %d: exit code %d:\n%s", round, r.code, r.stderr)
			}
		}
		if done == 0 {
			t.Errorf("round %d: no build succeeded", round)
		}
		first := values(t, filepath.Join(dir, "out", "dev"))
		if r := ran(t, 0, dir, "build"); strings.Contains(r.stdout, "updated") || strings.Contains(r.stdout, "made") {
			t.Errorf("round %d: the next build still changes something:\n%s", round, r.stdout)
		}
		if diff := gocmp.Diff(first, values(t, filepath.Join(dir, "out", "dev"))); diff != "" {
			t.Errorf("round %d: secrets changed", round)
		}
		look(t, map[string]string{"JWT": first["JWT"]}, fmt.Sprint("round ", round), committedFiles(t, dir))
	}
}
