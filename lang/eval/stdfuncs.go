package eval

import (
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// The functions that cty's standard library lacks, or lets do too much.

func affix(test func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// boolFunc is alltrue or anytrue; null is not true.
func boolFunc(all bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for it := args[0].ElementIterator(); it.Next(); {
				if _, v := it.Element(); (!v.IsNull() && v.True()) != all {
					return cty.BoolVal(!all), nil
				}
			}
			return cty.BoolVal(all), nil
		},
	})
}

func sumFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Number)}},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			total := cty.Zero
			for it := args[0].ElementIterator(); it.Next(); {
				_, v := it.Element()
				if v.IsNull() {
					return cty.DynamicVal, function.NewArgErrorf(0, "an element is null")
				}
				total = total.Add(v)
			}
			return total, nil
		},
	})
}

// distinctFunc is cty's, in linear time.
func distinctFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.DynamicPseudoType)}},
		Type:   func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
		Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
			var out []cty.Value
			seen := map[int][]cty.Value{} // by hash
			for it := args[0].ElementIterator(); it.Next(); {
				_, v := it.Element()
				h := v.Hash()
				if !slices.ContainsFunc(seen[h], v.RawEquals) {
					seen[h] = append(seen[h], v)
					out = append(out, v)
				}
			}
			if len(out) == 0 {
				return cty.ListValEmpty(ty.ElementType()), nil
			}
			return cty.ListVal(out), nil
		},
	})
}

// wide finds a width or precision of four digits or more, with which a short
// format could ask for gigabytes.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*[0-9]{4,}`)

func formatFunc() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "format", Type: cty.String}},
		VarParam: &function.Parameter{Name: "values", Type: cty.DynamicPseudoType, AllowNull: true},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if wide.MatchString(args[0].AsString()) {
				return cty.DynamicVal, function.NewArgErrorf(0, "a width or precision may have three digits at most")
			}
			return stdlib.Format(args[0], args[1:]...)
		},
	})
}

func indentFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "spaces", Type: cty.Number}, {Name: "text", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			n, exact := args[0].AsBigFloat().Int64()
			if n < 0 || n > 100 || exact != big.Exact {
				return cty.DynamicVal, function.NewArgErrorf(0, "must be a whole number between 0 and 100")
			}
			return cty.StringVal(strings.ReplaceAll(args[1].AsString(), "\n", "\n"+strings.Repeat(" ", int(n)))), nil
		},
	})
}

// patterns are compiled regular expressions, kept for the life of the evaluator:
// kinds check every name against the same few.
type patterns map[string]*pattern

type pattern struct {
	re *regexp.Regexp
	// states of the automaton that runs through a text: what each byte may cost
	states int
	paid   bool // for making the automaton
}

func (p patterns) compile(expr string) (*pattern, error) {
	if c, ok := p[expr]; ok {
		return c, nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, function.NewArgErrorf(0, "invalid regular expression: %s", err)
	}
	c := &pattern{re: re}
	if tree, err := syntax.Parse(expr, syntax.Perl); err == nil {
		if prog, err := syntax.Compile(tree.Simplify()); err == nil {
			c.states = len(prog.Inst)
		}
	}
	p[expr] = c
	return c, nil
}

func (p patterns) cost(args []cty.Value) int {
	c, err := p.compile(textOf(args, 0))
	if err != nil {
		return 0
	}
	n := capped(c.states, len(textOf(args, 1)))
	if !c.paid {
		c.paid = true
		n += c.states * statePrice
	}
	return n
}

// statePrice is of making one state of the automaton of a regular expression.
const statePrice = 256

// function gives what the expression matches: the whole, the groups as a list,
// or, where they are named, as an object.
func (p patterns) function() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "pattern", Type: cty.String}, {Name: "text", Type: cty.String}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			c, err := p.compile(args[0].AsString())
			if err != nil {
				return cty.NilType, err
			}
			return matchType(c.re), nil
		},
		Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
			c, err := p.compile(args[0].AsString())
			if err != nil {
				return cty.DynamicVal, err
			}
			m := c.re.FindStringSubmatch(args[1].AsString())
			if m == nil {
				return cty.DynamicVal, function.NewArgErrorf(1, "the pattern does not match")
			}
			return matchValue(c.re, m, ty), nil
		},
	})
}

func matchType(re *regexp.Regexp) cty.Type {
	names := re.SubexpNames()[1:]
	if len(names) == 0 {
		return cty.String
	}
	attrs := map[string]cty.Type{}
	for _, n := range names {
		if n != "" {
			attrs[n] = cty.String
		}
	}
	if len(attrs) > 0 {
		return cty.Object(attrs)
	}
	return cty.List(cty.String)
}

func matchValue(re *regexp.Regexp, m []string, ty cty.Type) cty.Value {
	switch {
	case ty == cty.String:
		return cty.StringVal(m[0])
	case ty.IsObjectType():
		attrs := map[string]cty.Value{}
		for i, n := range re.SubexpNames() {
			if n != "" {
				attrs[n] = cty.StringVal(m[i])
			}
		}
		return cty.ObjectVal(attrs)
	}
	elems := make([]cty.Value, 0, len(m)-1)
	for _, s := range m[1:] {
		elems = append(elems, cty.StringVal(s))
	}
	return cty.ListVal(elems)
}

// joinFunc joins tokens as they are; the separator may hold one too.
func joinFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "separator", Type: cty.String}, {Name: "list", Type: cty.List(cty.String)}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			var parts []string
			for it := args[1].ElementIterator(); it.Next(); {
				_, v := it.Element()
				if v.IsNull() {
					return cty.DynamicVal, function.NewArgErrorf(1, "an element is null")
				}
				parts = append(parts, v.AsString())
			}
			return cty.StringVal(strings.Join(parts, args[0].AsString())), nil
		},
	})
}

// lengthFunc counts elements, whether or not they are secret, or characters.
func lengthFunc() function.Function {
	return function.New(&function.Spec{
		// What the elements entail is no matter of how many there are.
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowMarked: true}},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, marks := args[0].Unmark()
			if v.Type() == cty.String {
				n, err := stdlib.Strlen(v)
				return n.WithMarks(marks), err
			}
			if !v.CanIterateElements() {
				return cty.DynamicVal, function.NewArgErrorf(0, "%s has no length", Describe(v))
			}
			return cty.NumberIntVal(int64(v.LengthInt())).WithMarks(marks), nil
		},
	})
}

// maxNesting bounds arrays within arrays of a JSON text: reading them recurses.
const maxNesting = 100

// jsonDecodeFunc is cty's, for texts that nest no deeper than people write.
func jsonDecodeFunc() function.Function {
	check := func(args []cty.Value) error {
		depth, quoted := 0, false
		s := args[0].AsString()
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case quoted && c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case !quoted && (c == '[' || c == '{'):
				depth++
			case !quoted && (c == ']' || c == '}'):
				depth--
			}
			if depth > maxNesting {
				return function.NewArgErrorf(0, "it nests more than %d deep", maxNesting)
			}
		}
		if longDigits.MatchString(s) {
			return function.NewArgErrorf(0, "it holds a number of more than %d characters", maxDigits)
		}
		return nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			if err := check(args); err != nil {
				return cty.NilType, err
			}
			return stdlib.JSONDecodeFunc.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return stdlib.JSONDecode(args[0])
		},
	})
}

// longDigits finds what would be slow to read as a number.
var longDigits = regexp.MustCompile(`[0-9]{400}`)
