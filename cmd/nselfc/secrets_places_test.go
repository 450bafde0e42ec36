package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"nselfc/internal/cli"
)

// placesStack has a secret of each sort that a command writes.
const placesStack = `stack "places" {}

secret "key" {
  kind = "hex"
}

secret "later" {
  kind = "password"
}

secret "given" {
  kind    = "input"
  pattern = "^[a-z0-9-]{16,}$"
}

service "api" {
  image   = "ghcr.io/acme/api:1.0.0"
  secrets = { KEY = secret.key, LATER = secret.later, GIVEN = secret.given }
}
`

// writers are the commands that write secrets, each on a host that lacks what it
// makes: %s is a value that was made up for this run.
var writers = map[string]string{
	"build":       "nselfc build",
	"generate":    "nselfc secrets generate",
	"set":         "printf %%s '%s' | nselfc secrets set secret.given --replace",
	"materialize": "nselfc secrets materialize",
	"retire":      "nselfc secrets retire OLD --force",
	"rotate":      "nselfc secrets rotate secret.key",
	"sync":        "nselfc secrets sync",
}

// others read alone, but for recipients, which writes the age file and nothing beside
// (TestPlacesOfAnAgeFile).
var others = []string{"audit", "hash", "history", "list", "recipients", "scan", "show"}

// TestEveryWriterIsTried fails for a command about secrets that is in neither list.
func TestEveryWriterIsTried(t *testing.T) {
	for _, c := range newSecrets(cli.Env{}, &display{}).Commands() {
		if writers[c.Name()] == "" && !slices.Contains(others, c.Name()) {
			t.Errorf("secrets %s: say whether it writes", c.Name())
		}
	}
}

// TestPlaces runs every command that writes secrets where it must not, or could be
// misled. Each is refused with what is wrong, and nothing is lost; or it does its work
// and all that it wrote is closed to others.
func TestPlaces(t *testing.T) {
	asRoot(t)
	places := map[string]struct {
		stage string // run in the stack's folder; %[1]s is the output directory
		run   string // around the command
		codes string // one of them; "" when the work is done
	}{
		"umask 0":               {"", "umask 0; %s", ""},
		"umask 077":             {"", "umask 077; %s", ""},
		"umask 0777":            {"", "umask 0777; %s", ""},
		"link to .secrets":      {"mv out/.secrets real && ln -s ../real out/.secrets", "%s", "NS601"},
		"hard link":             {"ln out/.secrets other", "%s", "NS601"},
		"link to .secrets.d":    {"mv out/.secrets.d real.d && ln -s ../real.d out/.secrets.d", "%s", "NS601"},
		"the output is a link":  {"mv out real && ln -s real out", "%s", "NS601 NS501 NS502"},
		"a parent is a link":    {"", "ln -s \"$PWD\" ../link && cd ../link && %s", ""},
		"others write above":    {"chmod o+w .", "%s", "NS600"},
		"sticky above":          {"chmod 1777 .", "%s", ""},
		"others write":          {"chmod 1777 out", "%s", "NS600 NS502"},
		"another owner":         {"chown 40001 out", "%s", "NS601 NS600"},
		"another's .secrets":    {"chown 40001 out/.secrets", "%s", "NS601"},
		"open .secrets":         {"chmod 644 out/.secrets", "%s", "NS602"},
		"open .secrets.d":       {"chmod 755 out/.secrets.d", "%s", "NS602"},
		"read-only":             {"", "exec unshare -m sh -c 'mount --bind out out && mount -o remount,bind,ro out && exec sh -c \"$0\"' \"%s\"", "NS604 NS505 NS504"},
		"a full disk":           {"", "exec unshare -m sh -c 'cp -a out ../copy && mount -t tmpfs -o size=256k,mode=755 x out && cp -a ../copy/. out && { cat /dev/zero >out/fill 2>/dev/null || :; } && sh -c \"$0\"; code=$?; cp -a out/.secrets ../after; exit $code' \"%s\"", "NS604 NS505"},
		"git would take it":     {"git init -q && printf '!.secrets\\n' >out/.gitignore", "%s", "NS650 NS520"},
		"git has it":            {"git init -q && git add -f out/.secrets", "%s", "NS606"},
		"a pipe, not a lock":    {"rm -f out/.secrets.lock && mkfifo out/.secrets.lock", "%s", "NS601"},
		"a directory, not file": {"mv out/.secrets keep && mkdir out/.secrets", "%s", "NS601"},
	}
	hosts := map[string]string{}
	for name := range places {
		for _, verb := range chosen(name) {
			if hosts[verb] == "" {
				hosts[verb] = hostOf(t, verb)
			}
		}
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range chosen(name) {
				if strings.HasSuffix(name, ".secrets.d") && verb != "build" && verb != "materialize" {
					continue // it does not write there
				}
				dir := copyOf(t, hosts[verb])
				before := sh(t, dir, "cat out/.secrets")
				if place.stage != "" {
					sh(t, dir, place.stage)
				}
				command := writers[verb]
				if strings.Contains(command, "%s") {
					command = fmt.Sprintf(command, "made-up-"+fmt.Sprint(os.Getpid())+"-for-this-run")
				}
				script := fmt.Sprintf(place.run, command)
				if strings.Contains(place.run, `"%s"`) {
					script = fmt.Sprintf(place.run, strings.ReplaceAll(command, `"`, `\"`))
				}
				code, said := try(dir, script)
				after, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "after"))
				if err != nil {
					after, _ = os.ReadFile(filepath.Join(dir, "out", ".secrets"))
				}
				if place.codes == "" {
					if code != 0 {
						t.Errorf("%s: %d: %s", verb, code, said)
					}
					closed(t, verb, filepath.Join(dir, "out"))
					for line := range strings.Lines(before) {
						key, _, _ := strings.Cut(line, "=")
						if !strings.Contains(replaced[verb], key) && !strings.Contains(string(after), line) {
							t.Errorf("%s: %s is lost", verb, key)
						}
					}
					continue
				}
				if !slices.ContainsFunc(strings.Fields(place.codes), func(c string) bool { return strings.Contains(said, c) }) || code == 0 || code == leaked || code > 3 {
					t.Errorf("%s: %d, want %s: %s", verb, code, place.codes, said)
				}
				if info, err := os.Lstat(filepath.Join(dir, "out", ".secrets")); err == nil && info.Mode().IsRegular() && string(after) != before {
					t.Errorf("%s: .secrets was changed, and the command refused", verb)
				}
			}
		})
	}
}

// asRoot ends a test that needs root: a failure where root is promised.
func asRoot(t *testing.T) {
	t.Helper()
	const why = "only root can give files away and mount"
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") == "true":
		t.Fatal(why)
	default:
		t.Skip(why)
	}
}

// replaced are the keys whose values a command takes away or replaces.
var replaced = map[string]string{"set": "GIVEN", "retire": "OLD", "rotate": "KEY"}

// hostOf makes a host on which a command has something to write. Each case takes a
// copy of it: to make one is five runs of the program.
func hostOf(t *testing.T, verb string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "stack")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := placesStack
	if verb == "sync" || verb == "recipients" {
		text += fmt.Sprintf(placesStore, newIdentity(t, filepath.Join(filepath.Dir(dir), "identity")).Recipient())
	}
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(filepath.Dir(dir), "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	// Nothing runs: no container is listed.
	if err := os.WriteFile(filepath.Join(bin, "docker"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, "nselfc build --no-secrets && nselfc secrets generate && head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \\n' | nselfc secrets set secret.given && nselfc build && printf 'OLD=%s\\n' \"$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \\n')\" >>out/.secrets")
	switch verb {
	case "build", "generate", "sync":
		sh(t, dir, "sed -i /^LATER=/d out/.secrets")
	case "materialize":
		sh(t, dir, "rm out/.secrets.d/api/KEY")
	}
	return dir
}

// copyOf copies a host, with what lies beside its stack.
func copyOf(t *testing.T, host string) string {
	t.Helper()
	root := t.TempDir()
	sh(t, root, fmt.Sprintf("cp -a '%s'/. .", filepath.Dir(host)))
	return filepath.Join(root, filepath.Base(host))
}

// closed fails for a file with secrets that others could get at.
func closed(t *testing.T, verb, out string) {
	t.Helper()
	for name, most := range map[string]os.FileMode{".secrets": 0o600, ".secrets.d": 0o700, ".secrets.lock": 0o600} {
		info, err := os.Lstat(filepath.Join(out, name))
		if err != nil || info.Mode().Perm() != most {
			t.Errorf("%s: %s: %v, %v", verb, name, info, err)
		}
	}
	info, err := os.Lstat(filepath.Join(out, ".secrets.d", "api", "KEY"))
	if err != nil || info.Mode().Perm()&^0o444 != 0 || info.Mode().Perm()&0o400 == 0 {
		t.Errorf("%s: %v, %v", verb, info, err)
	}
}

func sh(t *testing.T, dir, script string) string {
	t.Helper()
	code, said := try(dir, script)
	if code != 0 {
		t.Fatalf("%s: %d: %s", script, code, said)
	}
	return said
}

// try runs a script in a process group of its own.
func try(dir, script string) (int, string) {
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GITHUB_ACTIONS=",
		"PATH="+filepath.Join(filepath.Dir(dir), "bin")+":"+os.Getenv("PATH"), "NSELFC_AGE_IDENTITY_FILE="+filepath.Join(filepath.Dir(dir), "identity"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// chosen are the commands that are tried in a place: all in the lab, else one in some.
func chosen(place string) []string {
	if thorough {
		return slices.Sorted(maps.Keys(writers))
	}
	return map[string][]string{"umask 0": {"generate"}, "hard link": {"set"}, "read-only": {"build"}, "link to .secrets": {"retire"}}[place]
}
