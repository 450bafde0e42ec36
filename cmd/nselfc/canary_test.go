package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nselfc/emit/dotsecrets"
	"nselfc/internal/cli"
	"nselfc/internal/term"
)

// leaked is the exit code of a run that let a value out.
const leaked = 99

// watched is nselfc as every test of the command line runs it: it knows the values of
// all .secrets around, before and after, and looks for them in every byte that goes
// to either stream and in every file that was written meanwhile, in all encodings.
// What it finds ends the run with a code that no script expects. A future command is
// watched without being told.
func watched() {
	root := os.Getenv("WORK") // of a script; else where the test stands
	if root == "" {
		root = "."
	}
	known, before := map[string]string{}, map[string]string{}
	look(root, known, before)
	env := cli.OSEnv()
	stdout, stderr := &recorder{to: os.Stdout}, &recorder{to: os.Stderr}
	env.Stdout, env.Stderr = stdout, stderr
	code := run(env)

	after := map[string]string{}
	look(root, known, after)
	texts := map[string][]byte{"stdout": stdout.text.Bytes(), "stderr": stderr.text.Bytes()}
	if len(os.Args) > 2 && os.Args[1] == "secrets" && os.Args[2] == "show" && term.IsTerminal(os.Stdout) {
		delete(texts, "stdout") // what it is for
	}
	for name, state := range after {
		if before[name] != state {
			texts[name], _ = os.ReadFile(name)
		}
	}
	if how := os.Getenv("NSELFC_CANARY_LEAK"); how != "" { // the control
		for _, value := range known {
			texts["planted"] = []byte("before " + forms(value)[how] + " after")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for key, value := range known {
			if how := found(string(texts[name]), value); how != "" {
				fmt.Fprintf(os.Stderr, "CANARY: %s of %q holds the value of %s, %s\n", name, os.Args, key, how)
				code = leaked
			}
		}
	}
	os.Exit(code)
}

// recorder keeps what passes to a stream.
type recorder struct {
	to   *os.File
	text bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.to.Write(p)
	r.text.Write(p[:max(0, n)])
	return n, err
}

func (r *recorder) Unwrap() io.Writer { return r.to }

// look notes the values of every .secrets below a folder, and the state of every file
// that is no part of a secret store or of git's objects.
func look(root string, known, state map[string]string) {
	n := 0
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error { // a folder that is closed has nothing for us
		if n++; err != nil || n > 20_000 {
			return fs.SkipDir
		}
		name := e.Name()
		switch {
		case e.IsDir() && (name == ".secrets.d" || name == "objects" && filepath.Base(filepath.Dir(path)) == ".git"):
			return fs.SkipDir
		case !e.Type().IsRegular():
		case strings.Contains(name, ".secrets") && name != "nself.secrets.json":
			text, err := os.ReadFile(path)
			if err != nil || name != ".secrets" {
				return nil
			}
			doc, _ := dotsecrets.Parse(path, text)
			for _, key := range doc.Keys() {
				value, _ := doc.Get(key)
				public := strings.HasSuffix(key, "__CERTIFICATE") || strings.Contains(key, "__SCRAM") || strings.Contains(key, "__PBKDF2")
				if len(value) >= 8 && !public {
					known[key+" "+value] = value
				}
			}
		default:
			if info, err := e.Info(); err == nil && info.Size() < 1<<24 {
				s := info.Sys().(*syscall.Stat_t) //nolint:forcetypeassert // on every system that the tests know
				state[path] = fmt.Sprint(s.Ino, s.Size, s.Mtim, s.Ctim)
			}
		}
		return nil
	})
}

// forms are the encodings of a value, by the standard library alone.
func forms(value string) map[string]string {
	quoted, _ := json.Marshal(value) //nolint:errchkjson // a string
	out := map[string]string{
		"raw": value, "URL": url.QueryEscape(value), "path": url.PathEscape(value), "JSON": strings.Trim(string(quoted), `"`),
		"hex": hex.EncodeToString([]byte(value)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(value))),
	}
	for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for shift := range 3 {
			digits := enc.EncodeToString([]byte("xy"[:shift] + value))
			out[fmt.Sprint(name, shift)] = digits[(8*shift+5)/6 : 8*(shift+len(value))/6]
		}
	}
	return out
}

// found says in which form a text holds a value, or a line of one, or "".
func found(text, value string) string {
	for how, form := range forms(value) {
		if strings.Contains(text, form) {
			return how
		}
	}
	if lines := strings.Split(strings.TrimSpace(value), "\n"); len(lines) > 3 {
		for _, line := range lines[2 : len(lines)-1] { // the first of such keys are the same in all
			if len(line) > 20 && strings.Contains(text, line) {
				return "a line of it"
			}
		}
	}
	return ""
}

// recordChildren has what nselfc starts in a script write down its arguments and its
// environment, in a file that the canary looks through.
func recordChildren(e *testscript.Env) error {
	bin := filepath.Join(e.WorkDir, ".children", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"git", "docker"} {
		real, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		script := "#!/bin/sh\n{ printf '%s\\n' " + name + " \"$@\"; env; } >>\"$WORK/.children/$$\" 2>/dev/null\nexec " + real + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			return err
		}
	}
	e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
	return os.Chmod(filepath.Dir(bin), 0o777)
}

// TestCanarySings: the watch over every other test finds a value in each encoding;
// and a run that leaks none ends as it would without.
func TestCanarySings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte("stack \"s\" {}\nsecret \"key\" {\n  kind = \"password\"\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	do := func(leak string, args ...string) (int, string) {
		cmd := exec.Command("nselfc", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NSELFC_CANARY_LEAK="+leak, "WORK="+dir)
		out, err := cmd.CombinedOutput()
		if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // Run returns it as it is
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := do("", "build"); code != 0 || strings.Contains(out, "CANARY") {
		t.Fatalf("%d: %s", code, out)
	}
	for how := range forms("x") {
		if code, out := do(how, "validate"); code != leaked || !strings.Contains(out, "CANARY: planted") {
			t.Errorf("%s is not found: %d: %s", how, code, out)
		}
	}
	// A line of the stack with the value in it is shown by nobody, whatever shows lines.
	text, err := os.ReadFile(filepath.Join(dir, "out", ".secrets"))
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := dotsecrets.Parse(".secrets", text)
	value, _ := doc.Get("KEY")
	stack := "stack \"s\" {}\nsecret \"key\" {\n  kind = \"password\"\n}\nlocals {\n  a = nothing.\"" + value + "\"\n  b = nowhere.called[\"" + value + "\"]\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(stack), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"build"}, {"validate"}, {"validate", "--format", "json"}, {"validate", "--format", "sarif"}, {"validate", "--format", "github"}, {"check"}, {"plan"}, {"secrets", "scan"}, {"secrets", "list"}, {"why", "secret.key"}, {"graph"}} {
		code, out := do("", args...)
		if code == leaked || code == 0 {
			t.Errorf("%v: %d: %s", args, code, out)
		}
	}
	if _, out := do("", "validate"); !strings.Contains(out, "(secret)") {
		t.Errorf("no line with the value is shown: %s", out)
	}
}

// TestNoCore kills the command while it holds values, and looks for an image of it; a
// program without the precaution leaves one.
func TestNoCore(t *testing.T) {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/") {
		t.Skip("images of processes are not put into the working directory here; TestCoreLimit says that there is none to put")
	}
	for command, want := range map[string]int{"sleep 9": 1, "nselfc fmt --check p": 0} {
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, "p"), 0o600); err != nil { // which nobody writes to
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", "ulimit -c unlimited || exit 77; exec "+command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTRACEBACK=crash", "WORK="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		atWork := func() bool {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid))
			limits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
			return strings.HasPrefix(command, strings.TrimSpace(string(name))) && (want == 1 || regexp.MustCompile(`core file size +0 `).Match(limits))
		}
		for until := time.Now().Add(5 * time.Second); !atWork() && time.Now().Before(until); {
			time.Sleep(10 * time.Millisecond)
		}
		if want == 0 && !atWork() {
			t.Fatalf("%s ended early, or has no limit", command)
		}
		_ = cmd.Process.Signal(syscall.SIGABRT)
		_ = cmd.Wait() // killed, as it should be
		images, err := filepath.Glob(filepath.Join(dir, "core*"))
		if err != nil || len(images) != want {
			if want == 1 {
				t.Skipf("the control leaves no image: %v", images)
			}
			t.Errorf("%s left %v (%v)", command, images, err)
		}
	}
}
