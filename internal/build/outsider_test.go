package build_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
)

// The outsider knows what docs/review.md says of the model and of the JSON of a
// plan, and none of the code that writes either.

type outsidersModel struct {
	FormatVersion string                    `json:"format_version"`
	Resources     map[string]map[string]any `json:"resources"`
}

type outsidersPlan struct {
	FormatVersion string `json:"format_version"`
	Changed       bool   `json:"changed"`
	Errored       bool   `json:"errored"`
	Environments  []struct {
		Environment string            `json:"environment"`
		Status      string            `json:"status"`
		Risks       []outsidersRisk   `json:"risks"`
		Safer       []outsidersRisk   `json:"safer"`
		Changes     []outsidersChange `json:"resource_changes"`
		Effects     struct {
			Recreate []struct {
				Service string `json:"service"`
			} `json:"recreate"`
		} `json:"effects"`
		Files []outsidersFile `json:"files"`
	} `json:"environments"`
}

type outsidersRisk struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Address  string `json:"address"`
	Detail   string `json:"detail"`
	Range    *struct {
		Filename string `json:"filename"`
		Start    struct {
			Line int `json:"line"`
		} `json:"start"`
	} `json:"range"`
}

type outsidersFile struct {
	Path         string   `json:"path"`
	PreviousPath string   `json:"previous_path"`
	Action       string   `json:"action"`
	Record       bool     `json:"record"`
	Sensitive    bool     `json:"sensitive"`
	ExplainedBy  []string `json:"explained_by"`
	LayoutOnly   bool     `json:"layout_only"`
}

type outsidersChange struct {
	Address    string         `json:"address"`
	Previous   string         `json:"previous_address"`
	Type       string         `json:"type"`
	Action     string         `json:"action"`
	Before     map[string]any `json:"before"`
	After      map[string]any `json:"after"`
	Attributes []struct {
		Path   []string `json:"path"`
		Before any      `json:"before"`
		After  any      `json:"after"`
	} `json:"attributes"`
}

// decode reads one JSON value, numbers as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// follow applies changes to resources, which it changes.
func follow(old map[string]map[string]any, changes []outsidersChange) (map[string]map[string]any, error) {
	out := maps.Clone(old)
	put := map[string]map[string]any{}
	for _, c := range changes {
		switch c.Action {
		case "create":
			put[c.Address] = c.After
		case "delete":
			if !same(out[c.Address], c.Before) {
				return nil, fmt.Errorf("%s was %v, and not %v", c.Address, out[c.Address], c.Before)
			}
			delete(out, c.Address)
		case "update":
			from := c.Address
			if c.Previous != "" {
				from = c.Previous
			}
			attributes, ok := out[from]
			if !ok {
				return nil, fmt.Errorf("there is no %s to update", from)
			}
			for _, a := range c.Attributes {
				if err := replace(attributes, a.Path, a.Before, a.After); err != nil {
					return nil, fmt.Errorf("%s: %w", c.Address, err)
				}
			}
			delete(out, from)
			put[c.Address] = attributes
		default:
			return nil, fmt.Errorf("%s: there is no action %q", c.Address, c.Action)
		}
	}
	for address, attributes := range put {
		if out[address] != nil {
			return nil, fmt.Errorf("%s is there already", address)
		}
		out[address] = attributes
	}
	return out, nil
}

func replace(in map[string]any, path []string, before, after any) error {
	for ; len(path) > 1; path = path[1:] {
		next, ok := in[path[0]].(map[string]any)
		if !ok {
			return fmt.Errorf("there is no object %s", path[0])
		}
		in = next
	}
	if v, ok := in[path[0]]; ok != (before != nil) || !same(v, before) {
		return fmt.Errorf("%s was %v, and not %v", path[0], v, before)
	}
	if after == nil {
		delete(in, path[0])
	} else {
		in[path[0]] = after
	}
	return nil
}

func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y) // names are sorted
}

var blockStart = regexp.MustCompile(`^  ([^ #].*):( \{\})?$`)

// blocksOf cuts a section of a compose file into its blocks, by name.
func blocksOf(text, section string) map[string]string {
	out := map[string]string{}
	in, name := false, ""
	for line := range strings.Lines(text) {
		switch m := blockStart.FindStringSubmatch(strings.TrimSuffix(line, "\n")); {
		case line[0] != ' ' && line != "\n":
			in = line == section+":\n"
		case !in || line == "\n":
		case m != nil:
			name = strings.Trim(m[1], `'"`)
			out[name] = line
		default:
			out[name] += line
		}
	}
	return out
}
