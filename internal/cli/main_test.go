package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// testEnv gives surroundings that keep what is written.
func testEnv() (Env, *bytes.Buffer, *bytes.Buffer) {
	var out, err bytes.Buffer
	return Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err,
		Getenv: func(string) string { return "" }, Now: time.Now,
	}, &out, &err
}

// command makes a command line of one command.
func command(f func(ctx context.Context) error) func(Env) *cobra.Command {
	return guarded(func(ctx context.Context, _ Env) error { return f(ctx) })
}

// guarded makes one that uses the surroundings as Main hands them on.
func guarded(f func(ctx context.Context, env Env) error) func(Env) *cobra.Command {
	return func(env Env) *cobra.Command {
		return &cobra.Command{Use: "nselfc", RunE: func(cmd *cobra.Command, _ []string) error { return f(cmd.Context(), env) }}
	}
}

func TestPanicIsABug(t *testing.T) {
	env, out, stderr := testEnv()
	code := Main([]string{}, env, command(func(context.Context) error { panic("lost the thread") }))
	if code != Bug || out.Len() != 0 {
		t.Errorf("code %d, output %q", code, out)
	}
	for _, want := range []string{"This is a bug in nselfc", "lost the thread", Version, "main_test.go"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, stderr)
		}
	}
}

func TestInterrupt(t *testing.T) {
	env, _, stderr := testEnv()
	code := Main([]string{}, env, command(func(ctx context.Context) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return Exit(Failed)
		case <-time.After(5 * time.Second):
			return errors.New("the signal did not end the context")
		}
	}))
	if code != Interrupted || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("code %d, text %q", code, stderr)
	}
}

func TestMainCodes(t *testing.T) {
	for _, want := range []int{OK, Failed, Usage, IO, Bug} {
		env, _, stderr := testEnv()
		if got := Main([]string{}, env, command(func(context.Context) error { return Exit(want) })); got != want || stderr.Len() > 0 {
			t.Errorf("got %d and %q, want %d and silence", got, stderr, want)
		}
	}
}

func TestCode(t *testing.T) {
	at := source.Range{File: "f"}
	e := func(code string) *diag.Diagnostic { return diag.Errorf(code, at, "s", "d") }
	for _, tt := range []struct {
		list diag.List
		want int
	}{
		{nil, OK},
		{diag.List{diag.Warningf("NS122", at, "s", "d")}, OK},
		{diag.List{e("NS301")}, Failed},
		{diag.List{e("NS301"), e("NS504")}, IO},
		{diag.List{e("NS604"), e("NS301")}, IO},
		{diag.List{e("NS604"), e("NS900")}, Bug},
		{diag.List{e("NS604"), e("NS902")}, Bug},
	} {
		if got := Code(tt.list); got != tt.want {
			t.Errorf("%v: got %d, want %d", tt.list, got, tt.want)
		}
	}
}

// broken is a stream that cannot be written, as a full disk.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestUnwritableOutput(t *testing.T) {
	env, _, stderr := testEnv()
	env.Stdout = broken{}
	if code := Print(env, "text"); code != IO || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("code %d, text %q", code, stderr)
	}
	for _, f := range []Format{FormatJSON, FormatSARIF, FormatGitHub} {
		list := diag.List{diag.Errorf("NS301", source.Range{File: "f"}, "s", "d")}
		if code := (Display{Format: f}).Show(env, list, nil, nil); code != IO {
			t.Errorf("%s: code %d", f, code)
		}
	}
}

func TestArgument(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "out/dev": " out/dev", "a b": " 'a b'", "$(x)": " '$(x)'", "-o": " '-o'", "a'b": ` 'a'\''b'`,
	} {
		if got := argument(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
