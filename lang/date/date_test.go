package date

import (
	"testing"
	"time"
)

// TestDatesAreThoseOfTheClock walks through every day beside the standard library.
func TestDatesAreThoseOfTheClock(t *testing.T) {
	clock := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for d := Date(1); d <= Last; d++ {
		year, month, day := clock.Date()
		if Of(year, int(month), day) != d {
			t.Fatalf("%v is day %d, not %d", clock, Of(year, int(month), day), d)
		}
		if day == 1 || day > 27 { // the others are slow to print, and no different
			want := clock.Format(time.DateOnly)
			if back, ok := Parse(want); d.String() != want || !ok || back != d {
				t.Fatalf("day %d is %s, not %s, which is day %d", d, d, want, back)
			}
		}
		clock = clock.AddDate(0, 0, 1)
	}
	if clock.Year() != 10_000 {
		t.Errorf("the last day is %s", Last)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{
		"", "2027-3-1", "27-03-01", "2027/03/01", "01-03-2027", "2027-03-01T00:00:00Z", "2027-02-29", "2100-02-29", "2027-13-01", "2027-00-01",
		"2027-01-00", "2027-04-31", "0000-01-01", "２０２７-03-01", " 2027-03-1", "2027-03-0x", "+027-03-01",
	} {
		if d, ok := Parse(s); ok || d != 0 {
			t.Errorf("%q is %v", s, d)
		}
	}
	for _, d := range []Date{-1, 0, Last + 1} {
		if s := d.String(); s != "" {
			t.Errorf("day %d is %s", int(d), s)
		}
	}
}
