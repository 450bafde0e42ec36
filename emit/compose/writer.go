package compose

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// writer appends YAML lines to a buffer. It knows block mappings and block
// sequences, two spaces a level, and nothing of what compose means by them.
// Every method that writes a value counts the nodes as compose counts them and
// leaves a mark when the caller traces.
type writer struct {
	buf     []byte
	nodes   int           // value nodes, as compose-go's ResetProcessor visits them: keys are free
	address string        // owner of the lines being written
	origin  source.Origin // the owner's own: completes origins that name no place
	trace   bool
	marks   []emit.Mark
	line    int          // number of the line being written, kept only while tracing
	dash    bool         // the next line begins an item of a sequence
	pending []extraValue // keys of extra_compose, yet to be written
	targets []target     // scratch space of checkTargets
	scratch []byte       // and of tmpfs
	// definitions are the networks as they are written, by name; see networkDigest.
	definitions map[string]string
	diags       diag.List
}

// begin starts a line: indentation, and the dash that an item has put off.
func (w *writer) begin(indent int, o source.Origin) {
	if w.trace {
		w.marks = append(w.marks, emit.Mark{Line: w.line, Address: w.address, Origin: w.at(o)})
	}
	if w.dash {
		w.dash = false
		w.buf = append(appendSpaces(w.buf, indent-2), '-', ' ')
		return
	}
	w.buf = appendSpaces(w.buf, indent)
}

// at completes an origin that names no place: a constant of this package, or
// an element of a list whose origin is the list's owner.
func (w *writer) at(o source.Origin) source.Origin {
	if o.Range.IsZero() {
		o.Range = w.origin.Range
		if o.By == "" {
			o.By = w.origin.By
		}
	}
	return o
}

func (w *writer) end() {
	w.buf = append(w.buf, '\n')
	w.line++
}

// key writes `name:` for a mapping or sequence that follows, indented deeper.
func (w *writer) key(indent int, name string, o source.Origin) {
	w.begin(indent, o)
	w.buf = append(append(w.buf, name...), ':')
	w.nodes++
	w.end()
}

// userKey writes a key that comes from the stack's author.
func (w *writer) userKey(indent int, name string, o source.Origin) {
	w.begin(indent, o)
	w.appendKey(name, o)
	w.nodes++
	w.end()
}

// empty writes `name: {}` with a key that comes from the stack's author.
func (w *writer) empty(indent int, name string, o source.Origin) {
	w.begin(indent, o)
	w.appendKey(name, o)
	w.buf = append(w.buf, " {}"...)
	w.nodes++
	w.end()
}

// str writes `name: value` with the value quoted as needed.
func (w *writer) str(indent int, name, value string, o source.Origin) {
	w.begin(indent, o)
	w.buf = append(append(w.buf, name...), ':', ' ')
	w.value(indent, value, o)
}

// text is str for a leaf, or nothing when it is empty.
func (w *writer) text(indent int, name string, v ir.String) {
	if v.V != "" {
		w.str(indent, name, v.V, v.Origin)
	}
}

// yes writes `name: true`, or nothing: false is the default of every key that
// the emitter knows.
func (w *writer) yes(indent int, name string, v ir.Bool) {
	if v.V {
		w.raw(indent, name, "true", v.Origin)
	}
}

// userStr is str with a key that comes from the stack's author.
func (w *writer) userStr(indent int, name, value string, o source.Origin) {
	w.begin(indent, o)
	w.appendKey(name, o)
	w.checkExtension(name, o)
	w.buf = append(w.buf, ' ')
	w.value(indent, value, o)
}

// raw writes `name: text` where text is YAML already: a number, a boolean, an
// empty mapping or a quoted constant.
func (w *writer) raw(indent int, name, text string, o source.Origin) {
	w.begin(indent, o)
	w.buf = append(append(append(w.buf, name...), ':', ' '), text...)
	w.nodes++
	w.end()
}

// int writes `name: n`.
func (w *writer) int(indent int, name string, n int, o source.Origin) {
	w.begin(indent, o)
	w.buf = append(append(w.buf, name...), ':', ' ')
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	w.nodes++
	w.end()
}

// size writes `name: 512m`.
func (w *writer) size(indent int, name string, n int64, o source.Origin) {
	w.begin(indent, o)
	w.buf = appendSize(append(append(w.buf, name...), ':', ' '), n)
	w.nodes++
	w.end()
}

// path writes `name: ./path`: with the dot, compose can take no relative path
// for a volume's name or a URL.
func (w *writer) path(indent int, name, path string, o source.Origin) {
	if isExplicit(path) || !isPlain(path) {
		w.str(indent, name, relative(path), o)
		return
	}
	w.begin(indent, o)
	w.buf = append(append(append(w.buf, name...), ": ./"...), path...)
	w.nodes++
	w.end()
}

// item writes `- value`, the dash at the given indentation.
func (w *writer) item(indent int, value string, o source.Origin) {
	w.dash = true
	w.begin(indent+2, o)
	w.value(indent, value, o)
}

// rawItem is item with a text that is YAML already.
func (w *writer) rawItem(indent int, text string, o source.Origin) {
	w.dash = true
	w.begin(indent+2, o)
	w.buf = append(w.buf, text...)
	w.nodes++
	w.end()
}

// mapItem makes the next line the first of a mapping in a sequence. That line
// and those after it are indented two deeper than the dash.
func (w *writer) mapItem() {
	w.dash = true
	w.nodes++
}

// value ends a line with a scalar, or spreads a literal block over several.
// Lines of a block are indented two deeper than their key or dash.
func (w *writer) value(indent int, s string, o source.Origin) {
	w.nodes++
	switch {
	case isPlain(s):
		w.buf = append(w.buf, s...)
	case isVisible(s):
		w.buf = appendSingleQuoted(w.buf, s, true)
	case isBlock(s):
		w.buf = appendBlock(w.buf, s, indent+2)
		w.line += strings.Count(strings.TrimSuffix(s, "\n"), "\n") + 1
	default:
		w.checkText(s, o)
		w.buf = appendDoubleQuoted(w.buf, s, true)
	}
	w.end()
}

// appendKey writes a name that comes from the stack's author, with the colon.
func (w *writer) appendKey(name string, o source.Origin) {
	start := len(w.buf)
	w.buf = append(appendKey(w.buf, name), ':')
	switch {
	case len(w.buf)-start > maxKey:
		w.diags = append(w.diags, diag.Errorf("NS350", w.at(o).Range, textSummary,
			"A name of %d bytes is a key in docker-compose.yml, and YAML readers refuse keys of more than 1024 characters. Shorten it.", len(name)))
	case name == "" || !isVisible(name):
		w.diags = append(w.diags, diag.Errorf("NS350", w.at(o).Range, textSummary,
			"The name %q is a key in docker-compose.yml. Names must hold at least one character, and none that cannot be seen.", name))
	}
}

// checkExtension refuses keys that Compose would drop. Everywhere but under
// services, depends_on and the other top-level sections it takes a key that
// begins with "x-" for an extension (compose-go, loader.processExtensions).
func (w *writer) checkExtension(name string, o source.Origin) {
	if strings.HasPrefix(name, "x-") {
		w.diags = append(w.diags, diag.Errorf("NS353", w.at(o).Range, "Name begins with x-",
			"%q would be a key in docker-compose.yml, and Compose drops keys that begin with x- without a word: it takes them for extensions. Choose another name.", name))
	}
}

const textSummary = "Text cannot be written to docker-compose.yml"

// checkText refuses what no YAML file or no process can hold. What is written
// meanwhile has U+FFFD in the place of the wrong bytes.
func (w *writer) checkText(s string, o source.Origin) {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			w.diags = append(w.diags, diag.Errorf("NS350", w.at(o).Range, textSummary,
				"A value holds a NUL character. The kernel ends arguments, environment variables and paths at it, so the container would see only what stands before it. Remove it."))
			return
		}
	}
	if !utf8.ValidString(s) {
		w.diags = append(w.diags, diag.Errorf("NS350", w.at(o).Range, textSummary,
			"A value is not valid UTF-8. YAML and the Docker API carry text only, and would replace the wrong bytes without a word. Encode binary data, for example with base64encode(), or mount it as a file."))
	}
}
