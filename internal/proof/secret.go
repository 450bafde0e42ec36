package proof

import (
	"encoding/json"
	"path"
	"strings"

	"nselfc/emit"
)

const secretFolder = ".secrets.d/"

// secretRules are proved on every file: which hold a secret, where they lie, and who
// may read and write them.
func secretRules() []Rule {
	return []Rule{
		eachFile("NS1801", func(f emit.File) string {
			if f.Secret() && (!strings.HasPrefix(f.Path, secretFolder) || path.Clean(f.Path) != f.Path) {
				return "a secret stands in a file outside of .secrets.d, which everybody on the host may read"
			}
			if !f.Secret() && strings.HasPrefix(f.Path, secretFolder) {
				return "a file without a secret lies among the secret ones, and so is not reviewed"
			}
			return ""
		}),
		eachFile("NS1802", func(f emit.File) string {
			if strings.HasPrefix(f.Path, secretFolder) && f.Mode != 0o600 && f.Mode&^0o111 != 0o444 {
				return "a secret file has a mode other than 0444, below a folder of mode 0700, or 0600"
			}
			return ""
		}),
		eachFile("NS1803", func(f emit.File) string {
			if f.Mode&^0o755 != 0 && !strings.HasPrefix(f.Path, secretFolder) {
				return "others than its owner may write the file, or it runs as its owner"
			}
			return ""
		}),
		{Code: "NS1804", Check: secretsAreIgnored},
		{Code: "NS1805", Check: artefactsAreShown},
		{Code: "NS1806", Check: keysAreLong},
		eachScript("NS1807", func(s script) (int, string) {
			mask, first := find(s.lines, "umask 077"), firstWrite(s)
			if mask == nil || first > 0 && first < mask.number {
				return 1, "Files that it makes are open to others, at least for a moment"
			}
			return 0, ""
		}),
		eachScript("NS1808", func(s script) (int, string) {
			for _, l := range s.lines {
				words := strings.Fields(l.text)
				if words[0] == "set" && len(words) > 1 && words[1][0] == '-' && strings.ContainsAny(words[1], "xv") || strings.Contains(l.text, "xtrace") {
					return l.number, "The shell would print each command with the values in it, and Docker keep that"
				}
			}
			return 0, ""
		}),
		{Code: "NS1809", Check: authoritiesStayAway},
	}
}

func eachFile(code string, check func(f emit.File) string) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		for _, f := range a.Files {
			if wrong := check(f); wrong != "" {
				report(Place{File: f.Path, Line: 1}, "Mode %#o: %s.", f.Mode, wrong)
			}
		}
	}}
}

// eachScript makes a rule of a check of the programs of ours that handle secrets: the
// entrypoints of stores, and those of the firewall, which keep copies of the host's
// files.
func eachScript(code string, check func(s script) (line int, wrong string)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		for _, f := range a.Files {
			if strings.HasPrefix(f.Declared, "catalog/") && path.Base(f.Path) == "entrypoint" || strings.HasPrefix(f.Path, wallFolder) && strings.HasSuffix(f.Path, ".sh") {
				if line, wrong := check(readScript(f.Text.String())); wrong != "" {
					report(Place{File: f.Path, Line: line}, "%s.", wrong)
				}
			}
		}
	}}
}

// firstWrite gives the line of the first command outside of a function that writes a
// file, 0 for none.
func firstWrite(s script) int {
	inside := map[int]bool{}
	for _, lines := range s.functions {
		for _, l := range lines {
			inside[l.number] = true
		}
	}
	for _, l := range s.lines {
		if !inside[l.number] && strings.Contains(l.text, " >/") && !strings.Contains(l.text, ">/dev/null") {
			return l.number
		}
	}
	return 0
}

// secretsAreIgnored: by a pattern that holds at every depth, with no later one that
// takes it back but for the record, which holds no value.
func secretsAreIgnored(a *Artefacts, report Report) {
	for _, f := range a.Files {
		if f.Path != ".gitignore" {
			continue
		}
		ignored, n := false, 0
		for line := range strings.Lines(f.Text.String()) {
			n++
			switch line = strings.TrimRight(line, "\n"); {
			case line == "*.secrets*":
				ignored = true
			case strings.HasPrefix(line, "!") && line != "!/nself.secrets.json":
				report(Place{File: f.Path, Line: n}, "%q brings back what was ignored.", line)
			}
		}
		if !ignored {
			report(Place{File: f.Path, Line: 1}, "Git would take .secrets and .secrets.d for files like any other.")
		}
	}
}

// artefactsAreShown: a forge folds away what is marked as generated, and git shows no
// difference of what is marked as binary. A reviewer must see the rest.
func artefactsAreShown(a *Artefacts, report Report) {
	for _, f := range a.Files {
		if f.Path != ".gitattributes" {
			continue
		}
		n := 0
		for line := range strings.Lines(f.Text.String()) {
			n++
			words := strings.Fields(line)
			if len(words) == 0 || words[0][0] == '#' || words[0] == "/nself.lock" || words[0] == "/nself.model.json" {
				continue
			}
			for _, w := range words[1:] {
				if w != "text" && w != "eol=lf" && w != "merge=nselfc" {
					report(Place{File: f.Path, Line: n}, "%s hides a change of %s from those who review it.", w, words[0])
				}
			}
		}
	}
}

// described is a secret as the model tells of it.
type described struct {
	Type        string `json:"type"`
	Kind        string `json:"kind"`
	Bytes       int    `json:"bytes"`
	Certificate struct {
		CA bool `json:"ca"`
	} `json:"certificate"`
}

// eachSecret reads the secrets of the model, which has a resource on each line.
func eachSecret(a *Artefacts, f func(at Place, address string, s described)) {
	const member = `: {"type":"secret",`
	for _, file := range a.Files {
		if file.Path != "nself.model.json" {
			continue
		}
		n := 0
		for line := range strings.Lines(file.Text.String()) {
			n++
			i := strings.Index(line, member)
			if i < 0 {
				continue
			}
			var address string
			var s described
			if json.Unmarshal([]byte(line[:i]), &address) == nil && json.Unmarshal([]byte(strings.TrimRight(line[i+2:], ",\n")), &s) == nil {
				f(Place{File: file.Path, Line: n}, address, s)
			}
		}
	}
}

// keysAreLong: 128 bits cannot be guessed offline; a key of HS256 is as long as its
// hash.
func keysAreLong(a *Artefacts, report Report) {
	eachSecret(a, func(at Place, address string, s described) {
		least := 0
		switch s.Kind {
		case "jwt":
			least = 32
		case "hex", "base64url":
			least = 16
		}
		if s.Bytes < least {
			report(at, "%s has %d random bytes and needs %d.", address, s.Bytes, least)
		}
	})
}

// authoritiesStayAway: whoever has an authority's key makes certificates for every
// name that clients believe it for.
func authoritiesStayAway(a *Artefacts, report Report) {
	var keys []string
	eachSecret(a, func(_ Place, address string, s described) {
		if s.Certificate.CA {
			keys = append(keys, address)
		}
	})
	for _, f := range a.Files {
		if !f.Secret() {
			continue
		}
		for _, address := range f.Text.Addresses() {
			for _, k := range keys {
				if address == k && strings.Contains(f.Text.String(), k+"#private_key") {
					report(Place{File: f.Path, Line: 1}, "The private key of the authority %s would lie in a container.", k)
				}
			}
		}
	}
}
