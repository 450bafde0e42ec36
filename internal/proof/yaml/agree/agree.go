// Package agree holds the reader of nselfc/internal/proof/yaml against yaml.v3, for
// the tests of whoever has a text that both should read.
package agree

import (
	"fmt"

	yamlv3 "gopkg.in/yaml.v3"

	"nselfc/internal/proof/yaml"
)

// Compare reads a text with yaml.v3 and compares: kinds, keys, texts, types and
// lines. The error says where the two differ.
func Compare(text string, got *yaml.Node) error {
	var doc yamlv3.Node
	if err := yamlv3.Unmarshal([]byte(text), &doc); err != nil {
		return fmt.Errorf("yaml.v3 does not read it: %w", err)
	}
	if len(doc.Content) != 1 {
		return fmt.Errorf("yaml.v3 finds %d documents", len(doc.Content))
	}
	if err := plain(&doc); err != nil {
		return err
	}
	return compare("", doc.Content[0], got)
}

// plain refuses what gives a tree another meaning than its text has.
func plain(n *yamlv3.Node) error {
	if n.Anchor != "" || n.Alias != nil || n.Style&yamlv3.TaggedStyle != 0 {
		return fmt.Errorf("line %d: yaml.v3 finds an anchor, an alias or a tag", n.Line)
	}
	for _, c := range n.Content {
		if err := plain(c); err != nil {
			return err
		}
	}
	return nil
}

func compare(path string, want *yamlv3.Node, got *yaml.Node) error {
	differ := func(what string, want, got any) error {
		return fmt.Errorf("%s: %s is %v to yaml.v3, and was read as %v", path, what, want, got)
	}
	switch want.Kind {
	case yamlv3.ScalarNode:
		tag := "!!str"
		switch {
		case got.Bool():
			tag = "!!bool"
		case got.Number():
			tag = "!!int"
		}
		switch {
		case got.Kind != yaml.Scalar:
			return differ("the kind", "a scalar", got.Kind)
		case want.ShortTag() != tag:
			return differ("the type", want.ShortTag(), tag)
		case want.Value != got.Text:
			return differ("the text", want.Value, got.Text)
		}
	case yamlv3.MappingNode:
		return children(path, yaml.Mapping, want, got)
	case yamlv3.SequenceNode:
		return children(path, yaml.Sequence, want, got)
	case yamlv3.DocumentNode, yamlv3.AliasNode:
		return differ("the kind", want.Kind, got.Kind)
	}
	return nil
}

func children(path string, kind yaml.Kind, want *yamlv3.Node, got *yaml.Node) error {
	if got.Kind != kind {
		return fmt.Errorf("%s: the kind was read as %d, not %d", path, got.Kind, kind)
	}
	step := 1
	if kind == yaml.Mapping {
		step = 2
	}
	i := 0
	for c := range got.All() {
		if i >= len(want.Content) {
			return fmt.Errorf("%s: more was read than yaml.v3 finds", path)
		}
		head, value := want.Content[i], want.Content[i+step-1]
		if kind == yaml.Mapping && (head.Value != c.Key || head.ShortTag() != "!!str") {
			return fmt.Errorf("%s: the key %s %q was read as %q", path, head.ShortTag(), head.Value, c.Key)
		}
		if head.Line != c.Line {
			return fmt.Errorf("%s/%s: line %d was counted as %d", path, c.Key, head.Line, c.Line)
		}
		if err := compare(fmt.Sprintf("%s/%s%d", path, c.Key, i/step), value, c); err != nil {
			return err
		}
		i += step
	}
	if i != len(want.Content) {
		return fmt.Errorf("%s: yaml.v3 finds more than was read", path)
	}
	return nil
}
