package compiler

import (
	"path"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/diag"
)

// maxRecipients bounds the keys of one file: each makes it longer, and more people
// than that is a list that nobody keeps true.
const maxRecipients = 100

// lowerAge checks the file and the public keys of an age store.
func (l *lowering) lowerAge(d lang.Declared, in *lang.SecretStore, s *ir.SecretStore) {
	name := "secrets.age"
	if l.in.Environment != "" {
		name = "secrets/" + l.in.Environment + ".age"
	}
	s.File = in.File.Or(name, in.Kind.Range, "default age.file")
	l.checkAgeFile(d, s.File)
	var hybrid, classic *ir.String
	for i := range in.Recipients {
		r := in.Recipients[i]
		if slices.ContainsFunc(s.Recipients, func(x ir.String) bool { return x.V == r.V }) {
			l.badRecipient(d, r, "stands twice in the list. Remove one: whoever removes a recipient later would remove the other only.")
			continue
		}
		quantum, ok := l.checkRecipient(d, r)
		if !ok {
			continue
		}
		s.Recipients = append(s.Recipients, r)
		if quantum {
			hybrid = &r
		} else {
			classic = &r
		}
	}
	if hybrid != nil && classic != nil {
		l.badRecipient(d, *classic, "stands beside a post-quantum one (age1pq1…). The file would be no safer against a quantum computer than its weakest recipient, and age refuses to make it. Take keys of one sort:\n\n    age-keygen -pq -o key.txt").
			With(hybrid.Range, "a post-quantum recipient")
	}
	if len(s.Recipients) > maxRecipients {
		l.badRecipient(d, s.Recipients[maxRecipients], "is one more than the %d that a file can have.", maxRecipients)
	}
}

// checkAgeFile holds the file to a place of its own below the stack's folder.
func (l *lowering) checkAgeFile(d lang.Declared, v ir.String) {
	if !l.checkFolder(d, v, "file") {
		return
	}
	clean := path.Clean(v.V)
	segments := strings.Split(clean, "/")
	refuse := func(why string) {
		l.errorf(d, v.Range, "NS307", hostPathSummary, "The file of the store is %q, %s. Keep it in a folder of its own below the stack's folder, where it can be committed:\n\n    file = %q", v.V, why, "secrets/"+l.place("-")+".age")
	}
	switch {
	case strings.HasSuffix(v.V, "/") || clean == ".":
		refuse("which is a folder")
	case l.meetsOutput(clean) || segments[0] == "out" || l.writes(clean):
		refuse("which is where nselfc writes its output")
	case slices.ContainsFunc(segments, isPrivate):
		refuse("where tools keep what is never committed")
	case path.Ext(clean) == ".hcl":
		refuse("which would be read as a part of the stack")
	}
}

func (l *lowering) badRecipient(d lang.Declared, v ir.String, problem string, args ...any) *diag.Diagnostic {
	return l.errorf(d, v.Range, "NS641", "Invalid recipient", "The recipient "+clip(v.V)+" "+problem, args...)
}

// checkRecipient tells whether a recipient is one, and of the post-quantum sort.
// No error of a parser is shown: it quotes what it was given.
func (l *lowering) checkRecipient(d lang.Declared, v ir.String) (quantum, ok bool) {
	upper := strings.ToUpper(v.V)
	switch {
	case strings.Contains(upper, "AGE-SECRET-KEY-"), strings.Contains(upper, "PRIVATE KEY-----"), strings.Contains(upper, "AGE-PLUGIN-"):
		l.errorf(d, v.Range, "NS642", "Private key in the stack",
			"A recipient is a public key, and this is a private one: whoever reads nself.hcl opens every secret of the environment, now and in all of git's history. It is not shown here.\n\n"+
				"Take it out, put the public key that belongs to it in its place, and treat it as lost if the file was ever saved where others read, or committed: make a new pair, encrypt for that, and rotate every secret. The public key is printed by\n\n    age-keygen -y FILE")
		return false, false
	case strings.HasPrefix(v.V, "age1pq1"):
		_, err := age.ParseHybridRecipient(v.V)
		quantum, ok = true, err == nil
	case strings.HasPrefix(v.V, "age1"):
		_, err := age.ParseX25519Recipient(v.V)
		ok = err == nil
	case strings.HasPrefix(v.V, "ssh-ed25519 "), strings.HasPrefix(v.V, "ssh-rsa "):
		_, err := agessh.ParseRecipient(v.V)
		ok = err == nil && !strings.Contains(v.V, "\n")
	}
	if !ok {
		l.badRecipient(d, v, "is no public key that age can encrypt for: a letter is missing or changed, or it is a key of another sort. Copy it whole; `age-keygen -y FILE` prints it.\n\n    recipients = [\"age1…\"]")
	}
	return quantum, ok
}

// clip quotes a text, or its beginning: a key of the post-quantum sort has two
// thousand characters.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return "\"" + strings.ReplaceAll(s, "%", "%%") + "\""
	}
	return "\"" + strings.ReplaceAll(strings.ToValidUTF8(s[:most], ""), "%", "%%") + "…\""
}
