package secrets

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// errIndex says that an index is not one that gitformat-index(5) describes.
var errIndex = errors.New("it is not in a format that nselfc reads")

// gitIndex is the list of files that the next commit of a work tree will hold.
type gitIndex struct {
	own    []byte
	shared []byte // of a split index: the file that most of the entries are in; else nil
	sum    int    // bytes of an object's name: 20, or 32 in a SHA-256 repository
}

// readIndex reads the index in a git directory. Without one there is nothing to
// commit: then, as in a bare repository, the error is fs.ErrNotExist.
func readIndex(gitDir string) (gitIndex, error) {
	x := gitIndex{sum: 20}
	var err error
	if x.own, err = os.ReadFile(filepath.Join(gitDir, "index")); err != nil {
		return x, err
	}
	if sha256Repository(gitDir) {
		x.sum = 32
	}
	if link := x.extension("link"); len(link) >= x.sum {
		x.shared, err = os.ReadFile(filepath.Join(gitDir, "sharedindex."+hex.EncodeToString(link[:x.sum])))
	}
	return x, err
}

// sha256Repository reads the object format from the configuration, which linked
// work trees share (gitrepository-layout(5), commondir).
func sha256Repository(gitDir string) bool {
	config, err := os.ReadFile(filepath.Join(commonDir(gitDir), "config"))
	return err == nil && regexp.MustCompile(`(?im)^\s*objectformat\s*=\s*"?sha256`).Match(config)
}

// commonDir gives the git directory that linked work trees share.
func commonDir(gitDir string) string {
	common, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if err != nil {
		return gitDir
	}
	return under(gitDir, strings.TrimSpace(string(common)))
}

// find hands over the names until one is taken.
func (x gitIndex) find(take func(name string) bool) error {
	var gone bitmap
	if link := x.extension("link"); x.shared != nil && len(link) > x.sum {
		gone = readBitmap(link[x.sum:], len(x.shared)/x.sum) // an entry is longer than its object's name
	}
	for _, part := range []struct {
		index []byte
		gone  bitmap
	}{{x.own, nil}, {x.shared, gone}} {
		i := 0
		for name, err := range x.names(part.index) {
			if err != nil {
				return err
			}
			if !part.gone.has(i) && take(name) {
				return nil
			}
			i++
		}
	}
	return nil
}

// names lists the entries of one file of an index, of versions 2 to 4. In a split
// index an entry that replaces a shared one has no name.
func (x gitIndex) names(index []byte) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if index == nil {
			return
		}
		version, rest, err := head(index)
		if err != nil {
			yield("", err)
			return
		}
		name := ""
		for count := binary.BigEndian.Uint32(index[8:]); count > 0; count-- {
			size := 0
			if name, size = x.entry(version, name, rest); size == 0 {
				yield("", errIndex)
				return
			}
			if rest = rest[size:]; !yield(name, nil) {
				return
			}
		}
	}
}

// head reads the version of an index, and gives what follows its header.
func head(index []byte) (version uint32, rest []byte, err error) {
	if len(index) < 12 || string(index[:4]) != "DIRC" {
		return 0, nil, errIndex
	}
	version = binary.BigEndian.Uint32(index[4:])
	if version < 2 || version > 4 {
		return 0, nil, errIndex
	}
	return version, index[12:], nil
}

// entry reads the first entry of what is left of an index, and its size there; 0
// for none. previous is the name before it, of which version 4 keeps a part.
func (x gitIndex) entry(version uint32, previous string, rest []byte) (name string, size int) {
	const stat, flags, extended = 40, 2, 0x4000
	at := stat + x.sum + flags
	if len(rest) < at {
		return "", 0
	}
	if binary.BigEndian.Uint16(rest[at-flags:])&extended != 0 {
		at += 2
	}
	keep := 0
	if version == 4 {
		cut, n := offset(rest[min(at, len(rest)):])
		if n == 0 || cut > len(previous) {
			return "", 0
		}
		keep, at = len(previous)-cut, at+n
	}
	end := bytes.IndexByte(rest[min(at, len(rest)):], 0)
	if end < 0 {
		return "", 0
	}
	name, size = previous[:keep]+string(rest[at:at+end]), at+end+1
	if version < 4 {
		size = (at + end + 8) / 8 * 8 // padded by one to eight NULs
	}
	if size > len(rest) {
		return "", 0
	}
	return name, size
}

// offset reads a number as packs have it (gitformat-pack(5), "offset encoding"),
// and its length; 0 for none.
func offset(b []byte) (value, length int) {
	for i, c := range b[:min(len(b), 4)] {
		value = value<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			return value, i + 1
		}
		value++
	}
	return 0, 0
}

// extension gives the content of an extension of the index's own file, or nil.
func (x gitIndex) extension(signature string) []byte {
	version, rest, err := head(x.own)
	if err != nil {
		return nil
	}
	name := ""
	for count := binary.BigEndian.Uint32(x.own[8:]); count > 0; count-- {
		size := 0
		if name, size = x.entry(version, name, rest); size == 0 {
			return nil
		}
		rest = rest[size:]
	}
	for len(rest) >= 8+x.sum { // a checksum ends the file
		size := binary.BigEndian.Uint32(rest[4:])
		if uint64(size) > uint64(len(rest)-8) {
			return nil
		}
		if string(rest[:4]) == signature {
			return rest[8 : 8+size]
		}
		rest = rest[8+size:]
	}
	return nil
}

// bitmap is a set of positions in a shared index.
type bitmap []uint64

func (b bitmap) has(i int) bool { return i/64 < len(b) && b[i/64]>>(i%64)&1 == 1 }

// readBitmap reads an EWAH bitmap (gitformat-index(5), gitformat-bitmap(5),
// appendix A), as far as it goes: runs of equal words, each followed by literal ones.
// It holds at most size positions.
func readBitmap(b []byte, size int) bitmap {
	if len(b) < 8 {
		return nil
	}
	most := size/64 + 1
	words := b[8:]
	words = words[:min(len(words)/8, int(binary.BigEndian.Uint32(b[4:])))*8]
	var out bitmap
	next := func() uint64 {
		w := binary.BigEndian.Uint64(words)
		words = words[8:]
		return w
	}
	for len(words) >= 8 && len(out) <= most {
		marker := next()
		run, literal := marker>>1&0xffffffff, marker>>33
		for ; run > 0 && len(out) <= most; run-- {
			out = append(out, -(marker & 1)) // all ones, or none
		}
		for ; literal > 0 && len(words) >= 8; literal-- {
			out = append(out, next())
		}
	}
	return out
}
