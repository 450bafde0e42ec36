package review

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// Secrets are what becomes of the values, by address, when the secrets are made
// where the stack runs (internal/secrets.Materialize). Of a secret that is declared
// anew after it was removed, .secrets still has the value; and certificates are
// renewed by age as well: both depend on the host, and no review knows them.
type Secrets struct {
	Generated []string // made by the next build on the host
	Kept      int      // how many stay as they are
	Rotated   []string // a new certificate replaces the old; its key stays
	Retired   []string // not used any more; the value stays in .secrets
	// Unfit lists those whose value has, or may have, another form than the
	// declaration asks for now. No build replaces a value: it stops.
	Unfit []string

	// renewed names the certificate that a part of a secret changes with, such as
	// "secret.api.ca_certificate".
	renewed map[string]string
}

// The kinds of secrets that are told apart here.
const (
	kindPassword = "password"
	kindX509     = "x509"
	kindFiles    = "files"
	kindInput    = "input"
	kindUUID     = "uuid"
)

// A value of these many characters passes for a password (internal/secrets).
const (
	minPassword = 12
	maxPassword = 1024
)

// secrets sorts the changed secrets by what becomes of their values.
func (e *Effects) secrets(r *reviewer) {
	s := &e.Secrets
	s.renewed = map[string]string{}
	before, after := map[string]*model.Change{}, map[string]*model.Change{} // by where the value is kept
	certificates := false
	for i := range r.changes {
		c := &r.changes[i]
		if c.Type != model.TypeSecret {
			continue
		}
		certificates = certificates || isX509(c.Before) || isX509(c.After)
		if place := kept(c.Before); place != "" {
			before[place] = c
		}
		if place := kept(c.After); place != "" {
			after[place] = c
		}
	}
	s.Kept = r.sameSecrets()
	if certificates {
		s.certificates(r)
	}
	for i := range r.changes {
		c := &r.changes[i]
		if place := kept(c.After); c.Type == model.TypeSecret && place != "" {
			switch was := before[place]; {
			case was == nil && text(c.After, "kind") == kindInput:
				e.Steps = append(e.Steps, bring(c))
			case was == nil:
				s.Generated = append(s.Generated, c.Address)
			case isX509(c.After): // above
			case fits(was.Before, c.After):
				s.Kept++
			default:
				s.Unfit = append(s.Unfit, c.Address)
				e.Steps = append(e.Steps, unfit(c))
			}
		}
		if place := kept(c.Before); c.Type == model.TypeSecret && place != "" && after[place] == nil {
			s.Retired = append(s.Retired, c.Previous)
		}
	}
	for _, list := range [][]string{s.Generated, s.Rotated, s.Retired, s.Unfit} {
		slices.Sort(list)
	}
}

func isX509(secret map[string]any) bool { return text(secret, "kind") == kindX509 }

// kept gives where .secrets keeps a secret, or "" for what it does not keep.
func kept(secret map[string]any) string {
	switch key := text(secret, "key"); text(secret, "kind") {
	case "", kindFiles:
		return ""
	case kindX509:
		return key + " " + kindX509
	default:
		return key
	}
}

// sameSecrets counts the secrets that are declared as before, and kept.
func (r *reviewer) sameSecrets() int {
	n := 0
	for i := range r.now.Resources {
		res := &r.now.Resources[i]
		if !mayBe(res, model.TypeSecret) || strings.Contains(res.Text, `"kind":"`+kindFiles+`"`) {
			continue
		}
		if old := r.old.Find(res.Address); old != nil && old.Text == res.Text { // the new one is in canonical form
			n++
		}
	}
	return n
}

// fits tells whether a value that was made by one declaration has the form that
// another asks for. Of a password nobody knows: its owner may have chosen it.
func fits(was, is map[string]any) bool {
	from, to := text(was, "kind"), text(is, "kind")
	switch {
	case from == kindInput || to == kindInput:
		// Whether another pattern fits the value, nobody knows who has not the value.
		return from == to && text(was, "pattern") == text(is, "pattern") && number(was, "min_length") >= number(is, "min_length")
	case isKey(from) || isKey(to) || to == kindUUID || from == kindUUID && to != kindPassword:
		return from == to && number(was, "bits") >= number(is, "bits")
	case from == kindPassword || to == kindPassword:
		return to == kindPassword && (from == kindPassword || characters(was) >= minPassword && characters(was) <= maxPassword)
	case from == "base64url":
		return to == from && number(was, "bytes") == number(is, "bytes")
	case to == "base64url":
		// Hexadecimal digits are letters of base64url; four of them are three bytes.
		return characters(was)%4 == 0 && characters(was) == characters(is)
	}
	return number(was, "bytes") == number(is, "bytes")
}

func isKey(kind string) bool { return kind == "ed25519" || kind == "rsa" }

// bring says what a build on the host asks for.
func bring(c *model.Change) Step {
	return Step{Address: c.Address, Text: fmt.Sprintf(
		"Somebody else issues the value of %s. On the host, before the next build there: nselfc secrets set %[1]s", text(c.After, "key"))}
}

// characters is the length of the text of a random value.
func characters(secret map[string]any) int {
	n := int(number(secret, "bytes"))
	if text(secret, "kind") == kindUUID {
		return 36
	}
	if text(secret, "kind") == "base64url" {
		return (n*8 + 5) / 6
	}
	return 2 * n
}

func unfit(c *model.Change) Step {
	return Step{Address: c.Address, Text: fmt.Sprintf(
		"The value of %s in .secrets has the form that was declared before, and no build replaces a value: on the host, it ends with NS400 and writes nothing. "+
			"Keep the declaration; or, to have a new value, remove the line from .secrets, build, and start again what the build names.", text(c.After, "key"))}
}

// certificate is what a certificate of the stack's own says.
type certificate struct {
	address, key, signedBy string
	ca                     bool
	says                   string // purpose and names
	subject                string
	days                   float64
}

// certificates finds those that are issued again: because of what they say, or
// because of their authority. The rules are those of internal/secrets.
func (s *Secrets) certificates(r *reviewer) {
	was, is := certificatesOf(r.old), certificatesOf(r.now)
	byKey := map[string]*certificate{}
	for _, c := range was {
		byKey[c.key] = c
	}
	renewed := map[string]bool{} // authorities
	for _, pass := range []bool{true, false} {
		for _, address := range slices.Sorted(maps.Keys(is)) {
			c := is[address]
			old := byKey[c.key]
			if c.ca != pass {
				continue
			}
			ca := is[c.signedBy]
			switch {
			case old == nil: // generated
				renewed[address] = true
				continue
			case old.says != c.says, old.days != c.days, ca != nil && s.authority(old, c, was, ca, byKey, renewed):
				s.Rotated = append(s.Rotated, address)
				s.renewed[address+".certificate"] = address
				renewed[address] = true
				if before := r.old.Find(address); before != nil && before.Text == r.now.Find(address).Text {
					s.Kept--
				}
			default:
				if before := r.old.Find(address); before == nil || before.Text != r.now.Find(address).Text {
					s.Kept++
				}
			}
			if issuer := cmp.Or(c.signedBy, address); renewed[issuer] || old.signedBy != c.signedBy {
				s.renewed[address+".ca_certificate"] = issuer
			}
		}
	}
}

// authority tells whether a certificate is issued again because of what signs it:
// its name or key is another, or it ends before the certificate would.
func (s *Secrets) authority(old, c *certificate, was map[string]*certificate, ca *certificate, byKey map[string]*certificate, renewed map[string]bool) bool {
	before := was[old.signedBy]
	if before == nil || before.key != ca.key || byKey[ca.key] == nil || before.subject != ca.subject {
		return true
	}
	return renewed[ca.address] && (c.days > before.days || c.days > ca.days)
}

// certificatesOf reads the certificates of a model, by address.
func certificatesOf(m *model.Model) map[string]*certificate {
	out := map[string]*certificate{}
	for i := range m.Resources {
		res := &m.Resources[i]
		if !mayBe(res, model.TypeSecret) || !strings.Contains(res.Text, `"kind":"`+kindX509+`"`) {
			continue
		}
		a, err := res.Attributes()
		if err != nil {
			continue // Diff has said so
		}
		if text(a, "type") != model.TypeSecret {
			continue
		}
		x := object(a, "certificate")
		c := &certificate{
			address: res.Address, key: text(a, "key"), signedBy: text(x, "signed_by"), ca: truth(x, "ca"),
			subject: text(x, "common_name"), days: number(x, "days"),
		}
		var hosts []string
		for _, h := range names(object(x, "hosts")) {
			if a, err := netip.ParseAddr(h); err == nil {
				h = a.Unmap().String()
			}
			if c.ca {
				h = strings.TrimPrefix(h, "*.")
			}
			hosts = append(hosts, h)
		}
		slices.Sort(hosts)
		if len(c.subject) > maxSubject {
			c.subject = "" // all of them get one name
		}
		c.says = fmt.Sprintf("%t %t %q %q", c.ca, truth(x, "client"), c.subject, slices.Compact(hosts))
		out[res.Address] = c
	}
	return out
}

// maxSubject is the longest common name that certificates hold (RFC 5280).
const maxSubject = 64
