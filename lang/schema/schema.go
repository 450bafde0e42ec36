// Package schema is the table of the language: every block and every argument,
// with its type, default, documentation and example. What decodes, documents,
// validates or completes the language derives from it. It evaluates nothing and
// knows no file.
package schema

import "strings"

// Type is what an argument takes.
type Type uint8

// The types of the language. The comment is what a document may hold.
const (
	String   Type = iota // a text; no secret
	Text                 // a text that may hold secrets
	Number               // a number
	Integer              // a whole number
	Bool                 // true or false
	Size                 // bytes: "512M", "2G", or a number of bytes
	Duration             // "30s", "5m", "24h", "90d"
	Strings              // a list of texts
	TextMap              // a map of texts that may hold secrets
	Command              // a list of texts, or one text for the shell
	Ref                  // a reference to a block
	Any                  // any value
	TypeExpr             // a type: string, number, list(string), object({…})
	Expr                 // an expression that the block evaluates in its own scope
)

// String names the type as the reference does.
func (t Type) String() string {
	return [...]string{
		"string", "text", "number", "whole number", "bool", "size", "duration", "list of strings",
		"map of texts", "command", "reference", "any", "type", "expression",
	}[t]
}

// Argument is one argument of a block.
type Argument struct {
	Name     string
	Type     Type
	Required bool
	Doc      string
	Default  string   // as the reference prints it; "" when there is none
	Enum     []string // the only values that are allowed
	Example  string
}

// Block is one block type.
type Block struct {
	Name    string
	Labels  []string // what each label is: "name"
	Doc     string
	Args    []Argument
	Blocks  []Nested
	Example string
	// ForEach blocks may be repeated over a map or set.
	ForEach bool
	// Open blocks take arguments that only their declaration knows: the inputs of
	// a module.
	Open bool

	index    map[string]int
	required []*Argument
}

// Nested says how often a block may stand inside another.
type Nested struct {
	*Block
	Min, Max int // Max 0 is any number
}

// Arg finds an argument.
func (b *Block) Arg(name string) (*Argument, bool) {
	if i, ok := b.index[name]; ok {
		return &b.Args[i], true
	}
	return nil, false
}

// Required lists the arguments that must be written, in the order of the table.
func (b *Block) Required() []*Argument { return b.required }

// Nested finds a nested block.
func (b *Block) Nested(name string) (*Nested, bool) {
	for i := range b.Blocks {
		if b.Blocks[i].Name == name {
			return &b.Blocks[i], true
		}
	}
	return nil, false
}

// ArgNames lists the arguments in the order of the table.
func (b *Block) ArgNames() []string {
	out := make([]string, 0, len(b.Args))
	for _, a := range b.Args {
		out = append(out, a.Name)
	}
	return out
}

// BlockNames lists the nested blocks in the order of the table.
func (b *Block) BlockNames() []string {
	out := make([]string, 0, len(b.Blocks))
	for _, n := range b.Blocks {
		out = append(out, n.Name)
	}
	return out
}

// build indexes the arguments of a block and of everything below it, and gives
// every block that may be repeated its for_each.
func build(b *Block) *Block {
	if b.ForEach && (len(b.Args) == 0 || b.Args[0].Name != "for_each") {
		b.Args = append([]Argument{{
			Name: "for_each", Type: Expr,
			Doc:     "Repeats the block for each element of a map, or of a set of strings; `each.key` and `each.value` are the element's. Keys are sorted; an instance is addressed as `" + b.Name + `.NAME["key"]` + "`.",
			Example: `for_each = toset(["eu", "us"])`,
		}}, b.Args...)
	}
	b.index = make(map[string]int, len(b.Args))
	for i := range b.Args {
		b.index[b.Args[i].Name] = i
		if b.Args[i].Required {
			b.required = append(b.required, &b.Args[i])
		}
	}
	for _, n := range b.Blocks {
		build(n.Block)
	}
	return b
}

// An puts the article before the name of a block: "an ingress".
func An(name string) string {
	if name != "" && strings.IndexByte("aeiou", name[0]) >= 0 {
		return "an " + name
	}
	return "a " + name
}

// A is An at the beginning of a sentence.
func A(name string) string { return "A" + An(name)[1:] }
