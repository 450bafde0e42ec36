package secrets

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// Audited is what was found of the secret files of one environment.
type Audited struct {
	Files    []AuditedFile // .secrets first, then those below .secrets.d, sorted
	Findings diag.List
}

// AuditedFile is one file with secrets, and who can read it.
type AuditedFile struct {
	Path    string
	Mode    fs.FileMode
	UID     int
	Readers []string // users of the host beside root
	Mounts  []AuditedMount
}

// AuditedMount is a service that is shown a file. A bind mount shows the file alone:
// the directories around it do not matter in the container.
type AuditedMount struct {
	Service string
	User    string // "uid:gid"; "" for the image's own
	Reads   string // "yes", "no", or "unknown" for a user that only the image knows
	Compose bool   // Docker Compose reads the file on the host and hands on what is in it
}

// Audit judges who can really get at the secrets: by every directory on the way, and
// by the user of each container. It writes nothing. What the directory and .secrets
// themselves must be, the checks of a build say; they are in the findings too.
func Audit(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options) *Audited {
	a := &audit{dir: dir, people: hostPeople(), out: &Audited{}}
	_, a.out.Findings = Check(dir, stack, files, opts)
	a.out.Findings = append(a.out.Findings, Guard(ctx, dir, false)...)
	a.file(File, nil)
	for _, f := range files {
		if f.Secret() {
			a.file(f.Path, mounts(stack, f.Path))
		}
	}
	if held, diags := Inventory(dir, stack, files, opts); !diags.HasErrors() {
		a.undeclared(held.Undeclared)
	}
	a.copies()
	seen := map[string]bool{}
	a.out.Findings = slices.DeleteFunc(a.out.Findings.Sort(), func(d *diag.Diagnostic) bool { // Check and Guard both look for some
		key := d.Code + d.Subject.String() + d.Detail
		again := seen[key]
		seen[key] = true
		return again
	})
	return a.out
}

type audit struct {
	dir    string
	people []person
	out    *Audited
}

// mounts gives the services that are shown a file.
func mounts(stack *ir.Stack, path string) []AuditedMount {
	var out []AuditedMount
	for _, s := range stack.Services {
		user := s.User.V
		if slices.ContainsFunc(slices.Concat(s.Secrets, s.Configs), func(m ir.Mount) bool { return m.File == path }) {
			m := AuditedMount{Service: s.Name, User: user, Reads: "unknown"}
			out = append(out, m)
		}
		if s.EnvFile.V == path {
			out = append(out, AuditedMount{Service: s.Name, User: user, Reads: "yes", Compose: true})
		}
	}
	return out
}

func (a *audit) file(name string, mounts []AuditedMount) {
	full := filepath.Join(a.dir, name)
	acc, err := accessOf(full)
	if err != nil || !acc.mode.IsRegular() {
		return // not made yet; what it is instead, Check says
	}
	f := AuditedFile{Path: name, Mode: acc.mode.Perm(), UID: acc.uid, Mounts: mounts}
	got, err := readers(full, a.people)
	if err != nil {
		a.find(codeAudit, full, "Secret file that cannot be judged", "Who can read %s cannot be told: %s.", full, reason(err))
		return
	}
	me := os.Geteuid()
	var strangers []string
	for _, p := range got {
		f.Readers = append(f.Readers, p.name)
		inContainer := slices.ContainsFunc(mounts, func(m AuditedMount) bool { uid, ok := numeric(m.User); return ok && uid == p.uid })
		if p.uid != me && !(p.uid == acc.uid && (me == 0 && inContainer || name == File)) {
			strangers = append(strangers, p.name)
		}
	}
	if len(strangers) > 0 {
		const most = 6
		if slices.Contains(strangers, anybody) {
			strangers = []string{"every user of this machine"}
		} else if len(strangers) > most {
			strangers = append(strangers[:most:most], fmt.Sprintf("%d more", len(strangers)-most))
		}
		a.find(codeReaders, full, "Secret file that other users can read",
			"%s can be read by %s: every directory above lets them through, and the file has mode %04o. They may have read it already.\n\nClose the way to it, and rotate what is in it:\n\n    chmod 600 %s && chmod 700 %s",
			full, strings.Join(strangers, ", "), acc.mode.Perm(), escape.ShellWord(filepath.Join(a.dir, File)), escape.ShellWord(filepath.Join(a.dir, Dir)))
	}
	var services []string
	for i := range f.Mounts {
		m := &f.Mounts[i]
		services = append(services, m.Service)
		if !m.Compose {
			m.Reads = reads(acc, m.User)
		}
		if m.Reads == "no" {
			a.find(codeUnreadable, full, "Secret file that its service cannot read",
				"%s is shown to service %s, whose container runs as user %s without the capability to read what it may not; the file has mode %04o and belongs to user %d. The service starts without its secret, or not at all.\n\nHave the file made again:\n\n    nselfc secrets materialize",
				full, m.Service, m.User, acc.mode.Perm(), acc.uid)
		}
	}
	if slices.Sort(services); len(slices.Compact(services)) > 1 {
		a.find(codeSharedFile, full, "Secret file of several services",
			"%s is shown to %s: whoever breaks into one has what the others use.\n\nGive each a secret of its own.", full, strings.Join(slices.Compact(services), ", "))
	}
	a.out.Files = append(a.out.Files, f)
}

// reads tells whether the process of a container can read a file: its user is all
// that it has, as every capability was dropped.
func reads(acc access, user string) string {
	uid, ok := numeric(user)
	p := person{uid: uid, gids: []int{uid}}
	if _, group, given := strings.Cut(user, ":"); given {
		if gid, err := strconv.Atoi(group); err == nil {
			p.gids = []int{gid}
		}
	}
	switch {
	case !ok && acc.mode.Perm()&0o444 == 0o444:
		return "yes"
	case !ok:
		return "unknown"
	case acc.allows(p, 4):
		return "yes"
	}
	return "no"
}

func numeric(user string) (int, bool) {
	uid, _, _ := strings.Cut(user, ":")
	n, err := strconv.Atoi(uid)
	return n, err == nil
}

func (a *audit) undeclared(keys []string) {
	if len(keys) == 0 {
		return
	}
	a.find(codeUndeclared, filepath.Join(a.dir, File), "Key in .secrets that nothing declares",
		"%s has %s, which the stack does not declare: nothing uses it, and it can still be stolen. It may also be that a declaration was renamed.\n\nTake each out of use; its value is kept for a while, in case it was needed:\n\n    nselfc secrets retire %s",
		filepath.Join(a.dir, File), strings.Join(keys, ", "), escape.ShellWord(keys[0]))
}

// copies finds what an editor, a backup or a person left beside .secrets. The names
// are those that git ignores with it, so that nothing else would tell.
func (a *audit) copies() {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return // Check says why
	}
	for _, e := range entries {
		name := e.Name()
		own := slices.Contains([]string{File, Dir, LockFile, File + ".rotation", RetiredFile, "nself.secrets.json"}, name)
		if own || strings.HasPrefix(name, tempPrefix) || !strings.Contains(strings.ToLower(name), File) {
			continue
		}
		full := filepath.Join(a.dir, name)
		a.find(codeCopy, full, "Copy of the secrets",
			"%s looks like a copy of .secrets by an editor, a backup or a person. It keeps old values readable after a rotation, and nothing looks after its mode.\n\nSee what it is, and remove it:\n\n    rm -r %s", full, escape.ShellWord(full))
	}
}

func (a *audit) find(code, path, summary, detail string, args ...any) {
	a.out.Findings = append(a.out.Findings, diag.Errorf(code, onFile(path), summary, detail, args...))
}
