package outdir

import (
	"bytes"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// Bounds of a lock that is read. A stack of 5000 services stays under a half.
const (
	maxLockBytes  = 32 << 20
	maxLockLines  = 100_000
	maxLockLine   = 4096
	maxLockErrors = 10 // reported; the rest says nothing new
)

// ReadLock reads the text of a lock, which it does not trust; name is how
// diagnostics call it. With errors, the lock holds the lines that were right
// before the reader gave up, fit for showing and not for deciding.
func ReadLock(name string, text []byte) (*Lock, diag.List) {
	r := lockReader{name: name, lock: &Lock{}, folded: map[string]bool{}, seen: map[string]bool{}}
	if len(text) > maxLockBytes {
		r.fail("The file is larger than %d MiB, which no build writes.", maxLockBytes>>20)
		return r.lock, r.diags
	}
	if lines := bytes.Count(text, []byte{'\n'}); lines > maxLockLines {
		r.fail("The file has more than %d lines, which no build writes.", maxLockLines)
		return r.lock, r.diags
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		r.line = 1 + bytes.Count(text, []byte{'\n'})
		r.start, r.next = bytes.LastIndexByte(text, '\n')+1, len(text)
		r.fail("The last line does not end: the file was cut off.")
		return r.lock, r.diags
	}
	for rest := text; len(rest) > 0 && len(r.diags) < maxLockErrors && !r.stop; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		r.line++
		r.start, r.next = len(text)-len(rest), len(text)-len(after)
		r.read(line)
		rest = after
	}
	if len(r.diags) == 0 && (!r.seen["lock"] || !r.seen["compiler"]) {
		r.fail("It has no line %q or no line %q: it is not a lock, or its beginning was lost.", "lock 1", "compiler VERSION")
	}
	return r.lock, r.diags
}

type lockReader struct {
	name        string
	lock        *Lock
	folded      map[string]bool // paths of files, case folded
	seen        map[string]bool // lines that stand once: "lock", "input nself.hcl" …
	line        int             // from 1
	start, next int             // byte offsets of the line
	stop        bool
	diags       diag.List
}

func (r *lockReader) at() source.Range {
	return source.Range{
		File:  r.name,
		Start: source.Pos{Line: int32(max(r.line, 1)), Byte: int32(r.start)},
		End:   source.Pos{Line: int32(max(r.line, 1)), Byte: int32(r.next)},
	}
}

const restoreLock = `

Take the lock of the last commit back and build again:

    git checkout HEAD -- %[1]s

Or build without it. Files that are just as the build would write them are taken
over; each other one must be accepted by name:

    nselfc build --force %[1]s`

func (r *lockReader) fail(why string, args ...any) {
	d := diag.Errorf("NS510", r.at(), "Lock file is damaged", why, args...)
	d.Detail += "\n\nBy the lock, a build knows which files it may replace and remove. With a lock that it cannot trust, it touches nothing." +
		strings.ReplaceAll(restoreLock, "%[1]s", escape.ShellWord(r.name))
	r.diags = append(r.diags, d)
}

func (r *lockReader) read(b []byte) {
	if isConflictMarker(b) {
		r.stop = true
		r.diags = append(r.diags, diag.Errorf("NS511", r.at(), "Lock file holds an unfinished merge",
			"Git could not merge the lock, as two branches changed the same files. Neither side describes the merged stack, so there is nothing to "+
				"choose here: first merge nself.hcl itself, then take the whole output directory as it is in your branch and build it anew:\n\n"+
				"    git checkout --no-overlay HEAD -- %s\n    nselfc build", escape.ShellWord(path.Dir(r.name))))
		return
	}
	if len(b) > maxLockLine {
		r.fail("The line is longer than %d bytes.", maxLockLine)
		return
	}
	s := string(b)
	switch {
	case strings.HasSuffix(s, "\r"):
		r.stop = true
		r.fail("Its lines end as on Windows (CR LF). Git converted them although .gitattributes forbids it.")
		return
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }):
		r.fail("The line holds a character that no build writes.")
		return
	case strings.HasPrefix(s, "#") || s == "":
		return
	}
	kind, rest, _ := strings.Cut(s, " ")
	if rest == "" {
		r.fail("The line %s says nothing.", quote(s))
		return
	}
	if !r.seen["lock"] && kind != "lock" {
		r.stop = true
		r.fail("The first line that is not a comment must be %q.", "lock "+strconv.Itoa(lockVersion))
		return
	}
	switch kind {
	case "lock":
		r.version(rest)
	case "stack":
		r.once(kind)
		r.lock.Stack = rest
	case "compiler":
		r.once(kind)
		r.lock.Compiler = rest
	case "input":
		r.input(rest)
	case "file":
		r.file(rest)
	case "image":
		r.image(rest)
	case "secret":
		r.secret(rest)
	case "merged":
		if f, ok := r.record(kind, rest); ok {
			r.once("merged " + rest)
			r.lock.Merged = append(r.lock.Merged, f)
		}
	default:
		r.fail("A line that begins with %s is not known.", quote(kind))
	}
}

// once reports a line that stands for the second time.
func (r *lockReader) once(key string) {
	if r.seen[key] {
		r.fail("The lock says %s twice.", quote(key))
	}
	r.seen[key] = true
}

func (r *lockReader) version(s string) {
	r.once("lock")
	v, err := strconv.Atoi(s)
	switch {
	case err != nil || v < 1:
		r.stop = true
		r.fail("%s is not the version of a format.", quote(s))
	case v > lockVersion:
		r.stop = true
		r.diags = append(r.diags, diag.Errorf("NS513", r.at(), "Lock file needs a newer nselfc",
			"A newer nselfc wrote this lock, in format %d; this one reads up to format %d. An older compiler could take files for its own that it "+
				"does not understand. Install the version that the rest of the team builds with.", v, lockVersion))
	}
}

func (r *lockReader) input(s string) {
	d, name, ok := digestField(s)
	if !ok || name == "" {
		r.fail("An input line is: input sha256:DIGEST NAME.")
		return
	}
	r.once("input " + name)
	r.lock.Inputs = append(r.lock.Inputs, Input{Name: name, Digest: d})
}

func (r *lockReader) file(s string) {
	f, ok := r.record("file", s)
	if !ok {
		return
	}
	key := fold(f.Path)
	if r.folded[key] {
		r.unsafe(f.Path, "stands there twice, or differs from another path in case only")
		return
	}
	r.folded[key] = true
	r.lock.Files = append(r.lock.Files, f)
}

// record reads what follows the word kind, and tells whether it may be trusted.
func (r *lockReader) record(kind, s string) (Record, bool) {
	d, s, ok := digestField(s)
	mode, s, _ := strings.Cut(s, " ")
	size, name, _ := strings.Cut(s, " ")
	m, merr := strconv.ParseUint(mode, 8, 32)
	n, nerr := strconv.ParseInt(size, 10, 64)
	if !ok || merr != nil || m > 0o777 || nerr != nil || n < 0 || mode != "0"+strconv.FormatUint(m, 8) || size != strconv.FormatInt(n, 10) {
		r.fail("A %[1]s line is: %[1]s sha256:DIGEST MODE SIZE PATH.", kind)
		return Record{}, false
	}
	if why := checkPath(name); why != "" {
		r.unsafe(name, why)
		return Record{}, false
	}
	return Record{Path: name, Digest: d, Mode: uint32(m), Size: n}, true
}

func (r *lockReader) unsafe(name, why string) {
	d := diag.Errorf("NS512", r.at(), "Lock file names an unsafe path",
		"The path %s %s. A build replaces and removes the files that its lock names, so a lock from a stranger's branch could name files that are none of "+
			"its business; a build writes no such line. Find out who changed the lock before you go on.", quote(name), why)
	d.Detail += strings.ReplaceAll(restoreLock, "%[1]s", escape.ShellWord(r.name))
	r.diags = append(r.diags, d)
}

func (r *lockReader) image(s string) {
	digest, ref, _ := strings.Cut(s, " ")
	if digest == "-" {
		digest = ""
	} else if !validImageDigest(digest) {
		r.fail("An image line is: image DIGEST REFERENCE, with - for no digest.")
		return
	}
	if ref == "" || strings.Contains(ref, " ") {
		r.fail("An image line is: image DIGEST REFERENCE, with - for no digest.")
		return
	}
	r.once("image " + s)
	r.lock.Images = append(r.lock.Images, Image{Reference: ref, Digest: digest})
}

func (r *lockReader) secret(s string) {
	kind, s, _ := strings.Cut(s, " ")
	gen, address, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(gen)
	if kind == "" || address == "" || err != nil || n < 1 || gen != strconv.Itoa(n) {
		r.fail("A secret line is: secret KIND GENERATION ADDRESS.")
		return
	}
	r.once("secret " + address)
	r.lock.Secrets = append(r.lock.Secrets, Secret{Address: address, Kind: kind, Generation: n})
}

// digestField cuts "sha256:…" and a space from the front of s.
func digestField(s string) (d Digest, rest string, ok bool) {
	field, rest, _ := strings.Cut(s, " ")
	digits, ok := strings.CutPrefix(field, digestPrefix)
	if !ok || len(digits) != 2*len(d) || strings.ToLower(digits) != digits {
		return d, rest, false
	}
	_, err := hex.Decode(d[:], []byte(digits))
	return d, rest, err == nil
}

// validImageDigest accepts the algorithms that registries use (OCI image
// specification, descriptor.md: sha256 and sha512).
func validImageDigest(s string) bool {
	algorithm, digits, _ := strings.Cut(s, ":")
	want := map[string]int{"sha256": 64, "sha512": 128}[algorithm]
	return want > 0 && len(digits) == want && strings.Trim(digits, "0123456789abcdef") == ""
}
