package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"nselfc/internal/sariftest"
)

// TestSARIF: what each command writes for a code scanner is valid by the published
// schema, and what it found is known again when lines move.
func TestSARIF(t *testing.T) {
	valid := sariftest.Validator(t)
	dir := t.TempDir()
	source, err := os.ReadFile("../../examples/shop/nself.hcl")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("PATH", "/nowhere") // what the host has is not asked
	write := func(text string) {
		if err := os.WriteFile("nself.hcl", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(string(source), "ghcr.io/acme/worker:1.4.2", "ghcr.io/acme/worker@sha256:"+strings.Repeat("1", 64), 1))
	nselfc(t, "build --env dev")
	if err := os.Chmod("out/dev/.secrets", 0o644); err != nil {
		t.Fatal(err)
	}
	commands := []string{"check --env dev --format sarif", "plan --env dev --format sarif", "doctor --env dev --format sarif"}
	before := map[string][]string{}
	write(string(source)) // check and plan find that it was not built
	for _, command := range commands {
		text := nselfc(t, command)
		if err := valid(text); err != nil {
			t.Errorf("nselfc %s: the schema refuses it: %v\n%s", command, err, text)
		}
		before[command] = sarifPrints(t, text)
		if len(before[command]) == 0 {
			t.Errorf("nselfc %s found nothing: %s", command, text)
		}
		for _, broken := range []string{
			strings.Replace(text, `"2.1.0"`, `"2.0"`, 1), strings.Replace(text, `"ruleIndex": `, `"ruleIndex": -9`, 1), strings.Replace(text, `"message"`, `"massage"`, 1),
		} {
			if broken == text || valid(broken) == nil {
				t.Errorf("nselfc %s: the schema takes what is broken", command)
			}
		}
	}
	write("# one line\n\n# and another\n\n" + string(source))
	for _, command := range commands {
		if after := sarifPrints(t, nselfc(t, command)); !slices.Equal(before[command], after) {
			t.Errorf("nselfc %s: fingerprints %v, and when lines have moved %v", command, before[command], after)
		}
	}
}

func sarifPrints(t *testing.T, text string) []string {
	t.Helper()
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID       string
				Fingerprints map[string]string `json:"partialFingerprints"`
			}
		}
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&log); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, run := range log.Runs {
		for _, r := range run.Results {
			if r.RuleID != "NS2009" { // each file's own: more of them are another when a comment is
				out = append(out, r.RuleID+" "+r.Fingerprints["nselfc/v1"])
			}
		}
	}
	slices.Sort(out)
	return out
}
