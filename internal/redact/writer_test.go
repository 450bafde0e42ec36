package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nselfc/internal/needles"
)

// values makes some that share beginnings, hold each other, and need escaping.
func values(rng *rand.Rand) []string {
	random := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(b)
	}
	const url64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	long := random(url64, 43)
	return []string{
		long, long[:20], long[5:30], long + random(url64, 10),
		random("0123456789abcdef", 64), random(url64, 8), strings.Repeat("a", 12),
		random(`'"\$%&<>/ +=:@é`, 24), "it's " + random(url64, 12) + ` "so" $5`,
		"-----BEGIN KEY-----\n" + random(url64, 64) + "\n" + random(url64, 64) + "\n" + random(url64, 6) + "\n-----END KEY-----\n",
		random(url64, 2001),
	}
}

// spellings are made by the standard library alone.
func spellings(v string) map[string]string {
	quoted, _ := json.Marshal(v) //nolint:errchkjson // a string
	out := map[string]string{
		"raw": v, "URL query": url.QueryEscape(v), "URL path": url.PathEscape(v), "JSON": strings.Trim(string(quoted), `"`),
		"hex": hex.EncodeToString([]byte(v)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(v))),
	}
	for name, enc := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw std": base64.RawStdEncoding, "raw url": base64.RawURLEncoding} {
		for shift := range 3 {
			for after := range 3 {
				out[fmt.Sprint("base64 ", name, shift, after)] = enc.EncodeToString([]byte("u:"[:shift] + v + "/x"[:after]))
			}
		}
	}
	return out
}

func learn(all ...string) *Registry {
	r := New()
	for _, v := range all {
		r.Learn(needles.NewValue("secret.x", v))
	}
	return r
}

// written gives what comes out of a text that is written in parts.
func written(t *testing.T, r *Registry, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := r.Writer(&b)
	for _, p := range parts {
		if n, err := io.WriteString(w, p); n != len(p) || err != nil {
			t.Fatalf("%d of %d, %v", n, len(p), err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// chop cuts a text at random places, many of them close together.
func chop(rng *rand.Rand, text string) []string {
	var out []string
	for text != "" {
		n := min(len(text), 1+rng.IntN([]int{1, 3, 20, 5000}[rng.IntN(4)]))
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

// bare is what of a base64 text depends on the value alone.
func bare(v string, shift int) string {
	digits := base64.RawStdEncoding.EncodeToString([]byte("u:"[:shift] + v))
	return digits[(8*shift+5)/6 : 8*(shift+len(v))/6]
}

// TestEverySpelling writes each value in each spelling, whole, byte by byte and in
// random parts, and looks for it in what comes out.
func TestEverySpelling(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	all := values(rng)
	r := learn(all...)
	for _, v := range all {
		for how, s := range spellings(v) {
			text := "before " + s + "; after\n"
			whole := written(t, r, text)
			for _, parts := range [][]string{strings.Split(text, ""), chop(rng, text), chop(rng, text)} {
				if got := written(t, r, parts...); got != whole {
					t.Fatalf("%s, in parts: %q, whole: %q", how, got, whole)
				}
			}
			if want := "before " + Mark + "; after\n"; len(s) < 2*len(v) && !strings.Contains(how, "base64") && !strings.Contains(v, "\n") && whole != want {
				t.Errorf("%s: %q", how, whole)
			}
			if strings.Contains(whole, s) || !strings.HasPrefix(whole, "before ") || !strings.HasSuffix(whole, "after\n") || !strings.Contains(whole, Mark) {
				t.Errorf("%s: %q", how, whole)
			}
			for shift := range 3 {
				if b := bare(v, shift); strings.Contains(whole, b) || strings.Contains(whole, b[:min(len(b), 20)]) && !strings.Contains("before ; after\n", b) {
					t.Errorf("%s: %q is left", how, whole)
				}
			}
		}
	}
	// The control: nothing is hidden of what is not known.
	for _, v := range all {
		for how, s := range spellings(v) {
			if got := written(t, learn("another-value"), chop(rng, s)...); got != s {
				t.Fatalf("%s of an unknown value: %q", how, got)
			}
		}
	}
}

// TestPartsMakeNoDifference holds random texts of values, beginnings of values and
// words, in parts, against the same texts whole, in which every place is looked at.
func TestPartsMakeNoDifference(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	all := values(rng)[:9]
	all[0] += "Q" // full digits of base64: then none beside it is hidden with them
	r := learn(all...)
	for range 2000 {
		var b strings.Builder
		for range rng.IntN(12) {
			v := all[rng.IntN(len(all))]
			switch rng.IntN(5) {
			case 0:
				b.WriteString(v)
			case 1:
				b.WriteString(v[:rng.IntN(len(v))])
			case 2:
				b.WriteString(v[rng.IntN(len(v)):])
			default:
				b.WriteString([]string{"a", " ", "\n", "word", "aaaaaaaa"}[rng.IntN(5)])
			}
		}
		text := b.String() + "\n"
		want := naive(text, all)
		if got := written(t, r, text); got != want {
			t.Fatalf("whole:\n%q, want\n%q", got, want)
		}
		if got := written(t, r, chop(rng, text)...); got != want {
			t.Fatalf("in parts:\n%q, want\n%q", got, want)
		}
	}
}

// naive hides values as they are by looking for each at each place.
func naive(text string, all []string) string {
	hidden := make([]bool, len(text))
	for _, v := range all {
		for i := range text {
			if strings.HasPrefix(text[i:], v) {
				for j := range v {
					hidden[i+j] = true
				}
			}
		}
	}
	var b strings.Builder
	for i := range hidden {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(Mark)
		}
	}
	return b.String()
}

// TestKeysByTheirLines: an indented copy, and the short last line in the whole.
func TestKeysByTheirLines(t *testing.T) {
	v := values(rand.New(rand.NewPCG(5, 6)))[9]
	lines := strings.Split(v, "\n")
	r := learn(v)
	if got := written(t, r, "x\n"+v+"y\n"); got != "x\n"+Mark+"y\n" {
		t.Errorf("%q", got)
	}
	if got := written(t, r, "  "+lines[2]+"\r\n\t"+lines[1]+"|"); got != "  "+Mark+"\r\n\t"+Mark+"|" {
		t.Errorf("%q", got)
	}
	if got := written(t, r, strings.ReplaceAll(v, "\n", "\r\n")); got != Mark {
		t.Errorf("%q", got)
	}
}

// TestFlush: the end of the text is no way out for most of a value.
func TestFlush(t *testing.T) {
	v := values(rand.New(rand.NewPCG(7, 8)))[0]
	r := learn(v)
	for n, want := range map[int]string{0: "", 7: v[:7], 8: Mark, 40: Mark, 43: Mark} {
		if got := written(t, r, v[:n]); got != want {
			t.Errorf("%d bytes: %q", n, got)
		}
		if got := r.Text(v[:n]); got != want {
			t.Errorf("a text of %d bytes: %q", n, got)
		}
	}
}

// TestPrompt: a text without a line end is shown at once, or after the pause; a
// value that is typed out slowly is hidden but for three bytes.
func TestPrompt(t *testing.T) {
	v := values(rand.New(rand.NewPCG(9, 10)))[0]
	synctest.Test(t, func(t *testing.T) {
		var b locked
		w := learn(v).Writer(&b)
		say := func(s, want string) {
			t.Helper()
			if _, err := io.WriteString(w, s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * pause)
			synctest.Wait()
			if got := b.String(); got != want {
				t.Errorf("after %q: %q, want %q", s, got, want)
			}
		}
		say("Continue? [y/N] ", "Continue? [y/N] ")
		say(v[:2], "Continue? [y/N] "+v[:2])
		say("!", "Continue? [y/N] "+v[:2]+"!")
		say(v[:3], "Continue? [y/N] "+v[:2]+"!"+v[:3])
		say(v[3:30], "Continue? [y/N] "+v[:2]+"!"+v[:3])
		say(v[30:]+"\n", "Continue? [y/N] "+v[:2]+"!"+v[:3]+Mark+"\n")
	})
}

type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// failing takes so many bytes and then fails, again and again, as a full disk does
// on which room is made.
type failing struct {
	b    bytes.Buffer
	room int
}

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	n := min(f.room, len(p))
	f.room -= n
	f.b.Write(p[:n])
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// TestFailures: whoever goes on where a failed write ended gets the same text as
// without a failure, with at most marks begun twice.
func TestFailures(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	all := values(rng)
	r := learn(all...)
	text := "a " + all[0] + " b " + all[5] + all[6] + "\n" + strings.Repeat("plain ", 9) + all[3] + "\nend\n"
	want := written(t, r, text)
	for range 3000 {
		f := &failing{}
		w := r.Writer(f)
		for _, p := range chop(rng, text) {
			for tries := 0; ; tries++ {
				n, err := io.WriteString(w, p)
				if n < 0 || n > len(p) || err == nil && n < len(p) || err != nil && !errors.Is(err, errFull) {
					t.Fatalf("%d of %d: %v", n, len(p), err)
				}
				if err == nil {
					break
				}
				p, f.room = p[n:], rng.IntN(30)
				if tries > 1000 {
					t.Fatal("it never ends")
				}
			}
		}
		f.room = 1 << 20
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got := f.b.String()
		for again := ""; again != got; { // a mark that was cut is written again
			again = got
			for cut := range len(Mark) {
				got = strings.ReplaceAll(got, Mark[:cut]+Mark, Mark)
			}
		}
		if got != want {
			t.Fatalf("%q\n%q", got, want)
		}
	}
}

// short lies about what it has taken.
type short struct{}

func (short) Write(p []byte) (int, error) { return len(p) / 2, nil }

func TestShortWrite(t *testing.T) {
	for _, r := range []*Registry{nil, New(), learn("some-value-or-other")} {
		if n, err := r.Writer(short{}).Write([]byte("::::")); n != 2 || !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%d, %v", n, err)
		}
	}
}

// TestAtOnce writes and learns in several goroutines; each line is whole.
func TestAtOnce(t *testing.T) {
	all := values(rand.New(rand.NewPCG(13, 14)))
	r := learn(all[0])
	var b locked
	w := r.Writer(&b)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 200 {
				_, _ = io.WriteString(w, "line "+all[0]+" "+all[4]+"\n")
				r.Learn(needles.NewValue("x", all[4]), needles.NewValue("y", fmt.Sprint("made-up-", i)))
			}
		})
	}
	group.Wait()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, all[0]) || strings.Count(got, "\n") != 800 {
		t.Errorf("%d lines", strings.Count(got, "\n"))
	}
}

// TestLinear: eight times the text takes about eight times as long, also where text
// and values are made to collide.
func TestLinear(t *testing.T) {
	var all []string
	for i := range 200 {
		all = append(all, strings.Repeat("a", 40+i)+fmt.Sprint(i))
	}
	r := learn(all...)
	cost := func(n int) time.Duration {
		text := []byte(strings.Repeat("a", n))
		best := time.Hour
		for range 3 {
			w := r.Writer(io.Discard)
			start := time.Now()
			for len(text) > 0 {
				k := min(len(text), 1000)
				if _, err := w.Write(text[:k]); err != nil {
					t.Fatal(err)
				}
				text = text[k:]
			}
			best = min(best, time.Since(start))
			text = []byte(strings.Repeat("a", n))
		}
		return best
	}
	one, eight := cost(20_000), cost(160_000)
	if eight > 24*one+50*time.Millisecond {
		t.Errorf("20 kB took %v, 160 kB %v", one, eight)
	}
}

// BenchmarkWriter compares a writer without values, with a hundred, and none.
func BenchmarkWriter(b *testing.B) {
	line := []byte(strings.Repeat("    image: ghcr.io/acme/api:1.4.2 # as it was declared\n", 20))
	var all []string
	rng := rand.New(rand.NewPCG(15, 16))
	for range 10 {
		all = append(all, values(rng)[:10]...)
	}
	for name, w := range map[string]io.Writer{"none": io.Discard, "no values": New().Writer(io.Discard), "values": learn(all...).Writer(io.Discard)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				_, _ = w.Write(line)
			}
		})
	}
}
