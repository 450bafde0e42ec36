package lang

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

var (
	sizePattern     = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGT]?)(?:I?B)?$`)
	durationPattern = regexp.MustCompile(`^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$`)
	durationPiece   = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)`)
)

// ParseSize gives the bytes of a size such as "512M" or "1.5G". Units are
// powers of 1024, as Docker's are; without one, bytes are meant.
func ParseSize(s string) (int64, bool) {
	m := sizePattern.FindStringSubmatch(strings.ToUpper(s))
	if m == nil {
		return 0, false
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, false
	}
	f *= math.Pow(1024, float64(strings.Index(" KMGT", orSpace(m[2]))))
	if f > 1<<50 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

func orSpace(unit string) string {
	if unit == "" {
		return " "
	}
	return unit
}

// ParseDuration gives the milliseconds of a duration such as "1h30m" or "90d".
func ParseDuration(s string) (ms int64, ok bool) {
	if !durationPattern.MatchString(s) || len(s) > 40 {
		return 0, false
	}
	total := 0.0
	for _, m := range durationPiece.FindAllStringSubmatch(s, -1) {
		f, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, false
		}
		total += f * map[string]float64{"ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86400e3}[m[2]]
	}
	if total > 1e14 {
		return 0, false
	}
	return int64(math.Round(total)), true
}

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
