// Package starter holds the stack that nselfc init writes. It writes no file
// itself.
package starter

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed nself.hcl.txt
var stack string

//go:embed gitignore.txt
var gitignore string

//go:embed dockerignore.txt
var dockerignore string

// File is one file of a new stack.
type File struct {
	Name string
	Text string
}

// Files gives the files of a stack with a name and a domain that CheckName and
// CheckDomain take.
func Files(name, domain string) []File {
	r := strings.NewReplacer("@NAME@", name, "@DOMAIN@", domain)
	return []File{{"nself.hcl", r.Replace(stack)}, {".gitignore", gitignore}, {".dockerignore", dockerignore}}
}

// Guards gives those of them that keep secrets in: a stack that is there already
// needs no more.
func Guards() []File { return Files("", "")[1:] }

// label is the form of a stack's name, as the language has it.
var label = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// CheckName says what is wrong with a stack's name; nil for nothing.
func CheckName(name string) error {
	if len(name) > 32 || !label.MatchString(name) {
		return fmt.Errorf("a stack's name has 1 to 32 lower-case letters, digits and hyphens, begins with a letter and does not end with a hyphen: %q", name)
	}
	return nil
}

var domainLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckDomain says what is wrong with a domain (RFC 1123, section 2.1, with at
// least two labels); nil for nothing.
func CheckDomain(domain string) error {
	labels := strings.Split(domain, ".")
	ok := len(labels) > 1 && len(domain) <= 240 // room for a label of a service
	for _, l := range labels {
		ok = ok && domainLabel.MatchString(l)
	}
	if !ok {
		return fmt.Errorf("a domain has two or more labels of lower-case letters, digits and hyphens, as in shop.example.com: %q", domain)
	}
	return nil
}

// NameFor makes a stack's name of a folder's, or "app" where nothing is left.
func NameFor(folder string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		}
		return '-'
	}, folder)
	name = strings.TrimLeft(name, "-0123456789")
	name = strings.TrimRight(name[:min(len(name), 32)], "-")
	if CheckName(name) != nil {
		return "app"
	}
	return name
}
