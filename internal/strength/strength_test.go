package strength

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/weak.txt
var weakValues string

func names() Names {
	return Names{"acme-shop", "acme-shop-prod", "prod", "acmeshop", "checkout", "shop.acme.test", "shop", "acme", "test"}
}

// TestWeak holds that each value of the corpus is refused, also in capitals and with
// a blank for each dash, and that no answer repeats it.
func TestWeak(t *testing.T) {
	n := 0
	for line := range strings.Lines(weakValues) {
		value := strings.TrimSuffix(line, "\n")
		if value == "" || strings.HasPrefix(value, "#") {
			continue
		}
		n++
		problem := Problem(value, 12, names())
		if problem == "" {
			t.Errorf("%s was taken", value)
		}
		if len(value) > 8 && strings.Contains(problem, value) {
			t.Errorf("%s: the answer repeats it", value)
		}
	}
	if n < 150 {
		t.Errorf("only %d values", n)
	}
	for _, d := range defaults() {
		if Problem(strings.ToUpper(d.value), 12, nil) == "" || d.where == "" || strings.Contains(d.where, d.value) && len(d.value) > 8 {
			t.Errorf("%s of %q", d.value, d.where)
		}
	}
}

// word is one of those that people throw dice for (six of these are 46 bits and
// more); no two begin alike.
func words200() []string {
	return strings.Fields(`acid tinsel plywood gecko bruise mango oblong walnut nimble gravel kiosk pebble rhubarb sphinx velvet zodiac amulet bishop cactus dwindle
		eclipse fossil gadget hazard igloo jigsaw kernel lagoon magnet nectar ozone parcel quartz ribbon saddle tangle umpire vacuum wander yonder
		abacus blazer canopy drizzle embark fabric goblet harbor impala jockey ketchup lumber mitten nozzle orchid pigeon quiver raisin sonnet trophy
		upbeat violin wiggle anchor bonnet cobalt dagger elbow funnel glacier helmet ivory jumble kayak ladder mosaic napkin otter puddle quench
		rocket saucer turnip unveil vessel wicket yogurt zipper armor basket candle denim easel ferret gazebo hyphen indigo jasper lantern meadow`)
}

func pick(t *testing.T, list []string) string {
	t.Helper()
	i, err := rand.Int(rand.Reader, big.NewInt(int64(len(list))))
	if err != nil {
		t.Fatal(err)
	}
	return list[i.Int64()]
}

// TestStrong holds that what is worth something passes: random values in each form,
// phrases of six words, and what password managers make.
func TestStrong(t *testing.T) {
	random := func(n int) []byte {
		b := make([]byte, n)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	const printable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#%&()*+,-./:;<=>?@[]^_{|}~"
	forms := map[string]func() string{
		"hex":       func() string { return hex.EncodeToString(random(16)) },
		"HEX":       func() string { return strings.ToUpper(hex.EncodeToString(random(32))) },
		"base64":    func() string { return base64.StdEncoding.EncodeToString(random(32)) },
		"base64url": func() string { return base64.RawURLEncoding.EncodeToString(random(16)) },
		"issued": func() string {
			return "acme_" + pick(t, []string{"live", "test"}) + "_" + base64.RawURLEncoding.EncodeToString(random(18))
		},
		"uuid": func() string {
			b := random(16)
			return fmt.Sprintf("%x-%x-4%x-a%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		},
		"manager": func() string {
			out := make([]byte, 20)
			for i, b := range random(20) {
				out[i] = printable[int(b)%len(printable)]
			}
			return string(out)
		},
		"phrase": func() string {
			list := words200()
			parts := make([]string, 6)
			for i := range parts {
				parts[i] = pick(t, list)
			}
			return strings.Join(parts, pick(t, []string{"-", " ", "_", "."}))
		},
	}
	for form, make := range forms {
		for range 1000 {
			if value := make(); Problem(value, 12, names()) != "" {
				t.Errorf("%s: %s: it %s", form, value, Problem(value, 12, names()))
			}
		}
	}
	for _, value := range []string{`Tr0ub4dor & the "horse"`, "größer als zwölf", "k8Fz-qLp92xW", "shop-9dK2v-2024-mQ7", "583017", "Zürich im Nebel, 5 Uhr"} {
		if problem := Problem(value, min(12, len(value)), names()); problem != "" {
			t.Errorf("%s: it %s", value, problem)
		}
	}
}

// TestShort holds that a value which its issuer makes short need not be long, and is
// looked at all the same.
func TestShort(t *testing.T) {
	for value, weak := range map[string]bool{"583017": false, "123456": true, "111111": true, "k3v9": false, "guest": true} {
		if got := Problem(value, 4, nil); (got != "") != weak {
			t.Errorf("%s: %q", value, got)
		}
	}
}

// TestCostsLittle measures what the largest values cost, in the forms that make
// searches slow: each is 128 times another, and may cost 700 times as much.
func TestCostsLittle(t *testing.T) {
	for name, unit := range map[string]string{
		"one letter":  "a",
		"two letters": "ab",
		"a word":      "password",
		"braces":      "{{",
		"digits":      "0123456789abcdef",
		"names":       "checkout-",
	} {
		cost := func(size int) time.Duration {
			value := strings.Repeat(unit, size/len(unit)) + "b"
			best := time.Hour
			for range 3 {
				begin := time.Now()
				Problem(value, 12, names())
				best = min(best, time.Since(begin))
			}
			return best
		}
		small, large := cost(512), cost(64<<10)
		if large > 700*max(small, 10*time.Microsecond) {
			t.Errorf("%s: %s for 512 bytes, %s for 64 KiB", name, small, large)
		}
	}
}

// FuzzProblem holds that nothing panics, and that no answer has the value in it.
func FuzzProblem(f *testing.F) {
	for line := range strings.Lines(weakValues) {
		f.Add(strings.TrimSpace(line))
	}
	f.Add("\xff\x00$(")
	f.Fuzz(func(t *testing.T, value string) {
		if problem := Problem(value, 12, names()); len(value) > 40 && strings.Contains(problem, value) {
			t.Error("the answer repeats the value")
		}
	})
}
