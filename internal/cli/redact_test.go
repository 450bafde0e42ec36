package cli

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"nselfc/internal/needles"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// TestNoValueIsPrinted: what a command learns is in neither stream, whichever way it
// is written there, also when the command panics with it, and when it ends in the
// midst of it.
func TestNoValueIsPrinted(t *testing.T) {
	value := rand.Text() + " " + rand.Text()
	for name, tt := range map[string]struct {
		do   func(env Env, value string) error
		want int
	}{
		"print":    {func(env Env, v string) error { return Exit(Print(env, "a "+v+" b\n")) }, OK},
		"in parts": {func(env Env, v string) error { return Exit(Print(env, v[:9]) + Print(env, v[9:]+"\n")) }, OK},
		"cut off":  {func(env Env, v string) error { return Exit(Print(env, v[:30])) }, OK},
		"say":      {func(env Env, v string) error { say(env, "%s", v); return nil }, OK},
		"encoded": {func(env Env, v string) error {
			return Exit(Print(env, base64.StdEncoding.EncodeToString([]byte("u:"+v))))
		}, OK},
		"fail":       {func(env Env, v string) error { return Exit(Fail(env, IO, "no %s", v)) }, IO},
		"usage":      {func(_ Env, v string) error { return UsageError("no "+v, "try "+v) }, Usage},
		"panic":      {func(_ Env, v string) error { panic("with " + v) }, Bug},
		"panic, err": {func(_ Env, v string) error { panic(fmt.Errorf("with %w", errors.New(v))) }, Bug},
		"wrapped": {func(env Env, v string) error {
			list := diag.List{diag.Errorf("NS301", source.Range{File: "f"}, "s", strings.Repeat("word ", 17)+v+" and more").With(source.Range{File: "f"}, "see %s", v)}
			for _, form := range []Format{FormatText, FormatJSON, FormatSARIF, FormatGitHub} {
				(Display{Format: form}).Show(env, list, nil, nil)
			}
			return nil
		}, OK},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(learnt string) (int, string) {
				env, out, stderr := testEnv()
				code := Main(nil, env, guarded(func(_ context.Context, env Env) error {
					env.Secrets.Learn(needles.NewValue("secret.x", learnt))
					return tt.do(env, value)
				}))
				return code, out.String() + stderr.String()
			}
			half := base64.RawStdEncoding.EncodeToString([]byte("u:" + value))[4:50]
			code, printed := run(value)
			if code != tt.want || !strings.Contains(printed, "(secret)") || strings.Contains(printed, value[:20]) || strings.Contains(printed, value[30:]) || strings.Contains(printed, half) {
				t.Errorf("code %d:\n%s", code, printed)
			}
			// The control: without the registry it would be there.
			if _, printed := run("another value"); !strings.Contains(printed, value[:20]) && !strings.Contains(printed, half) {
				t.Errorf("the command prints no value:\n%s", printed)
			}
		})
	}
}

// TestRevealWantsATerminal: no file, pipe or log gets a value.
func TestRevealWantsATerminal(t *testing.T) {
	env, out, _ := testEnv()
	code := Main(nil, env, guarded(func(_ context.Context, env Env) error {
		if err := env.reveal("made-up-value"); !errors.Is(err, errNoTerminal) {
			t.Errorf("%v", err)
		}
		return nil
	}))
	if code != OK || out.Len() > 0 {
		t.Errorf("%d %q", code, out)
	}
}
