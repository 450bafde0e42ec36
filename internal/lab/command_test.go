//go:build linux

package lab

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestExecute(t *testing.T) {
	result := execute(t.Context(), Command{Args: []string{"sh", "-c", "cat; echo err >&2; exit 3"}, Stdin: strings.NewReader("in\n")})
	if result.Stdout != "in\n" || result.Stderr != "err\n" || result.Code != 3 || result.Err != nil || result.OK() {
		t.Errorf("%+v", result)
	}
	if result := execute(t.Context(), Command{Args: []string{"no-such-program"}}); result.OK() || result.Err == nil {
		t.Errorf("%+v", result)
	}
	// A daemon left behind is not waited for, and is no error.
	result = execute(t.Context(), Command{Args: []string{"sh", "-c", "sleep 5 & echo $!"}})
	if !result.OK() || result.Took > 4*time.Second {
		t.Errorf("%+v", result)
	}
}

func TestExecuteKillsTheWholeGroup(t *testing.T) {
	result := execute(t.Context(), Command{Args: []string{"sh", "-c", "sleep 60 & echo $!; wait"}, Timeout: 300 * time.Millisecond})
	if result.Code != -1 || result.Err == nil {
		t.Fatalf("%+v", result)
	}
	for range 100 {
		// Nobody may have collected it yet: a zombie has ended too.
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(result.Stdout) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the grandchild is alive")
}
