// Package source knows files, positions and ranges, and nothing of what the
// text in them means. Every other package of the compiler stands on it.
package source

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
)

// Pos is a place in a file. Line counts from 1; Byte counts from 0. Columns
// are not kept: they depend on the unit that the reader counts in (bytes, code
// points, UTF-16), and File derives each of them from Byte when asked.
type Pos struct {
	Line int32
	Byte int32
}

// Range is a half-open stretch of a file: from Start up to, not including, End.
// The zero Range means "no place", which no finished diagnostic may carry.
type Range struct {
	File  string
	Start Pos
	End   Pos
}

// FromHCL converts the range of a syntax node.
func FromHCL(r hcl.Range) Range {
	return Range{
		File:  r.Filename,
		Start: Pos{Line: int32(r.Start.Line), Byte: int32(r.Start.Byte)},
		End:   Pos{Line: int32(r.End.Line), Byte: int32(r.End.Byte)},
	}
}

// IsZero tells whether the range points nowhere.
func (r Range) IsZero() bool { return r.File == "" }

// String prints the range as file:line, the form that editors and terminals
// turn into a link.
func (r Range) String() string {
	if r.IsZero() {
		return "-"
	}
	return r.File + ":" + strconv.Itoa(int(r.Start.Line))
}

// Before orders ranges by file, then by position.
func (r Range) Before(o Range) bool {
	if r.File != o.File {
		return r.File < o.File
	}
	if r.Start.Byte != o.Start.Byte {
		return r.Start.Byte < o.Start.Byte
	}
	return r.End.Byte < o.End.Byte
}
