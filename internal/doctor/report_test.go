package doctor

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nselfc/compiler/policy"
	"nselfc/lang/diag/render"
)

// sick is a report with findings of three severities, one of them with control
// characters and a mark-up of a terminal in what the host says.
func sick(t *testing.T) *Report {
	t.Helper()
	b := healthy(t)
	b.listen("tcp", "00000000:1538", "201", "post\x1b[31mgres")
	b.say["timedatectl show --property=NTPSynchronized --value"] = Said{Out: "no\n"}
	b.options.BackupDir = ""
	return b.examine()
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	if err := sick(t).Text(&out, 0); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.ContainsAny(text, "\x1b\r") {
		t.Error("a control character of the host reaches the terminal")
	}
	critical, high, medium := strings.Index(text, "critical NS2010"), strings.Index(text, "high NS2075"), strings.Index(text, "medium NS2071")
	if critical != 0 || high < critical || medium < high {
		t.Errorf("not the worst first: %d %d %d", critical, high, medium)
	}
	for _, part := range []string{"\nSeen:\n", "  [ ] Backups are made", "  [x] Certificates are valid", "shop, prod: findings: 1 critical, 1 high, 1 medium; "} {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q:\n%s", part, text)
		}
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	same := func(s string) string { return s }
	if err := sick(t).JSON(&out, same, same); err != nil {
		t.Fatal(err)
	}
	var r jsonReport
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Checks, func(c jsonCheck) bool { return c.Code == "NS2010" })
	if r.Format != 1 || r.Table != tableDate || i < 0 || r.Checks[i].State != Found || r.Checks[i].Severity != "critical" || len(r.Checks[i].Findings) != 1 || r.Checks[i].Findings[0].Line == 0 {
		t.Errorf("%+v", r)
	}
}

// TestSARIF: the fingerprints are those of the objects: two runs have the same, and one
// finding keeps its own when the others are gone, or the stack's line is another.
func TestSARIF(t *testing.T) {
	r := sick(t)
	prints := func(r *Report) map[string]string {
		var out bytes.Buffer
		if err := render.SARIF(&out, render.New(r.Diagnostics().Sort(), nil, nil), "0"); err != nil {
			t.Fatal(err)
		}
		var log struct {
			Runs []struct {
				Results []struct {
					RuleID       string
					Message      struct{ Text string }
					Fingerprints map[string]string `json:"partialFingerprints"`
				}
			}
		}
		if err := json.Unmarshal(out.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, one := range log.Runs[0].Results {
			all[one.RuleID+one.Message.Text] = one.Fingerprints["nselfc/v1"]
		}
		return all
	}
	i := slices.IndexFunc(r.Results, func(one Result) bool { return one.Code == "NS2010" })
	r.Results[i].Findings = append(r.Results[i].Findings, Finding{Object: "port 6379/tcp", Evidence: "Redis", At: r.Results[i].Findings[0].At})
	before := prints(r)
	r.Results[i].Findings = r.Results[i].Findings[1:]
	r.Results[i].Findings[0].At.Start.Line += 7
	after := prints(r)
	if len(before) != 4 || len(after) != 3 {
		t.Fatalf("%d findings, and %d", len(before), len(after))
	}
	for text, print := range after {
		if before[text] != print {
			t.Errorf("another fingerprint for %s", text)
		}
	}
}

func ruleOf(t *testing.T, code string) policy.Rule {
	t.Helper()
	rules := policy.Rules()
	i := slices.IndexFunc(rules, func(r policy.Rule) bool { return r.Code == code })
	if i < 0 {
		t.Fatal(code)
	}
	return rules[i]
}

func TestCount(t *testing.T) {
	r := sick(t)
	for least, want := range map[policy.Severity]int{policy.Info: 3, policy.Medium: 3, policy.High: 2, policy.Critical: 1} {
		if got := r.Count(least); got != want {
			t.Errorf("%d of at least %s, want %d", got, least, want)
		}
	}
}

// TestRecords reads records from each kind of place.
func TestRecords(t *testing.T) {
	dir := t.TempDir()
	one := `{"id": "A", "affected": [{"package": {"ecosystem": "Bitnami", "name": "postgresql"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "17.0.0"}, {"fixed": "17.13"}]}]}]}`
	list := `[` + one + `, {"id": "B", "affected": [{"package": {"ecosystem": "", "name": "redis"}, "versions": ["8.2.9"]}]}, {"id": "C", "withdrawn": "2026-01-01T00:00:00Z", "affected": [{"package": {"name": "redis"}, "versions": ["8.2.9"]}]}, {"id": "D", "affected": [{"package": {"ecosystem": "Debian:12", "name": "redis"}, "versions": ["8.2.9"]}]}, {"id": "E", "affected": [{"package": {"ecosystem": "Bitnami", "name": "nginx"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0"}, {"last_affected": "1.30.3"}]}]}]}]`
	put(t, dir+"/folder/one.json", one, 0o644)
	put(t, dir+"/folder/deep/list.json", list, 0o644)
	put(t, dir+"/folder/README", "no record", 0o644)
	put(t, dir+"/list.json", list, 0o644)
	put(t, dir+"/bad.json", "no record", 0o644)
	put(t, dir+"/empty.json", "[]", 0o644)
	archive, err := os.Create(dir + "/all.zip")
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(archive)
	f, _ := w.Create("list.json")
	if _, err := f.Write([]byte(list)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	archive.Close()
	b := healthy(t)
	for _, place := range []string{"folder", "list.json", "all.zip"} {
		b.options.Advisories = filepath.Join(dir, place)
		r := result(t, b.examine(), "NS2052")
		if len(r.Findings) != 2 || !strings.Contains(r.Findings[0].Evidence, "faults A,") || !strings.Contains(r.Findings[1].Evidence, "faults B,") {
			t.Errorf("%s: %+v", place, r)
		}
	}
	for _, place := range []string{"bad.json", "empty.json", "none"} {
		b.options.Advisories = filepath.Join(dir, place)
		if r := result(t, b.examine(), "NS2052"); r.State != NotSeen {
			t.Errorf("%s: %+v", place, r)
		}
	}
}
