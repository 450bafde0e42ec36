package review_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit"
	"nselfc/internal/secrets"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

func place() source.Origin {
	return source.Origin{Range: source.Range{File: "nself.hcl", Start: source.Pos{Line: 1, Byte: 1}}}
}

func set[T any](v T) source.Value[T] { return source.At(v, place().Range) }

// hosted are names that the authorities of the drawn stacks may sign for.
var hosted = []string{"a.internal", "b.internal", "*.internal", "10.0.0.1", "fd00::1"}

// drawSecrets gives the secrets of a stack: few names, so that two draws have some
// in common.
func drawSecrets(t *rapid.T, name string) []*ir.Secret {
	pick := func(what string, from ...string) string {
		return rapid.SampledFrom(from).Draw(t, name+" "+what)
	}
	var out []*ir.Secret
	declare := func(name, kind string) *ir.Secret {
		s := &ir.Secret{Address: "secret." + name, Key: strings.ToUpper(name), Origin: place(), Kind: set(kind)}
		out = append(out, s)
		return s
	}
	var authorities []string
	for _, ca := range []string{"ca1", "ca2"} {
		if !rapid.Bool().Draw(t, name+" "+ca) {
			continue
		}
		authorities = append(authorities, "secret."+ca)
		hosts := []source.Value[string]{set("10.0.0.0/8"), set("fd00::/16"), set("internal")}
		if rapid.IntRange(0, 2).Draw(t, name+" wide") == 0 {
			hosts = append(hosts, set("more"))
		}
		days := rapid.SampledFrom([]int{300, 397, 3650}).Draw(t, name+" days")
		declare(ca, "x509").X509 = &ir.X509{CA: true, CommonName: set(pick("subject", "one CA", "other CA")), Hosts: hosts, Days: set(days)}
	}
	for _, s := range []string{"s1", "s2", "s3", "s4"} {
		switch kind := pick("kind of "+s, "", "hex", "hex", "base64url", "password", "jwt", "uuid", "ed25519", "x509", "x509"); kind {
		case "":
		case "x509":
			if len(authorities) == 0 {
				continue
			}
			hosts := rapid.SliceOfNDistinct(rapid.SampledFrom(hosted), 0, 2, rapid.ID[string]).Draw(t, name+" hosts")
			hosts = append(hosts, "z.internal")
			slices.Sort(hosts)
			x := &ir.X509{SignedBy: pick("signer", authorities...), CommonName: set("z.internal"), Days: set(rapid.SampledFrom([]int{200, 397}).Draw(t, name+" life"))}
			x.Client = rapid.IntRange(0, 3).Draw(t, name+" client") == 0
			for _, h := range hosts {
				x.Hosts = append(x.Hosts, set(h))
			}
			declare(s, kind).X509 = x
		case "uuid", "ed25519":
			declare(s, kind)
		case "password":
			declare(s, kind).Length = set(rapid.SampledFrom([]int{32, 43, 64}).Draw(t, name+" length"))
		default:
			declare(s, kind).Bytes = set(rapid.SampledFrom([]int{32, 33, 48, 49, 1024}).Draw(t, name+" bytes"))
		}
	}
	return out
}

// edited changes one or two things of some secrets.
func edited(t *rapid.T, list []*ir.Secret) []*ir.Secret {
	var out []*ir.Secret
	authorities := map[string]bool{}
	for _, s := range list {
		c := *s
		if s.X509 != nil {
			x := *s.X509
			c.X509 = &x
			authorities[s.Address] = x.CA
		}
		out = append(out, &c)
	}
	if len(out) == 0 {
		return out
	}
	for range rapid.IntRange(1, 2).Draw(t, "edits") {
		s := rapid.SampledFrom(out).Draw(t, "edited")
		switch edit := rapid.IntRange(0, 5).Draw(t, "edit"); {
		case s.X509 == nil && edit < 3:
			s.Bytes.V, s.Length.V = rapid.SampledFrom([]int{32, 33, 48, 49}).Draw(t, "size"), 43
		case s.X509 == nil:
			s.Kind.V = rapid.SampledFrom([]string{"hex", "base64url", "password", "jwt", "uuid"}).Draw(t, "kind")
			s.Bytes.V, s.Length.V = max(s.Bytes.V, 32), max(s.Length.V, 32)
		case edit == 0:
			s.X509.CommonName.V = "new.internal"
		case edit == 1 && s.X509.CA:
			s.X509.Days.V = rapid.SampledFrom([]int{150, 300, 3650}).Draw(t, "days")
		case edit == 1:
			s.X509.Days.V = rapid.SampledFrom([]int{200, 397}).Draw(t, "days")
		case s.X509.CA:
			s.X509.Hosts = append(slices.Clone(s.X509.Hosts), set("edited"))
		case edit == 2:
			s.X509.Client = !s.X509.Client
		case edit == 3:
			s.X509.Hosts = append(slices.Clone(s.X509.Hosts), set("e.internal"))
		default:
			for other := range authorities {
				if authorities[other] && other != s.X509.SignedBy {
					s.X509.SignedBy = other
					break
				}
			}
		}
	}
	return out
}

// withFiles makes a stack in which a service reads each part of each secret that two
// stacks have alike, so that only the values can change.
func withFiles(list, other []*ir.Secret) (*ir.Stack, []emit.File) {
	stack := &ir.Stack{Name: set("s"), Project: "s", Secrets: list}
	slices.SortFunc(stack.Secrets, func(a, b *ir.Secret) int { return strings.Compare(a.Address, b.Address) })
	var files []emit.File
	for _, s := range list {
		same := slices.ContainsFunc(other, func(o *ir.Secret) bool {
			return o.Address == s.Address && (o.X509 == nil) == (s.X509 == nil) && (o.Kind.V == "ed25519") == (s.Kind.V == "ed25519")
		})
		parts := []string{""}
		if s.Kind.V == "ed25519" {
			parts = []string{"private_key", "public_key", "public_key_ssh"}
		}
		if s.X509 != nil {
			parts = []string{"certificate", "ca_certificate"}
			if !s.X509.CA {
				parts = append(parts, "private_key")
			}
		}
		for i, part := range parts {
			name := fmt.Sprintf("%s-%d", strings.TrimPrefix(s.Address, "secret."), i)
			f := &ir.File{Path: ".secrets.d/" + name + "/VALUE", Mode: 0o444, Content: secret.Of(&secret.Expr{Address: s.Address, Field: part})}
			if !same {
				continue
			}
			stack.Files = append(stack.Files, f)
			files = append(files, emit.File{Path: f.Path, Mode: f.Mode, Text: f.Content})
			stack.Services = append(stack.Services, &ir.Service{
				Name: name, Address: "service." + name, Replicas: set(1),
				Secrets: []ir.Mount{{Name: name + ".VALUE", File: f.Path, Target: "/run/secrets/VALUE"}},
			})
		}
	}
	return stack, files
}

// TestSecretsAsMaterialized draws two stacks, has the secrets of both made, one after
// the other, and compares what was done with what the review says.
func TestSecretsAsMaterialized(t *testing.T) {
	seen := map[string]int{}
	// A disk takes its time for every file that is synced.
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	root, n := t.TempDir(), 0
	try := func(t *rapid.T) {
		was := drawSecrets(t, "before")
		is := edited(t, was)
		if rapid.IntRange(0, 4).Draw(t, "all") == 0 {
			is = drawSecrets(t, "after")
		}
		before, filesBefore := withFiles(was, is)
		after, filesAfter := withFiles(is, was)
		n++
		dir := filepath.Join(root, strconv.Itoa(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		opts := secrets.Options{Now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), StackDir: dir}
		if _, diags := secrets.Materialize(context.Background(), dir, before, filesBefore, opts); diags.HasErrors() {
			t.Fatal(diags[0].Detail)
		}
		opts.Now = opts.Now.Add(time.Hour)
		report, diags := secrets.Materialize(context.Background(), dir, after, filesAfter, opts)

		old, err := model.Read([]byte(model.Of(before).Document()))
		if err != nil {
			t.Fatal(err)
		}
		r, err := review.Compare(old, model.Of(after), after)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Effects.Secrets
		if diags.HasErrors() {
			for _, d := range diags {
				if d.Code != "NS400" && d.Severity == 0 {
					t.Fatalf("%s: %s", d.Code, d.Detail)
				}
			}
			if len(got.Unfit) == 0 || len(r.Effects.Steps) == 0 {
				t.Fatalf("the build stops, and the review says %+v: %s", got, diags[0].Detail)
			}
			seen["unfit"]++
			return
		}
		if len(got.Unfit) > 0 {
			// The last letter of a text may happen to end in as many zeros as one of
			// base64url.
			for _, address := range got.Unfit {
				if find(is, address).Kind.V != "base64url" || find(was, address).Kind.V == "base64url" {
					t.Fatalf("%s is said not to fit, and did", address)
				}
			}
			got.Kept += len(got.Unfit)
		}
		var reissued []string
		for _, c := range report.Reissued {
			reissued = append(reissued, c.Address)
		}
		if !slices.Equal(got.Generated, report.Generated) || got.Kept != len(report.Kept) || !slices.Equal(got.Rotated, reissued) ||
			!slices.Equal(keys(was, got.Retired), report.Undeclared) {
			t.Fatalf("planned %+v\nmade %+v\nbefore %s\nafter %s", got, *report, model.Of(before).Document(), model.Of(after).Document())
		}
		var stale, refresh []string
		for _, path := range report.Replaced {
			stale = append(stale, strings.Split(path, "/")[1])
		}
		for _, c := range r.Effects.Refresh {
			refresh = append(refresh, c.Service)
		}
		if slices.Sort(stale); !slices.Equal(stale, refresh) {
			t.Fatalf("files of %v are replaced, to be refreshed are %v\nbefore %s\nafter %s", stale, refresh, model.Of(before).Document(), model.Of(after).Document())
		}
		seen["generated"] += len(got.Generated)
		seen["kept"] += got.Kept
		seen["rotated"] += len(got.Rotated)
		seen["retired"] += len(got.Retired)
		seen["refreshed"] += len(refresh)
	}
	outcomes := []string{"unfit", "generated", "kept", "rotated", "retired", "refreshed"}
	unseen := func(what string) bool { return seen[what] == 0 }
	// A hundred draws may lack one of the outcomes: more are drawn until each was there.
	for round := 0; round < 20 && (round == 0 || slices.ContainsFunc(outcomes, unseen)); round++ {
		rapid.Check(t, try)
	}
	for _, what := range outcomes {
		if unseen(what) {
			t.Errorf("no draw had one that is %s: nothing is proved of it", what)
		}
	}
}

func find(list []*ir.Secret, address string) *ir.Secret {
	return list[slices.IndexFunc(list, func(s *ir.Secret) bool { return s.Address == address })]
}

// keys gives the names in .secrets of secrets, sorted.
func keys(list []*ir.Secret, addresses []string) (out []string) {
	for _, a := range addresses {
		if s := find(list, a); s.X509 != nil {
			out = append(out, s.Key+"__CERTIFICATE", s.Key+"__PRIVATE_KEY")
		} else {
			out = append(out, s.Key)
		}
	}
	slices.Sort(out)
	return out
}

// TestInputsAreBrought holds that no plan promises to make what somebody else issues,
// and that it says who brings it.
func TestInputsAreBrought(t *testing.T) {
	input := func(pattern string, least int) *ir.Stack {
		s := &ir.Secret{Address: "secret.stripe", Key: "STRIPE", Origin: place(), Kind: set("input"), MinLength: set(least), Pattern: set(pattern)}
		return &ir.Stack{Name: set("s"), Project: "s", Secrets: []*ir.Secret{s}}
	}
	for _, tt := range []struct {
		name        string
		before      *ir.Stack
		after       *ir.Stack
		step        string
		unfit, kept int
	}{
		{"new", &ir.Stack{Name: set("s"), Project: "s"}, input("", 12), "nselfc secrets set STRIPE", 0, 0},
		{"shorter", input("", 12), input("", 6), "", 0, 1},
		{"longer", input("", 6), input("", 12), "NS400", 1, 0},
		{"another pattern", input("a+", 6), input("b+", 6), "NS400", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old, err := model.Read([]byte(model.Of(tt.before).Document()))
			if err != nil {
				t.Fatal(err)
			}
			r, err := review.Compare(old, model.Of(tt.after), tt.after)
			if err != nil {
				t.Fatal(err)
			}
			got := r.Effects
			if len(got.Secrets.Generated) != 0 || len(got.Secrets.Unfit) != tt.unfit || got.Secrets.Kept != tt.kept || (len(got.Steps) > 0) != (tt.step != "") {
				t.Fatalf("%+v %+v", got.Secrets, got.Steps)
			}
			if tt.step != "" && !strings.Contains(got.Steps[0].Text, tt.step) {
				t.Errorf("%s", got.Steps[0].Text)
			}
		})
	}
}
