//go:build lab && linux

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/internal/lab"
	"nselfc/internal/secrets"
)

// recreating is a stack that is changed step by step while it runs. What one step
// leaves is what the next begins with.
type recreating struct {
	*stack
	now     running
	release string // of Compose
}

// step is one change of nself.hcl.
type step struct {
	name  string
	edits []edit
	// build is to build images too; sameImage says that the one of before comes out.
	build, sameImage bool
	// loses: a service has no container afterwards, which Compose's --wait takes for
	// a failure.
	loses bool
	// quick is not to wait for health: the ingress is asked every ten seconds.
	quick bool
	then  func(*testing.T, *recreating, review.Effects) // what else is to be seen
}

// edit replaces one place of nself.hcl.
type edit struct{ before, after string }

var digest = strings.Repeat("a", 64)

// TestRecreations edits a running stack, reviews the change, brings it up, and
// compares what the review said with what Docker has then.
func TestRecreations(t *testing.T) {
	t.Parallel()
	s := newRecreating(t, "recreate", "recreate.localhost")
	s.build(t)
	s.up(t, "--build")
	s.now = s.look(t)
	for _, x := range slices.Concat(containerSteps, fileSteps, edgeSteps, topologySteps, networkSteps) {
		t.Run(x.name, func(t *testing.T) { s.step(t, x) })
	}
}

func newRecreating(t *testing.T, name, domain string) *recreating {
	t.Helper()
	images := map[string]string{
		"ghcr.io/acme/api:1.4.3":                  "ghcr.io/acme/api:1.4.2",
		"ghcr.io/acme/api:1.4.3@sha256:" + digest: "ghcr.io/acme/api:1.4.2",
	}
	maps.Copy(images, standIns)
	// What an ingress with an address of IPv6 asks for.
	engine := lab.Start(t, lab.Options{Images: images, Daemon: map[string]any{"experimental": true, "ip6tables": true}})
	engine.RequireMachines(t)
	s := &recreating{stack: newStack(t, engine, os.DirFS("testdata/"+name), name, "dev", domain)}
	s.release = strings.TrimPrefix(strings.TrimSpace(engine.Compose("/", "version", "--short").Must(t)), "v")
	t.Log("Compose ", s.release)
	return s
}

// before tells whether the release of Compose is an older one.
func (s *recreating) before(major, minor, patch int) bool {
	parts := strings.FieldsFunc(s.release, func(r rune) bool { return r < '0' || r > '9' })
	for i, limit := range []int{major, minor, patch} {
		if n, _ := strconv.Atoi(parts[i]); n != limit {
			return n < limit
		}
	}
	return false
}

// up brings the stack up, as a build says to do it.
func (s *recreating) up(t *testing.T, more ...string) {
	t.Helper()
	if r := s.tryUp(append(more, "--wait", "--wait-timeout", "120")...); !r.OK() {
		t.Errorf("up: %s\n%s", r, s.engine.Compose(s.out, "logs", "--tail", "5"))
	}
}

func (s *recreating) tryUp(more ...string) lab.Result {
	return s.engine.Compose(s.out, append([]string{"up", "--detach", "--remove-orphans"}, more...)...)
}

// step makes one change, and compares what the review says with what happens.
func (s *recreating) step(t *testing.T, x step) {
	for _, e := range x.edits {
		s.edit(t, e.before, e.after)
	}
	effects, stays := s.change(t)
	switch {
	case x.build:
		s.up(t, "--build")
	case x.loses, x.quick:
		if r := s.tryUp(); !r.OK() {
			t.Error(r)
		}
	default:
		s.up(t)
	}
	want := predicted(effects, s.before(2, 29, 4), s.before(2, 31, 0))
	if !x.sameImage {
		want.Recreate = merged(want.Recreate, services(effects.Build))
	}
	s.compare(t, want, stays)
	if x.then != nil {
		x.then(t, s, effects)
		s.now = s.look(t)
	}
}

// compare looks at what there is now, and holds the prediction against it, and wrong
// ones too.
func (s *recreating) compare(t *testing.T, want outcome, stays func(string) bool) {
	t.Helper()
	before := s.now
	s.now = s.look(t)
	got := observed(before, s.now, stays)
	if diff := differences(want, got); diff != "" {
		t.Errorf("planned (-) and seen (+):\n%s", diff)
		return
	}
	for _, wrong := range want.spoiled() {
		if differences(wrong, got) == "" {
			t.Errorf("the control: %+v is taken for what happened", wrong)
		}
	}
}

// change builds, and gives the review of that against what was built before, and
// which services there are before and after.
func (s *recreating) change(t *testing.T) (review.Effects, func(string) bool) {
	t.Helper()
	old, err := model.Read([]byte(read(t, filepath.Join(s.out, model.FileName))))
	if err != nil {
		t.Fatal(err)
	}
	w := s.build(t)[0]
	r, err := review.Compare(old, w.Environment.Model, w.Environment.Stack)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Effects
	if e.Secrets.Kept != len(w.Secrets.Kept) || !slices.Equal(e.Secrets.Generated, w.Secrets.Generated) || !slices.Equal(e.Secrets.Rotated, reissued(w.Secrets)) {
		t.Errorf("secrets: planned %+v, made %+v", e.Secrets, *w.Secrets)
	}
	return e, func(name string) bool {
		declares := func(m *model.Model) bool {
			return slices.ContainsFunc(m.Resources, func(r model.Resource) bool { return strings.HasPrefix(r.Text, `{"type":"service","name":"`+name+`"`) })
		}
		return declares(old) && declares(w.Environment.Model)
	}
}

func reissued(r *secrets.Report) (out []string) {
	for _, c := range r.Reissued {
		out = append(out, c.Address)
	}
	return out
}

func differences(want, got outcome) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }
