package lang_test

import (
	"strings"
	"testing"

	"nselfc/lang"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "512": 512, "5B": 5, "1K": 1 << 10, "1k": 1 << 10, "1KB": 1 << 10, "1KiB": 1 << 10, "512M": 512 << 20, "1.5G": 3 << 29, "2 GiB": 2 << 30,
		"0.5m": 1 << 19, "1T": 1 << 40, "1024T": 1 << 50, "1e3": -1, "1.M": -1, ".5M": -1, "-1M": -1, "M": -1, "": -1, " 1M": -1, "1M ": -1, "1  M": -1, "1X": -1,
		"1025T": -1, "0.1": -1, "1.0001K": -1, "1IB": -1, "1,5G": -1, "١M": -1, "0x10": -1, "inf": -1, strings.Repeat("9", 400): -1, strings.Repeat("9", 1<<20): -1,
	} {
		got, ok := lang.ParseSize(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("ParseSize(%.50q) = %d, %v, want %d", text, got, ok, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]int64{
		"0s": 0, "1ms": 1, "30s": 30_000, "1h30m": 5_400_000, "90d": 90 * 86_400_000, "1.5s": 1500, "0.5ms": 1, "1m1m": 120_000, "2m30ms": 120_030,
		"30": -1, "": -1, "s": -1, "-1s": -1, "1 s": -1, "1S": -1, "1w": -1, "1s ": -1, "1e3s": -1, "1.s": -1, "1000000000000d": -1, strings.Repeat("1s", 1<<19): -1,
	} {
		got, ok := lang.ParseDuration(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("ParseDuration(%.50q) = %d, %v, want %d", text, got, ok, want)
		}
	}
}
