package review

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// keeping says what somebody must do when the values of an environment are kept
// elsewhere from now on, or for other people. No build moves or encrypts a value.
func (e *Effects) keeping(r *reviewer) {
	step := func(format string, args ...any) {
		e.Steps = append(e.Steps, Step{Address: model.StoreAddress, Text: fmt.Sprintf(format, args...)})
	}
	kind := ""
	if now := r.now.Find(model.StoreAddress); now != nil {
		if a, err := now.Attributes(); err == nil {
			kind = text(a, "store")
		}
	}
	for i := range r.changes {
		c := &r.changes[i]
		if c.Type != model.TypeStore {
			continue
		}
		was, is := storeWords(c.Before), storeWords(c.After)
		switch {
		case was == is:
			e.recipients(c, step)
		case hasSecrets(r.old) && kind == "exec":
			step("The values were kept in %s and come from %s now, which no command of nselfc writes. Put them there, and see that nothing is missing before the old store is emptied: on the host, nselfc secrets sync --check.", was, is)
		case hasSecrets(r.old):
			step("The values were kept in %s and are kept in %s now. Nothing moves by itself: on the host, bring in the last values before this change (nselfc secrets sync), and put them there after it (nselfc secrets sync --push). Empty the old store last.", was, is)
		}
	}
	if kind != "" && kind != "kubernetes" && len(e.Secrets.Generated) > 0 {
		step("The store of this environment must have the values that are new: %s. Put them there, or have them made, before the build on the host: nselfc secrets generate, then nselfc secrets sync --push.", strings.Join(e.Secrets.Generated, ", "))
	}
}

// hasSecrets tells whether a model has secrets, whose values are somewhere.
func hasSecrets(m *model.Model) bool {
	return slices.ContainsFunc(m.Resources, func(r model.Resource) bool { return mayBe(&r, model.TypeSecret) })
}

// recipients says what follows for an age file whose list of people changed.
func (e *Effects) recipients(c *model.Change, step func(string, ...any)) {
	gone, come := recipients(c)
	if len(gone)+len(come) > 0 {
		step("The file %s is encrypted for other recipients: nselfc secrets recipients, by somebody who can open it; then commit the file.", text(c.After, "file"))
	}
	if len(gone) > 0 {
		step("Whoever has the key of %s still opens every copy of the file in the history of git. Rotate every secret of this environment: nselfc secrets rotate --all.", shortKeys(gone))
	}
	if len(come) > 0 {
		step("Whoever has the key of %s can read every secret of this environment from then on.", shortKeys(come))
	}
}

func shortKeys(keys []string) string {
	const most = 70
	out := slices.Clone(keys)
	for i, k := range out {
		if len(k) > most {
			out[i] = k[:most] + "…"
		}
	}
	return strings.Join(out, ", ")
}

// storeWords says where values are kept, for people.
func storeWords(a map[string]any) string {
	switch text(a, "store") {
	case "":
		return ".secrets on the host"
	case "age":
		return "the age file " + text(a, "file")
	case "vault":
		return "Vault at " + strings.TrimSuffix(text(a, "address"), "/") + " (" + strings.TrimPrefix(text(a, "namespace")+"/", "/") + text(a, "mount") + "/" + text(a, "path") + ")"
	case "aws":
		return "AWS Secrets Manager (" + strings.TrimPrefix(text(a, "region")+" ", " ") + text(a, "path") + ")"
	case "kubernetes":
		return ".secrets on the host, with manifests for Kubernetes"
	}
	return "the program of the exec store"
}
