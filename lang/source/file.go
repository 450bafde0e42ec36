package source

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// File is one source text. Its bytes are what was read, unchanged, so that the
// byte offsets of a Range always fit.
type File struct {
	Name  string
	Bytes []byte
	lines []int32 // offset of each line's first byte
}

// Files finds a text by the name that ranges carry.
type Files map[string]*File

// NewFile indexes the lines of a text.
func NewFile(name string, b []byte) *File {
	f := &File{Name: name, Bytes: b}
	f.lines = append(f.lines, 0)
	for i, c := range b {
		if c == '\n' {
			f.lines = append(f.lines, int32(i+1))
		}
	}
	return f
}

// LineCount gives the number of lines; a final newline opens an empty last one.
func (f *File) LineCount() int { return len(f.lines) }

// Line gives the text of line n (from 1) without its line ending, or nil when
// there is no such line.
func (f *File) Line(n int) []byte {
	if n < 1 || n > len(f.lines) {
		return nil
	}
	start, end := int(f.lines[n-1]), len(f.Bytes)
	if n < len(f.lines) {
		end = int(f.lines[n]) - 1
	}
	if end > start && f.Bytes[end-1] == '\r' {
		end--
	}
	return f.Bytes[start:end]
}

// LineStart gives the byte offset at which line n (from 1) begins.
func (f *File) LineStart(n int) int {
	if n < 1 {
		return 0
	}
	if n > len(f.lines) {
		return len(f.Bytes)
	}
	return int(f.lines[n-1])
}

// PosAt gives the position of a byte offset.
func (f *File) PosAt(off int) Pos {
	line := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > off })
	return Pos{Line: int32(line), Byte: int32(off)}
}

// Column counts, from 1, the code points between the start of the line and p:
// what SARIF ("unicodeCodePoints") and people mean by a column.
func (f *File) Column(p Pos) int { return 1 + utf8.RuneCount(f.before(p)) }

// ColumnUTF16 counts, from 1, UTF-16 code units: the language server protocol's
// default.
func (f *File) ColumnUTF16(p Pos) int {
	n := 1
	for _, r := range string(f.before(p)) {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

func (f *File) before(p Pos) []byte {
	start := f.LineStart(int(p.Line))
	if start == 0 && bytes.HasPrefix(f.Bytes, []byte(byteOrderMark)) {
		start = len(byteOrderMark) // editors do not count it as a column
	}
	end := min(int(p.Byte), len(f.Bytes))
	if end < start {
		return nil
	}
	return f.Bytes[start:end]
}
