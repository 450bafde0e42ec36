package build_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// separated judges, by docker-compose.yml alone, whether each secret file is one
// service's: who mounts it, who has its text in the environment, and who has a folder
// around it. wanted are the paths in its containers at which a service is to find
// secrets, and allowed those at which it may; it gives what is wrong.
func separated(f *composeFile, secret map[string]string, wanted, allowed map[string][]string) (wrong []string) {
	blame := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	owner := map[string]string{}
	takes := func(service, file, how string) {
		file = path.Clean(file)
		if _, known := secret[file]; !known {
			blame("%s: %s %q, which is no secret file", service, how, file)
		}
		if other, taken := owner[file]; taken && other != service {
			blame("%s: %s %q, which %s has", service, how, file, other)
		}
		owner[file] = service
	}
	used := map[string]bool{}
	const outDir = "/srv/stack/out"
	for _, name := range sortedKeys(f.Services) {
		s := f.Services[name]
		found := map[string]bool{}
		for _, m := range s.Secrets {
			used[m.Source] = true
			takes(name, f.Secrets[m.Source].File, "mounts")
			found[m.Target] = true
		}
		for _, e := range s.EnvFile {
			if !e.Required {
				blame("%s: starts without %q", name, e.Path)
			}
			takes(name, e.Path, "has the variables of")
		}
		for _, v := range s.Volumes {
			if v.Type != "bind" {
				continue
			}
			source := path.Clean(v.Source)
			if _, is := secret[source]; is {
				takes(name, source, "binds")
				found[v.Target] = true
				continue
			}
			if !path.IsAbs(source) {
				source = path.Join(outDir, source)
			}
			for _, held := range append(sortedKeys(secret), ".secrets", ".secrets.retired") {
				if held = path.Join(outDir, held); source == held || source == "/" || strings.HasPrefix(held, source+"/") || strings.HasPrefix(source, path.Join(outDir, ".secrets")) {
					blame("%s: binds %q, in which %q is", name, v.Source, held)
				}
			}
		}
		for _, target := range sortedKeys(found) {
			if !slices.Contains(wanted[name], target) && !slices.Contains(allowed[name], target) {
				blame("%s: has %q, and declares no such secret", name, target)
			}
		}
		for _, target := range wanted[name] {
			if !found[target] {
				blame("%s: has no %q", name, target)
			}
		}
	}
	for source := range f.Secrets {
		if !used[source] {
			blame("%s is mounted by nobody", source)
		}
	}
	return wrong
}

// sealed gives the paths at which the services as drawn are to find secrets, and those
// that come along: the certificate of the ingress, the authority of a server it refers to.
func (w *world) sealed() (wanted, allowed map[string][]string) {
	wanted, allowed = map[string][]string{}, map[string][]string{"ingress": {"/run/secrets/tls.crt", "/run/secrets/tls.key"}}
	for name, d := range w.services {
		for _, f := range d.files {
			wanted[name] = append(wanted[name], "/run/secrets/"+f)
		}
		wanted[name] = append(wanted[name], d.sealed...)
		for other := range d.refs {
			allowed[name] = append(allowed[name], "/run/secrets/"+other+"-ca.crt")
		}
	}
	return wanted, allowed
}

// checkSeparation wants no service to see what is another's.
func (w *world) checkSeparation(t *rapid.T, f *composeFile, secret map[string]string) {
	wanted, allowed := w.sealed()
	for _, s := range separated(f, secret, wanted, allowed) {
		t.Error(s)
	}
}

// TestSeparationRefuses holds the judge of separation to what it is for.
func TestSeparationRefuses(t *testing.T) {
	const good = `
services:
  api:
    env_file: [{path: ./.secrets.d/api.env, required: true}]
    secrets: [{source: api_key, target: /run/secrets/KEY}]
    volumes: [{type: bind, source: ./config/api, target: /etc/api}, {type: volume, source: data, target: /data}]
  web:
    secrets: [{source: web_key, target: /run/secrets/KEY}]
    volumes: [{type: bind, source: /srv/stack/site, target: /site}]
secrets:
  api_key: {file: ./.secrets.d/api/KEY}
  web_key: {file: ./.secrets.d/web/KEY}
`
	secret := map[string]string{".secrets.d/api.env": "A=1", ".secrets.d/api/KEY": "k", ".secrets.d/web/KEY": "k"}
	wanted := map[string][]string{"api": {"/run/secrets/KEY"}, "web": {"/run/secrets/KEY"}}
	judge := func(text string) []string { return separated(readCompose(t, text), secret, wanted, nil) }
	if wrong := judge(good); len(wrong) > 0 {
		t.Fatalf("%q", wrong)
	}
	for from, to := range map[string]string{
		"web_key: {file: ./.secrets.d/web/KEY}":       "web_key: {file: ./.secrets.d/api/KEY}",
		"{source: web_key, target: /run/secrets/KEY}": "{source: web_key, target: /run/secrets/KEY}, {source: api_key, target: /run/secrets/API}",
		"{source: api_key, target: /run/secrets/KEY}": "{source: api_key, target: /run/secrets/OTHER}",
		"  web:\n":                                          "  web:\n    env_file: [{path: ./.secrets.d/api.env, required: true}]\n",
		"api.env, required: true":                           "api.env, required: false",
		"source: ./config/api, target: /etc/api":            "source: ./.secrets.d/api, target: /etc/api",
		"{type: bind, source: ./config/api":                 "{type: bind, source: ./.secrets.d/web/KEY, target: /x}, {type: bind, source: ./config/api",
		"bind, source: ./config/api":                        "bind, source: ./.secrets",
		"source: ./config/api, target: /etc/api}, {":        "source: ./.secrets.d, target: /etc/api}, {",
		"{type: bind, source: ./config/api, target: /etc/a": "{type: bind, source: ., target: /etc/a",
		"source: /srv/stack/site":                           "source: /",
		"source: /srv/stack/site, ":                         "source: /srv/stack, ",
		"source: /srv/stack/site,":                          "source: ..,",
		"source: /srv/stack/site, target":                   "source: ./config/../.secrets.retired, target",
		"secrets:\n  api_key":                               "secrets:\n  spare: {file: ./.secrets.d/web/KEY}\n  api_key",
	} {
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not in the control", from)
		}
		if wrong := judge(strings.Replace(good, from, to, 1)); len(wrong) == 0 {
			t.Errorf("%q is taken", to)
		}
	}
}
