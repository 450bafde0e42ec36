package source

// Origin says why a value is what it is.
type Origin struct {
	// Range is the line of the source that caused the value. For a default it
	// is the header of the block that the default completes.
	Range Range
	// By names what set the value when its author did not write it:
	// "default service.read_only", "posture production", "topology". It is
	// empty for a value written in the source.
	By string
}

// Written tells whether the value stands in the source, as against a default.
func (o Origin) Written() bool { return o.By == "" && !o.Range.IsZero() }

// Value is a leaf of the language or of the intermediate representation,
// together with its origin.
type Value[T any] struct {
	V T
	Origin
}

// IsSet tells whether the value was written or set at all: an argument that
// its author left out has no range.
func (v Value[T]) IsSet() bool { return !v.Range.IsZero() }

// At makes a value that the source wrote at r.
func At[T any](v T, r Range) Value[T] { return Value[T]{V: v, Origin: Origin{Range: r}} }

// Default makes a value that by set on behalf of the block at r.
func Default[T any](v T, r Range, by string) Value[T] {
	return Value[T]{V: v, Origin: Origin{Range: r, By: by}}
}

// Or gives v when it is set, and otherwise the default d, attributed to by and
// to the block at r.
func (v Value[T]) Or(d T, r Range, by string) Value[T] {
	if v.IsSet() {
		return v
	}
	return Default(d, r, by)
}

// Place is where a part of a value stands: the names that lead to it, outermost
// first, and its range.
type Place struct {
	Path  []string
	Range Range
}
