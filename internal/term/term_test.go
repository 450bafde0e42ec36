package term

import (
	"bytes"
	"os"
	"testing"
)

func TestColor(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		mode ColorMode
		env  map[string]string
		want bool
	}{
		{Auto, nil, false}, // neither a buffer nor a file is a terminal
		{Always, nil, true},
		{Always, map[string]string{"NO_COLOR": "1"}, true}, // the flag is the later word
		{Never, map[string]string{"CLICOLOR_FORCE": "1"}, false},
		{Auto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{Auto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{Auto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false},
	} {
		for _, stream := range []any{&bytes.Buffer{}, file} {
			if got := Color(tt.mode, stream, func(k string) string { return tt.env[k] }); got != tt.want {
				t.Errorf("%s with %v on %T: got %v", tt.mode, tt.env, stream, got)
			}
		}
	}
	if w := Width(file); w != 0 {
		t.Errorf("a file is %d columns wide", w)
	}
}

func TestColorModeSet(t *testing.T) {
	var m ColorMode
	if m.Set("always") != nil || m != Always || m.Set("sometimes") == nil || m != Always {
		t.Errorf("got %q", m)
	}
}
