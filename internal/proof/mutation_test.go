package proof_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"nselfc/emit"
	"nselfc/internal/proof"
	"nselfc/lang/secret"
)

// free are the lines of a compose file that may be missing, as far as this file can
// tell: what the author of a stack writes or leaves out, and what only its neighbours
// can miss.
var free = regexp.MustCompile(`^(` +
	`      [A-Z_]+(_FILE|_ARGS)?: .*|` + // variables
	`      (io\.nselfc\.(config|networks)|start_period): .*|` +
	`        - .*|` + // words of a health check
	`      - ([a-z]\S*|-c|/etc/\S+)|    entrypoint:|` + // words of a command, and what divides two
	`      - /\S+:rw,.*|` + // writable paths
	`      - '\d+'|` + // declared ports
	`    (init|read_only): true|` +
	`      [a-z]+: {}` + // networks: to wait for a service is no sign of a way to it (NS348)
	`)$`)

// TestNoLineCanBeDropped drops each line of a good compose file in turn: a finding
// must tell, unless the line is one that a stack may do without.
func TestNoLineCanBeDropped(t *testing.T) {
	stack := shop(t)
	lines := strings.SplitAfter(textOf(t, stack, composeFile), "\n")
	for i := range stack {
		stack[i].Text = nil // a compose file needs to know of the others only that they are there
	}
	missed := 0
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		text := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		if len(composed(replaced(stack, composeFile, text))) > 0 {
			continue
		}
		if missed++; !free.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("line %d can be dropped: %s", i+1, line)
		}
	}
	if all := len(lines); missed > all/3 {
		t.Errorf("%d of %d lines can be dropped", missed, all)
	}
}

// TestSecretIsAWord: a secret in a compose file, which is for another rule to find,
// hides no fault behind it.
func TestSecretIsAWord(t *testing.T) {
	stack := shop(t)
	before, after, ok := strings.Cut(textOf(t, stack, composeFile), "LOG_LEVEL: info\n")
	if !ok {
		t.Fatal("there is no such variable")
	}
	with := func(rest string) []emit.File {
		files := replaced(stack, composeFile, "")
		files[len(files)-1].Text = secret.Text{
			{Literal: before + "LOG_LEVEL: "}, {Secret: &secret.Expr{Address: "secret.key"}}, {Literal: "\n" + rest},
		}
		return files
	}
	others := func(files []emit.File) []proof.Finding {
		return slices.DeleteFunc(composed(files), func(f proof.Finding) bool { return f.Code == "NS1801" })
	}
	if found := others(with(after)); len(found) > 0 {
		t.Errorf("%+v", found)
	}
	if found := others(with(strings.Replace(after, "- ALL", "- NET_RAW", 1))); len(found) != 1 || found[0].Code != "NS1010" {
		t.Errorf("%+v", found)
	}
}
