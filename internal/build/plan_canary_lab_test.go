//go:build lab && linux

package build_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPlanHoldsNoSecret searches everything that a review prints for the values of
// the secrets, in every form, and for hashes of whatever holds one.
func TestPlanHoldsNoSecret(t *testing.T) {
	t.Parallel()
	dir := open(t)
	reviewable(t, dir)
	source := filepath.Join(dir, "nself.hcl")
	edited := strings.NewReplacer(
		`IN_TEXT = "Bearer ${secret.password}; x"`, `IN_TEXT = "Basic ${secret.password}; y"`, "password = ${sql", "passwd = ${sql",
		`JWT          = secret.jwt`, `JWT          = secret.hex`, `hosts     = ["canary.internal"]`, `hosts     = ["a.canary.internal"]`,
		`{ database = "app" }`, `{ database = "app", access = "read_only" }`,
	).Replace(get(t, source))
	put(t, source, edited)
	// What a plan must not read is at hand: hand edits of files with secrets, too.
	conf := filepath.Join(dir, "out", "dev", ".secrets.d", "app", "config", "app.conf")
	put(t, conf, get(t, conf)+"# by hand\n")
	known := values(t, filepath.Join(dir, "out", "dev"))
	var hashes []string
	for _, value := range slices.Concat(slices.Collect(maps.Values(known)), slices.Collect(maps.Values(treeOf(t, dir)))) {
		for _, text := range []string{value, value + "\n"} {
			sum := sha256.Sum256([]byte(text))
			hashes = append(hashes, hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:]))
		}
	}
	if len(known) < 15 || len(hashes) < 100 {
		t.Fatalf("only %d values and %d hashes", len(known), len(hashes))
	}
	runs := reviewed()
	for _, more := range []string{
		"diff --env dev --env prod", "diff --env dev --env prod --format markdown", "why secret.hex", "why service.app.secret_env.IN_TEXT --env dev", "graph",
		"plan --json-into plan.json",
	} {
		runs[more] = 0
	}
	changed := 0
	for args := range runs {
		r := run(t, command(t, dir, strings.Fields(args)...))
		texts := map[string]string{"stdout": r.stdout, "stderr": r.stderr}
		if strings.Contains(args, "json-into") {
			texts["plan.json"] = get(t, filepath.Join(dir, "plan.json"))
		}
		look(t, known, args, texts)
		for name, text := range texts {
			for _, hash := range hashes {
				if strings.Contains(text, hash) {
					t.Errorf("%s of %s has the hash of what holds a secret", name, args)
				}
			}
			changed += strings.Count(text, "(sensitive, changed)")
		}
	}
	if changed == 0 {
		t.Error("no plan says that a value with secrets changed")
	}
	// The control: what is searched for is found where it stands.
	sum := sha256.Sum256([]byte(known["HEX"]))
	if !slices.Contains(hashes, hex.EncodeToString(sum[:])) || !finds(known["HEX"], get(t, filepath.Join(dir, "out", "dev", ".secrets"))) {
		t.Error("the search finds nothing where there is something")
	}
}

// treeOf gives the files with secrets.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := tree(t, dir)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return !strings.Contains(name, ".secrets") || strings.HasSuffix(name, ".gitignore")
	})
	return files
}
