package proof

import (
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/internal/proof/iptables"
)

const wallFolder = "ufw/"

// wall is the firewall of a stack: what the host's files and scripts will say.
type wall struct {
	files    map[string]emit.File // by name below ufw/
	families [2]*family           // IPv4 and IPv6; one that cannot be read is empty
	broken   []Finding
	stack    string // as the block names it
	apply    script
}

// family is one of after.rules and after6.rules.
type family struct {
	file  string
	any   string // the source that is everybody
	table *iptables.Table
	asked []asked
}

// asked is a rule that apply.sh asks ufw for.
type asked struct {
	line                                int
	action, protocol, port, source, tag string
}

// readWall gives nil for a stack without a firewall.
func readWall(a *Artefacts) *wall {
	w := &wall{files: map[string]emit.File{}}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Path, wallFolder); ok {
			w.files[name] = f
		}
	}
	if len(w.files) == 0 {
		return nil
	}
	w.families = [2]*family{{file: "after.rules", any: "0.0.0.0/0"}, {file: "after6.rules", any: "::/0"}}
	for _, f := range w.families {
		f.table = &iptables.Table{}
		t, err := iptables.Parse(w.files[f.file].Text.String())
		if err != nil {
			w.broken = append(w.broken, Finding{Place: Place{File: wallFolder + f.file, Line: 1}, Detail: err.Error()})
			continue
		}
		f.table = t
		for _, c := range t.Comments {
			w.comment(f, c)
		}
	}
	w.apply = readScript(w.files["apply.sh"].Text.String())
	return w
}

// comment reads the lines that apply.sh reads.
func (w *wall) comment(f *family, c iptables.Comment) {
	if name, ok := strings.CutPrefix(c.Text, " BEGIN NSELF STACK "); ok {
		w.stack = name
	}
	rest, ok := strings.CutPrefix(c.Text, "= ")
	if !ok {
		return
	}
	words := strings.Split(rest, " ") // as apply.sh cuts it
	if len(words) != 5 || slices.Contains(words, "") {
		w.broken = append(w.broken, Finding{Place: Place{File: wallFolder + f.file, Line: c.Line}, Detail: "no rule for ufw: " + rest})
		return
	}
	f.asked = append(f.asked, asked{c.Line, words[0], words[1], words[2], words[3], words[4]})
}

func (f *family) at(line int) Place { return Place{File: wallFolder + f.file, Line: line} }

// script is a program of the shell, as far as one needs to see what it runs in which
// order: lines without comments and texts that it only prints, by function.
type script struct {
	lines     []scriptLine
	functions map[string][]scriptLine
}

type scriptLine struct {
	number int
	text   string // trimmed; "" for none
}

// readScript cuts a script into its functions, which begin with "name() {" and end
// with a } at the beginning of a line. What stands in a here-document is no command.
func readScript(text string) script {
	s := script{functions: map[string][]scriptLine{}}
	number, name, end := 0, "", ""
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case end != "":
			if trimmed == end {
				end = ""
			}
			continue
		case trimmed == "" || trimmed[0] == '#':
			continue
		case name == "" && strings.HasSuffix(line, "() {"):
			name = strings.TrimSuffix(line, "() {")
			continue
		case line == "}":
			name = ""
			continue
		}
		if _, after, ok := strings.Cut(trimmed, "<<"); ok && !strings.HasPrefix(after, "<") {
			end = strings.Trim(strings.SplitN(strings.TrimPrefix(after, "-"), " ", 2)[0], `'"\`)
		}
		l := scriptLine{number, trimmed}
		s.lines = append(s.lines, l)
		if name != "" {
			s.functions[name] = append(s.functions[name], l)
		}
	}
	return s
}

// find gives the first line, of those given, that holds all of the words; nil for
// none.
func find(lines []scriptLine, words ...string) *scriptLine {
	for i, l := range lines {
		all := true
		for _, w := range words {
			all = all && strings.Contains(l.text, w)
		}
		if all {
			return &lines[i]
		}
	}
	return nil
}
