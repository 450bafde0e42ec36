package outdir

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"nselfc/emit"
)

// LockName is the lock's path in the output directory.
const LockName = "nself.lock"

// lockVersion is the version of the format; a reader refuses a higher one.
const lockVersion = 1

// Digest is the SHA-256 of a text.
type Digest [sha256.Size]byte

// String gives the digest as "sha256:" and 64 hexadecimal digits.
func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

const digestPrefix = "sha256:"

// Lock is the content of nself.lock: what the last build wrote, and from what.
type Lock struct {
	Stack    string // name of the stack and its environment; "" when unknown
	Compiler string // version of nselfc
	Inputs   []Input
	Files    []Record
	Images   []Image
	Secrets  []Secret
	// Merged holds files as builds of two merged branches wrote them, each path
	// once or several times: git may have left their texts anywhere. Only MergeLocks
	// writes any; a build forgets them.
	Merged []Record
}

// Input is one source file of the stack.
type Input struct {
	Name   string // slash-separated, relative to the stack's folder
	Digest Digest
}

// Record is one committed file as it was last written.
type Record struct {
	Path   string // slash-separated, relative to the output directory
	Digest Digest
	Mode   uint32 // permission bits
	Size   int64  // bytes
}

// text is what identifies the text of a file.
type text struct {
	digest Digest
	size   int64
}

func (r Record) text() text { return text{r.Digest, r.Size} }

// Image is one image that the stack runs.
type Image struct {
	Reference string // without the digest: "nginx:1.30.4"
	Digest    string // "sha256:…", or "" when the reference is not pinned
}

// Secret is one secret that the stack needs. Nothing here depends on its value.
type Secret struct {
	Address    string // "secret.jwt_key"
	Kind       string // "hex", "x509" …
	Generation int    // from 1, one more with every rotation; see Meta for 0
}

// sort puts every list in the order of the file, and drops repeated images and
// inputs, which many services share.
func (l *Lock) sort() {
	slices.SortFunc(l.Inputs, func(a, b Input) int { return cmp.Compare(a.Name, b.Name) })
	l.Inputs = slices.Compact(l.Inputs)
	slices.SortFunc(l.Files, func(a, b Record) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(l.Images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Digest, b.Digest))
	})
	l.Images = slices.Compact(l.Images)
	slices.SortFunc(l.Secrets, func(a, b Secret) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortFunc(l.Merged, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), bytes.Compare(a.Digest[:], b.Digest[:]), cmp.Compare(a.Mode, b.Mode))
	})
	l.Merged = slices.Compact(l.Merged)
}

// Bytes gives the text of the file. The same lock gives the same bytes.
func (l *Lock) Bytes() []byte {
	c := *l
	c.Inputs, c.Files = slices.Clone(l.Inputs), slices.Clone(l.Files)
	c.Images, c.Secrets, c.Merged = slices.Clone(l.Images), slices.Clone(l.Secrets), slices.Clone(l.Merged)
	c.sort()

	b := make([]byte, 0, 256+128*(len(c.Inputs)+len(c.Files)+len(c.Images)+len(c.Secrets)+len(c.Merged)))
	b = append(b, "# "+emit.Header+"\nlock "...)
	b = strconv.AppendInt(b, lockVersion, 10)
	if c.Stack != "" {
		b = append(b, "\nstack "+c.Stack...)
	}
	b = append(b, "\ncompiler "+c.Compiler...)
	for _, in := range c.Inputs {
		b = appendDigest(append(b, "\ninput "...), in.Digest)
		b = append(append(b, ' '), in.Name...)
	}
	for _, f := range c.Files {
		b = appendRecord(append(b, "\nfile "...), f)
	}
	for _, i := range c.Images {
		b = append(b, "\nimage "+cmp.Or(i.Digest, "-")+" "+i.Reference...)
	}
	for _, s := range c.Secrets {
		b = append(b, "\nsecret "+s.Kind+" "...)
		b = strconv.AppendInt(b, int64(s.Generation), 10)
		b = append(append(b, ' '), s.Address...)
	}
	for _, f := range c.Merged {
		b = appendRecord(append(b, "\nmerged "...), f)
	}
	return append(b, '\n')
}

func appendRecord(b []byte, f Record) []byte {
	b = append(appendDigest(b, f.Digest), " 0"...)
	b = strconv.AppendUint(b, uint64(f.Mode), 8)
	b = strconv.AppendInt(append(b, ' '), f.Size, 10)
	return append(append(b, ' '), f.Path...)
}

func appendDigest(b []byte, d Digest) []byte {
	return hex.AppendEncode(append(b, digestPrefix...), d[:])
}

// generation gives the generation that the lock records for a secret, or 0.
func (l *Lock) generation(address, kind string) int {
	for _, s := range l.Secrets {
		if s.Address == address && s.Kind == kind {
			return s.Generation
		}
	}
	return 0
}
