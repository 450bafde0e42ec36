package doctor

import (
	"archive/zip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAdvisoriesBounded: a file that never ends, or that is more than it looks like,
// holds nobody up.
func TestAdvisoriesBounded(t *testing.T) {
	dir := t.TempDir()
	none := func(advisory) {}

	bomb := filepath.Join(dir, "bomb.zip")
	f, err := os.Create(bomb)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	inner, _ := w.Create("a.json")
	if _, err := io.CopyN(inner, spaces{}, maxRecord+2); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := records(context.Background(), bomb, none); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a bomb: %v", err)
	}

	pipe := filepath.Join(dir, "pipe")
	if err := mkfifo(t, pipe); err != nil {
		t.Skip(err)
	}
	if err := records(context.Background(), pipe, none); err == nil || !strings.Contains(err.Error(), "no file and no folder") {
		t.Errorf("a pipe: %v", err)
	}

	put(t, filepath.Join(dir, "records", "a.json"), `{"id": "X"}`, 0o644)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := records(ended, filepath.Join(dir, "records"), none); err == nil {
		t.Error("an interrupted look went on")
	}
	if err := records(context.Background(), filepath.Join(dir, "records"), none); err != nil {
		t.Error(err)
	}
}

// spaces never ends.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
