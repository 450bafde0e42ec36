package compose

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Check judges the emitted bytes by the schema of the Compose specification, in
// compose-go's copy. Every difference is a fault of nselfc, reported as NS900 at
// the service that it belongs to.
//
// A schema sees names, types and a few words, not text. So it need not see a
// thousand services of which most look alike: each key of a service, and each
// network, volume and secret, is a unit that is judged alone (the schema
// relates no key of a service to another; a test holds that), and of units
// with the same shape only one is read and validated. What shape means is
// appendShape's affair; what it does not understand is judged in full.
func Check(stack *ir.Stack, files []emit.File) diag.List {
	c := &checker{stack: stack, shapes: map[string]struct{}{}, names: map[string]struct{}{}}
	for _, f := range files {
		text, _ := f.Text.Plain()
		c.scan(f.Path, text)
	}
	c.validate()
	return c.diags
}

// checker takes the files apart into units.
type checker struct {
	stack  *ir.Stack
	shapes map[string]struct{}
	names  map[string]struct{} // "section name" of every entry
	units  []unit
	shape  []byte
	keys   []string // of the current service
	diags  diag.List
}

// unit is a piece of a file that the schema can judge alone.
type unit struct {
	section string // "" for what stands at the top level, and for a whole file
	entry   string
	text    string
}

// scan walks over the lines of a file. Only the indentation counts: 0 for a
// section, 2 for an entry, 4 for the keys of a service. A file that is built in
// any other way is one unit.
func (c *checker) scan(path, text string) {
	section, entry, start := "", "", -1
	sections := map[string]int{} // number of entries
	top := ""                    // what stands outside the sections, together
	flush := func(end int) {
		switch {
		case start < 0:
		case section == "":
			top += text[start:end]
		default:
			c.unit(unit{section, entry, text[start:end]})
		}
		start = -1
	}
	regular := true
	for pos := 0; pos < len(text); {
		line, _ := cutLine(text[pos:])
		depth := indentation(line)
		switch {
		case line[depth:] == "" || line[depth] == '\n' || line[depth] == '#': // blank lines and comments belong to what surrounds them
		case depth == 0:
			flush(pos)
			section, entry = sectionOf(line), ""
			if section == "" {
				start = pos
				break
			}
			_, twice := sections[section]
			regular = regular && !twice
			sections[section] = 0
		case section == "":
			regular = regular && start >= 0
		case depth == 2:
			flush(pos)
			sections[section]++
			entry = c.enter(path, section, line)
			if section != "services" {
				start = pos
			}
		case depth == 4 && section == "services" && entry != "":
			flush(pos)
			start = pos
			c.key(path, entry, line)
		case start < 0:
			regular = false
		}
		pos += len(line)
	}
	flush(len(text))
	for _, entries := range sections {
		regular = regular && entries > 0
	}
	if !regular {
		top = text
	}
	c.unit(unit{text: top})
}

func indentation(line string) int {
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	return n
}

func sectionOf(line string) string {
	for _, s := range [...]string{"services", "networks", "volumes", "secrets"} {
		if line == s+":\n" {
			return s
		}
	}
	return ""
}

// enter reads the name of an entry, and refuses one that stands twice or that
// the schema's pattern for names does not match.
func (c *checker) enter(path, section, line string) string {
	entry, value := splitKey(line[2:])
	entry = strings.Trim(entry, "'")
	c.keys = c.keys[:0]
	id := section + " " + entry
	if _, twice := c.names[id]; twice || !isName(entry) || section == "services" && value != ":\n" {
		c.bug(section, entry, fmt.Sprintf("%s: the name %q in %s is declared twice or is no name", path, entry, section))
	}
	c.names[id] = struct{}{}
	return entry
}

// key refuses a key that stands twice in one service.
func (c *checker) key(path, entry, line string) {
	key, _ := splitKey(line[4:])
	for _, k := range c.keys {
		if k == key {
			c.bug("services", entry, fmt.Sprintf("%s: %s of %s is set twice", path, key, entry))
		}
	}
	c.keys = append(c.keys, key)
}

// unit keeps a unit if none of its shape has been seen.
func (c *checker) unit(u unit) {
	c.shape = appendShape(append(append(c.shape[:0], u.section...), '\n'), u)
	if _, seen := c.shapes[string(c.shape)]; seen {
		return
	}
	c.shapes[string(c.shape)] = struct{}{}
	c.units = append(c.units, u)
}

// validate judges all units at once, and one by one only to find the culprit.
func (c *checker) validate() {
	var entries []unit
	for _, u := range c.units {
		if u.section != "" {
			entries = append(entries, u)
		} else if err := judge([]unit{u}); err != nil {
			c.bug("", "", err.Error())
		}
	}
	if judge(entries) == nil {
		return
	}
	before := len(c.diags)
	for _, u := range entries {
		if err := judge([]unit{u}); err != nil {
			c.bug(u.section, u.entry, err.Error())
		}
	}
	if len(c.diags) == before {
		c.bug("", "", judge(entries).Error())
	}
}

// judge puts units into a model of their own, the entries under names of their
// own.
func judge(units []unit) error {
	var doc []byte
	for _, section := range [...]string{"", "services", "networks", "volumes", "secrets"} {
		opened := false
		for i, u := range units {
			if u.section != section {
				continue
			}
			if section != "" && !opened {
				doc = append(append(doc, section...), ":\n"...)
				opened = true
			}
			if section != "" {
				doc = fmt.Appendf(doc, "  u%d", i)
			}
			doc = append(doc, body(u)...)
		}
	}
	var model map[string]any
	if err := yaml.Unmarshal(doc, &model); err != nil {
		return err
	}
	return validate(model)
}

// body gives what follows the name of the unit's entry, from the colon on.
func body(u unit) string {
	switch u.section {
	case "":
		return u.text
	case "services":
		return ":\n" + u.text
	}
	_, rest := splitKey(u.text[2:])
	return rest
}

func (c *checker) bug(section, entry, what string) {
	at := c.stack.Name.Range
	switch section {
	case "services":
		at = rangeOf(c.stack.Services, at, func(s *ir.Service) (string, source.Range) { return s.Name, s.Origin.Range }, entry)
	case "networks":
		at = rangeOf(c.stack.Networks, at, func(n *ir.Network) (string, source.Range) { return n.Name, n.Origin.Range }, entry)
	case "volumes":
		at = rangeOf(c.stack.Volumes, at, func(v *ir.Volume) (string, source.Range) { return v.Name, v.Origin.Range }, entry)
	}
	c.diags = append(c.diags, diag.Errorf("NS900", at, bugSummary,
		"docker-compose.yml does not fit the Compose schema: %s. Nothing was written. Please report this, with the stack that shows it.", what))
}

func rangeOf[T any](list []T, otherwise source.Range, of func(T) (string, source.Range), name string) source.Range {
	for _, e := range list {
		if n, r := of(e); n == name {
			return r
		}
	}
	return otherwise
}
