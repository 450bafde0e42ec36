package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit/compose"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag/render"
	"nselfc/lang/escape"
)

// listed is how many files of a kind are named before the rest is counted.
const listed = 40

// firewallScript is there when the stack has a firewall.
const firewallScript = "ufw/apply.sh"

// summary tells what a build did, and what to run next: nothing, when a step
// failed, as the findings say what comes first then.
func summary(written []*build.Written, o BuildOptions, failed bool) string {
	var b, next strings.Builder
	for _, w := range written {
		if w.Result == nil {
			continue
		}
		var did strings.Builder
		list(&did, "created", w.Result.Created)
		list(&did, "updated", w.Result.Updated)
		list(&did, "removed", w.Result.Removed)
		if n := len(w.Result.Unchanged); n > 0 {
			fmt.Fprintf(&did, "  unchanged  %s\n", plural(n, "file"))
		}
		secretsMade(&did, w)
		if did.Len() > 0 { // a full disk may have stopped it before the first
			fmt.Fprintf(&b, "%s\n%s", render.Clean(w.Dir, false), did.String())
		}
		firewallStays(&next, w)
		commands(&next, w, o)
	}
	if next.Len() > 0 && !failed {
		fmt.Fprintf(&b, "\nNext:\n%s", next.String())
	}
	return b.String()
}

func list(b *strings.Builder, what string, paths []string) {
	for i, p := range paths {
		if i == listed {
			fmt.Fprintf(b, "  %-9s  and %s more\n", what, plural(len(paths)-i, "file"))
			return
		}
		fmt.Fprintf(b, "  %-9s  %s\n", what, render.Clean(p, false))
	}
}

func secretsMade(b *strings.Builder, w *build.Written) {
	r := w.Secrets
	if r == nil {
		return
	}
	if n := len(r.Generated); n > 0 {
		fmt.Fprintf(b, "  secrets    %s made: %s\n", plural(n, "secret"), render.Clean(strings.Join(r.Generated, ", "), false))
	}
	for _, c := range r.Reissued {
		fmt.Fprintf(b, "  secrets    %s renewed: %s\n", render.Clean(c.Address, false), c.Reason)
	}
	if n := len(r.Kept); n > 0 {
		fmt.Fprintf(b, "  secrets    %s kept\n", plural(n, "secret"))
	}
	if r.Recorded {
		fmt.Fprintf(b, "  secrets    recorded in %s, which holds no value: commit it\n", register.Name)
	}
	if len(r.Undeclared) > 0 {
		fmt.Fprintf(b, "  secrets    not declared in the stack, kept all the same: %s\n", render.Clean(strings.Join(r.Undeclared, ", "), false))
	}
}

// commands prints what brings an environment up. Where its secrets were not
// made here, that begins with a build on the host.
func commands(b *strings.Builder, w *build.Written, o BuildOptions) {
	e := w.Environment
	if w.Secrets == nil {
		again := "nselfc build" + argument(o.Path) + outFlag(o)
		if e.Name == "" {
			fmt.Fprintf(b, "    %s    # on the host that runs it: makes the secrets\n", again)
		} else {
			fmt.Fprintf(b, "    %s --env %s    # on the host that runs %s: makes its secrets\n", again, e.Name, e.Name)
		}
		return
	}
	file := argument(filepath.Join(w.Dir, compose.FileName))
	wait, built := start(e.Stack)
	// A service that was taken out of the stack would otherwise go on running,
	// with all that it could reach.
	fmt.Fprintf(b, "    docker compose -f%s up -d%s --remove-orphans%s\n", file, wait, built)
	if services := outdated(w); len(services) > 0 {
		fmt.Fprintf(b, "    docker compose -f%s up -d%s --force-recreate %s    # to read the secret files that changed\n", file, wait, strings.Join(services, " "))
	}
	for _, f := range e.Files {
		if f.Path == firewallScript && !e.Development() {
			fmt.Fprintf(b, "    sudo%s --check    # then --apply, and --confirm from a second session\n", argument(filepath.Join(w.Dir, f.Path)))
		}
	}
}

// start gives the flags that "docker compose up" needs for a stack: not to wait where
// a service has no container, which Compose takes for one that is missing; and to
// build, as it takes an image that is there already for the one that is meant.
func start(stack *ir.Stack) (wait, built string) {
	wait = " --wait"
	for _, s := range stack.Services {
		if s.Replicas.IsSet() && s.Replicas.V == 0 {
			wait = ""
		}
		if s.Build != nil {
			built = " --build"
		}
	}
	return wait, built
}

// firewallStays tells, when the stack has lost its firewall, that the host has not: the script that takes it away
// went with it.
func firewallStays(b *strings.Builder, w *build.Written) {
	if slices.Contains(w.Result.Removed, firewallScript) && !w.Environment.Development() {
		fmt.Fprintf(b, "    sudo%s --remove    # first, with the ufw folder as it was before this build: the host keeps its rules until then\n",
			argument(filepath.Join(w.Dir, firewallScript)))
	}
}

// outdated gives the services whose secret files changed, sorted. Docker mounts a
// file and not its name, so a running container keeps the old one until it is made
// anew; "up" leaves it alone, for no committed byte has changed. A changed env file
// is different: compose reads it, and "up" makes the container anew.
func outdated(w *build.Written) []string {
	var out []string
	for _, path := range w.Secrets.Replaced {
		if service, _, ok := strings.Cut(strings.TrimPrefix(path, secrets.Dir+"/"), "/"); ok {
			out = append(out, service)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// argument prints a blank and a word that a shell reads as s, or nothing for "".
func argument(s string) string {
	if s == "" {
		return ""
	}
	return " " + escape.ShellWord(render.Clean(s, false))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
