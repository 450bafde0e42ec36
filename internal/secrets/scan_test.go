package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"nselfc/emit"
)

// TestScan writes a value into a committed file in many ways; each must be found
// on its line, told once and by name only.
func TestScan(t *testing.T) {
	const value = `p@ss w/rd&"qüote"\x`
	inJSON, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]string{
		"raw":             value,
		"query":           url.QueryEscape(value),
		"path":            pathEscape(value),
		"lower-case url":  regexp.MustCompile("%..").ReplaceAllStringFunc(pathEscape(value), strings.ToLower),
		"hex":             hex.EncodeToString([]byte(value)),
		"upper-case hex":  strings.ToUpper(hex.EncodeToString([]byte(value))),
		"json":            string(inJSON),
		"base64":          base64.StdEncoding.EncodeToString([]byte(value)),
		"base64url":       base64.RawURLEncoding.EncodeToString([]byte(value)),
		"basic auth":      base64.StdEncoding.EncodeToString([]byte("app:" + value)),
		"in base64 by 1":  base64.StdEncoding.EncodeToString([]byte("a" + value + "b")),
		"in base64 by 2":  base64.StdEncoding.EncodeToString([]byte("ab" + value + "bc")),
		"in the dark":     strings.Repeat("x", 5000) + value + "y",
		"at the very end": "\t" + value,
	}
	values := []Value{NewValue("secret.other", "not in there at all"), NewValue("secret.x", value)}
	for name, text := range ways {
		if name == "json" {
			text = strings.ReplaceAll(text, `\u0026`, "&") // encoding/json guards against HTML
		}
		files := []emit.File{file("a", lit("first\nsecond "+text+"\nthird "+text)), file(".secrets.d/x", ref("secret.x"), lit(value))}
		diags := Scan(files, values)
		if len(diags) != 1 {
			t.Errorf("%s: %d diagnostics", name, len(diags))
			continue
		}
		d := wantCode(t, diags, "NS405", "secret.x")
		if d.Subject.File != "a" || d.Subject.Start.Line != 2 || strings.Contains(d.Detail, value) {
			t.Errorf("%s: %v %s", name, d.Subject, d.Detail)
		}
	}
	// The control: texts that are nearly the value are not found.
	clean := value[:len(value)-1] + "\n" + value[1:] + "\n" + strings.ToUpper(value)
	if diags := Scan([]emit.File{file("a", lit(clean))}, values); len(diags) > 0 {
		t.Errorf("found in %q", clean)
	}
	if diags := Scan([]emit.File{file("a", lit("short: seven77"))}, []Value{NewValue("secret.s", "seven77")}); len(diags) > 0 {
		t.Error("a word of seven letters counts as a secret")
	}
}

// TestScanSpellings looks for values in the spellings that our own emitters and
// other programs give them.
func TestScanSpellings(t *testing.T) {
	key := random(32)
	digits, url := hex.EncodeToString(key), base64.RawURLEncoding.EncodeToString(append([]byte{0xfb, 0xff}, key...))
	const chosen = `it's $5 a "week"`
	for _, tt := range []struct{ value, text string }{
		{digits, strings.ToUpper(digits)},
		{strings.ToUpper(digits), digits},
		{digits, base64.StdEncoding.EncodeToString(key)},
		{url, base64.StdEncoding.EncodeToString(append([]byte{0xfb, 0xff}, key...))},
		{url, "fbff" + digits},
		{chosen, `X: 'it''s $5 a "week"'`},
		{chosen, `X: "it's $$5 a \"week\""`},
		{chosen, `X: 'it''s $$5 a "week"'`},
	} {
		if diags := Scan([]emit.File{file("a", lit(tt.text))}, []Value{NewValue("secret.x", tt.value)}); len(diags) != 1 {
			t.Errorf("%d findings in %s", len(diags), tt.text)
		}
	}
	if diags := Scan([]emit.File{file("a", lit(hex.EncodeToString(random(32))))}, []Value{NewValue("secret.x", digits)}); len(diags) > 0 {
		t.Error("the control: another key is found")
	}
}

func pathEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// TestScanKeys looks for a private key by its lines, which an indented copy has
// too, and takes the certificate for what it is: public.
func TestScanKeys(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(authority("ca", "db"))
	build(t, dir, stack, nil)
	all := entries(t, dir)
	indented := "key: |\n  " + strings.ReplaceAll(all["CA__PRIVATE_KEY"], "\n", "\n  ")
	_, diags := run(dir, stack, []emit.File{file("compose.yml", lit(indented))}, Options{})
	wantCode(t, diags, "NS405", "secret.ca")
	build(t, dir, stack, []emit.File{file("compose.yml", lit(all["CA__CERTIFICATE"]))})
}

// TestScanStopsTheRun holds that nothing is written when a committed file has a
// value in it.
func TestScanStopsTheRun(t *testing.T) {
	dir := workDir(t)
	stack, files := small()
	build(t, dir, stack, files)
	before := state(t, dir)
	stack, files = successor()
	_, diags := run(dir, stack, append(files, file("x", lit(entries(t, dir)["API"]))), Options{})
	wantCode(t, diags, "NS405", "secret.api")
	if state(t, dir) != before {
		t.Error("something was written")
	}
	_, diags = Check(dir, stack, append(files, file("x", lit(entries(t, dir)["API"]))), Options{Now: testNow})
	wantCode(t, diags, "NS405", "secret.api")
}

func manyValues(n int) []Value {
	var out []Value
	for i := range n {
		out = append(out, NewValue(fmt.Sprint("secret.", i), hex.EncodeToString(random(32))))
	}
	return out
}

// TestScanIsLinear compares one file with eight times it, where texts and values
// are made to collide.
func TestScanIsLinear(t *testing.T) {
	values := manyValues(200)
	for i := range 200 { // a common beginning
		values = append(values, NewValue(fmt.Sprint("secret.p", i), strings.Repeat("a", 40)+fmt.Sprint(i)))
	}
	cost := func(n int) time.Duration {
		files := []emit.File{file("x", lit(strings.Repeat(strings.Repeat("a", 39)+"\n", n)))}
		best := time.Hour
		for range 3 {
			start := time.Now()
			if d := Scan(files, values); len(d) > 0 {
				t.Fatal("found")
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	one, eight := cost(10_000), cost(80_000)
	if eight > 24*one+50*time.Millisecond {
		t.Errorf("400 kB took %v, 3.2 MB %v", one, eight)
	}
}

func BenchmarkScan(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("services image read_only true networks internal ghcr.io/acme/api:1.4.2 cap_drop ALL security_opt no-new-privileges:true healthcheck")
	var text strings.Builder
	for text.Len() < 4<<20 {
		text.WriteString(words[rng.IntN(len(words))])
		text.WriteString([]string{" ", ": ", "\n  "}[rng.IntN(3)])
	}
	files := []emit.File{file("docker-compose.yml", lit(text.String()))}
	for _, n := range []int{10, 1000, 5000} {
		values := manyValues(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				Scan(files, values)
			}
		})
	}
}
