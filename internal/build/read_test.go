package build_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"gopkg.in/yaml.v3"

	"nselfc/internal/build"
)

// The readers of this file know nothing of the emitters: they read the output
// as YAML, as nginx's language and as lines of rules, and are what the output is
// judged by.

// composeFile is docker-compose.yml. A key that is not named here is in Rest,
// where there may be none.
type composeFile struct {
	Name     string
	Services map[string]*composeService
	Networks map[string]*struct {
		Driver     string
		Internal   bool
		DriverOpts map[string]string `yaml:"driver_opts"`
		IPAM       struct{ Config []struct{ Subnet string } }
		Rest       map[string]any `yaml:",inline"`
	}
	Volumes map[string]map[string]any
	Secrets map[string]struct{ File string }
	Rest    map[string]any `yaml:",inline"`
}

type composeService struct {
	Image       string
	Environment map[string]yaml.Node
	EnvFile     []struct {
		Path     string
		Required bool
	} `yaml:"env_file"`
	Command    []string
	Entrypoint []string
	Restart    string
	User       string
	ReadOnly   bool     `yaml:"read_only"`
	CapAdd     []string `yaml:"cap_add"`
	CapDrop    []string `yaml:"cap_drop"`
	Security   []string `yaml:"security_opt"`
	Init       *bool
	Deploy     struct {
		Replicas  *int
		Resources struct {
			Limits struct {
				CPUs   string `yaml:"cpus"`
				Memory string
				Pids   int
			}
		}
	}
	Memswap     string `yaml:"memswap_limit"`
	StopGrace   string `yaml:"stop_grace_period"`
	Tmpfs       []string
	Expose      []string
	NetworkMode string `yaml:"network_mode"`
	Networks    map[string]any
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck *struct {
		Test        []string
		Interval    string
		Timeout     string
		StartPeriod string `yaml:"start_period"`
		Retries     int
	}
	Logging struct {
		Driver  string
		Options map[string]string
	}
	Labels  map[string]string
	Secrets []struct{ Source, Target string }
	Volumes []struct {
		Type, Source, Target string
		ReadOnly             bool `yaml:"read_only"`
		Bind                 map[string]bool
	}
	Ports []struct {
		Target    int
		Published string
		Protocol  string
		HostIP    string `yaml:"host_ip"`
	}
	Hostname string
	Rest     map[string]any `yaml:",inline"`
}

// output gives the committed files by path, and the secret ones with their
// placeholders.
func output(e *build.Environment) (committed, secret map[string]string) {
	committed, secret = map[string]string{}, map[string]string{}
	for _, f := range e.Files {
		if f.Secret() {
			secret[f.Path] = f.Text.String()
		} else {
			committed[f.Path] = f.Text.String()
		}
	}
	return committed, secret
}

func readCompose(t rapid.TB, text string) *composeFile {
	t.Helper()
	f := &composeFile{}
	if err := yaml.Unmarshal([]byte(text), f); err != nil {
		t.Fatalf("docker-compose.yml is not YAML: %v\n%s", err, text)
	}
	return f
}

// undollar reads a value as Compose's interpolation leaves it. A dollar sign
// that stands alone would be replaced by something of the host's.
func undollar(s string) (string, error) {
	if strings.Contains(strings.ReplaceAll(s, "$$", ""), "$") {
		return "", fmt.Errorf("%q holds a dollar sign that Compose would replace", s)
	}
	return strings.ReplaceAll(s, "$$", "$"), nil
}

// directive is one statement of nginx's language, with the block behind it.
type directive struct {
	name string
	args []string
	body []directive
}

// readNginx reads the configuration from nginx.conf on, as nginx would.
func readNginx(files map[string]string, name string) ([]directive, error) {
	src, ok := files["nginx/"+name]
	if !ok {
		return nil, fmt.Errorf("nginx/%s is included and was not written", name)
	}
	words, err := nginxWords(src)
	if err != nil {
		return nil, fmt.Errorf("nginx/%s: %w", name, err)
	}
	out, rest, err := nginxBlock(files, words)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("an unmatched }")
	}
	if err != nil {
		return nil, fmt.Errorf("nginx/%s: %w", name, err)
	}
	return out, nil
}

func nginxBlock(files map[string]string, words []string) (out []directive, rest []string, err error) {
	var d directive
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w == "}":
			if d.name != "" {
				return nil, nil, fmt.Errorf("%s does not end", d.name)
			}
			return out, append([]string{"}"}, words...), nil
		case w == "{":
			if d.body, words, err = nginxBlock(files, words); err != nil {
				return nil, nil, err
			}
			if len(words) == 0 {
				return nil, nil, fmt.Errorf("the block of %s does not end", d.name)
			}
			out, d, words = append(out, d), directive{}, words[1:]
		case w == ";" && d.name == "include":
			in, err := readNginx(files, d.args[0])
			if err != nil {
				return nil, nil, err
			}
			out, d = append(out, in...), directive{}
		case w == ";":
			out, d = append(out, d), directive{}
		case d.name == "":
			d.name = w[1:]
		default:
			d.args = append(d.args, w[1:])
		}
	}
	if d.name != "" {
		return nil, nil, fmt.Errorf("%s does not end", d.name)
	}
	return out, nil, nil
}

// nginxWords splits a text into marks and words; a word has a space in front,
// so that one that is quoted is never taken for a mark. The rules are those of
// ngx_conf_read_token.
func nginxWords(src string) ([]string, error) {
	var out []string
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '#':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case c == ';' || c == '{' || c == '}':
			out, i = append(out, string(c)), i+1
		default:
			word, n, err := nginxWord(src[i:])
			if err != nil {
				return nil, err
			}
			out, i = append(out, " "+word), i+n
		}
	}
	return out, nil
}

func nginxWord(src string) (string, int, error) {
	quoted := src[0] == '"' || src[0] == '\''
	var b strings.Builder
	i := 0
	if quoted {
		i = 1
	}
	for ; i < len(src); i++ {
		c := src[i]
		switch {
		case c == '\\' && i+1 < len(src):
			i++
			if k := strings.IndexByte(`"'\trn`, src[i]); k >= 0 {
				b.WriteByte("\"'\\\t\r\n"[k])
			} else {
				b.WriteByte('\\')
				b.WriteByte(src[i])
			}
		case quoted && c == src[0]:
			if i+1 < len(src) && !strings.ContainsRune(" \t\r\n;{)", rune(src[i+1])) {
				return "", 0, fmt.Errorf("%q stands behind a quoted word", src[i+1])
			}
			return b.String(), i + 1, nil
		case !quoted && strings.IndexByte(" \t\r\n;{", c) >= 0 && !strings.HasSuffix(b.String(), "$"):
			return b.String(), i, nil
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, fmt.Errorf("a word does not end")
}

// find gives the directives of a name, at any depth.
func find(in []directive, name string) []directive {
	var out []directive
	for _, d := range in {
		if d.name == name {
			out = append(out, d)
		}
		out = append(out, find(d.body, name)...)
	}
	return out
}

// rule is one line of rules: who may reach which port.
type rule struct {
	action, protocol, port, source string
	published                      bool // for a container, by Docker
}

// readRules reads the rules of a block for ufw: those that apply.sh asks ufw
// for, and those that let a packet through to a container.
func readRules(t rapid.TB, text string) []rule {
	t.Helper()
	var out []rule
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 6 && words[0] == "#=":
			out = append(out, rule{action: words[1], protocol: words[2], port: words[3], source: prefix(t, words[4])})
		case slices.Contains(words, "--ctorigdstport"):
			r := rule{action: "allow", published: true, source: "anywhere"}
			for i, w := range words {
				switch w {
				case "-p":
					r.protocol = words[i+1]
				case "--ctorigdstport":
					r.port = words[i+1]
				case "-s":
					r.source = prefix(t, words[i+1])
				}
			}
			if !strings.HasSuffix(strings.TrimSpace(line), "-j RETURN") || !slices.Contains(words, "DNAT") {
				t.Errorf("a rule for a published port does not return, or matches more than translated packets: %s", line)
			}
			out = append(out, r)
		}
	}
	return out
}

// prefix gives one spelling of a source.
func prefix(t rapid.TB, s string) string {
	t.Helper()
	if a, err := netip.ParseAddr(s); err == nil {
		s = netip.PrefixFrom(a, a.BitLen()).String()
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		t.Fatalf("%q is no source: %v", s, err)
	}
	if p.Bits() == 0 {
		return "anywhere"
	}
	return p.Masked().String()
}
