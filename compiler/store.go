package compiler

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/source"
)

const defaultStoreTimeout = 15 // seconds; a person waits for it

// Store lowers the store of one environment alone, for whoever compares it with
// another's; what is wrong with it, Compile says. nil says that there is none.
func Store(s *lang.Stack) *ir.SecretStore {
	l := &lowering{in: s, out: &ir.Stack{}}
	l.lowerStore()
	return l.out.Store
}

// lowerStore lowers what says where the values are kept. A file beside the output
// is what there is without a store.
func (l *lowering) lowerStore() {
	in := l.in.Store
	if in == nil || in.Kind.V == "file" {
		return
	}
	d := lang.Declared{Address: "secrets", Range: in.Range}
	s := &ir.SecretStore{Kind: in.Kind, Origin: source.Origin{Range: in.Kind.Range}}
	at := in.Kind.Range
	switch in.Kind.V {
	case "age":
		l.lowerAge(d, in, s)
	case "vault":
		s.Address = in.Address
		l.checkStoreAddress(d, in.Address)
		s.Mount = in.Mount.Or("secret", at, "default vault.mount")
		s.Path = in.Path.Or(l.place("/"), at, "default vault.path")
		s.Namespace = in.Namespace
		s.Auth = in.Auth.Or("token", at, "default vault.auth")
		l.checkStorePath(d, s.Mount, "mount")
		l.checkStorePath(d, s.Path, "path")
		if s.Namespace.IsSet() {
			l.checkStorePath(d, s.Namespace, "namespace")
		}
	case "aws":
		s.Path = in.Path.Or(l.place("/"), at, "default aws.secret")
		s.Region = in.Region
		l.checkAWS(d, s)
	case "kubernetes":
		l.lowerKubernetes(d, in, s)
	case "exec":
		l.lowerExec(d, in, s)
	}
	if in.Kind.V != "age" && in.Kind.V != "kubernetes" {
		s.Timeout = in.Timeout.Or(defaultStoreTimeout, at, "default "+in.Kind.V+".timeout")
	}
	l.out.Store = s
}

// place names the environment in a store that several share.
func (l *lowering) place(sep string) string {
	if l.in.Environment == "" {
		return l.in.Name.V
	}
	return l.in.Name.V + sep + l.in.Environment
}

const storePlaceSummary = "Invalid place of the secret store"

func (l *lowering) badPlace(d lang.Declared, at source.Range, detail string, args ...any) {
	l.errorf(d, at, "NS643", storePlaceSummary, detail, args...)
}

// checkStoreAddress refuses an address that a token would be sent to in the clear,
// or that holds one itself.
func (l *lowering) checkStoreAddress(d lang.Declared, v lang.String) {
	if !v.IsSet() {
		return // the missing argument has been reported
	}
	const example = "Write the URL of the server and nothing behind it:\n\n    address = \"https://vault.example.com:8200\""
	u, err := url.Parse(v.V)
	switch {
	case err != nil: // its text quotes the address, which may hold a password
		l.badPlace(d, v.Range, "The address of the store is no URL. "+example)
	case u.User != nil:
		l.badPlace(d, v.Range, "The address of the store holds a user or a password, which would be committed and shown. How this host proves who it is stands in its own environment. "+example)
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		l.badPlace(d, v.Range, "The address of the store is not that of an https server. "+example)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		l.badPlace(d, v.Range, "The address of the store says more than where the server is; the mount, the path and the namespace are arguments of their own. "+example)
	case u.Scheme == "http" && !isThisHost(u.Hostname()):
		l.badPlace(d, v.Range, "%s is reached over plain http: everybody on the way reads the token and every value. Only a server on this host itself, such as an agent on 127.0.0.1, may be spoken to without TLS. Write https:\n\n    address = %q",
			u.Host, "https://"+u.Host)
	}
}

// isThisHost tells an address that no packet leaves the host for. The name
// localhost is one by RFC 6761, 6.3.
func isThisHost(host string) bool { return strings.EqualFold(host, "localhost") || isLoopback(host) }

// checkStorePath holds a path in a store to what goes into a URL unchanged.
func (l *lowering) checkStorePath(d lang.Declared, v ir.String, name string) {
	for segment := range strings.SplitSeq(v.V, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, func(c rune) bool { return !isPathRune(c) }) {
			l.badPlace(d, v.Range, "The %s %q is not made of letters, digits, dots, hyphens and underscores between single slashes, without one at either end. Other characters mean something in a URL, and the store would look elsewhere.\n\n    %s = %q",
				name, v.V, name, l.place("/"))
			return
		}
	}
}

func isPathRune(c rune) bool {
	return c == '-' || c == '.' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// checkAWS holds a name or ARN, and a region, to what Secrets Manager takes
// (CreateSecret, API version 2017-10-17).
func (l *lowering) checkAWS(d lang.Declared, s *ir.SecretStore) {
	taken := func(c rune) bool { return isPathRune(c) || strings.ContainsRune("/_+=.@-:", c) }
	arn := strings.HasPrefix(s.Path.V, "arn:")
	switch {
	case s.Path.V == "" || len(s.Path.V) > 512 || strings.ContainsFunc(s.Path.V, func(c rune) bool { return !taken(c) }) || !arn && strings.Contains(s.Path.V, ":"):
		l.badPlace(d, s.Path.Range, "%q is neither the name of a secret, which is 1 to 512 letters, digits and characters of /_+=.@-, nor an ARN.\n\n    secret = %q", s.Path.V, l.place("/"))
	case arn && strings.Count(s.Path.V, ":") != 6:
		l.badPlace(d, s.Path.Range, "%q is not the ARN of a secret, which reads arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.", s.Path.V)
	case arn && s.Region.IsSet() && strings.Split(s.Path.V, ":")[3] != s.Region.V:
		l.badPlace(d, s.Region.Range, "The region is %q, and the ARN of the secret is of %q. Leave the region out, or name the same.", s.Region.V, strings.Split(s.Path.V, ":")[3])
	}
	if s.Region.IsSet() && (s.Region.V == "" || strings.Trim(s.Region.V, "abcdefghijklmnopqrstuvwxyz0123456789-") != "") {
		l.badPlace(d, s.Region.Range, "%q is no region of AWS.\n\n    region = \"eu-central-1\"", s.Region.V)
	}
}

// lowerKubernetes checks the names of a manifest.
func (l *lowering) lowerKubernetes(d lang.Declared, in *lang.SecretStore, s *ir.SecretStore) {
	at := in.Kind.Range
	s.Form = in.Form.Or("Secret", at, "default kubernetes.form")
	s.Name = in.Name.Or(l.place("-"), at, "default kubernetes.name")
	s.Namespace, s.External = in.Namespace, in.External
	l.checkObjectName(d, s.Name, "name", 253)
	if s.Namespace.IsSet() {
		l.checkObjectName(d, s.Namespace, "namespace", 63)
	}
	if s.Form.V == "ExternalSecret" {
		l.checkObjectName(d, s.External, "store", 253)
		s.Path = in.Path.Or(l.place("/"), at, "default kubernetes.path")
		if strings.TrimSpace(s.Path.V) == "" || len(s.Path.V) > 512 {
			l.badPlace(d, s.Path.Range, "The key in the store of the cluster is empty, or too long.\n\n    path = %q", l.place("/"))
		}
	}
}

// checkObjectName holds a name to a DNS subdomain in lower case (RFC 1123), as
// Kubernetes does, of at most so many characters.
func (l *lowering) checkObjectName(d lang.Declared, v ir.String, name string, most int) {
	if !v.IsSet() {
		return
	}
	ok := v.V != "" && len(v.V) <= most && (name != "namespace" || !strings.Contains(v.V, "."))
	for label := range strings.SplitSeq(v.V, ".") {
		ok = ok && label != "" && len(label) <= 63 && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && label[0] != '-' && label[len(label)-1] != '-'
	}
	if !ok {
		l.badPlace(d, v.Range, "%q is no %s of Kubernetes: lower-case letters, digits and hyphens, beginning and ending with a letter or digit, at most %d characters.\n\n    %s = \"%s\"", v.V, name, most, name, l.place("-"))
	}
}

// lowerExec checks the program of an exec store.
func (l *lowering) lowerExec(d lang.Declared, in *lang.SecretStore, s *ir.SecretStore) {
	s.Command = l.words(d, in.Command, "the command")
	for _, name := range in.Environment {
		switch {
		case !isEnvName(name.V) || strings.ContainsAny(name.V, ".-"):
			l.badPlace(d, name.Range, "%q is no name of an environment variable. The list names variables of the host that the program gets; it holds no values:\n\n    environment = [\"BW_SESSION\"]", name.V)
		case strings.HasPrefix(name.V, "LD_") || strings.HasPrefix(name.V, "DYLD_") || name.V == "IFS" || name.V == "BASH_ENV" || name.V == "ENV":
			l.badPlace(d, name.Range, "%s changes which code the program runs. A program that brings out secrets gets no such variable.", name.V)
		}
	}
	s.Environment = sortedStrings(in.Environment)
	if len(s.Command) == 0 {
		return
	}
	program := s.Command[0]
	if strings.TrimSpace(program.V) == "" {
		l.badPlace(d, program.Range, "The command names no program.\n\n    command = [\"pass\", \"show\"]")
		return
	}
	shell, runs := -1, -1
	for i, w := range s.Command {
		switch {
		case shell < 0 && slices.Contains([]string{"sh", "bash", "dash", "ash", "ksh", "zsh", "fish"}, path.Base(w.V)):
			shell = i
		case shell >= 0 && runs < 0 && strings.HasPrefix(w.V, "-") && !strings.HasPrefix(w.V, "--") && strings.Contains(w.V, "c"):
			runs = i
		}
	}
	if runs > 0 && l.out.Posture == ir.Production {
		l.errorf(d, s.Command[runs].Range, "NS644", "Store behind a shell",
			"The command hands a text to %s, whose rules of quoting decide what runs, with the key of a secret behind it. In production a program is run as it stands. Put the text into a file of its own, which is reviewed, and run that:\n\n    command = [\"./secrets/of.sh\"]", path.Base(s.Command[shell].V))
	}
}
