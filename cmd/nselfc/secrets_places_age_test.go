package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// placesStore is where the values are kept besides, for the commands that need a store.
const placesStore = `
secrets {
  age {
    file       = "kept/all.age"
    recipients = ["%s"]
  }
}
`

// newIdentity makes an identity of age, and writes it to a file if one is named.
func newIdentity(t *testing.T, file string) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if file != "" {
		if err := os.WriteFile(file, []byte(id.String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// TestPlacesOfAnAgeFile changes who can open the encrypted file where that must not be
// written, or could be misled. It is refused, and the file and the stack are what they
// were; or the file is made anew, and opens for both.
func TestPlacesOfAnAgeFile(t *testing.T) {
	asRoot(t)
	const away = "exec unshare -m sh -c '%s && { sh -c \"$0\"; code=$?; cp -a kept/all.age ../after; exit $code; }' \"%%s\""
	places := map[string]struct {
		stage string // run in the stack's folder
		run   string // around the command
		code  string // "" when the work is done
	}{
		"umask 0":               {"", "umask 0; %s", ""},
		"umask 0777":            {"", "umask 0777; %s", ""},
		"link":                  {"mv kept/all.age real && ln -s ../real kept/all.age", "%s", "NS635"},
		"hard link":             {"ln kept/all.age other", "%s", ""}, // the other name keeps the old text
		"the folder is a link":  {"mv kept real && ln -s real kept", "%s", ""},
		"link out of the stack": {"mv kept ../real && ln -s ../real kept", "%s", "NS633"},
		"others write":          {"chmod o+w kept", "%s", "NS635"},
		"others write the file": {"chmod o+w kept/all.age", "%s", "NS635"},
		"sticky":                {"chmod 1777 kept", "%s", ""},
		"read-only":             {"", fmt.Sprintf(away, "mount --bind kept kept && mount -o remount,bind,ro kept"), "NS633"},
		"a full disk":           {"", fmt.Sprintf(away, "cp -a kept ../copy && mount -t tmpfs -o size=64k,mode=755 x kept && cp -a ../copy/. kept && { cat /dev/zero >kept/fill 2>/dev/null || :; }"), "NS633"},
		"a directory":           {"mv kept/all.age keep && mkdir kept/all.age", "%s", "NS635"},
		"a pipe":                {"rm kept/all.age && mkfifo kept/all.age", "timeout 60 %s", "NS635"},
	}
	host := hostOf(t, "recipients")
	for name, place := range places {
		if !thorough && name != "link" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyOf(t, host)
			file, stack := filepath.Join(dir, "kept", "all.age"), filepath.Join(dir, "nself.hcl")
			before, was := textOf(file), textOf(stack)
			if place.stage != "" {
				sh(t, dir, place.stage)
			}
			held := textOf(file)
			another := newIdentity(t, filepath.Join(filepath.Dir(dir), "another"))
			code, said := try(dir, fmt.Sprintf(place.run, "nselfc secrets recipients add "+another.Recipient().String()))
			after := textOf(filepath.Join(filepath.Dir(dir), "after"))
			if after == "" {
				after = textOf(file)
			}
			if place.code != "" {
				if code == 0 || !strings.Contains(said, place.code) || after != held || textOf(stack) != was {
					t.Errorf("%d, want %s: %s", code, place.code, said)
				}
				return
			}
			if code != 0 || after == before || textOf(stack) == was {
				t.Fatalf("%d: %s", code, said)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
				t.Errorf("%v, %v: git knows another mode", info, err)
			}
			for _, identity := range []string{"identity", "another"} {
				sh(t, dir, "nselfc secrets sync --check --identity ../"+identity)
			}
		})
	}
}

// textOf gives the text of a plain file, or "".
func textOf(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	b, _ := os.ReadFile(path) // "" where it cannot be read
	return string(b)
}
