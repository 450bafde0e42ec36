package proof_test

import (
	"slices"
	"strings"
	"testing"

	"nselfc/emit"
)

const composeFile = "docker-compose.yml"

// completeCompose puts an example into the compose file of a stack, the way a reader
// would: under the section and the service that it names, a key takes the place of
// the one of its name, or stands beside the others. A service that the stack does not
// have gets what every service has. An example of several files names each in a
// comment, as in "# docker-compose.part-01.yml".
func completeCompose(t *testing.T, files []emit.File, example string) []emit.File {
	t.Helper()
	whole := textOf(t, files, composeFile)
	if !strings.HasPrefix(example, "# docker-compose") {
		return replaced(files, composeFile, merged(whole, example, whole))
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(example, "# "), "\n# ") {
		name, text, _ := strings.Cut(segment, "\n")
		base := whole
		if name != composeFile {
			base, _, _ = strings.Cut(whole, "name:") // the head alone
		}
		files = replaced(files, name, merged(base, text+"\n", whole))
	}
	return files
}

// merged merges an example into a compose file.
func merged(text, example, stack string) string {
	all := split(text, 0)
	for _, section := range split(example, 0) {
		key := keyOf(section)
		_, inside, _ := strings.Cut(section, "\n")
		at := find(all, key)
		switch {
		case at >= 0 && key != "#" && inside != "":
			all[at] = mergedSection(all[at], inside, key, stack)
		case at >= 0:
			all[at] = section
		case key == "include":
			all = slices.Insert(all, 2, section) // behind the name
		default:
			all = append(all, mergedSection(key+":\n", inside, key, stack))
		}
		if inside == "" && at < 0 {
			all[len(all)-1] = section
		}
	}
	return strings.Join(all, "")
}

// mergedSection merges services key by key, and other entries as a whole.
func mergedSection(section, example, key, stack string) string {
	head, body, _ := strings.Cut(section, "\n")
	all := split(body, 2)
	for _, entry := range split(example, 2) {
		at := find(all, keyOf(entry))
		if at < 0 {
			at = len(all)
			all = append(all, entry)
			if key == "services" {
				all[at] = newService(stack, entry)
			}
		}
		if key != "services" {
			all[at] = entry
			continue
		}
		name, keys, _ := strings.Cut(all[at], "\n")
		parts := split(keys, 4)
		_, changes, _ := strings.Cut(entry, "\n")
		for _, change := range split(changes, 4) {
			if i := find(parts, keyOf(change)); i >= 0 {
				parts[i] = change
			} else {
				parts = append(parts, change)
			}
		}
		all[at] = name + "\n" + strings.Join(parts, "")
	}
	return head + "\n" + strings.Join(all, "")
}

// newService gives a service that keeps every rule and refers to nothing, made of
// one that the stack has; the networks are left to the example that names some.
func newService(stack, entry string) string {
	name := keyOf(entry)
	services := split(stack, 0)
	all := split(services[find(services, "services")], 2)
	var out strings.Builder
	for _, part := range split(all[find(all, "worker")], 4)[1:] {
		switch keyOf(part) {
		case "depends_on", "secrets", "environment":
		case "networks":
			if !strings.Contains(entry, "    networks:\n") {
				out.WriteString("    network_mode: none\n")
			}
		default:
			out.WriteString(part)
		}
	}
	return "  " + name + ":\n" + strings.ReplaceAll(out.String(), "service.worker", "service."+name)
}

func find(parts []string, key string) int {
	return slices.IndexFunc(parts, func(p string) bool { return keyOf(p) == key })
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

// keyOf gives the key that a part begins with, and "#" for a comment.
func keyOf(part string) string {
	part = strings.TrimSpace(part)
	if strings.HasPrefix(part, "#") {
		return "#"
	}
	key, _, _ := strings.Cut(part, ":")
	return key
}
