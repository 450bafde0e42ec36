package compose

import (
	"slices"
	"strings"
)

// The shape of a unit is its text without what the schema does not look at:
// scalars shrink to their type, names that the author chose to a star, and like
// items that follow each other to one. Equal shapes get equal verdicts, because
//   - a scalar shrinks only when its spelling is well-formed and its type plain
//     to see, and never under the keys whose words the schema lists;
//   - a name becomes a star only where the schema allows every name of its
//     spelling, and when it is greater than the one before it: none stands twice;
//   - items that the schema wants to be unique are compared here.
//
// A unit that meets any other case is its own shape, byte for byte. So are the
// keys of extra_compose.

// unitRule says how to shrink the unit that begins with a key.
type unitRule struct {
	names  int  // indentation of names that the author chose; 0 for none
	unique bool // the schema wants the items of its lists to differ
}

var serviceRules = map[string]unitRule{
	"build": {names: 8}, "cap_add": {unique: true}, "cap_drop": {unique: true}, "command": {}, "depends_on": {names: 6},
	"deploy": {}, "entrypoint": {}, "env_file": {}, "environment": {names: 6}, "expose": {unique: true},
	"healthcheck": {}, "image": {}, "init": {}, "labels": {names: 6}, "logging": {}, "memswap_limit": {},
	"network_mode": {}, "networks": {names: 6, unique: true}, "ports": {unique: true}, "read_only": {},
	"restart": {}, "secrets": {}, "security_opt": {unique: true}, "stop_grace_period": {},
	"tmpfs": {unique: true}, "user": {}, "volumes": {unique: true},
}

// listed are the keys whose values the schema lists in an enum.
var listed = map[string]bool{"type": true, "condition": true}

// appendShape appends the shape of a unit.
func appendShape(b []byte, u unit) []byte {
	rule, text := unitRule{}, u.text
	switch u.section {
	case "":
		return append(b, text...)
	case "services":
		key, _ := splitKey(text[4:])
		known := false
		if rule, known = serviceRules[key]; !known {
			return append(b, text...)
		}
	case "volumes":
		rule.names = 6 // of labels
		fallthrough
	default:
		first, rest := cutLine(text)
		text = rest
		_, value := splitKey(first[2:]) // the name has been checked
		b = append(b, value...)
	}
	if out, ok := shrink(b, text, rule); ok {
		return out
	}
	return append(b, text...)
}

// shrink appends the shape of a text, or gives up.
func shrink(b []byte, text string, rule unitRule) ([]byte, bool) {
	start, last := len(b), -1 // last: begin of the last line in b that may be repeated
	column := -1              // of the dashes of the current list
	var items []string
	name := "" // the last chosen name
	for len(text) > 0 {
		line, rest := cutLine(text)
		if line == "\n" {
			text = rest
			continue
		}
		depth := indentation(line)
		content := line[depth:]
		at, repeatable := len(b), false
		b = append(b, byte(depth), ' ')
		switch dash := strings.HasPrefix(content, "- "); {
		case dash && rule.unique:
			if depth != column {
				column, items = depth, items[:0]
			}
			item := itemOf(text, depth)
			if len(items) > 64 || slices.Contains(items, item) {
				return b[:start], false
			}
			items = append(items, item)
			fallthrough
		case dash:
			b = append(b, '-')
			depth, content, repeatable = depth+2, content[2:], true
		case depth <= column:
			column = -1
		}
		parent := depth - 2 // column that a literal block of this line is deeper than
		if key, value := splitKey(content); key != "" {
			parent = depth
			repeatable = depth == rule.names
			switch {
			case !repeatable:
				b = append(b, key...)
			case isName(key) && name < key:
				b, name = append(b, '*'), key
			default:
				return b[:start], false
			}
			b = append(b, ':')
			if content = value[1:]; listed[key] {
				b = append(b, content...)
				text, last = rest, -1
				continue
			}
		}
		switch class := classOf(strings.TrimSuffix(strings.TrimPrefix(content, " "), "\n")); class {
		case 0:
			return b[:start], false
		case '|':
			if indentation(rest) != parent+2 {
				return b[:start], false
			}
			b, rest = append(b, 's'), skipBlock(rest, parent)
		default:
			b = append(b, class)
		}
		if last >= 0 && repeatable && string(b[last:at]) == string(b[at:]) {
			b = b[:at]
		} else if last = -1; repeatable {
			last = at
		}
		text = rest
	}
	return b, true
}

// cutLine cuts off the first line, with its line ending.
func cutLine(text string) (line, rest string) {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, ""
}

// itemOf gives the item of a list that text begins with: its first line and
// those that are indented deeper than the dash.
func itemOf(text string, column int) string {
	end := 0
	for rest := text; len(rest) > 0; {
		var line string
		line, rest = cutLine(rest)
		if end > 0 && line != "\n" && indentation(line) <= column {
			break
		}
		end += len(line)
	}
	return strings.TrimRight(text[:end], "\n")
}

// skipBlock drops the lines of a literal block, the first of which must stand at
// the indentation of the block: it sets that for the others.
func skipBlock(text string, parent int) string {
	for len(text) > 0 {
		line, rest := cutLine(text)
		if line != "\n" && indentation(line) < parent+2 {
			break
		}
		text = rest
	}
	return text
}

// splitKey splits `key: value` and `key:`; value begins with the colon. A key
// in double quotes, or with a quote inside, is not recognised: "".
func splitKey(content string) (key, value string) {
	i := 0
	if len(content) > 1 && content[0] == '\'' {
		if i = strings.IndexByte(content[1:], '\'') + 2; i < 2 {
			return "", ""
		}
	} else {
		for i < len(content) && nameBytes[content[i]] {
			i++
		}
	}
	if i == 0 || i+1 >= len(content) || content[i] != ':' || content[i+1] != ' ' && content[i+1] != '\n' {
		return "", ""
	}
	return content[:i], content[i:]
}

// nameBytes are the characters of ^[a-zA-Z0-9._-]+$, the schema's pattern for
// the names of services, networks, volumes and secrets.
var nameBytes = func() (t [256]bool) {
	t = plainBytes
	for _, c := range "/@+=,%" {
		t[c] = false
	}
	return t
}()

func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !nameBytes[s[i]] {
			return false
		}
	}
	return s != ""
}

// classOf gives the type of a scalar: s for a string, i for an integer, b for a
// boolean, m for an empty or coming mapping or list, | for a literal block, and
// 0 for what is none of them to every reader.
func classOf(s string) byte {
	switch {
	case s == "" || s == "{}":
		return 'm'
	case s == "|" || s == "|-":
		return '|'
	case s == "true" || s == "false":
		return 'b'
	case s[0] == '\'':
		return quoted(s)
	case s[0] == '"':
		return doubleQuoted(s)
	case isInteger(s):
		return 'i'
	case isPlain(s):
		return 's'
	}
	return 0
}

func isInteger(value string) bool {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < '0' || c > '9' {
			return false
		}
	}
	return value[0] != '0' || len(value) == 1
}

// quoted wants single quotes around, and pairs of them inside.
func quoted(value string) byte {
	n := len(value)
	if n < 2 || value[n-1] != '\'' {
		return 0
	}
	for i := 1; i < n-1; i++ {
		if value[i] < ' ' {
			return 0
		}
		if value[i] == '\'' {
			if i++; i >= n-1 || value[i] != '\'' {
				return 0
			}
		}
	}
	return 's'
}

// doubleQuoted wants double quotes around, and inside no control character and
// only the escapes that appendDoubleQuoted writes.
func doubleQuoted(value string) byte {
	n := len(value)
	if n < 2 || value[n-1] != '"' {
		return 0
	}
	for i := 1; i < n-1; i++ {
		switch c := value[i]; {
		case c < ' ' || c == '"':
			return 0
		case c == '\\':
			i++
			if i >= n-1 {
				return 0
			}
			switch value[i] {
			case 'n', 't', 'r', '"', '\\':
			case 'u':
				i += 4 // hex digits: the fuzz test of appendValue holds that
			case 'U':
				i += 8
			default:
				return 0
			}
			if i >= n-1 {
				return 0
			}
		}
	}
	return 's'
}
