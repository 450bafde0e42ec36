// Package lang is the language: text in, a typed, ranged and evaluated Stack
// out, with kinds, modules and for_each expanded. It applies no default that
// hardens, lays out no network and judges no risk: that is the compiler's.
package lang

import (
	"io/fs"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Source is a parsed stack: every file that it is made of, not yet evaluated.
// It is not safe for use by several goroutines: modules, kinds and templates are
// read when the first environment that uses them is evaluated.
type Source struct {
	fsys  fs.FS
	root  *folder
	files source.Files

	folders   map[string]*folder   // modules and kinds by path; nil for a folder that is not there
	templates map[string]*template // by path
}

// maxEnvironments bounds the environments of a stack: each is compiled whole.
const maxEnvironments = 100

// Open reads and parses a stack. names are the files of the stack, relative to
// fsys, which is rooted at the stack's folder; modules, own kinds (kinds/NAME)
// and templates are read from there too, and nothing outside it.
func Open(fsys fs.FS, names []string) (*Source, diag.List) {
	s := &Source{fsys: fsys, files: source.Files{}, folders: map[string]*folder{}, templates: map[string]*template{}}
	names = slices.Sorted(slices.Values(names))
	s.root = s.parse(".", fsys, names)
	s.folders["."] = s.root
	if len(names) == 0 {
		s.root.report(diag.Errorf("NS120", source.Range{File: "nself.hcl", Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}},
			"No stack here", "There is no file with the ending .hcl in this folder. Start one with\n    nselfc init"))
	}
	if envs := s.root.blocksOf("environment"); len(envs) > maxEnvironments {
		s.root.report(diag.Errorf("NS126", source.FromHCL(envs[maxEnvironments].DefRange()), "Too many environments",
			"The stack has %d environments; %d are the most, as each of them is compiled whole, into a folder of its own. Stacks that differ in one value can be instances of one service, by for_each.", len(envs), maxEnvironments))
	}
	return s, s.root.diags
}

// Files gives the texts that ranges point into, those of built-in kinds
// included. It grows as environments are evaluated.
func (s *Source) Files() source.Files { return s.files }

// Environments lists the environments of the stack in order of name, or the
// one nameless environment, "", of a stack that declares none.
func (s *Source) Environments() []string {
	var out []string
	for _, b := range s.root.blocksOf("environment") {
		out = append(out, b.Labels[0])
	}
	if len(out) == 0 {
		return []string{""}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// blocksOf lists the blocks of one type that have one label.
func (f *folder) blocksOf(kind string) []*hclsyntax.Block {
	var out []*hclsyntax.Block
	for _, b := range f.blocks {
		if b.Type == kind && len(b.Labels) == 1 {
			out = append(out, b)
		}
	}
	return out
}
