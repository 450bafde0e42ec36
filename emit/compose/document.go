package compose

import (
	"bytes"
	"fmt"

	"nselfc/emit"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// nodeLimit is the number of YAML value nodes at which the stack is split.
// Compose 5 refuses a file of more than 100,000 (compose-go,
// loader.ResetProcessor); the margin is for releases that count more strictly.
const nodeLimit = 80_000

// document is a writer that remembers where each top-level entry stands, so
// that the entries can be handed out to several files.
type document struct {
	writer
	stack   source.Origin // of what belongs to no entry
	section string        // the one being written
	entries []entry
	limit   int // nodes per file
}

// entry is one service, network, volume or secret in the buffer.
type entry struct {
	section    string
	name       string
	start, end int // bytes
	line       int // of the first byte
	nodes      int
	marks      [2]int // first mark, and the one after the last
}

func newDocument(stack source.Origin, size int, trace bool) *document {
	d := &document{
		writer: writer{buf: make([]byte, 0, size), nodes: 1, origin: stack, trace: trace, line: 1},
		stack:  stack,
	}
	if trace {
		d.marks = make([]emit.Mark, 0, size/30) // about the length of a line
	}
	return d
}

// head writes what every file begins with.
func (d *document) head() {
	d.buf = append(append(append(d.buf, "# "...), emit.Header...), '\n')
	d.line++
}

// name writes the project's name, which makes the stack independent of the
// name of the folder that it lies in.
func (d *document) name(project string) {
	d.blank()
	d.str(0, "name", project, d.stack)
}

// enter begins an entry of a section, and the section where it is a new one.
func (d *document) enter(section string) {
	switch {
	case d.section != section:
		d.open(section)
	case section == "services":
		d.blank()
	}
	d.entries = append(d.entries, entry{
		section: section, start: len(d.buf), line: d.line, nodes: d.nodes, marks: [2]int{len(d.marks)},
	})
}

// leave ends the entry that enter began.
func (d *document) leave(name string) {
	e := &d.entries[len(d.entries)-1]
	e.name, e.end, e.nodes, e.marks[1] = name, len(d.buf), d.nodes-e.nodes, len(d.marks)
}

func (d *document) open(section string) {
	d.section = section
	d.address, d.origin = "", d.stack
	d.blank()
	d.key(0, section, d.stack)
}

func (d *document) blank() {
	d.buf = append(d.buf, '\n')
	d.line++
}

// files gives the document as it stands, or, above the limit, in parts that a
// root file includes. The parts lie beside the root: Compose before 2.27
// resolves paths in an included file against that file's own folder, whatever
// project_directory says.
func (d *document) files(project string) []emit.File {
	if d.nodes <= d.limit {
		return []emit.File{d.file(FileName)}
	}
	root := d.fresh(1024)
	root.name(project)
	root.open("include")
	files := []emit.File{{}}
	for n, part := range d.cut() {
		name := fmt.Sprintf("docker-compose.part-%02d.yml", n+1)
		root.item(2, name, root.stack)
		files = append(files, d.part(part).file(name))
	}
	files[0] = root.file(FileName)
	return files
}

func (d *document) file(name string) emit.File {
	return emit.File{Path: name, Mode: 0o644, Text: secret.Literal(string(d.buf)), Marks: d.marks}
}

// fresh gives a document with nothing but the head, that traces as d does.
func (d *document) fresh(size int) *document {
	e := newDocument(d.stack, size, d.trace)
	e.head()
	return e
}

// part copies entries into a document of their own.
func (d *document) part(entries []entry) *document {
	p := d.fresh(entries[len(entries)-1].end - entries[0].start + 4096)
	for _, e := range entries {
		switch {
		case p.section != e.section:
			p.open(e.section)
		case e.section == "services":
			p.blank()
		}
		for _, m := range d.marks[e.marks[0]:e.marks[1]] {
			m.Line += p.line - e.line
			p.marks = append(p.marks, m)
		}
		text := d.buf[e.start:e.end]
		p.buf = append(p.buf, text...)
		p.line += bytes.Count(text, []byte{'\n'})
	}
	return p
}

// cut divides the entries into runs of at most the limit. A run ends early, in
// its second half, after an entry whose name says so: a service that is added
// or removed then changes the part that it belongs to, and rarely its
// neighbours, which would all shift if every part were filled to the brim.
func (d *document) cut() [][]entry {
	var parts [][]entry
	start, nodes := 0, 0
	for i, e := range d.entries {
		if nodes > 0 && nodes+e.nodes > d.limit {
			parts, start, nodes = append(parts, d.entries[start:i]), i, 0
		}
		nodes += e.nodes
		if nodes > d.limit/2 && isBoundary(e.name) {
			parts, start, nodes = append(parts, d.entries[start:i+1]), i+1, 0
		}
	}
	if start < len(d.entries) {
		parts = append(parts, d.entries[start:])
	}
	return parts
}

// isBoundary picks one name in 32, by FNV-1a.
func isBoundary(name string) bool {
	h := uint32(2166136261)
	for i := 0; i < len(name); i++ {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return h%32 == 0
}
