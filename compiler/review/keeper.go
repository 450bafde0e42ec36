package review

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// keeper looks at who else can read every value of an environment: whoever has the
// key of an age file, and whoever runs the store.
func (r *reviewer) keeper(c *model.Change) {
	if !hasSecrets(r.old) {
		return // nobody has been able to read any
	}
	r.readers(c)
	was, is := text(c.Before, "store"), text(c.After, "store")
	path := []string{"store"}
	switch {
	case is == "age": // its readers are its recipients
	case is == "":
		if was != "age" {
			r.add(c, finding{code: "NS727", safer: true, path: path, detail: fmt.Sprintf("The values are no longer kept in %s besides.", storeWords(c.Before))})
		}
	case was != is:
		r.add(c, finding{
			code: "NS727", severity: High, path: path,
			detail: fmt.Sprintf("The values are kept in %s: whoever runs it, or may read there, has every secret of the environment.", storeWords(c.After)),
		})
	default:
		r.elsewhere(c)
	}
}

// elsewhere looks at a store of the same kind.
func (r *reviewer) elsewhere(c *model.Change) {
	risk := func(severity Severity, name, format string, args ...any) {
		r.add(c, finding{code: "NS727", severity: severity, path: []string{name}, detail: fmt.Sprintf(format, args...)})
	}
	if differs(c, "address") {
		risk(High, "address", "The values go to %s, and the credentials for it with them: whoever runs that has every secret of the environment.", storeWords(c.After))
		return
	}
	if differs(c, "command") {
		risk(High, "command", "The store is another program: it runs on the host, with the rights of whoever brings the secrets in, and says what they are.")
	}
	if more := came(object(c.Before, "environment"), object(c.After, "environment")); len(more) > 0 {
		risk(Medium, "environment", "The program of the store gets %s of the host's variables too.", list(more))
	}
	for _, name := range []string{"region", "namespace", "mount", "path", "form", "name", "external"} {
		if differs(c, name) {
			risk(Medium, name, "The values are kept in another place, %s: see who may read there.", storeWords(c.After))
			return
		}
	}
}

// differs tells whether a setting of a store is another. A slash at the end of an
// address or a path makes none.
func differs(c *model.Change, name string) bool {
	was, one := c.Before[name].(string)
	is, other := c.After[name].(string)
	if one && other {
		return strings.TrimSuffix(was, "/") != strings.TrimSuffix(is, "/")
	}
	return !model.Equal(c.Before[name], c.After[name])
}

// readers looks at who can open the age file.
func (r *reviewer) readers(c *model.Change) {
	gone, come := recipients(c)
	if len(come) > 0 {
		r.add(c, finding{
			code: "NS726", severity: High, path: []string{"recipients", come[0]},
			detail: fmt.Sprintf("Whoever has the key of %s can read every secret of the environment, from the next time the file is encrypted on.", shortKeys(come)),
		})
	}
	if len(gone) > 0 {
		r.add(c, finding{
			code: "NS726", safer: true, path: []string{"recipients"},
			detail: fmt.Sprintf("The key of %s opens no secret that is made from now on; those of before it still opens, in the history of git.", shortKeys(gone)),
		})
	}
}

// recipients gives the public keys that an age file is no longer encrypted for, and
// those that it newly is. What stands behind a key of ssh is a comment.
func recipients(c *model.Change) (gone, come []string) {
	key := func(recipient string) string {
		words := strings.Fields(recipient)
		return strings.Join(words[:min(2, len(words))], " ")
	}
	without := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(a string) bool {
			return slices.ContainsFunc(other, func(b string) bool { return key(a) == key(b) })
		})
	}
	was, is := names(object(c.Before, "recipients")), names(object(c.After, "recipients"))
	return without(was, is), without(is, was)
}
