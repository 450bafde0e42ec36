package cli

import (
	"fmt"
	"strconv"
	"time"

	"nselfc/internal/build"
	"nselfc/lang/date"
)

// Today is the value of --today: the day by which waivers are judged.
type Today struct{ day date.Date }

// Set implements pflag.Value.
func (t *Today) Set(s string) error {
	day, ok := date.Parse(s)
	if !ok {
		return fmt.Errorf("it is a day, as in 2027-03-01")
	}
	t.day = day
	return nil
}

// String implements pflag.Value.
func (t *Today) String() string { return t.day.String() }

// Type implements pflag.Value.
func (t *Today) Type() string { return "DATE" }

// epochVariable fixes the day for whatever makes the same things again, in seconds
// since 1970: https://reproducible-builds.org/specs/source-date-epoch/
const epochVariable = "SOURCE_DATE_EPOCH"

// on gives the options with the day by which waivers are judged: that of the flag, of
// SOURCE_DATE_EPOCH, or of the clock, in UTC. Commands that do not call it ask for no
// day, so that nothing that has to be done at once, such as rotating a secret, waits
// for a waiver.
func (t Today) on(env Env, o build.Options) (build.Options, error) {
	now := env.Now()
	switch epoch := env.Getenv(epochVariable); {
	case t.day != 0:
		o.Today = t.day
		return o, nil
	case epoch != "":
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 || seconds > lastSecond {
			return o, fmt.Errorf("%s is %q: it is a number of seconds since 1970", epochVariable, epoch)
		}
		now = time.Unix(seconds, 0)
	}
	year, month, day := now.UTC().Date()
	o.Today = date.Of(year, int(month), day)
	return o, nil
}

// lastSecond is the end of the year 9999.
const lastSecond = 253_402_300_799
