package lang

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// number cuts a decimal number off the front of a text. ok is false when there
// is none.
func number(s string) (n float64, rest string, ok bool) {
	i := 0
	digits := func() bool {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > start
	}
	if !digits() {
		return 0, s, false
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return 0, s, false
		}
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	return n, s[i:], err == nil
}

// longest is more than any size or duration takes to write.
const longest = 40

// ParseSize gives the bytes of a size such as "512M", "2 GiB" or "1.5g". Units
// are powers of 1024, as Docker's are; without one, bytes are meant. It gives
// false for what is no size, is no whole number of bytes, or is more than 2^50.
func ParseSize(s string) (int64, bool) {
	n, unit, ok := number(s)
	if !ok || len(s) > longest {
		return 0, false
	}
	power := 0
	switch strings.ToUpper(strings.TrimPrefix(unit, " ")) {
	case "", "B":
	case "K", "KB", "KIB":
		power = 10
	case "M", "MB", "MIB":
		power = 20
	case "G", "GB", "GIB":
		power = 30
	case "T", "TB", "TIB":
		power = 40
	default:
		return 0, false
	}
	n = math.Ldexp(n, power)
	if n > 1<<50 || n != math.Trunc(n) {
		return 0, false
	}
	return int64(n), true
}

// ParseDuration gives the milliseconds of a duration such as "1h30m" or "90d",
// rounded. It gives false for what is no duration, or is more than 10^14 ms.
func ParseDuration(s string) (ms int64, ok bool) {
	if s == "" || len(s) > longest {
		return 0, false
	}
	total := 0.0
	for s != "" {
		n, rest, ok := number(s)
		if !ok {
			return 0, false
		}
		unit := 0.0
		for _, u := range durationUnits {
			if after, found := strings.CutPrefix(rest, u.name); found {
				unit, s = float64(u.ms), after
				break
			}
		}
		if unit == 0 {
			return 0, false
		}
		total += n * unit
	}
	if total > 1e14 {
		return 0, false
	}
	return int64(math.Round(total)), true
}

// durationUnits are the units of a duration, "ms" before "m".
var durationUnits = []struct {
	name string
	ms   int64
}{{"ms", 1}, {"s", second}, {"m", minute}, {"h", hour}, {"d", day}}

// size reads a number of bytes between lo and hi.
func (r *reader) size(name string, lo, hi int64) Bytes {
	v, at, ok := r.value(name)
	if !ok {
		return Bytes{}
	}
	s, ok := r.toString(name, v, at)
	if !ok || !r.plain(name, s, at) {
		return Bytes{}
	}
	n, ok := ParseSize(s)
	if !ok {
		r.ev.Report(diag.Errorf("NS213", at, "Invalid size",
			"The argument %q takes a size: a whole number and a unit, as in \"512M\" or \"2G\". Units are powers of 1024.", name))
		return Bytes{}
	}
	if n < lo || n > hi {
		r.ev.Report(diag.Errorf("NS212", at, "Number out of range", "The argument %q is between %s and %s.", name, formatSize(lo), formatSize(hi)))
		return Bytes{}
	}
	return source.At(n, at)
}

func formatSize(n int64) string {
	for i, unit := range []string{"T", "G", "M", "K"} {
		if one := int64(1) << (40 - 10*i); n >= one && n%one == 0 {
			return strconv.FormatInt(n/one, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// duration reads a duration in milliseconds, at least lo and at most hi.
func (r *reader) duration(name string, lo, hi int64) (int64, source.Range, bool) {
	v, at, ok := r.value(name)
	if !ok {
		return 0, at, false
	}
	if v.Type() != cty.String {
		r.wrongType(name, at, v)
		return 0, at, false
	}
	if !r.plain(name, v.AsString(), at) {
		return 0, at, false
	}
	ms, ok := ParseDuration(v.AsString())
	if !ok {
		r.ev.Report(diag.Errorf("NS214", at, "Invalid duration",
			"The argument %q takes a duration: numbers with the units ms, s, m, h or d, as in \"30s\", \"1h30m\" or \"90d\".", name))
		return 0, at, false
	}
	if ms < lo || ms > hi {
		r.ev.Report(diag.Errorf("NS212", at, "Number out of range", "The argument %q is between %s and %s.", name, formatDuration(lo), formatDuration(hi)))
		return 0, at, false
	}
	return ms, at, true
}

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// durationText reads a duration and writes it as compose does: no days.
func (r *reader) durationText(name string, lo, hi int64) String {
	ms, at, ok := r.duration(name, lo, hi)
	if !ok {
		return String{}
	}
	return source.At(formatDuration(ms), at)
}

// formatDuration writes milliseconds with the largest units that are exact.
func formatDuration(ms int64) string {
	var b strings.Builder
	for _, u := range []struct {
		n    int64
		name string
	}{{hour, "h"}, {minute, "m"}, {second, "s"}, {1, "ms"}} {
		if q := ms / u.n; q > 0 {
			fmt.Fprintf(&b, "%d%s", q, u.name)
			ms -= q * u.n
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// wholeUnits reads a duration that must be a whole number of units.
func (r *reader) wholeUnits(name string, unit int64, word string, lo, hi int64) Int {
	ms, at, ok := r.duration(name, lo*unit, hi*unit)
	if !ok {
		return Int{}
	}
	if ms%unit != 0 {
		r.ev.Report(diag.Errorf("NS214", at, "Invalid duration", "The argument %q takes a whole number of %s.", name, word))
		return Int{}
	}
	return source.At(int(ms/unit), at)
}
