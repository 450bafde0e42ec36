package eval

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// FunctionDoc describes one function for the language reference.
type FunctionDoc struct {
	Name    string
	Doc     string
	Example string
}

// definition is one function of the language. All are pure: nothing reads a
// file, the environment, a clock or chance.
type definition struct {
	name    string
	fn      function.Function
	carries bool // passes tokens on whole, without looking inside
	doc     string
	example string
}

// Documentation lists the functions in order of name.
func Documentation() []FunctionDoc {
	var out []FunctionDoc
	for _, d := range definitions() {
		out = append(out, FunctionDoc{Name: d.name, Doc: d.doc, Example: d.example})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// blind wraps a function that looks at its arguments: one that holds a secret
// is refused, and so is a result that would forge a token.
func blind(name string, fn function.Function) function.Function {
	spec := &function.Spec{
		Params:      fn.Params(),
		VarParam:    fn.VarParam(),
		Description: fn.Description(),
		Type:        fn.ReturnTypeForValues,
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		for i, a := range args {
			if addr := tokenIn(a); addr != "" {
				return cty.DynamicVal, function.NewArgErrorf(i,
					"%s is a secret: its value is not known when the stack is compiled, so %s() cannot look at it. Use it whole, or through one of url_encode, base64encode, json, sql_literal, scram_verifier, redis_acl_hash, bcrypt", addr, name)
			}
		}
		v, err := fn.Call(args)
		if err == nil && tokenIn(v) != "" {
			return cty.DynamicVal, function.NewArgErrorf(0, "the result would hold a NUL character, which no text may")
		}
		return v, err
	}
	return function.New(spec)
}

func definitions() []definition {
	defs := append(numeric(), texts()...)
	defs = append(defs, collections()...)
	defs = append(defs, conversions()...)
	return append(defs, encoders()...)
}

func numeric() []definition {
	return []definition{
		{"abs", stdlib.AbsoluteFunc, false, "The number without its sign.", "abs(-3) // 3"},
		{"ceil", stdlib.CeilFunc, false, "The smallest whole number that is not below the number.", "ceil(1.2) // 2"},
		{"floor", stdlib.FloorFunc, false, "The largest whole number that is not above the number.", "floor(1.8) // 1"},
		{"max", stdlib.MaxFunc, false, "The largest of the numbers.", "max(1, 3) // 3"},
		{"min", stdlib.MinFunc, false, "The smallest of the numbers.", "min(1, 3) // 1"},
		{"parseint", stdlib.ParseIntFunc, false, "A whole number from a text in the given base.", `parseint("ff", 16) // 255`},
		{"sum", sumFunc(), false, "The sum of a list of numbers.", "sum([1, 2]) // 3"},
	}
}

func texts() []definition {
	return []definition{
		{"chomp", stdlib.ChompFunc, false, "The text without line ends at its end.", `chomp("a\n") // "a"`},
		{"endswith", affix(strings.HasSuffix), false, "Whether the text ends with the suffix.", `endswith("a.pem", ".pem") // true`},
		{"format", formatFunc(), false, "The values in the places of a format.", `format("%s-%02d", "web", 3) // "web-03"`},
		{"indent", indentFunc(), true, "The text with every line but the first moved right by that many spaces (100 at most).", `indent(2, "a\nb")`},
		{"join", joinFunc(), true, "The elements of a list with the separator between them.", `join(",", ["a", "b"]) // "a,b"`},
		{"lower", stdlib.LowerFunc, false, "The text in lower case.", `lower("API") // "api"`},
		{"regex", regexFunc(), false, "What the regular expression (RE2) matches in the text.", `regex("[0-9]+", "v12") // "12"`},
		{"replace", stdlib.ReplaceFunc, false, "The text with every occurrence of a substring replaced.", `replace("a_b", "_", "-") // "a-b"`},
		{"split", stdlib.SplitFunc, false, "The pieces of the text between separators.", `split(",", "a,b") // ["a", "b"]`},
		{"startswith", affix(strings.HasPrefix), false, "Whether the text begins with the prefix.", `startswith("ghcr.io/x", "ghcr.io/") // true`},
		{"strcontains", affix(strings.Contains), false, "Whether the text holds the substring.", `strcontains("a-b", "-") // true`},
		{"substr", stdlib.SubstrFunc, false, "A part of the text, from an offset, of a length.", `substr("abc", 1, 2) // "bc"`},
		{"trim", stdlib.TrimFunc, false, "The text without the given characters at both ends.", `trim("/a/", "/") // "a"`},
		{"trimprefix", stdlib.TrimPrefixFunc, false, "The text without the prefix.", `trimprefix("v1", "v") // "1"`},
		{"trimspace", stdlib.TrimSpaceFunc, false, "The text without white space at both ends.", `trimspace(" a ") // "a"`},
		{"trimsuffix", stdlib.TrimSuffixFunc, false, "The text without the suffix.", `trimsuffix("a.conf", ".conf") // "a"`},
		{"upper", stdlib.UpperFunc, false, "The text in upper case.", `upper("info") // "INFO"`},
	}
}

func collections() []definition {
	return []definition{
		{"alltrue", boolFunc(true), false, "Whether every element is true.", "alltrue([true, false]) // false"},
		{"anytrue", boolFunc(false), false, "Whether any element is true.", "anytrue([true, false]) // true"},
		{"coalesce", stdlib.CoalesceFunc, true, "The first argument that is not null.", `coalesce(null, "a") // "a"`},
		{"compact", stdlib.CompactFunc, false, "The list without null and empty texts.", `compact(["a", ""]) // ["a"]`},
		{"concat", stdlib.ConcatFunc, true, "The lists one after another.", `concat(["a"], ["b"])`},
		{"contains", stdlib.ContainsFunc, false, "Whether the list holds the value.", `contains(["a"], "a") // true`},
		{"distinct", stdlib.DistinctFunc, false, "The list with each value once.", `distinct(["a", "a"]) // ["a"]`},
		{"element", stdlib.ElementFunc, true, "The element at an index, counted round.", `element(["a", "b"], 3) // "b"`},
		{"flatten", stdlib.FlattenFunc, true, "The list with lists inside it opened.", `flatten([["a"], ["b"]])`},
		{"keys", stdlib.KeysFunc, true, "The names in a map, sorted.", `keys({ a = 1 }) // ["a"]`},
		{"length", lengthFunc(), true, "The number of elements of a collection, or of characters of a text.", `length(["a"]) // 1`},
		{"lookup", stdlib.LookupFunc, true, "The value of a key in a map, or a default.", `lookup({ a = 1 }, "b", 0) // 0`},
		{"merge", stdlib.MergeFunc, true, "The maps as one; later ones win.", `merge({ a = 1 }, { b = 2 })`},
		{"range", stdlib.RangeFunc, false, "Numbers from a start up to an end.", "range(3) // [0, 1, 2]"},
		{"reverse", stdlib.ReverseListFunc, true, "The list from its end to its start.", `reverse(["a", "b"])`},
		{"setproduct", stdlib.SetProductFunc, false, "Every combination of the elements of the lists.", `setproduct(["a"], ["x", "y"])`},
		{"slice", stdlib.SliceFunc, true, "A part of the list, from one index up to another.", `slice(["a", "b"], 0, 1) // ["a"]`},
		{"sort", stdlib.SortFunc, false, "The texts in order of code points.", `sort(["b", "a"]) // ["a", "b"]`},
		{"values", stdlib.ValuesFunc, true, "The values in a map, in order of key.", `values({ a = 1 }) // [1]`},
		{"zipmap", stdlib.ZipmapFunc, true, "A map from a list of keys and a list of values.", `zipmap(["a"], [1])`},
	}
}

func conversions() []definition {
	return []definition{
		{"can", tryfunc.CanFunc, true, "Whether the expression evaluates without an error.", "can(var.extra.port)"},
		{"jsondecode", stdlib.JSONDecodeFunc, false, "The value that a JSON text stands for.", `jsondecode("[1]")`},
		{"tobool", stdlib.MakeToFunc(cty.Bool), false, "The value as true or false.", `tobool("true")`},
		{"tolist", stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), true, "The value as a list.", `tolist(["a"])`},
		{"tomap", stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)), true, "The value as a map.", `tomap({ a = "b" })`},
		{"tonumber", stdlib.MakeToFunc(cty.Number), false, "The value as a number.", `tonumber("8080")`},
		{"toset", stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), false, "The value as a set, for for_each.", `toset(["eu", "us"])`},
		{"tostring", stdlib.MakeToFunc(cty.String), true, "The value as a text.", `tostring(8080) // "8080"`},
		{"try", tryfunc.TryFunc, true, "The first argument that evaluates without an error.", `try(var.extra.port, 8080)`},
	}
}
