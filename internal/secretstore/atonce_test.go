package secretstore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// busy are what a command may end with because of another one that runs at the same
// moment. It has changed nothing then.
var busy = []string{
	"NS632",                            // the store was changed between reading and writing it
	"NS603",                            // the lock was not free in time
	"NS610", "NS481", "NS673", "NS677", // a rotation is under way
	"NS684", // the list of recipients, and so the stack, is another one by now
}

// TestAtOnce runs two commands at once, each a process of its own: each succeeds, or
// says that the other was in its way; no value is lost, and none is half written.
func TestAtOnce(t *testing.T) {
	store := keptStores()["age"](t)
	m := begun(t, store)
	retire := func() {
		path := filepath.Join(m.dir, "out", "prod", ".secrets")
		text, err := os.ReadFile(path)
		if err == nil && !bytes.Contains(text, []byte("\nLEFT=")) {
			err = os.WriteFile(path, append(text, "\nLEFT="+hexValue()+"\n"...), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	set := ""
	commands := map[string]func() []string{
		"set": func() []string {
			set = hexValue()
			return on("set", "secret.field", "--file", m.file(set), "--replace")
		},
		"generate":   func() []string { return on("generate") },
		"rotate":     func() []string { return on("rotate", "secret.jwt", dualAddress, "--grace", "0s") },
		"sync":       func() []string { return on("sync", "--push") },
		"retire":     func() []string { retire(); return on("retire", "LEFT", "--force") },
		"recipients": func() []string { return on("recipients", "add", recipient(t)) },
		"build":      func() []string { return []string{"build", "--env", "prod"} },
	}
	names := []string{"rotate", "sync", "recipients", "set", "generate", "retire", "build"}
	rounds := 1
	if thorough {
		rounds = 20
	} else {
		names = names[:4] // what writes values
	}
	for range rounds {
		for i, a := range names {
			for _, b := range names[i:] {
				if a == "set" && b == "set" || a == "recipients" && b == "recipients" || a == "retire" && b == "retire" {
					continue // one file of a value, of the stack, and one line
				}
				before := m.secrets()
				before["LEFT"] = ""
				first, second := m.command(commands[a]()...), m.command(commands[b]()...)
				did := m.both(t, first, second, time.Duration(rand.IntN(80))*time.Millisecond)
				now := m.secrets()
				for key, value := range before {
					if strings.Contains(key, "__") || value == "" {
						continue
					}
					if have := now[key]; have == "" || have != value && (key != "FIELD" || have != set) && a != "rotate" && b != "rotate" {
						t.Fatalf("%s and %s: %s is lost\n%s", a, b, key, did)
					}
				}
				if j := filepath.Join(m.dir, "out", "prod", ".secrets.rotation"); exists(j) {
					t.Fatalf("%s and %s: a rotation is left\n%s", a, b, did)
				}
				m.ok("build", "--env", "prod")
				m.ok(on("sync", "--push")...) // the two agree, or one is newer: never is it unknown which
			}
		}
	}
	m.ok(on("rotate", "--all", "--grace", "0s")...)
	m.settled()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func recipient(t *testing.T) string {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String()
}

// both runs two commands, the second one a moment later.
func (m *machine) both(t *testing.T, first, second *exec.Cmd, later time.Duration) string {
	t.Helper()
	var said [2]bytes.Buffer
	for i, cmd := range []*exec.Cmd{first, second} {
		cmd.Stdout, cmd.Stderr = &said[i], &said[i]
		if i == 1 {
			time.Sleep(later)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	did := ""
	for i, cmd := range []*exec.Cmd{first, second} {
		err := cmd.Wait()
		did += fmt.Sprintf("%v: %v\n%s\n", cmd.Args[1:], err, said[i].String())
		m.quiet(said[i].Bytes(), m.secrets())
		if err != nil && !slices.ContainsFunc(busy, func(code string) bool { return strings.Contains(said[i].String(), "Error "+code) }) {
			t.Fatal(did)
		}
	}
	return did
}
