package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// secretStore reads a secrets block: the one store that its nested block names.
// Without one it is the block itself that says "file".
func (x *instance) secretStore(b *hclsyntax.Block, spec *schema.Block) *SecretStore {
	r := x.read(b, spec, x.sc)
	out := &SecretStore{Range: r.at, Kind: source.At("file", r.at)}
	var first *hclsyntax.Block
	for _, n := range spec.Blocks {
		for _, nb := range r.blocks(n.Name) {
			if first == nil || nb.DefRange().Start.Byte < first.DefRange().Start.Byte {
				first = nb
			}
		}
	}
	if first == nil {
		return out
	}
	for _, nb := range b.Body.Blocks {
		if _, known := spec.Nested(nb.Type); !known || nb.Type == first.Type {
			continue
		}
		x.ev.Report(diag.Errorf("NS640", source.FromHCL(nb.DefRange()), "Two stores for one environment",
			"The values of an environment are kept in one store; this one would be a second, and nobody could say which of the two has the right value. Keep one of the blocks. An environment that needs another store than the rest gets a secrets block of its own:\n\n"+
				"    environment \"prod\" {\n      secrets {\n        %s {\n          …\n        }\n      }\n    }", nb.Type).
			With(source.FromHCL(first.DefRange()), "the first store is here"))
	}
	n := x.read(first, r.nested(first.Type), x.sc)
	out.Kind = source.At(first.Type, n.at)
	out.read(&n)
	return out
}

// read reads the arguments of the store's own block.
func (s *SecretStore) read(r *reader) {
	timeout := func() { s.Timeout = r.wholeUnits("timeout", second, "seconds", 1, 300) }
	switch s.Kind.V {
	case "age":
		s.File, s.Recipients = r.str("file"), r.strings("recipients")
		if a, ok := r.body.Attributes["recipients"]; ok {
			r.nonEmpty("recipients", s.Recipients, source.FromHCL(a.Expr.Range()), "A file that nobody can open keeps nothing. Name the public key of everybody who deploys; `age-keygen -o FILE` makes a pair and prints it.")
		}
	case "vault":
		s.Address, s.Mount, s.Path = r.str("address"), r.str("mount"), r.str("path")
		s.Namespace, s.Auth = r.str("namespace"), r.str("auth")
		timeout()
	case "aws":
		s.Path, s.Region = r.str("secret"), r.str("region")
		timeout()
	case "kubernetes":
		s.Form, s.Name, s.Namespace = r.str("form"), r.str("name"), r.str("namespace")
		s.External, s.Path = r.str("store"), r.str("path")
		if s.Form.V == "ExternalSecret" && r.body.Attributes["store"] == nil && !r.strange {
			r.ev.Report(diag.Errorf("NS103", r.at, "Missing argument", "An ExternalSecret names the SecretStore of the cluster that it reads from, as in\n    store = \"vault\""))
		}
		if s.Form.V != "ExternalSecret" {
			for _, name := range []string{"store", "path"} {
				if a, ok := r.body.Attributes[name]; ok {
					r.ev.Report(diag.Errorf("NS113", rangeOf(a), "Conflicting arguments",
						"A Secret holds the values itself and has no %q: that argument is for form = \"ExternalSecret\".", name))
				}
			}
		}
	case "exec":
		s.command(r)
		s.Environment = r.strings("environment")
		timeout()
	}
}

// command reads the program of an exec store. One text would be for a shell, and
// no shell is there.
func (s *SecretStore) command(r *reader) {
	words, shell := r.command("command")
	if !shell {
		s.Command = words
		return
	}
	fields := strings.Fields(words[0].V)
	for i, f := range fields {
		fields[i] = "\"" + strings.Trim(f, `'"`) + "\""
	}
	r.ev.Report(diag.Errorf("NS644", words[0].Range, "Store behind a shell",
		"The command of a store is run without a shell, so that no character of an argument can become a command of its own. Write the program and its arguments as a list, a word each:\n\n    command = [%s]", strings.Join(fields, ", ")))
}
