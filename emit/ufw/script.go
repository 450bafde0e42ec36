package ufw

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"strings"

	"nselfc/emit"
)

// The body of the scripts is the same for every stack: plain files that
// shellcheck reads as they are. What differs stands in the head.
//
//go:embed script/*.sh
var scripts embed.FS

// applyParts are the parts of apply.sh, in the order in which they are joined.
var applyParts = [...]string{
	"usage", "report", "host", "docker", "ssh", "around", "block", "hook", "rules", "plan", "snapshot", "change", "main",
}

// applyScript gives apply.sh. It knows the digests of the files beside it: a
// half-copied or hand-edited set is refused before it touches anything.
func applyScript(s ruleSet, after, after6, rollback string) *text {
	t := &text{}
	t.back(s)
	t.add("#!/bin/bash")
	t.add("# " + emit.Header)
	t.add("#")
	t.add("# Brings the firewall of " + s.stack + " onto this host; ufw/rules.txt lists what it opens.")
	t.add("# Start with: sudo ./apply.sh --check")
	t.add("")
	t.add("# Another shell would end at the first list, with a status that means something else for --check.")
	t.add(`[ -n "${BASH_VERSION-}" ] || exec bash -- "$0" "$@"`)
	t.add("")
	t.add("readonly STACK=" + shellQuote(s.stack))
	t.trace("readonly SSH_PORT="+number(s.ssh.Port.V), rule{address: "firewall", origin: s.ssh.Port.Origin})
	var from []string
	for _, p := range s.from {
		from = append(from, shellQuote(p.String()))
	}
	sources := rule{address: "firewall", origin: s.ssh.Port.Origin}
	if len(s.ssh.From) > 0 {
		sources.origin = s.ssh.From[0].Origin
	}
	t.trace("readonly SSH_FROM=("+strings.Join(from, " ")+")", sources)
	t.back(s)
	t.add("readonly AFTER_SHA256=" + digest(after))
	t.add("readonly AFTER6_SHA256=" + digest(after6))
	t.add("readonly ROLLBACK_SHA256=" + digest(rollback))
	for _, name := range applyParts {
		t.add("")
		t.lines = append(t.lines, part(name)...)
	}
	return t
}

// rollbackScript gives rollback.sh, which is the same for every stack.
func rollbackScript() *text {
	t := &text{}
	t.add("#!/bin/sh")
	t.add("# " + emit.Header)
	t.lines = append(t.lines, part("rollback")...)
	return t
}

// part gives the lines of an embedded script. Its first lines, up to the first
// blank one, speak to shellcheck alone and are left out.
func part(name string) []string {
	b, err := scripts.ReadFile("script/" + name + ".sh")
	if err != nil {
		panic(err) // a part that was not embedded: a test renders them all
	}
	_, body, _ := strings.Cut(string(b), "\n\n")
	return strings.Split(strings.TrimRight(body, "\n"), "\n")
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// shellQuote gives a word that every POSIX shell reads as s. A NUL cannot be
// part of a word and is dropped.
func shellQuote(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
