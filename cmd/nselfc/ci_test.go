package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// changes are what pull requests do, and what each pipeline must find.
var changes = []struct {
	name   string
	do     func(p *project)
	failed []string // steps of the workflow
	said   string
}{
	{"good", func(p *project) {
		p.edit("nself.hcl", "api:1.0.0", "api:1.1.0")
		p.run("nselfc build --no-secrets")
	}, nil, ""},
	{"not built", func(p *project) { p.edit("nself.hcl", "api:1.0.0", "api:1.1.0") }, []string{"Committed output"}, "NS530"},
	{"edited by hand", func(p *project) { p.edit("out/docker-compose.yml", "api:1.0.0", "api:6.6.6") }, []string{"Committed output"}, "NS520"},
	{"floating image", func(p *project) { p.edit("nself.hcl", "api:1.0.0", "api:latest") }, []string{"Findings", "Committed output", "Plan"}, "NS310"},
	{"layout", func(p *project) { p.edit("nself.hcl", "  image", "    image") }, []string{"Layout", "Committed output"}, "nself.hcl"},
	{"secrets in git", func(p *project) {
		p.write("out/.secrets", "X=1\n")
		p.run("git add -f out/.secrets")
	}, []string{"Committed output"}, "NS6"},
	{"data would be orphaned", func(p *project) {
		p.edit("nself.hcl", `volume "data" {`, `volume "files" {`)
		p.run("nselfc build --no-secrets")
	}, []string{"Plan"}, "--fail-on destructive"},
}

// TestGitHubActions runs every command of the workflow for each change, in the
// checkout that a runner has, against a forge that keeps comments.
func TestGitHubActions(t *testing.T) {
	for _, c := range draw(t, changes, 1) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newGitHub(newProject(t))
			c.do(g.project)
			failed, said := g.pull("review")
			if !slices.Equal(failed, c.failed) || !strings.Contains(said, c.said) {
				t.Fatalf("failed: %q, want %q and %q in:\n%s", failed, c.failed, c.said, said)
			}
			if c.name == "floating image" {
				return // what does not compile has no plan
			}
			got := g.comments()
			if len(got) != 3 || !strings.HasPrefix(got[2].Body, "<!-- nselfc-plan:shop -->\n") || got[0].Body != "<!-- nselfc-plan:shop -->\nnot ours" {
				t.Fatalf("comments: %v\n%s", got, said)
			}
			if summary := g.read(filepath.Join(g.home, "summary")); strings.TrimRight(summary, "\n") != strings.TrimRight(got[2].Body, "\n") {
				t.Errorf("the summary is %q", summary)
			}
		})
	}
}

// TestWorkflowIsSafe holds the workflow to what keeps a stranger's pull request
// from doing more than being compiled.
func TestWorkflowIsSafe(t *testing.T) {
	w := readWorkflow(t)
	if _, ok := w.On["pull_request"]; !ok || len(w.On) != 1 {
		t.Errorf("it runs on %v", w.On)
	}
	if w.Permissions == nil || len(w.Permissions) > 0 || w.Defaults.Run.Shell != "bash" {
		t.Errorf("permissions %v, shell %q", w.Permissions, w.Defaults.Run.Shell)
	}
	text, err := os.ReadFile(ciExamples + "github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secrets.") {
		t.Error("it needs a secret")
	}
	pinned := regexp.MustCompile(`uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n`)
	if n := strings.Count(string(text), "uses: "); n == 0 || n != len(pinned.FindAllString(string(text), -1)) {
		t.Errorf("not every one of %d actions is pinned", n)
	}
	for name, job := range w.Jobs {
		for permission, access := range job.Permissions {
			if want := map[string]string{"contents": "read", "pull-requests": "write", "security-events": "write"}[permission]; access != want {
				t.Errorf("%s has %s: %s", name, permission, access)
			}
		}
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s: what a stranger wrote may get into the script of %q", name, step.Name)
			}
		}
	}
}

// gitLabJob is what the tests read of a job of GitLab CI.
type gitLabJob struct {
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Artifacts    struct{ Paths []string }
	Rules        []struct{ If string }
}

// TestGitLab runs the job's script for each change, in the shallow clone that a
// runner has, with and without a token for the note.
func TestGitLab(t *testing.T) {
	b, err := os.ReadFile(ciExamples + "gitlab-ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var jobs map[string]gitLabJob
	if err := yaml.Unmarshal(b, &jobs); err != nil {
		t.Fatal(err)
	}
	job := jobs["nselfc"]
	if len(jobs) != 1 || len(job.Rules) != 1 || job.Rules[0].If != `$CI_PIPELINE_SOURCE == "merge_request_event"` {
		t.Fatalf("jobs: %v", jobs)
	}
	for _, c := range draw(t, changes, 1) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t)
			vars := p.tools()
			p.stub("curl", gitLabForge)
			forge := filepath.Join(filepath.Dir(p.dir), "forge")
			if err := os.Mkdir(forge, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(forge, "notes.json"), []byte(`[{"id": 1, "author": {"id": 5}, "body": "<!-- nselfc-plan:shop -->\nnot ours"}]`), 0o644); err != nil {
				t.Fatal(err)
			}
			base := strings.TrimSpace(p.run("git rev-parse main"))
			c.do(p)
			p.run("git add -A && git commit -q --allow-empty -m change && git push -q origin feature")
			checkout := filepath.Join(filepath.Dir(p.dir), "checkout")
			p.run("git clone -q --depth " + job.Variables["GIT_DEPTH"] + " --branch feature file://" + p.remote + " " + checkout)
			env := []string{
				"FORGE=" + forge, "CI_API_V4_URL=https://git.example.com/api/v4", "CI_MERGE_REQUEST_PROJECT_ID=3", "CI_MERGE_REQUEST_IID=7",
				"CI_MERGE_REQUEST_DIFF_BASE_SHA=" + base,
			}
			for k, v := range job.Variables {
				env = append(env, k+"="+v)
			}
			env = append(env, vars...)
			run := func(more ...string) (int, string) {
				return p.in(checkout, strings.Join(slices.Concat(job.BeforeScript, job.Script), "\n"), slices.Concat(env, more))
			}
			code, said := run()
			if (code != 0) != (c.failed != nil) || !strings.Contains(said, c.said) {
				t.Fatalf("exit code %d, want %q in:\n%s", code, c.said, said)
			}
			if calls := p.read(filepath.Join(forge, "calls")); calls != "" {
				t.Errorf("without a token, it called %s", calls)
			}
			if c.name == "floating image" {
				return // what does not compile has no plan
			}
			for _, path := range job.Artifacts.Paths {
				if p.read(filepath.Join(checkout, path)) == "" {
					t.Errorf("the artefact %s is missing", path)
				}
			}
			if c.name != "good" {
				return
			}
			for range 2 {
				if again, said := run("NSELFC_NOTE_TOKEN=token-of-the-project"); again != code {
					t.Errorf("with a token, the exit code is %d: %s", again, said)
				}
			}
			notes := p.read(filepath.Join(forge, "notes.json"))
			if n := strings.Count(notes, "<!-- nselfc-plan:shop -->"); n != 2 || !strings.Contains(notes, `nselfc-plan:shop -->\nnot ours`) {
				t.Errorf("notes: %s", notes)
			}
			if calls := p.read(filepath.Join(forge, "calls")); strings.Contains(calls, "token-of") || !strings.Contains(calls, "POST") || !strings.Contains(calls, "PUT") {
				t.Errorf("calls: %s", calls)
			}
		})
	}
}

// gitLabForge stands in for curl: it keeps notes, and takes the token from the
// configuration on standard input alone.
const gitLabForge = `printf '%s\n' "$*" >>"$FORGE/calls"
[ "$(cat)" = 'header = "PRIVATE-TOKEN: token-of-the-project"' ]
method=GET body=
while [ $# -gt 0 ]; do
  case $1 in
    --silent | --show-error | --fail) ;;
    --config) [ "$2" = - ]; shift ;;
    --output) [ "$2" = /dev/null ]; shift ;;
    --request) method=$2; shift ;;
    --data-urlencode) body=$(cat "${2#body@}"); shift ;;
    https://git.example.com/api/v4/*) path=${1#https://git.example.com/api/v4/} ;;
    *) exit 9 ;;
  esac
  shift
done
db=$FORGE/notes.json notes=projects/3/merge_requests/7/notes
case "$method $path" in
  "GET user") echo '{"id": 9, "name": "bot"}' ;;
  "GET $notes?sort=asc&order_by=created_at&per_page=100") cat "$db" ;;
  "POST $notes") jq --arg b "$body" '. + [{id: (length + 1), author: {id: 9}, body: $b}]' "$db" >"$db.new" && mv "$db.new" "$db" ;;
  "PUT $notes/2") jq --arg b "$body" 'map(if .id == 2 then .body = $b else . end)' "$db" >"$db.new" && mv "$db.new" "$db" ;;
  *) exit 9 ;;
esac
`
