package build

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit/outdir"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// gone warns of output that no environment of the stack is built into any more:
// it looks like the stack's, and is what it was when the environment was there.
func (c *Compiled) gone(opts Options) diag.List {
	var diags diag.List
	dir := c.OutDir(opts)
	c.eachGone(opts, func(root *os.Root, env string) {
		_, err := root.Lstat(filepath.Join(env, firewallScript))
		diags = append(diags, goneEnvironment(filepath.Join(dir, env), env, err == nil))
	})
	return diags
}

// eachGone calls f for each environment whose output is there and that the stack
// does not declare any more, with the directory that all outputs stand in.
func (c *Compiled) eachGone(opts Options, f func(root *os.Root, env string)) {
	if len(c.Environments) == 0 {
		return
	}
	root, err := os.OpenRoot(c.OutDir(opts))
	if err != nil {
		return
	}
	defer func() { _ = root.Close() }() // read only
	declared, stack := c.Source.Environments(), c.Environments[0].Stack.Name.V
	check := func(env, project string) {
		if !slices.Contains(declared, env) && lockedFor(root, env) == project {
			f(root, env)
		}
	}
	check("", stack)
	entries, err := fs.ReadDir(folder{root}, ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() {
			check(e.Name(), stack+"-"+e.Name())
		}
	}
}

// lockedFor gives the project that the lock of an environment's output names, or
// "" when there is no lock.
func lockedFor(root *os.Root, env string) string {
	f, err := outdir.OpenQuietly(root, filepath.Join(env, outdir.LockName))
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()                 // read only
	head, err := io.ReadAll(io.LimitReader(f, 1024)) // the line is the third
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(head)) {
		if name, ok := strings.CutPrefix(line, "stack "); ok {
			return strings.TrimSuffix(name, "\n")
		}
	}
	return ""
}

// firewallScript stands in an output whose stack has a firewall.
const firewallScript = "ufw/apply.sh"

func goneEnvironment(dir, env string, firewall bool) *diag.Diagnostic {
	at := source.Range{File: filepath.ToSlash(dir), Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	what := "the environment \"" + env + "\", which the stack does not declare any more"
	word, _ := escape.ShellQuote(dir) // a path holds no NUL
	remove := "Once neither is needed:\n\n    rm -r " + word
	if env == "" {
		what = "the stack as it was without environments"
		remove = "An environment is a project of its own, with new and empty volumes and new secrets: what the databases hold has to be moved to it, by a dump and a " +
			"restore. Once nothing of the old is needed, remove what stands beside the folders of the environments."
	}
	compose, _ := escape.ShellQuote(filepath.Join(dir, "docker-compose.yml"))
	stop := "    docker compose -f " + compose + " down\n"
	if firewall {
		script, _ := escape.ShellQuote(filepath.Join(dir, firewallScript))
		stop += "    sudo " + script + " --remove    # if its firewall is in force there\n"
	}
	return diag.Warningf("NS515", at, "Output of an environment that is gone",
		"%q holds the output of %s. No build keeps it up to date, and somebody may deploy it. Stop what runs from it, on the host that it runs on:\n\n"+
			"%s\nVolumes stay, and .secrets has the passwords of what is in them. %s", dir, what, stop, remove)
}
