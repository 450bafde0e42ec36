package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
)

func imageChecks() []check {
	return []check{
		{code: "NS2045", run: declaredImage},
		{code: "NS2049", run: floating},
		{code: "NS2050", security: true, run: eachImage("none is past the end of its support", endOfLife)},
		{code: "NS2051", security: true, run: eachImage("none is older than its first safe release", belowSafe)},
		{code: "NS2052", security: true, run: advised},
		{code: "NS2053", security: true, run: scanned},
		{code: "NS2054", security: true, run: staleTable},
	}
}

// declaredImage wants containers to run the image that is declared, and that the name
// still means.
func declaredImage(ctx context.Context, x *examination) (string, []Finding, error) {
	own, err := x.own()
	if err != nil {
		return "", nil, err
	}
	ids := map[string]string{}
	var found []Finding
	var unseen error
	n := 0
	for _, c := range own {
		s := x.service(c.service())
		if s == nil || s.Image.V == "" {
			continue
		}
		n++
		if _, asked := ids[s.Image.V]; !asked {
			said, err := x.Run(ctx, nil, "docker", "image", "inspect", "--format", "{{.Id}}", s.Image.V)
			if err == nil && said.Code != 0 && !strings.Contains(strings.ToLower(said.Err), "no such image") { // "" where it was removed
				err = fmt.Errorf("docker image inspect failed: %s", complaint(said.Err))
			}
			if err != nil {
				unseen = err
			}
			ids[s.Image.V] = strings.TrimSpace(said.Out)
		}
		evidence := ""
		switch id := ids[s.Image.V]; {
		case c.Config.Image != s.Image.V:
			evidence = fmt.Sprintf("%s runs %s, and the stack declares %s.", c.Name, c.Config.Image, s.Image.V)
		case id != "" && id != c.Image:
			evidence = fmt.Sprintf("%s runs another image than the one that is called %s now: the name was given to another meanwhile, and the next start exchanges the code.", c.Name, s.Image.V)
		}
		if evidence != "" {
			found = append(found, Finding{Object: c.object(), Evidence: evidence, Fix: anew(s.Name), At: s.Image.Range})
		}
	}
	if n == 0 {
		return "", nil, nothing("no container of the stack is here")
	}
	return counted(n, "container") + " of the image that is declared", found, unseen
}

// image is a declared one, once however many services run it.
type image struct {
	reference.Image
	text    string
	name    string // "postgres", without registry and owner
	version version
	service *ir.Service
}

func (x *examination) images() []image {
	var out []image
	for _, s := range x.Stack.Services {
		ref, err := reference.Parse(s.Image.V)
		if err != nil || s.Build != nil || slices.ContainsFunc(out, func(i image) bool { return i.text == s.Image.V }) {
			continue
		}
		v, _ := parseVersion(ref.Tag)
		out = append(out, image{ref, s.Image.V, program(path.Base(ref.Name)), v, s})
	}
	return out
}

// eachImage makes a check of the table of releases.
func eachImage(seen string, look func(x *examination, i image, k product) string) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		n, all := 0, x.images()
		var found []Finding
		for _, i := range all {
			for _, k := range products() {
				if k.name != i.name || len(i.version) == 0 {
					continue
				}
				n++
				if evidence := look(x, i, k); evidence != "" {
					found = append(found, Finding{Object: "image " + i.text, Evidence: evidence + " (Table of " + tableDate + ".)", Fix: "Name a newer release, and build:\n\n    image = \"" + i.Name + ":" + k.newer(i.version) + "\"", At: i.service.Site})
				}
			}
		}
		if n == 0 {
			return "", nil, nothing("the table of releases knows none of the images")
		}
		return fmt.Sprintf("%s, of which the table of %s knows %d: %s", counted(len(all), "image"), tableDate, n, seen), found, nil
	}
}

func endOfLife(x *examination, i image, k product) string {
	day, known := k.end[line(i.version, k.width)]
	if !known {
		return ""
	}
	end, err := time.Parse(time.DateOnly, day)
	if err != nil || x.Now.Before(end) {
		return ""
	}
	return fmt.Sprintf("%s has had no mended faults since %s, when its support ended.", i.text, day)
}

func belowSafe(x *examination, i image, k product) string {
	if endOfLife(x, i, k) != "" || i.version.safe(k.first) || len(i.version) < k.width+1 && sameLine(i.version, k) {
		return "" // what has no end is judged once; a tag of a line is its newest release
	}
	return fmt.Sprintf("%s is older than the first release of its line without known faults; those are %s. %s", i.text, strings.Join(k.first, ", "), k.why)
}

// sameLine tells whether a tag names a whole line of releases, as "17" does.
func sameLine(v version, k product) bool {
	return slices.ContainsFunc(k.first, func(f string) bool {
		o := numbers(f)
		return len(v) <= len(o) && slices.Equal([]int(v), o[:len(v)])
	})
}

func staleTable(_ context.Context, x *examination) (string, []Finding, error) {
	day, err := time.Parse(time.DateOnly, tableDate)
	if err != nil {
		return "", nil, err
	}
	const fresh = 180
	age := int(x.Now.Sub(day).Hours() / 24)
	if age <= fresh || x.options.Advisories != "" {
		return fmt.Sprintf("the table of releases is %d days old", age), nil, nil
	}
	return "", []Finding{{
		Object:   "table of releases",
		Evidence: fmt.Sprintf("The table of safe releases is of %s, %d days old: what was found since, this check does not know.", tableDate, age),
		Fix:      "Update nselfc, or bring records of your own in the OSV format:\n\n    nselfc doctor --security --advisories osv.zip",
	}}, nil
}

// scanned asks a scanner of images, where there is one.
func scanned(ctx context.Context, x *examination) (string, []Finding, error) {
	images := x.images()
	for _, s := range scanners() {
		if _, err := x.ask(ctx, s.name, "--version"); err != nil {
			continue
		}
		var found []Finding
		var failed []error
		for _, i := range images {
			inner, cancel := context.WithTimeout(context.WithValue(ctx, unhurried{}, true), 2*time.Minute)
			said, err := x.Run(inner, nil, append(append([]string{s.name}, s.args...), i.text)...)
			cancel()
			var holes []hole
			if err == nil {
				holes, err = s.read([]byte(withoutBreaks(said.Out)))
			}
			if err == nil && said.Code != 0 && len(holes) == 0 { // a setting of its own may have it fail for what it finds
				err = fmt.Errorf("%s failed for %s with code %d", s.name, i.text, said.Code)
			}
			if err != nil {
				failed = append(failed, err)
			}
			if len(holes) > 0 {
				found = append(found, Finding{Object: "image " + i.text, At: i.service.Site, Evidence: fmt.Sprintf("%s finds %s in %s that a newer release mends.", s.name, holeList(holes), i.text), Fix: "Name a newer release, and build."})
			}
		}
		return s.name + " looked into " + counted(len(images), "image"), found, errors.Join(failed...)
	}
	return "", nil, errors.New("neither trivy nor grype is installed")
}

// hole is a known fault in an image, for which there is a mended release.
type hole struct{ id, where, severity string }

func holeList(holes []hole) string {
	slices.SortFunc(holes, func(a, b hole) int { return strings.Compare(a.id+a.where, b.id+b.where) })
	holes = slices.Compact(holes)
	var names []string
	for _, h := range holes[:min(5, len(holes))] {
		names = append(names, h.id+" ("+h.where+", "+h.severity+")")
	}
	if len(holes) > 5 {
		names = append(names, fmt.Sprintf("and %d more", len(holes)-5))
	}
	return strings.Join(names, ", ")
}

// scanner is a program that looks for known faults in an image.
type scanner struct {
	name string
	args []string
	read func(text []byte) ([]hole, error)
}

// errOtherReport says that a scanner did not write its report: what it found nothing
// in is not known to be well.
type errOtherReport string

func (e errOtherReport) Error() string { return string(e) + " printed something else than its report" }

func scanners() []scanner {
	return []scanner{
		{"trivy", []string{"image", "--quiet", "--format", "json", "--severity", "HIGH,CRITICAL", "--ignore-unfixed", "--scanners", "vuln"}, func(text []byte) ([]hole, error) {
			var r struct {
				SchemaVersion int
				Results       []struct {
					Vulnerabilities []struct{ VulnerabilityID, PkgName, Severity string }
				}
			}
			err := json.Unmarshal(text, &r)
			if err != nil || r.SchemaVersion == 0 {
				return nil, errOtherReport("trivy")
			}
			var out []hole
			for _, one := range r.Results {
				for _, v := range one.Vulnerabilities {
					out = append(out, hole{v.VulnerabilityID, v.PkgName, strings.ToLower(v.Severity)})
				}
			}
			return out, nil
		}},
		{"grype", []string{"--quiet", "--output", "json", "--only-fixed"}, func(text []byte) ([]hole, error) {
			var r struct {
				Matches []struct {
					Vulnerability struct{ ID, Severity string }
					Artifact      struct{ Name string }
				}
			}
			err := json.Unmarshal(text, &r)
			if err != nil || r.Matches == nil {
				return nil, errOtherReport("grype")
			}
			var out []hole
			for _, m := range r.Matches {
				if s := strings.ToLower(m.Vulnerability.Severity); s == "high" || s == "critical" {
					out = append(out, hole{m.Vulnerability.ID, m.Artifact.Name, s})
				}
			}
			return out, nil
		}},
	}
}
