package eval

import (
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// FunctionDoc describes one function for the language reference.
type FunctionDoc struct {
	Name    string
	Doc     string
	Example string
	Carries bool // takes a text that holds a secret, and passes it on
}

// definition is one function of the language. All are pure: nothing reads a
// file, the environment, a clock or chance.
type definition struct {
	name    string
	fn      function.Function
	doc     string
	example string
	// sees tells whether the function looks into its argument i, so that a secret
	// may not stand there. Nil is yes for all of them. A function that looks into
	// none carries tokens on whole.
	sees func(i int, arg cty.Value) bool
	// counts tells that the function makes numbers of texts, whatever the types of
	// its parameters say.
	counts bool
	// makes is the collection that the function makes of its argument, where the
	// type of its parameter does not say it.
	makes cty.Type
	// cost gives the bytes that a call produces where the arguments do not bound
	// them. Nil is nothing beyond the arguments.
	cost func(args []cty.Value) int
}

// takesNumber tells whether a text in the place of argument i is converted to a
// number.
func (d *definition) takesNumber(i int) bool {
	return d.counts || i < len(d.fn.Params()) && hasNumber(d.param(i).Type)
}

// param gives the parameter that argument i is for. One too many, which HCL
// refuses, is for none.
func (d *definition) param(i int) function.Parameter {
	if params := d.fn.Params(); i < len(params) {
		return params[i]
	}
	if rest := d.fn.VarParam(); rest != nil {
		return *rest
	}
	return function.Parameter{}
}

// carries tells whether a secret may stand in the function's first argument.
func (d *definition) carries() bool { return d.sees != nil && !d.sees(0, cty.StringVal("")) }

// Documentation lists the functions in order of name.
func Documentation() []FunctionDoc {
	var out []FunctionDoc
	for _, d := range definitions() {
		out = append(out, FunctionDoc{Name: d.name, Doc: d.doc, Example: d.example, Carries: d.carries()})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func (ev *Evaluator) functionNames() []string {
	names := make([]string, 0, len(ev.funcs))
	for n := range ev.funcs {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func definitions() []definition {
	defs := append(numeric(), texts()...)
	defs = append(defs, collections()...)
	defs = append(defs, conversions()...)
	return append(defs, encoders()...)
}

// What a function looks into.
func nothing(int, cty.Value) bool       { return false }
func theKey(i int, _ cty.Value) bool    { return i == 1 }
func aText(_ int, arg cty.Value) bool   { return arg.Type() == cty.String }
func itsNumber(i int, _ cty.Value) bool { return i > 0 }

func numeric() []definition {
	return []definition{
		{name: "abs", fn: stdlib.AbsoluteFunc, doc: "The number without its sign.", example: "abs(-3) // 3"},
		{name: "ceil", fn: stdlib.CeilFunc, doc: "The smallest whole number that is not below the number.", example: "ceil(1.2) // 2"},
		{name: "floor", fn: stdlib.FloorFunc, doc: "The largest whole number that is not above the number.", example: "floor(1.8) // 1"},
		{name: "max", fn: stdlib.MaxFunc, counts: true, doc: "The largest of the numbers.", example: "max(1, 3) // 3"},
		{name: "min", fn: stdlib.MinFunc, counts: true, doc: "The smallest of the numbers.", example: "min(1, 3) // 1"},
		{name: "parseint", fn: stdlib.ParseIntFunc, counts: true, doc: "A whole number from a text in the given base.", example: `parseint("ff", 16) // 255`},
		{name: "sum", fn: sumFunc(), doc: "The sum of a list of numbers.", example: "sum([1, 2]) // 3"},
	}
}

func texts() []definition {
	p := patterns{}
	return []definition{
		{name: "chomp", fn: stdlib.ChompFunc, doc: "The text without line ends at its end.", example: `chomp("a\n") // "a"`},
		{name: "endswith", fn: affix(strings.HasSuffix), doc: "Whether the text ends with the suffix.", example: `endswith("a.pem", ".pem") // true`},
		{name: "format", fn: formatFunc(), counts: true, cost: formatCost, doc: "The values in the places of a format.", example: `format("%s-%02d", "web", 3) // "web-03"`},
		{name: "indent", fn: indentFunc(), cost: indentCost, doc: "The text with every line but the first moved right by that many spaces (100 at most).", example: `indent(2, "a\nb") // "a\n  b"`},
		{name: "join", fn: joinFunc(), sees: nothing, cost: joinCost, doc: "The elements of a list with the separator between them.", example: `join(",", ["a", "b"]) // "a,b"`},
		{name: "lower", fn: stdlib.LowerFunc, doc: "The text in lower case.", example: `lower("API") // "api"`},
		{name: "regex", fn: p.function(), cost: p.cost, doc: "What the regular expression (RE2) matches in the text.", example: `regex("[0-9]+", "v12") // "12"`},
		{name: "replace", fn: stdlib.ReplaceFunc, cost: replaceCost, doc: "The text with every occurrence of a substring replaced.", example: `replace("a_b", "_", "-") // "a-b"`},
		{name: "split", fn: stdlib.SplitFunc, cost: splitCost, doc: "The pieces of the text between separators.", example: `split(",", "a,b") // ["a", "b"]`},
		{name: "startswith", fn: affix(strings.HasPrefix), doc: "Whether the text begins with the prefix.", example: `startswith("ghcr.io/x", "ghcr.io/") // true`},
		{name: "strcontains", fn: affix(strings.Contains), doc: "Whether the text holds the substring.", example: `strcontains("a-b", "-") // true`},
		{name: "substr", fn: stdlib.SubstrFunc, cost: runesCost, doc: "A part of the text, from an offset, of a length.", example: `substr("abc", 1, 2) // "bc"`},
		{name: "trim", fn: stdlib.TrimFunc, doc: "The text without the given characters at both ends.", example: `trim("/a/", "/") // "a"`},
		{name: "trimprefix", fn: stdlib.TrimPrefixFunc, doc: "The text without the prefix.", example: `trimprefix("v1", "v") // "1"`},
		{name: "trimspace", fn: stdlib.TrimSpaceFunc, doc: "The text without white space at both ends.", example: `trimspace(" a ") // "a"`},
		{name: "trimsuffix", fn: stdlib.TrimSuffixFunc, doc: "The text without the suffix.", example: `trimsuffix("a.conf", ".conf") // "a"`},
		{name: "upper", fn: stdlib.UpperFunc, doc: "The text in upper case.", example: `upper("info") // "INFO"`},
	}
}

func collections() []definition {
	return []definition{
		{name: "alltrue", fn: boolFunc(true), doc: "Whether every element is true.", example: "alltrue([true, false]) // false"},
		{name: "anytrue", fn: boolFunc(false), doc: "Whether any element is true.", example: "anytrue([true, false]) // true"},
		{name: "coalesce", fn: stdlib.CoalesceFunc, sees: nothing, doc: "The first argument that is not null.", example: `coalesce(null, "a") // "a"`},
		{name: "compact", fn: stdlib.CompactFunc, doc: "The list without null and empty texts.", example: `compact(["a", ""]) // ["a"]`},
		{name: "concat", fn: stdlib.ConcatFunc, sees: nothing, doc: "The lists one after another.", example: `concat(["a"], ["b"]) // ["a", "b"]`},
		{name: "contains", fn: stdlib.ContainsFunc, cost: containsCost, doc: "Whether the list holds the value.", example: `contains(["a"], "a") // true`},
		{name: "distinct", fn: distinctFunc(), doc: "The list with each value once.", example: `distinct(["a", "a"]) // ["a"]`},
		{name: "element", fn: stdlib.ElementFunc, sees: itsNumber, doc: "The element at an index, counted round.", example: `element(["a", "b"], 3) // "b"`},
		{name: "flatten", fn: stdlib.FlattenFunc, sees: nothing, doc: "The list with lists inside it opened.", example: `flatten([["a"], ["b"]]) // ["a", "b"]`},
		{name: "keys", fn: stdlib.KeysFunc, sees: nothing, doc: "The names in a map, sorted.", example: `keys({ a = 1 }) // ["a"]`},
		{name: "length", fn: lengthFunc(), sees: aText, cost: runesCost, doc: "The number of elements of a collection, or of characters of a text.", example: `length(["a"]) // 1`},
		{name: "lookup", fn: stdlib.LookupFunc, sees: theKey, doc: "The value of a key in a map, or a default.", example: `lookup({ a = 1 }, "b", 0) // 0`},
		{name: "merge", fn: stdlib.MergeFunc, sees: nothing, doc: "The maps as one; later ones win.", example: `merge({ a = 1 }, { b = 2 }) // { a = 1, b = 2 }`},
		{name: "range", fn: stdlib.RangeFunc, counts: true, doc: "Numbers from a start up to an end, 1024 at most.", example: "range(3) // [0, 1, 2]"},
		{name: "reverse", fn: stdlib.ReverseListFunc, sees: nothing, doc: "The list from its end to its start.", example: `reverse(["a", "b"]) // ["b", "a"]`},
		{name: "setproduct", fn: stdlib.SetProductFunc, cost: productCost, doc: "Every combination of the elements of the lists.", example: `setproduct(["a"], ["x", "y"]) // [["a", "x"], ["a", "y"]]`},
		{name: "slice", fn: stdlib.SliceFunc, sees: itsNumber, doc: "A part of the list, from one index up to another.", example: `slice(["a", "b"], 0, 1) // ["a"]`},
		{name: "sort", fn: stdlib.SortFunc, doc: "The texts in order of code points.", example: `sort(["b", "a"]) // ["a", "b"]`},
		{name: "values", fn: stdlib.ValuesFunc, sees: nothing, doc: "The values in a map, in order of key.", example: `values({ a = 1 }) // [1]`},
		{name: "zipmap", fn: stdlib.ZipmapFunc, sees: nothing, doc: "A map from a list of keys and a list of values.", example: `zipmap(["a"], [1]) // { a = 1 }`},
	}
}

func conversions() []definition {
	// try and can are evaluated by the walk itself; what stands here is looked up
	// by name alone.
	attempted := function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "expressions", Type: cty.DynamicPseudoType},
		Type:     function.StaticReturnType(cty.DynamicPseudoType),
	})
	return []definition{
		{name: "can", fn: attempted, sees: nothing, doc: "Whether the expression evaluates without an error.", example: "can(var.extra.port)"},
		{name: "jsondecode", fn: jsonDecodeFunc(), cost: decodeCost, doc: "The value that a JSON text stands for.", example: `jsondecode("[1]") // [1]`},
		{name: "tobool", fn: stdlib.MakeToFunc(cty.Bool), doc: "The value as true or false.", example: `tobool("true") // true`},
		{name: "tolist", fn: stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), makes: cty.List(cty.DynamicPseudoType), sees: nothing, doc: "The value as a list.", example: `tolist(["a"]) // ["a"]`},
		{name: "tomap", fn: stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)), makes: cty.Map(cty.DynamicPseudoType), sees: nothing, doc: "The value as a map.", example: `tomap({ a = "b" }) // { a = "b" }`},
		{name: "tonumber", fn: stdlib.MakeToFunc(cty.Number), counts: true, doc: "The value as a number.", example: `tonumber("8080") // 8080`},
		{name: "toset", fn: stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), makes: cty.Set(cty.DynamicPseudoType), cost: setCost, doc: "The value as a set, for for_each.", example: `toset(["eu", "us"])`},
		{name: "tostring", fn: stdlib.MakeToFunc(cty.String), sees: nothing, doc: "The value as a text.", example: `tostring(8080) // "8080"`},
		{name: "try", fn: attempted, sees: nothing, doc: "The first argument that evaluates without an error.", example: `try(var.extra.port, 8080)`},
	}
}
