package build_test

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// service draws a service block: its parts stand in any order.
func (w *world) service(t *rapid.T, name string) {
	d := &drawn{
		refs: map[string]bool{}, host: "service." + name + ".host", replicas: 1,
		env: map[string]string{}, configs: map[string]string{},
	}
	parts := []string{"  image = \"ghcr.io/acme/" + strings.ReplaceAll(name, "-", "") + ":1.4.2" + rapid.SampledFrom([]string{"", "@sha256:" + strings.Repeat("ab", 32)}).Draw(t, "digest") + "\"\n"}
	maybe := func(what string, part func() string) {
		if rapid.Bool().Draw(t, what) {
			parts = append(parts, part())
		}
	}
	parts = append(parts, w.environment(t, d), w.secretFiles(t, d))
	maybe("user", func() string { return "  user = \"1000:1000\"\n" })
	maybe("command", func() string {
		d.command = rapid.SliceOfN(hostile, 1, 3).Draw(t, "words")
		words := make([]string, len(d.command))
		for i, s := range d.command {
			words[i] = quote(t, s)
		}
		return "  command = [" + strings.Join(words, ", ") + "]\n"
	})
	maybe("replicas", func() string {
		d.replicas = rapid.IntRange(0, 3).Draw(t, "containers")
		return fmt.Sprintf("  replicas = %d\n", d.replicas)
	})
	maybe("egress", func() string { d.egress = true; return "  egress = true\n" })
	maybe("writable root", func() string { d.writable = true; return "  read_only = false\n" })
	maybe("capability", func() string { return "  capabilities = [\"NET_BIND_SERVICE\"]\n" })
	maybe("writable path", func() string {
		return "  writable " + quote(t, "/run/"+fileName.Draw(t, "path")) + " {\n    size = \"1M\"\n  }\n"
	})
	maybe("volumes", func() string { return w.volumes(t, d) })
	maybe("configs", func() string { return w.configs(t, name, d) })
	maybe("resources", func() string { return "  resources {\n    cpus = 0.5\n    memory = \"100M\"\n    pids = 64\n  }\n" })
	maybe("health", func() string {
		d.health = true
		return "  healthcheck {\n    " + rapid.SampledFrom([]string{"tcp = true", `http = "/it's?"`, `http = "/ok"`, `command = "true"`, `command = ["$x", "it's"]`}).
			Filter(func(s string) bool { return !strings.HasSuffix(s, `?"`) }).Draw(t, "check") + "\n    port = \"http\"\n  }\n"
	})
	maybe("extra", func() string {
		return "  extra_compose = {\n    hostname = \"h\"\n    labels = { \"com.example.x\" = " + quote(t, oneLine.Draw(t, "label")) + " }\n  }\n"
	})
	if w.dev && d.replicas < 2 { // only one container can have a port of the host
		maybe("publish", func() string {
			d.publish = []int{9100 + len(w.order)}
			return fmt.Sprintf("  publish \"http\" {\n    host = %d\n  }\n", d.publish[0])
		})
	}
	parts = append(parts, "  port \"http\" {\n    container = 8080\n  }\n")
	w.add(name, d)
	var routes string
	for range rapid.IntRange(0, 2).Draw(t, "routes") {
		routes += w.route(t, name) // their order is part of their addresses
	}
	parts = append(rapid.Permutation(parts).Draw(t, "parts"), routes)
	w.blocks = append(w.blocks, "service \""+name+"\" {\n"+strings.Join(parts, "")+"}\n")
}

var envName = rapid.OneOf(rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{0,8}`), rapid.SampledFrom([]string{"y", "no", "null", "NULL", "on", "Off", "_", "true", "A.b-c"})).
	Filter(func(s string) bool { return !strings.HasSuffix(s, "_FILE") })

var fileName = rapid.StringOfN(rapid.RuneFrom([]rune("ab$'\" {}%;é,#")), 1, 6, -1).
	Filter(func(s string) bool { return path.Clean("/x/"+s) == "/x/"+s })

// environment draws variables, plain ones, references and secrets.
func (w *world) environment(t *rapid.T, d *drawn) string {
	entries := map[string]string{}
	for _, name := range rapid.SliceOfNDistinct(envName, 0, 5, rapid.ID[string]).Draw(t, "variables") {
		switch rapid.IntRange(0, 4).Draw(t, "variable") {
		case 0:
			if p := w.provider(t); p != "" {
				entries[name], d.refs[p], d.env[name] = w.services[p].host, true, p
				continue
			}
		case 1:
			entries[name] = w.secretText(t)
			d.envKeys = append(d.envKeys, name)
			continue
		}
		v := hostile.Draw(t, "value")
		entries[name], d.env[name] = quote(t, v), v
	}
	return "  env = " + object(t, entries, sortedKeys(entries)) + "\n"
}

// secretFiles draws files below /run/secrets, the URLs of stores among them.
func (w *world) secretFiles(t *rapid.T, d *drawn) string {
	entries := map[string]string{}
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{0,8}`), 0, 4, rapid.ID[string]).Draw(t, "files") {
		if name == "config" || strings.HasSuffix(name, "_FILE") || slices.Contains(d.files, name) {
			continue
		}
		if _, taken := d.env[name+"_FILE"]; taken || slices.Contains(d.envKeys, name+"_FILE") {
			continue
		}
		if p := w.provider(t); p != "" && w.services[p].secret != "" {
			entries[name], d.refs[p] = w.services[p].secret, true
		} else {
			entries[name] = w.secretText(t)
		}
		d.files = append(d.files, name)
		d.env[name+"_FILE"] = "/run/secrets/" + name
	}
	return "  secrets = " + object(t, entries, sortedKeys(entries)) + "\n"
}

func (w *world) volumes(t *rapid.T, d *drawn) string {
	var b strings.Builder
	for i, p := range rapid.SliceOfNDistinct(fileName, 1, 3, rapid.ID[string]).Draw(t, "volumes") {
		source := rapid.SampledFrom([]string{"", "    source = volume.shared\n", "    host = \"./site\"\n", "    host = \"./site\"\n    read_only = false\n"}).Draw(t, "source")
		d.volumes = append(d.volumes, "/srv/"+p)
		fmt.Fprintf(&b, "  volume \"v%d\" {\n    path = %s\n%s  }\n", i, quote(t, "/srv/"+p), source)
	}
	return b.String()
}

func (w *world) configs(t *rapid.T, name string, d *drawn) string {
	text := hostile.Draw(t, "inline")
	d.configs["/etc/app/inline"] = text
	b := "  config \"inline\" {\n    path = \"/etc/app/inline\"\n    content = " + quote(t, text) + "\n  }\n" +
		"  config \"common\" {\n    path = \"/etc/app/common\"\n    source = config.common\n  }\n"
	d.configs["/etc/app/common"] = "common\n"
	if rapid.Bool().Draw(t, "template") {
		body := hostile.Filter(func(s string) bool {
			return !strings.ContainsFunc(s, hidden) && !strings.Contains(s, "$$") && !strings.Contains(s, "%%")
		}).Draw(t, "body")
		w.files["templates/"+name+".tmpl"] = template(body) + "\n${vars.x}\n"
		v := hostile.Draw(t, "var")
		d.configs["/etc/app/template"] = body + "\n" + v + "\n"
		b += "  config \"template\" {\n    path = \"/etc/app/template\"\n    template = \"templates/" + name + ".tmpl\"\n    vars = { x = " + quote(t, v) + " }\n  }\n"
	}
	if rapid.Bool().Draw(t, "secret config") {
		d.sealed = append(d.sealed, "/etc/app/secret")
		b += "  config \"secret\" {\n    path = \"/etc/app/secret\"\n    content = \"key = ${" + rapid.SampledFrom(w.secrets).Draw(t, "secret") + "}\"\n  }\n"
	}
	return b
}

// jsonText writes a JSON string as the function json does.
func jsonText(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
