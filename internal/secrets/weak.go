package secrets

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// weak reports values that a person chose badly: an error in production, a
// warning on a laptop. What nselfc generated is strong by construction and
// passes.
func (b *book) weak() diag.List {
	var diags diag.List
	first := map[string]*ir.Secret{}
	for _, s := range b.stack.Secrets {
		values := []string{b.values[s.Address][""]}
		if b.states[s.Address] == Staged {
			values = append(values, b.beside[s.Address][""])
		}
		for i, value := range values {
			key := s.Key + []string{"", suffixNext}[i]
			if value == "" {
				continue
			}
			problem := guessable(value, b.stack.Name.V)
			if other := first[value]; other != nil {
				problem = "is also the value of " + other.Key + ": who gets one has both"
			}
			first[value] = s
			if problem != "" {
				diags = append(diags, b.weakValue(s, key, problem))
			}
		}
	}
	return diags
}

func (b *book) weakValue(s *ir.Secret, key, problem string) *diag.Diagnostic {
	report := diag.Errorf
	if b.stack.Posture == ir.Development {
		report = diag.Warningf
	}
	line := b.doc.Line(key)
	if line == 0 { // it was handed over just now
		return about(s, report(codeWeak, s.Origin.Range, "Weak secret", "The new value of %s %s.\n\nHand over another; nothing was changed.", s.Address, problem))
	}
	return about(s, report(codeWeak, s.Origin.Range, "Weak secret",
		"The value of %s on line %d of %s %s.\n\nReplace it where it is in use, then there. If nothing uses it yet, delete the line and build again, which makes a strong one.",
		key, line, b.file, problem))
}

// Strict makes errors of the warnings of weak values, which are such only in
// production otherwise.
func Strict(list diag.List) {
	for _, d := range list {
		if d.Code == codeWeak {
			d.Severity = diag.Error
		}
	}
}

// guessable says what makes a value one of the first that an attacker tries, or
// "". Estimators of strength are no help: zxcvbn gives its best mark to
// "development-secret-key-minimum-32-characters-long".
func guessable(value, project string) string {
	lower := strings.ToLower(value)
	switch {
	case slices.Contains(wellKnown(), lower):
		return "is a default that images and examples ship with"
	case project != "" && strings.ReplaceAll(lower, strings.ToLower(project), "") == "":
		return "is made of the name of the stack"
	case periodic(value):
		return "repeats itself"
	case sequential(value):
		return "counts up or down"
	}
	hit := make([]bool, len(lower))
	if markWords(hit, lower, placeholders()); count(hit)*10 > len(lower)*4 {
		return "is mostly made of words such as change, secret, password and test"
	}
	// What a cracker's rules do not give away must still be worth guessing.
	markWords(hit, lower, append(common(), strings.ToLower(project)))
	markRuns(hit, lower)
	if len(lower)-count(hit) < minRest {
		return "is made of common words, years and runs such as 1234 and qwerty, with little else in it"
	}
	return ""
}

// minRest is how many characters of a value must be neither of a common word nor
// of a run: fewer are 2^50 tries or less, which a stolen hash does not survive.
const minRest = 8

func placeholders() []string {
	return []string{"change", "example", "secret", "password", "dev", "test", "your", "default", "minimum", "admin", "postgres", "redis", "placeholder", "todo", "insert", "here", "please", "this"}
}

// common lists what people build passwords of, from lists of the most frequent.
func common() []string {
	return []string{
		"qwerty", "asdf", "zxcv", "qazwsx", "1q2w3e4r", "5t6y", "abc123", "letmein", "welcome", "iloveyou", "love", "dragon", "monkey", "master", "sunshine", "princess",
		"football", "baseball", "hunter", "shadow", "superman", "batman", "summer", "winter", "spring", "autumn", "correct", "horse", "battery", "staple",
		"super", "root", "user", "login", "pass", "key", "jwt", "token", "hasura", "minio", "grafana", "develop", "prod", "local", "server", "database",
	}
}

// markWords marks the characters of the words in a text, also as "p@ssw0rd".
func markWords(hit []bool, lower string, words []string) {
	plain := strings.NewReplacer("@", "a", "4", "a", "0", "o", "3", "e", "1", "i", "!", "i", "5", "s", "$", "s").Replace(lower) // byte for byte
	for _, word := range words {
		for i := 0; word != "" && i+len(word) <= len(lower); i++ {
			if lower[i:i+len(word)] == word || plain[i:i+len(word)] == word {
				mark(hit[i : i+len(word)])
			}
		}
	}
}

// markRuns marks "aaa", "345" and "cba", and years.
func markRuns(hit []bool, lower string) {
	for i := 0; i+3 <= len(lower); i++ {
		if d := int(lower[i+1]) - int(lower[i]); d >= -1 && d <= 1 && int(lower[i+2])-int(lower[i+1]) == d {
			mark(hit[i : i+3])
		}
		if year := lower[i:min(i+4, len(lower))]; len(year) == 4 && (year[:2] == "19" || year[:2] == "20") && strings.Trim(year, "0123456789") == "" {
			mark(hit[i : i+4])
		}
	}
}

func mark(hit []bool) {
	for i := range hit {
		hit[i] = true
	}
}

func count(hit []bool) int {
	n := 0
	for _, h := range hit {
		if h {
			n++
		}
	}
	return n
}

// wellKnown lists defaults of at least the shortest length that is taken, from
// the documentation of the images and of upstream nself and Supabase.
func wellKnown() []string {
	return []string{
		"myadminsecretkey", "postgres-dev-password", "hasura-admin-secret-dev", "meilisearch-master-key-minimum-16-chars",
		"development-secret-key-minimum-32-characters-long", "mlflow-admin-password", "change-this-secret-in-production",
		"your-super-secret-and-long-postgres-password", "your-super-secret-jwt-token-with-at-least-32-characters-long",
		"this_password_is_insecure_and_should_be_updated", "minioadmin123", "correcthorsebatterystaple", "correct horse battery staple",
		"qwertyuiop[]", "qwertyuiopasdfghjkl", "passw0rd1234", "iloveyou1234", "letmein12345",
	}
}

// periodic finds "aaaaaaaaaaaa" and "abcabcabcabc". Two equal halves of a random
// value of 128 bits have a chance of 2^-64.
func periodic(value string) bool {
	for p := 1; p <= len(value)/2; p++ {
		if strings.HasPrefix(value[p:], value[:len(value)-p]) && len(value) >= 2*p {
			return true
		}
	}
	return false
}

// sequential finds texts in which nearly every byte is its neighbour's next:
// "0123456789abcdef…", "abcdefghijkl", "9876543210".
func sequential(value string) bool {
	for _, step := range []int{1, -1} {
		n := 0
		for i := 1; i < len(value); i++ {
			if int(value[i])-int(value[i-1]) == step {
				n++
			}
		}
		if n*10 >= (len(value)-1)*8 {
			return true
		}
	}
	return false
}
