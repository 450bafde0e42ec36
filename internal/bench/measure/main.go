// Command measure runs the speed comparisons of docs/performance.md: whole
// processes, in turn, medians, and only ratios between processes of one run.
// It never fails for being slow: a machine's load is not a defect.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"nselfc/internal/bench"
)

func main() {
	runs := flag.Int("runs", 7, "counted runs of each command")
	compose := flag.String("compose", os.Getenv("NSELFC_COMPOSE"), "docker-compose binary to compare with; none when empty")
	page := flag.String("write", "", "put the table in the place of the one in this Markdown file")
	flag.Parse()
	if err := run(context.Background(), *runs, *compose, *page); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, runs int, compose, page string) error {
	dir, err := os.MkdirTemp("", "nselfc-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &session{ctx: ctx, dir: dir, runs: runs}
	for _, tool := range []struct{ name, pkg string }{{"nselfc", "./cmd/nselfc"}, {"floor", "./internal/bench/floor"}} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, tool.name), tool.pkg)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s: %w", tool.pkg, err)
		}
	}
	for _, n := range []int{10, 1000, 5000} {
		if err := os.MkdirAll(b.stack(n), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(b.stack(n), "nself.hcl"), bench.Stack(n), 0o644); err != nil {
			return err
		}
	}
	if err := b.table(compose); err != nil || page == "" {
		return err
	}
	return replaceTable(page, b.rows.Bytes())
}

// replaceTable puts a table in the place of the first one of a file.
func replaceTable(page string, table []byte) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	old := regexp.MustCompile(`(?m)(?:^\|.*\n)+`).FindIndex(text)
	if old == nil {
		return fmt.Errorf("%s has no table", page)
	}
	return os.WriteFile(page, slices.Concat(text[:old[0]], table, text[old[1]:]), 0o644)
}

// session is one series of measurements on one set of files.
type session struct {
	ctx  context.Context
	dir  string
	runs int
	rows bytes.Buffer // of the table
}

// printf prints a line of the table, and keeps it.
func (s *session) printf(format string, args ...any) {
	line := fmt.Sprintf(format+"\n", args...)
	fmt.Print(line)
	s.rows.WriteString(line)
}

func (s *session) stack(n int) string   { return filepath.Join(s.dir, fmt.Sprintf("stack%d", n)) }
func (s *session) tool(n string) string { return filepath.Join(s.dir, n) }

func (s *session) build(n int) command {
	out := filepath.Join(s.stack(n), "out")
	return command{
		argv:  []string{s.tool("nselfc"), "build", filepath.Join(s.stack(n), "nself.hcl"), "--no-secrets"},
		reset: func() error { return os.RemoveAll(out) },
	}
}

func (s *session) floor(n int) command {
	out := filepath.Join(s.stack(n), "floor")
	return command{
		argv:  []string{s.tool("floor"), filepath.Join(s.stack(n), "nself.hcl"), filepath.Join(out, "docker-compose.yml")},
		reset: func() error { return os.RemoveAll(out) },
	}
}

func (s *session) table(compose string) error {
	s.printf("| comparison | wall | processor | peak memory | bar |")
	s.printf("|---|---|---|---|---|")
	version := command{argv: []string{s.tool("nselfc"), "version"}}
	rows := []struct {
		name string
		a, b command
		bar  string
	}{
		{"build of 10 services / `nselfc version`", s.build(10), version, "wall 4"}, // before the disk has others' files to write
		{"build of 1000 services / floor", s.build(1000), s.floor(1000), "wall 1.6, memory 1.8"},
		{"build of 5000 services / build of 1000", s.build(5000), s.build(1000), "wall 5.5"},
	}
	for _, r := range rows {
		if err := s.row(r.name, r.a, r.b, r.bar); err != nil {
			return err
		}
	}
	if err := s.policy(); err != nil {
		return err
	}
	if err := s.plans(); err != nil {
		return err
	}
	if compose == "" {
		fmt.Println("\n`docker compose config` was not compared: no binary was named.")
		return nil
	}
	if err := s.once(s.build(1000)); err != nil {
		return err
	}
	config := command{argv: []string{compose, "--project-directory", filepath.Join(s.stack(1000), "out"), "-f", filepath.Join(s.stack(1000), "out", "docker-compose.yml"), "config", "--no-env-resolution", "-q"}}
	fresh := s.build(1000)
	fresh.reset = func() error { return nil } // the comparison needs its output
	return s.row("`docker compose config` of 1000 services / build", config, fresh, "wall at least 5")
}

// plans compares plans: of one changed service, and of a compose file whose every
// line is another, as after a merge with other line ends.
func (s *session) plans() error {
	validate := command{argv: []string{s.tool("nselfc"), "validate", s.stack(1000)}}
	plan := command{argv: []string{s.tool("nselfc"), "plan", s.stack(1000)}}
	if err := s.once(s.build(1000)); err != nil {
		return err
	}
	source := bytes.Replace(bench.Stack(1000), []byte("svc500:1.4.0"), []byte("svc500:1.4.1"), 1)
	if err := os.WriteFile(filepath.Join(s.stack(1000), "nself.hcl"), source, 0o644); err != nil {
		return err
	}
	if err := s.row("plan of one changed service of 1000 / validate", plan, validate, "wall 1.5"); err != nil {
		return err
	}
	if err := s.once(s.build(5000)); err != nil {
		return err
	}
	// Elsewhere, as the build beside it empties its own output.
	other := filepath.Join(s.dir, "rewritten")
	if err := os.CopyFS(other, os.DirFS(filepath.Join(s.stack(5000), "out"))); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(other, "docker-compose*.yml")) // a large one is written in parts
	if err != nil {
		return err
	}
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		lines += bytes.Count(text, []byte("\n"))
		if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("\n"), []byte(" \n")), 0o644); err != nil {
			return err
		}
	}
	if lines < 200_000 {
		return fmt.Errorf("the compose files have only %d lines", lines)
	}
	rewritten := command{argv: []string{s.tool("nselfc"), "plan", s.stack(5000), "-o", other}, code: 1} // a build would stop at the edits
	return s.row(fmt.Sprintf("plan with %d thousand lines of compose, each changed / build of the same", lines/1000), rewritten, s.build(5000), "wall 5")
}

// command is one process to time; reset undoes what the last run left, and code is
// how it ends.
type command struct {
	argv  []string
	reset func() error
	code  int
}

type figures struct {
	wall, cpu time.Duration
	peak      int64 // KiB
}

// row times two commands in turn and prints the ratios of their medians.
func (s *session) row(name string, a, b command, bar string) error {
	var fa, fb []figures
	for i := range s.runs + 1 {
		x, err := s.time(a)
		if err != nil {
			return err
		}
		y, err := s.time(b)
		if err != nil {
			return err
		}
		if i > 0 { // the first pair warms the caches
			fa, fb = append(fa, x), append(fb, y)
		}
	}
	wall := ratio(fa, fb, func(f figures) float64 { return float64(f.wall) })
	cpu := ratio(fa, fb, func(f figures) float64 { return float64(f.cpu) })
	peak := ratio(fa, fb, func(f figures) float64 { return float64(f.peak) })
	s.printf("| %s | %.2f | %.2f | %.2f | %s |", name, wall, cpu, peak, bar)
	return nil
}

func ratio(a, b []figures, of func(figures) float64) float64 {
	return median(a, of) / median(b, of)
}

func median(f []figures, of func(figures) float64) float64 {
	v := make([]float64, 0, len(f))
	for _, x := range f {
		v = append(v, of(x))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func (s *session) once(c command) error {
	_, err := s.time(c)
	return err
}

func (s *session) time(c command) (figures, error) {
	if c.reset != nil {
		if err := c.reset(); err != nil {
			return figures{}, err
		}
	}
	cmd := exec.CommandContext(s.ctx, c.argv[0], c.argv[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Run(); err != nil && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != c.code) {
		return figures{}, fmt.Errorf("%v: %w\n%s", c.argv, err, out.String())
	}
	f := figures{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.peak = ru.Maxrss
	}
	return f, nil
}
