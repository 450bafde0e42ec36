package outdir

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/emit"
	"nselfc/lang/secret"
)

// many makes the output of a large stack: a compose file of some megabytes and
// small files in many directories.
func many(n int) []emit.File {
	files := []emit.File{{Path: "docker-compose.yml", Mode: 0o644, Text: secret.Literal(strings.Repeat("      - a line of a compose file\n", n*40))}}
	for i := range n {
		files = append(files, file(fmt.Sprintf("nginx/conf.d/%d.conf", i), strings.Repeat("x", 500)), file(fmt.Sprintf("config/%d/app.conf", i), "x"))
	}
	return files
}

func benchDir(b *testing.B) string {
	b.Helper()
	return filepath.Join(b.TempDir(), "out")
}

func run(b *testing.B, dir string, files []emit.File) {
	d, problem := Open(dir)
	if problem != nil {
		b.Fatal(problem.Detail)
	}
	defer d.Close()
	p, diags := d.Plan(files, testMeta, Options{})
	if len(diags) == 0 {
		_, diags = d.Apply(context.Background(), p)
	}
	if len(diags) > 0 {
		b.Fatal(diags[0].Detail)
	}
}

// BenchmarkUnchanged is a build that finds everything as it should be.
func BenchmarkUnchanged(b *testing.B) {
	for _, n := range []int{10, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir, files := benchDir(b), many(n)
			run(b, dir, files)
			b.ReportAllocs()
			for b.Loop() {
				run(b, dir, files)
			}
		})
	}
}

// BenchmarkOneChanged replaces the compose file of a thousand services.
func BenchmarkOneChanged(b *testing.B) {
	dir, files := benchDir(b), many(1000)
	run(b, dir, files)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		text, _ := files[0].Text.Plain()
		changed := append([]emit.File{{Path: files[0].Path, Mode: 0o644, Text: secret.Literal(fmt.Sprint(i) + text)}}, files[1:]...)
		run(b, dir, changed)
	}
}

// BenchmarkFirst writes everything; most of it is waiting for the disk.
func BenchmarkFirst(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir, files := benchDir(b), many(n)
			b.ReportAllocs()
			for b.Loop() {
				run(b, dir, files)
				b.StopTimer()
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkReadLock reads the lock of ten thousand files.
func BenchmarkReadLock(b *testing.B) {
	l := Lock{Compiler: "x"}
	for _, f := range many(5000) {
		l.Files = append(l.Files, record(f.Path, ""))
	}
	text := l.Bytes()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, diags := ReadLock(LockName, text); len(diags) > 0 {
			b.Fatal(diags[0].Detail)
		}
	}
}

// BenchmarkFloor reads the same files with the standard library and compares
// them: what BenchmarkUnchanged cannot do without.
func BenchmarkFloor(b *testing.B) {
	dir, files := benchDir(b), many(1000)
	run(b, dir, files)
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range files {
			text, _ := f.Text.Plain()
			got, err := os.ReadFile(filepath.Join(dir, f.Path))
			if err != nil || string(got) != text {
				b.Fatal("not as written")
			}
		}
	}
}
