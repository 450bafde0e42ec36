package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/policy"
	"nselfc/internal/doctor"
)

// TestDoctorPage runs the commands of docs/doctor.md in a copy of an example, on a
// host without an engine, and holds its table against the catalogue.
func TestDoctorPage(t *testing.T) {
	const name = "../../docs/doctor.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/multi-environment")); err != nil {
		t.Fatal(err)
	}
	fake := t.TempDir()
	if err := os.WriteFile(filepath.Join(fake, "docker"), []byte("#!/bin/sh\necho no engine here >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	sh := func(command string) string {
		t.Helper()
		c := exec.Command("sh", "-c", command)
		c.Dir = dir
		c.Env = []string{"PATH=" + fake + ":" + os.Getenv("PATH"), "HOME=" + dir}
		out, _ := c.CombinedOutput() // findings fail
		return strings.ReplaceAll(string(out), dir, "/srv/stack")
	}
	sh("nselfc build --env dev")
	got, blocks := asPrinted(string(page), sh)
	got = withTable(got)
	if *update {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(page), got); d != "" || blocks != 2 || strings.Count(got, "| NS20") < 40 {
		t.Errorf("%d blocks (-page +printed):\n%s", blocks, d)
	}
}

// withTable puts the table of codes between its marks.
func withTable(page string) string {
	const begin, end = "-update` -->\n", "<!-- end of the table -->"
	before, rest, _ := strings.Cut(page, begin)
	_, after, _ := strings.Cut(rest, end)
	deep := doctor.Deep()
	var b strings.Builder
	b.WriteString("| code | finding | severity |\n|---|---|---|\n")
	for _, r := range policy.Rules() {
		if r.Held != policy.OnHost {
			continue
		}
		mark := ""
		if deep[r.Code] {
			mark += " †"
		}
		if r.Development == policy.Off {
			mark += " ‡"
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s |\n", r.Code, mark, r.Title, r.Severity)
	}
	return before + begin + b.String() + end + after
}
