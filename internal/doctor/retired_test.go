package doctor

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"nselfc/internal/rotation"
)

const reportKey = "POSTGRES_MAIN_ROLE_REPORT"

// previous adds a value to .secrets that stands beside the one in use.
func (b *bench) previous(value string) {
	text, err := os.ReadFile(b.subject.Dir + "/.secrets")
	if err != nil || !strings.Contains(string(text), "\n"+reportKey+"=") {
		b.t.Fatalf("no %s: %v", reportKey, err)
	}
	put(b.t, b.subject.Dir+"/.secrets", string(text)+reportKey+"__PREVIOUS="+value+"\n", 0o600)
}

// retired keeps a value as one that was retired.
func (b *bench) retired(value string) {
	text, err := json.Marshal(map[string]any{"format": 1, "retired": []any{map[string]any{"key": reportKey, "date": "2026-11-02", "values": map[string]string{reportKey: value}}}})
	if err != nil {
		b.t.Fatal(err)
	}
	put(b.t, b.subject.Dir+"/.secrets.retired", string(text), 0o600)
}

// takes has the server let a user in with any password that is not one of the
// well-known ones.
func (b *bench) takes(user string) {
	b.inside = func(in string) Said {
		name, password, _ := strings.Cut(strings.TrimSuffix(in, "\n"), "\n")
		if name == user && len(password) > 30 {
			return Said{}
		}
		return Said{Code: refuses}
	}
}

// underWay writes the journal of a rotation.
func (b *bench) underWay(switched time.Time) {
	j := rotation.Journal{
		Version: rotation.JournalVersion, Begun: switched.Add(-time.Minute), Grace: 2 * time.Hour, Switched: switched,
		Secrets: []rotation.Entry{{Address: "x", Class: "pair", Step: rotation.Switched}},
	}
	if diags := j.Save(b.subject.Dir); diags.HasErrors() {
		b.t.Fatal(diags[0].Detail)
	}
}

// TestRetired: what is out of use is tried, and what may be in use is not.
func TestRetired(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(b *bench)
		state State
		says  string
	}{
		"nothing is kept":       {func(*bench) {}, Absent, "no password"},
		"refused":               {func(b *bench) { b.previous(random(b.t)); b.takes("nobody") }, OK, "2 logins with passwords that are out of use, refused"},
		"a rotation under way":  {func(b *bench) { b.previous(random(b.t)); b.underWay(b.host.Now.Add(-2 * time.Hour)) }, Absent, "no password"},
		"a rotation that stuck": {func(b *bench) { b.previous(random(b.t)); b.underWay(b.host.Now.Add(-4 * time.Hour)) }, Found, "should have ended on"},
		"a damaged journal": {func(b *bench) {
			b.previous(random(b.t))
			put(b.t, b.subject.Dir+"/"+rotation.JournalFile, "{}", 0o600)
		}, NotSeen, "nobody can tell"},
		"in use again": {func(b *bench) { b.retired(b.value(reportKey)) }, Absent, "no password"},
		"of two lines": {func(b *bench) { b.retired("a long value of two lines,\nreport_a\nand more than thirty") }, Absent, "no password"},
		"a server that is away": {func(b *bench) {
			b.retired(random(b.t))
			b.running["main"]["State"] = map[string]any{"Status": "exited"}
		}, NotSeen, "does not run"},
	} {
		t.Run(name, func(t *testing.T) {
			b := healthy(t)
			b.takes("report_a")
			c.set(b)
			one := result(t, b.examine(), "NS2056")
			said := one.Evidence
			for _, f := range one.Findings {
				said += f.Evidence
			}
			if one.State != c.state || !strings.Contains(said, c.says) {
				t.Errorf("%s: %s", one.State, said)
			}
		})
	}
}
