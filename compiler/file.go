package compiler

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/escape"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Modes of rendered files. Secret ones are read by whatever user the container
// has: compose ignores uid, gid and mode of secrets from files, so what guards
// them on the host is the mode 0700 of .secrets.d.
const (
	committedMode = 0o644
	secretMode    = 0o444
	// envFileMode: the env file is read by the compose command line, as the user
	// who runs it, and never by the container.
	envFileMode = 0o600
)

const secretsDir = "/run/secrets/"

// lowerFiles lowers what a service reads as files: secrets, companions, configs
// and the env file of variables that hold a secret.
func (l *lowering) lowerFiles(u *unit) {
	s := u.in
	first := len(l.files)
	if n := len(s.Secrets) + len(s.Files); n > 0 {
		u.out.Secrets = make([]ir.Mount, 0, n)
	}
	l.lowerEnv(u)
	for _, e := range sortedVars(s.Secrets) {
		l.lowerSecretFile(u, e)
	}
	l.lowerCompanions(u)
	l.lowerConfigs(u)
	slices.SortFunc(u.out.Env, func(a, b ir.EnvVar) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(u.out.Secrets, func(a, b ir.Mount) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(u.out.Configs, func(a, b ir.Mount) int { return strings.Compare(a.Target, b.Target) })
	u.out.Digest = digest(l.files[first:])
}

// lowerEnv splits the environment: what is plain stands in docker-compose.yml,
// what holds a secret in a git-ignored file.
func (l *lowering) lowerEnv(u *unit) {
	s := u.in
	if n := len(s.Env) + len(s.Secrets); n > 0 {
		u.out.Env = make([]ir.EnvVar, 0, n)
	}
	var text secret.Text
	origin := source.Origin{}
	for _, e := range sortedVars(s.Env) {
		if !l.checkEnvName(s.Declared, e, "A variable", false) {
			continue
		}
		if plain, ok := e.Value.V.Plain(); ok {
			u.out.Env = append(u.out.Env, ir.EnvVar{Name: e.Name, Value: ir.String{V: plain, Origin: e.Value.Origin}})
			continue
		}
		l.refer(s.Declared, e.Value)
		if !onlyLogins(e.Value.V) {
			l.secretInEnv(s, e)
		}
		if len(text) == 0 {
			origin = e.Value.Origin
		}
		text = appendText(text, secret.Part{Literal: e.Name + "="}, secret.Part{Secret: &secret.Expr{Func: "dotenv", Args: []secret.Text{e.Value.V}}},
			secret.Part{Literal: "\n"})
	}
	if len(text) > 0 {
		u.out.EnvFile = ir.String{V: ".secrets.d/" + s.Name + ".env", Origin: origin}
		l.addFile(u.out.EnvFile.V, origin, envFileMode, text)
	}
}

func (l *lowering) secretInEnv(s *lang.Service, e lang.EnvVar) {
	l.warningf(s.Declared, e.Value.Range, "NS460", "Secret in the environment",
		"The variable %s of %s holds %s. `docker inspect` prints its value, as it is, to everybody who may run it on the host; child "+
			"processes and crash reports of the service have it too. If the image reads %s_FILE, or a file, use that instead:\n\n    secrets = {\n      %s = %s\n    }",
		e.Name, s.Address, secretNames(e.Value.V), e.Name, e.Name, asWritten(e.Value.V))
}

// onlyLogins tells whether a text holds nothing of a secret but the name of the login
// whose turn it is, which only the host knows, and which is no secret.
func onlyLogins(t secret.Text) bool {
	for _, p := range t {
		if p.Secret != nil && p.Secret.Func != escape.Login {
			return false
		}
	}
	return true
}

// appendText appends parts and joins literals that adjoin.
func appendText(t secret.Text, parts ...secret.Part) secret.Text {
	for _, p := range parts {
		if n := len(t); p.Secret == nil && n > 0 && t[n-1].Secret == nil {
			t[n-1].Literal += p.Literal
			continue
		}
		t = append(t, p)
	}
	return t
}

// lowerSecretFile mounts one entry of `secrets` and tells the service where.
func (l *lowering) lowerSecretFile(u *unit, e lang.EnvVar) {
	s := u.in
	if !l.checkEnvName(s.Declared, e, "A secret file", true) {
		return
	}
	if !e.Value.V.HasSecret() {
		l.warningf(s.Declared, e.Value.Range, "NS462", "Secret file without a secret",
			"The entry %s of %s's secrets holds no secret: it is written in the stack, for everybody who can read that. If it is none, "+
				"say so:\n\n    env = {\n      %s = …\n    }\n\nIf it is one, declare it with a secret block and take it out of the history of the repository.",
			e.Name, s.Address, e.Name)
	}
	l.refer(s.Declared, e.Value)
	variable := e.Name + "_FILE"
	if i := slices.IndexFunc(s.Env, func(v lang.EnvVar) bool { return v.Name == variable }); i >= 0 {
		l.errorf(s.Declared, e.Value.Range, "NS469", sameFileSummary,
			"The entry %s of %s's secrets sets the variable %s, which env sets too. The service would see only one of them. Remove the one in env.",
			e.Name, s.Address, variable).With(s.Env[i].Value.Range, "the variable in env")
		return
	}
	if path, ok := l.mountSecret(u, e.Name, e.Value); ok {
		u.out.Env = append(u.out.Env, ir.EnvVar{Name: variable, Value: source.Default(path, e.Value.Range, "service.secrets")})
	}
}

const sameFileSummary = "Two files or variables with one name"

// lowerCompanions mounts the files that came along with outputs of kinds. The
// same file through two outputs is one file.
func (l *lowering) lowerCompanions(u *unit) {
	files := slices.Clone(u.in.Files)
	slices.SortFunc(files, func(a, b lang.CompanionFile) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), compareRanges(a.Text.Range, b.Text.Range))
	})
	for i, f := range files {
		l.refer(u.in.Declared, f.Text)
		if i > 0 && files[i-1].Name == f.Name {
			if files[i-1].Text.V.String() != f.Text.V.String() {
				l.sameFile(u, f.Name, f.Text.Range, files[i-1].Text.Range)
			}
			continue
		}
		if !isFileName(f.Name) {
			l.badFileName(u.in.Declared, f.Text.Range, "A companion file", f.Name)
			continue
		}
		l.mountSecret(u, f.Name, f.Text)
	}
}

func (l *lowering) sameFile(u *unit, name string, at, first source.Range) {
	l.errorf(u.in.Declared, at, "NS469", sameFileSummary,
		"%s gets two different files at %s%s. It would see only one of them. Rename one of them.", u.in.Address, secretsDir, name).
		With(first, "the other file")
}

// mountSecret renders a text to a file and mounts it below /run/secrets; the
// caller has noted which secrets it uses. It gives the path in the container,
// and whether the name was free.
func (l *lowering) mountSecret(u *unit, name string, text lang.Text) (string, bool) {
	s, at := u.in, text.Range
	path := secretsDir + name
	folder := ".secrets.d/"
	mode := uint32(secretMode)
	if !text.V.HasSecret() {
		folder, mode = "files/", committedMode
	}
	if name == "config" {
		l.errorf(s.Declared, at, "NS346", fileNameSummary,
			"A file of %s is named \"config\", which is the folder that its configuration is rendered to. Choose another name.", s.Address)
		return "", false
	}
	for _, m := range u.out.Secrets {
		if m.Target == path {
			l.sameFile(u, name, at, m.Origin.Range)
			return "", false
		}
	}
	file := folder + s.Name + "/" + name
	l.addFile(file, text.Origin, mode, text.V)
	u.out.Secrets = append(u.out.Secrets, ir.Mount{
		Origin: text.Origin, Name: s.Name + "." + name, File: file, Target: path, Mode: mode,
	})
	return path, true
}

// lowerConfigs lowers configuration files: committed, or rendered next to the
// secrets when they hold one.
func (l *lowering) lowerConfigs(u *unit) {
	s := u.in
	configs := slices.Clone(s.Configs)
	slices.SortFunc(configs, func(a, b lang.Config) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), compareRanges(a.Range, b.Range))
	})
	for i, c := range configs {
		l.refer(s.Declared, c.Content)
		if i > 0 && configs[i-1].Name == c.Name {
			l.errorf(s.Declared, c.Range, "NS469", sameFileSummary, "%s has two configs named %q, which would be rendered to one file. Rename one of them.",
				s.Address, c.Name).With(configs[i-1].Range, "the other config")
			continue
		}
		if !isFileName(c.Name) {
			l.badFileName(s.Declared, c.Range, "The config", c.Name)
			continue
		}
		if !l.checkTarget(u, c.Path.V, cmp.Or(c.Path.Range, c.Range), "A config") {
			continue
		}
		file, mode := "config/"+s.Name+"/"+c.Name, uint32(committedMode)
		if c.Content.V.HasSecret() {
			file, mode = ".secrets.d/"+s.Name+"/config/"+c.Name, secretMode
		}
		if c.Mode.IsSet() {
			var ok bool
			if mode, ok = l.configMode(s.Declared, c, mode); !ok {
				continue
			}
		}
		l.addFile(file, source.Origin{Range: c.Range}, mode, c.Content.V)
		u.out.Configs = append(u.out.Configs, ir.Mount{
			Origin: source.Origin{Range: c.Range}, Name: s.Name + "." + c.Name, File: file, Target: path.Clean(c.Path.V), Mode: mode,
		})
	}
}

// configMode gives the mode that was asked for. The container's user does not
// own the file on the host, so it must be readable for others; nobody but its
// owner may write it, and nobody at all once it holds a secret.
func (l *lowering) configMode(d lang.Declared, c lang.Config, def uint32) (uint32, bool) {
	m := c.Mode.V
	if m < 0 || m > 0o777 || m&0o444 != 0o444 || m&0o022 != 0 {
		l.errorf(d, c.Mode.Range, "NS346", fileNameSummary,
			"The config %q of %s has the mode %#o. The container's user is not the owner of the file, so everybody must be able to read it "+
				"and only its owner to write it. Use 0644, or 0755 for a script.", c.Name, d.Address, m)
		return 0, false
	}
	return def | uint32(m)&0o111, true
}

const fileNameSummary = "Invalid file"

// isFileName tells whether s can be the last part of a path, and of a compose
// name, on every system. What has ".secrets" in its name is not committed.
func isFileName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isWordByte(c) && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 128 && !strings.Contains(strings.ToLower(s), ".secrets")
}

func (l *lowering) badFileName(d lang.Declared, at source.Range, what, name string) {
	l.errorf(d, at, "NS346", fileNameSummary,
		"%s of %s is named %q. A name is part of a path: up to 128 letters, digits, underscores, dots and hyphens, and it begins with none of the last two. "+
			"Nor is \".secrets\" in it: git is told to ignore such files.",
		what, d.Address, name)
}

// addFile adds a file to the stack.
func (l *lowering) addFile(name string, origin source.Origin, mode uint32, text secret.Text) {
	if len(l.files) == cap(l.files) {
		l.files = make([]ir.File, 0, 64)
	}
	l.files = append(l.files, ir.File{Path: name, Origin: origin, Mode: mode, Content: text})
	l.out.Files = append(l.out.Files, &l.files[len(l.files)-1])
}

// digest identifies the files that a service reads by their committed form:
// paths, modes and texts with the secrets' names in the place of values. "" for
// no files. A change of it recreates the container.
func digest(files []ir.File) string {
	if len(files) == 0 {
		return ""
	}
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b ir.File) int { return strings.Compare(a.Path, b.Path) })
	h := sha256.New()
	buf := make([]byte, 0, 512)
	write := func(s string) {
		buf = append(binary.LittleEndian.AppendUint64(buf[:0], uint64(len(s))), s...)
		h.Write(buf)
	}
	for _, f := range sorted {
		write(f.Path)
		write(f.Content.String())
		h.Write(binary.LittleEndian.AppendUint32(buf[:0], f.Mode))
	}
	return hex.EncodeToString(h.Sum(buf[:0]))
}
