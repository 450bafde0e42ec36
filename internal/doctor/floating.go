package doctor

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"nselfc/compiler/reference"
)

// floating finds containers whose image has a name that will mean another one: what
// runs cannot be told from the name, and no other host runs the same.
func floating(_ context.Context, x *examination) (string, []Finding, error) {
	all, err := x.containers()
	if err != nil {
		return "", nil, err
	}
	var found []Finding
	n := 0
	for _, c := range all {
		own := c.Config.Labels[labelProject] == x.Stack.Project
		if !c.State.Running || !own && c.Config.Labels[labelAddress] != "" || c.built() { // another stack of nselfc looks after its own
			continue
		}
		n++
		why := movable(c.Config.Image)
		if why == "" {
			continue
		}
		f := Finding{
			Object:   c.object(),
			Evidence: fmt.Sprintf("%s runs %s, which has %s. Its owner gives the name to each new release: the next pull exchanges the code, another host runs another, and there is nothing to go back to.", c.Name, c.Config.Image, why),
			Fix:      "Name the release that runs, or pin it by its digest:\n\n    docker image inspect --format '{{json .RepoDigests}}' " + c.Image,
		}
		if s := x.service(c.service()); own && s != nil {
			f.At = s.Image.Range
		}
		found = append(found, f)
	}
	return counted(n, "container") + ", each of an image with the name of one release", found, nil
}

// built tells whether an image was made here, by Compose: nobody moves its name.
func (c container) built() bool {
	project := c.Config.Labels[labelProject]
	return project != "" && slices.Contains([]string{project + "-" + c.service(), project + "_" + c.service()}, c.Config.Image)
}

// movable says what is wrong with the name of an image; "" for nothing. Beside what
// the compiler refuses, a tag moves that names a whole line of releases: "17-alpine",
// or of a program whose lines the table of releases has, "8.2".
func movable(text string) string {
	ref, err := reference.Parse(text)
	id, byID := strings.CutPrefix(text, "sha256:")
	if byID || len(id) >= 12 && strings.Trim(id, "0123456789abcdef") == "" { // as docker run takes it
		return ""
	}
	switch {
	case err != nil || ref.Digest != "":
		return ""
	case ref.Tag == "":
		return "no tag, which means \"latest\""
	case ref.Floating():
		return "the tag \"" + ref.Tag + "\", which names no version"
	}
	word, _, _ := strings.Cut(ref.Tag, "-")
	v, ok := parseVersion(word)
	width := 1
	for _, k := range products() {
		if k.name == program(path.Base(ref.Name)) {
			width = k.width
		}
	}
	if ok && len(v) <= width && v[0] < 1000 { // "1873" is the number of a build, "20250301" a day
		return "the tag \"" + ref.Tag + "\", which names a line of releases"
	}
	return ""
}
