package proof_test

import (
	"strings"
	"testing"

	"nselfc/emit"
)

const composeFile = "docker-compose.yml"

// completeCompose puts an example into the compose file of a stack, the way a reader
// would: under the section and the service that it names, a key takes the place of
// the one of its name, or stands beside the others. A first line such as
// "# docker-compose.part-01.yml" says that the example is a file of its own.
func completeCompose(t *testing.T, files []emit.File, example string) []emit.File {
	t.Helper()
	if name, rest, ok := strings.Cut(strings.TrimPrefix(example, "# "), "\n"); ok && strings.HasPrefix(example, "# docker-compose") {
		return replaced(files, name, rest)
	}
	return replaced(files, composeFile, merged(textOf(t, files, composeFile), example, 0))
}

// merged merges the keys of an example into a text, both indented by depth. Services
// are merged key by key, all that stands elsewhere entry by entry.
func merged(text, example string, depth int) string {
	for _, part := range split(example, depth) {
		key := keyOf(part)
		all := split(text, depth)
		at := -1
		for i, p := range all {
			if keyOf(p) == key {
				at = i
			}
		}
		_, inside, _ := strings.Cut(part, "\n")
		switch {
		case at < 0:
			all = append(all, part)
		case depth == 0 && inside != "" || depth == 2 && isService(all[at]):
			head, body, _ := strings.Cut(all[at], "\n")
			all[at] = head + "\n" + merged(body, inside, depth+2)
		default:
			all[at] = part
		}
		text = strings.Join(all, "")
	}
	return text
}

func isService(entry string) bool {
	return strings.Contains(entry, "\n    image:") || strings.Contains(entry, "\n    build:")
}

// split cuts a text before each line that is indented by just depth spaces.
func split(text string, depth int) []string {
	var out []string
	for line := range strings.Lines(text) {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if line != "\n" && indent <= depth || len(out) == 0 {
			out = append(out, "")
		}
		out[len(out)-1] += line
	}
	return out
}

// keyOf gives the key that a part begins with.
func keyOf(part string) string {
	key, _, _ := strings.Cut(strings.TrimSpace(part), ":")
	return key
}
