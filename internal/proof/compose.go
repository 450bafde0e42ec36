package proof

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/internal/proof/yaml"
	"nselfc/lang/secret"
)

const composeFile = "docker-compose.yml"

// composeRules are proved on docker-compose.yml and its parts.
func composeRules() []Rule {
	return slices.Concat(isolationRules(), resourceRules(), imageRules(), volumeRules(), networkRules(), mountedSecretRules(), projectRules())
}

// composition is what Docker Compose will be told: docker-compose.yml with the files
// that it includes.
type composition struct {
	documents []document // docker-compose.yml first
	services  []*service
	named     map[string]*service
	networks  []entry
	volumes   []entry
	secrets   []entry
	generated folders // where the environment's files stand
}

// document is one compose file; root is nil where it cannot be read.
type document struct {
	path string
	root *yaml.Node
	text string
	err  *yaml.Error
}

// entry is one service, network, volume or secret.
type entry struct {
	*yaml.Node
	file string
}

// at is the place of a node of the entry, or, when it has none, of the entry.
func (e entry) at(n *yaml.Node) Place {
	if n == nil {
		n = e.Node
	}
	return Place{e.file, n.Line}
}

// service is an entry with what many rules ask for.
type service struct {
	entry
	address string                 // in the language, as its label says
	from    *service               // the first service of that address
	common  [commonKeys]*yaml.Node // its keys that most services have
	rare    []*yaml.Node           // and the others
}

// Get gives the value of one of the service's common keys, or nil.
func (s *service) Get(key string) *yaml.Node {
	if i := common(key); i >= 0 {
		return s.common[i]
	}
	return s.entry.Get(key)
}

// At follows keys through mappings, from a common one.
func (s *service) At(key string, keys ...string) *yaml.Node { return s.Get(key).At(keys...) }

// ingress tells the one service that may publish to the world.
func (s *service) ingress() bool { return s.address == "ingress" }

// readCompose reads the compose files among the artefacts. What cannot be read is
// left out, and is a finding of its own.
func readCompose(files []emit.File) *composition {
	c := &composition{named: map[string]*service{}, generated: foldersOf(files)}
	for _, f := range files {
		if f.Path != composeFile && !isPart(f.Path) {
			continue
		}
		d := document{path: f.Path, text: textOf(f.Text)}
		root, err := yaml.Read(d.text)
		if !errors.As(err, &d.err) {
			d.root = root
		}
		c.documents = append(c.documents, d)
	}
	slices.SortStableFunc(c.documents, func(a, b document) int { // the root is shorter than a part
		return len(a.path) - len(b.path)
	})
	addresses := map[string]*service{}
	for _, d := range c.documents {
		for n := range d.root.Get("services").All() {
			s := newService(n, d.path)
			if s.from = addresses[s.address]; s.from == nil {
				s.from, addresses[s.address] = s, s
			}
			c.services = append(c.services, s)
			if c.named[n.Key] == nil {
				c.named[n.Key] = s
			}
		}
		c.networks = append(c.networks, entries(d, "networks")...)
		c.volumes = append(c.volumes, entries(d, "volumes")...)
		c.secrets = append(c.secrets, entries(d, "secrets")...)
	}
	return c
}

// textOf gives a text to read. A secret in it is a word like any other here: that it
// must not stand there is not for the rules of compose files to say.
func textOf(t secret.Text) string {
	if text, plain := t.Plain(); plain {
		return text
	}
	var b strings.Builder
	for _, p := range t {
		if p.Secret != nil {
			b.WriteString("secret")
		}
		b.WriteString(p.Literal)
	}
	return b.String()
}

func newService(n *yaml.Node, file string) *service {
	s := &service{entry: entry{n, file}}
	for key := range n.All() {
		if i := common(key.Key); i >= 0 {
			s.common[i] = key
		} else {
			s.rare = append(s.rare, key)
		}
	}
	s.address = s.At("labels", "io.nselfc.address").Value()
	return s
}

func entries(d document, section string) []entry {
	var out []entry
	for n := range d.root.Get(section).All() {
		out = append(out, entry{n, d.path})
	}
	return out
}

// isPart tells the name of a file that docker-compose.yml may include.
func isPart(path string) bool {
	return strings.HasPrefix(path, "docker-compose.part-") && strings.HasSuffix(path, ".yml")
}

// eachService makes a rule of a check that looks at services one by one.
func eachService(code string, check func(s *service, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		for _, s := range a.compose().services {
			check(s, report)
		}
	}}
}

// without makes a rule that no service has one of these keys.
func without(code, why string, keys ...string) Rule {
	return eachService(code, func(s *service, report Report) {
		for _, n := range s.rare {
			if slices.Contains(keys, n.Key) {
				report(s.at(n), "The service %s has the key %s: %s.", s.Key, n.Key, why)
			}
		}
	})
}

// listed shows a list of scalars, for a sentence.
func listed(n *yaml.Node) string {
	var words []string
	for c := range n.All() {
		words = append(words, c.Value())
	}
	return fmt.Sprintf("[%s]", strings.Join(words, ", "))
}

// holdsOnly tells whether a list is just one string.
func holdsOnly(n *yaml.Node, text string) bool {
	count := 0
	for c := range n.All() {
		if count++; c.Value() != text {
			return false
		}
	}
	return count == 1
}

// otherThan gives the first key of a mapping that is none of these.
func otherThan(n *yaml.Node, keys ...string) *yaml.Node {
	for c := range n.All() {
		if !slices.Contains(keys, c.Key) {
			return c
		}
	}
	return nil
}
