package model

import (
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
)

// duration writes one as Compose compares it: 60s and 1m are one.
func (w *writer) duration(name string, v ir.String) {
	w.str(name, canonical(v.V), v.Origin)
}

type unit struct {
	name string
	us   int64
}

// units of durations as the language has them, in microseconds; the greatest first.
var units = []unit{{"h", 3600_000_000}, {"m", 60_000_000}, {"s", 1_000_000}, {"ms", 1000}, {"us", 1}}

// canonical gives a duration in the greatest units that there are. What is none
// stays as it is.
func canonical(s string) string {
	if s == "" {
		return s
	}
	var total int64
	for rest := s; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		rest = rest[digits:]
		letters := len(rest) - len(strings.TrimLeft(rest, "hmsu"))
		i := slices.IndexFunc(units, func(u unit) bool { return u.name == rest[:letters] })
		if err != nil || i < 0 {
			return s
		}
		total, rest = total+n*units[i].us, rest[letters:]
	}
	if total == 0 {
		return "0s"
	}
	var b []byte
	for _, u := range units {
		if n := total / u.us; n > 0 {
			b = append(strconv.AppendInt(b, n, 10), u.name...)
			total -= n * u.us
		}
	}
	return string(b)
}
