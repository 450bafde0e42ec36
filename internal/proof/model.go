package proof

import (
	"encoding/json"
	"strconv"
	"strings"

	"nselfc/emit"
)

// readModel gives what the model says of each resource, by its address as the model has
// it: in JSON, on a line of its own.
func readModel(files []emit.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		if f.Path != "nself.model.json" {
			continue
		}
		for line := range strings.Lines(f.Text.String()) {
			address, rest, ok := strings.Cut(line, `: {"type":`)
			if _, twice := out[address]; ok && !twice {
				out[address] = `{"type":` + strings.TrimRight(rest, ",\n")
			}
		}
	}
	return out
}

// described reads what the model says of the resource at an address, and tells whether
// there is one of the type.
func (a *Artefacts) described(address, kind string, into any) bool {
	text := a.model()[strconv.Quote(address)]
	return strings.HasPrefix(text, `{"type":"`+kind+`",`) && json.Unmarshal([]byte(text), into) == nil
}
