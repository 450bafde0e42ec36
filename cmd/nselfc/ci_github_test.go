package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow is what the tests read of a workflow of GitHub Actions.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Env         map[string]string
	Defaults    struct{ Run struct{ Shell string } }
	Jobs        map[string]struct {
		If          string
		Permissions map[string]string
		Steps       []workflowStep
	}
}

type workflowStep struct {
	Name, ID, If, Uses, Run string
	With                    map[string]string
	Env                     map[string]string
}

const ciExamples = "../../examples/ci/"

func readWorkflow(t *testing.T) workflow {
	t.Helper()
	b, err := os.ReadFile(ciExamples + "github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(b, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// gitHub runs the workflow's jobs for a pull request, as far as they are commands.
type gitHub struct {
	*project
	w    workflow
	home string // what the runner and the forge keep: temp, comments, calls
	fork bool
	vars []string
}

func newGitHub(p *project) *gitHub {
	g := &gitHub{project: p, w: readWorkflow(p.t), home: filepath.Join(filepath.Dir(p.dir), "github"), vars: p.tools()}
	if err := os.Mkdir(g.home, 0o755); err != nil {
		p.t.Fatal(err)
	}
	p.env = append(p.env, "FORGE="+g.home)
	// The forge keeps its comments in one file; others have written some of them, and
	// one of these begins with the marker, too.
	if err := os.WriteFile(filepath.Join(g.home, "comments.json"), []byte(`[
		{"id": 1, "user": {"login": "somebody"}, "body": "<!-- nselfc-plan:shop -->\nnot ours"},
		{"id": 2, "user": {"login": "github-actions[bot]"}, "body": "of another workflow"}]`), 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.stub("gh", `printf '%s\n' "$*" >>"$FORGE/calls"
[ "$1" = api ] && [ "$GH_TOKEN" = token-of-the-job ] && [ "$GITHUB_REPOSITORY" = acme/shop ]
shift
method=GET jq=. body=
while [ $# -gt 0 ]; do
  case $1 in
    --paginate | --silent) ;;
    --method) method=$2; shift ;;
    --jq) jq=$2; shift ;;
    --field) case $2 in body=@*) body=$(cat "${2#body=@}") ;; *) exit 9 ;; esac; shift ;;
    repos/acme/shop/*) path=${1#repos/acme/shop/} ;;
    *) exit 9 ;;
  esac
  shift
done
db=$FORGE/comments.json
case "$method $path" in
  "GET issues/7/comments?per_page=100") jq -r "$jq" "$db" ;;
  "POST issues/7/comments")
    jq --arg b "$body" '. + [{id: (length + 1), user: {login: "github-actions[bot]"}, body: $b}]' "$db" >"$db.new" ;;
  "PATCH issues/comments/"*)
    jq --arg b "$body" --argjson id "${path##*/}" 'map(if .id == $id then .body = $b else . end)' "$db" >"$db.new" ;;
  *) exit 9 ;;
esac
[ ! -f "$db.new" ] || mv "$db.new" "$db"
`)
	return g
}

// expressions are those that the workflow uses.
func (g *gitHub) expand(s string) string {
	g.t.Helper()
	s = strings.NewReplacer(
		"${{ github.token }}", "token-of-the-job", "${{ github.event.pull_request.number }}", "7", "${{ runner.temp }}", filepath.Join(g.home, "temp"),
	).Replace(s)
	if strings.Contains(s, "${{") {
		g.t.Fatalf("an expression that this test does not know: %s", s)
	}
	return s
}

// holds evaluates the conditions that the workflow uses. outcomes has the steps
// that ran: true for success.
func (g *gitHub) holds(condition string, outcomes map[string]bool, failed bool) bool {
	g.t.Helper()
	installed, planned := outcomes["nselfc"], false
	if _, ok := outcomes["plan"]; ok {
		planned = true
	}
	switch strings.Join(strings.Fields(condition), " ") {
	case "":
		return !failed
	case "${{ !cancelled() && steps.nselfc.outcome == 'success' }}":
		return installed
	case "${{ !cancelled() && steps.plan.outcome != 'skipped' && github.event.pull_request.head.repo.full_name == github.repository }}":
		return planned && !g.fork
	case "${{ vars.NSELFC_SARIF == 'true' && github.event.pull_request.head.repo.full_name == github.repository }}":
		return !g.fork
	}
	g.t.Fatalf("a condition that this test does not know: %s", condition)
	return false
}

// pull commits what is in the work tree, merges it as the forge does, and runs a
// job. It gives the steps that failed, and all that was said.
func (g *gitHub) pull(job string) (failed []string, said string) {
	g.t.Helper()
	g.run(`git add -A && git commit -q --allow-empty -m change && git push -q -f origin feature
git checkout -q --detach main && git merge -q --no-ff -m merge feature && git push -q -f origin HEAD:refs/pull/7/merge && git checkout -q feature`)
	temp, checkout := filepath.Join(g.home, "temp"), filepath.Join(g.home, "checkout")
	for _, dir := range []string{temp, checkout} {
		if err := os.RemoveAll(dir); err != nil {
			g.t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			g.t.Fatal(err)
		}
	}
	env := []string{
		"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=acme/shop", "RUNNER_TEMP=" + temp, "GITHUB_PATH=" + filepath.Join(g.home, "path"),
		"GITHUB_STEP_SUMMARY=" + filepath.Join(g.home, "summary"),
	}
	for _, file := range []string{"path", "summary"} {
		if err := os.WriteFile(filepath.Join(g.home, file), nil, 0o644); err != nil {
			g.t.Fatal(err)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(g.w.Env)) {
		env = append(env, k+"="+g.expand(g.w.Env[k]))
	}
	env = append(env, g.vars...)
	outcomes := map[string]bool{}
	var all strings.Builder
	for _, step := range g.w.Jobs[job].Steps {
		if !g.holds(step.If, outcomes, len(failed) > 0) {
			continue
		}
		if step.Uses != "" {
			g.use(step, checkout)
			continue
		}
		vars := slices.Clone(env)
		for k, v := range step.Env {
			vars = append(vars, k+"="+g.expand(v))
		}
		if added := strings.TrimSpace(g.read(filepath.Join(g.home, "path"))); added != "" {
			vars = append(vars, "PATH="+added+string(os.PathListSeparator)+filepath.Join(filepath.Dir(g.dir), "tools")+string(os.PathListSeparator)+os.Getenv("PATH"))
		}
		code, out := g.in(checkout, g.expand(step.Run), vars)
		all.WriteString("== " + step.Name + "\n" + out)
		if step.ID != "" {
			outcomes[step.ID] = code == 0
		}
		if code != 0 {
			failed = append(failed, step.Name)
		}
	}
	return failed, all.String()
}

// use does what an action would.
func (g *gitHub) use(step workflowStep, checkout string) {
	g.t.Helper()
	switch action, _, _ := strings.Cut(step.Uses, "@"); action {
	case "actions/checkout":
		if _, err := strconv.Atoi(step.With["fetch-depth"]); err != nil || step.With["persist-credentials"] != "false" {
			g.t.Fatalf("checkout: %v", step.With)
		}
		// file:// makes the clone as shallow as one over a network.
		if code, out := g.in(checkout, "git init -q && git remote add origin file://"+g.remote+
			" && git fetch -q --depth "+step.With["fetch-depth"]+" origin refs/pull/7/merge && git checkout -q --detach FETCH_HEAD", nil); code != 0 {
			g.t.Fatal(out)
		}
	case "actions/setup-go":
	case "github/codeql-action/upload-sarif":
		var log struct{ Version string }
		if err := json.Unmarshal([]byte(g.read(g.expand(step.With["sarif_file"]))), &log); err != nil || log.Version != "2.1.0" {
			g.t.Errorf("the report is no SARIF: %v", err)
		}
	default:
		g.t.Fatalf("an action that this test does not know: %s", step.Uses)
	}
}

type comment struct {
	ID   int
	User struct{ Login string }
	Body string
}

func (g *gitHub) comments() []comment {
	g.t.Helper()
	var out []comment
	if err := json.Unmarshal([]byte(g.read(filepath.Join(g.home, "comments.json"))), &out); err != nil {
		g.t.Fatal(err)
	}
	return out
}
