package dotsecrets

import "strings"

// ValidKey tells whether a declared secret may have this key: upper-case
// letters, digits and underscores, not a digit first (compose-go ignores such
// names), at most 200 characters.
func ValidKey(key string) bool {
	return len(key) <= 200 && validName(key) && key == strings.ToUpper(key) && !strings.ContainsAny(key, ".-")
}

// Reserved tells whether a variable of this name would change what the shell,
// the dynamic linker, Docker or Compose do with the file.
func Reserved(key string) bool {
	for _, prefix := range []string{"COMPOSE_", "DOCKER_", "LD_", "BASH_"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	switch key {
	case "PATH", "HOME", "SHELL", "USER", "IFS", "ENV", "PWD":
		return true
	}
	return false
}

// validName is what nselfc reads as a name; users' own lines may have dots and
// dashes.
func validName(key string) bool {
	for i := range len(key) {
		c := key[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '.' || c == '-'):
		default:
			return false
		}
	}
	return key != ""
}

// ValidName tells whether a key can stand in the file at all.
func ValidName(key string) bool { return validName(key) }
