package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
)

// TestedFile, in the folder of the backups, is touched by whoever has restored one of
// them with success. The day of its last change is the day of the test.
const TestedFile = "restore-tested"

// How old the newest backup may be, a day with two hours for it to be made, and the
// last restored one.
const (
	freshBackup = 26 * time.Hour
	freshTest   = 35 * 24 * time.Hour
)

func backupChecks() []check {
	return []check{
		{code: "NS2075", run: backups(true, noBackup)},
		{code: "NS2076", run: backups(false, stale)},
		{code: "NS2077", run: backups(false, untested)},
		{code: "NS2078", run: unwatched},
	}
}

// backups makes a check of what the host keeps of the stack's data. This release has
// no block for backups: the host's own are looked at, where --backup-dir names them.
func backups(without bool, look func(x *examination) (string, []Finding, error)) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		if len(x.Stack.Volumes) == 0 {
			return "", nil, nothing("the stack has no volume")
		}
		if !without && x.options.BackupDir == "" {
			return "", nil, nothing("no folder of backups is known")
		}
		return look(x)
	}
}

func noBackup(x *examination) (string, []Finding, error) {
	var names []string
	for _, s := range x.Stack.Services {
		if slices.ContainsFunc(s.Volumes, func(v ir.VolumeMount) bool { return v.Volume != "" }) {
			names = append(names, s.Address)
		}
	}
	what := strings.Join(names, ", ")
	if x.options.BackupDir == "" {
		return "", []Finding{{
			Object:   "backups",
			Evidence: "No backup of " + what + " is known. nselfc makes none in this release; whether the host has its own, it cannot know unless it is told.",
			Fix:      "Make them, for example by a role of postgres with access = \"backup\" and pg_dump in a timer, and name the folder:\n\n    nselfc doctor --backup-dir /var/backups/" + x.Stack.Name.V,
		}}, nil
	}
	switch k := x.kept(); {
	case k.name != "":
	case k.err != nil:
		return "", nil, k.err
	default:
		return "", []Finding{{
			Object:   "backups",
			Evidence: "There is no backup in " + x.options.BackupDir + ": of " + what + " there is one copy.",
			Fix:      "See why the job that makes them does not, and make one.",
		}}, nil
	}
	return "backups are put into " + x.options.BackupDir, nil, nil
}

// kept is what was seen of the folder of the backups.
type kept struct {
	name   string    // of the newest file that is not empty; "" for none
	made   time.Time // when it was
	tested time.Time // when one was last restored; zero for never
	err    error     // why not all of the folder was seen
}

// maxBackups is how many files and folders of the backups are looked at.
const maxBackups = 100_000

// keptBackups looks at the folder of the backups. It may be a share of a network that
// does not answer: what it holds up is left behind, and said not to be seen.
func (h Host) keptBackups(ctx context.Context, dir string) kept {
	ctx, cancel := context.WithTimeout(ctx, h.Patience)
	defer cancel()
	done := make(chan kept, 1)
	soFar := make(chan kept, 1) // the newest of what was seen
	go func() { done <- walkBackups(ctx, dir, h.Now, maxBackups, soFar) }()
	select {
	case k := <-done:
		return k
	case <-ctx.Done():
	}
	k := kept{}
	select {
	case k = <-soFar:
	default:
	}
	k.err = fmt.Errorf("%s does not answer in time: not all of it was seen", dir)
	return k
}

// skew is how far the clock of whoever writes the backups may be ahead. What claims to
// be of a later day would count as fresh for ever.
const skew = 24 * time.Hour

func walkBackups(ctx context.Context, dir string, now time.Time, most int, soFar chan kept) kept {
	var k kept
	if fi, err := os.Stat(dir); err == nil && !fi.IsDir() {
		return kept{err: fmt.Errorf("%s is no folder", dir)}
	}
	if fi, err := os.Stat(filepath.Join(dir, TestedFile)); err == nil && !fi.ModTime().After(now.Add(skew)) {
		k.tested = fi.ModTime()
	}
	n := 0
	var unseen error
	root, err := filepath.EvalSymlinks(dir) // the folder's name may be a link to a larger disk
	if err != nil {
		root = dir
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch n++; {
		case ctx.Err() != nil:
			return fmt.Errorf("%s is too large to be seen whole in time: %d files and folders were", dir, n)
		case n > most:
			return fmt.Errorf("%s has more than %d files and folders, and the rest was not seen", dir, most)
		case err != nil:
			unseen = reason(err) // the others are looked at all the same
			return nil
		case !e.Type().IsRegular() || e.Name() == TestedFile || filepath.Ext(e.Name()) == ".log": // a job that fails writes its log too
			return nil
		}
		fi, err := e.Info()
		if err == nil && fi.Size() > 0 && fi.ModTime().After(k.made) && !fi.ModTime().After(now.Add(skew)) {
			k.name, k.made = path, fi.ModTime()
			select {
			case <-soFar:
			default:
			}
			soFar <- k
		}
		return nil
	})
	if k.err = err; err == nil && !errors.Is(unseen, fs.ErrNotExist) { // of what is gone there is none
		k.err = unseen
	}
	return k
}

func stale(x *examination) (string, []Finding, error) {
	k := x.kept()
	if k.name == "" {
		return "", nil, nothing("there is no backup")
	}
	age := x.Now.Sub(k.made)
	if age <= freshBackup {
		return fmt.Sprintf("%s was made %.0f hours ago", k.name, max(0, age.Hours())), nil, nil
	}
	if k.err != nil { // what was not seen may be newer
		return "", nil, k.err
	}
	return "", []Finding{{
		Object:   "backups",
		Evidence: fmt.Sprintf("The newest backup, %s, is %.0f hours old: what was written since is lost with the disk.", k.name, age.Hours()),
		Fix:      "See why the job that makes them did not run:\n\n    systemctl list-timers",
	}}, nil
}

func untested(x *examination) (string, []Finding, error) {
	k := x.kept()
	evidence := ""
	switch {
	case k.tested.IsZero() && k.err != nil:
		return "", nil, k.err
	case k.tested.IsZero():
		evidence = "Nothing says that a backup in " + x.options.BackupDir + " was ever restored. Until one was, nobody knows whether it can be."
	case x.Now.Sub(k.tested) > freshTest:
		evidence = "A backup was last restored on " + day(k.tested) + ". What has changed since may not come back."
	default:
		return "a backup was restored on " + day(k.tested), nil, nil
	}
	return "", []Finding{{
		Object: "restore", Evidence: evidence,
		Fix: "Restore one into an empty database, look at it, and write down that it was:\n\n    touch " + filepath.Join(x.options.BackupDir, TestedFile),
	}}, nil
}

// watchers are programs that look after a host and tell somebody.
func watchers() []string {
	return []string{
		"alertmanager", "monit", "netdata", "zabbix_agentd", "zabbix_agent2", "telegraf", "vmagent", "vmalert", "alloy", "grafana-agent",
		"icinga2", "nrpe", "check_mk_agent", "cmk-agent-ctl", "datadog-agent", "newrelic-infra", "node_exporter", "prometheus-node",
	}
}

// unwatched: this release has no block for alerts; a program of the host's may look.
func unwatched(_ context.Context, x *examination) (string, []Finding, error) {
	for _, name := range x.processes() {
		if slices.Contains(watchers(), name) {
			return name + " runs here; whom it tells, only it knows", nil, nil
		}
	}
	return "", []Finding{{
		Object:   "alerts",
		Evidence: "No program that watches this host is known to run on it: a disk that fills up, or a service that does not come back, is told by a customer.",
		Fix:      "nselfc has no alerts in this release. Let a program of the host's watch it, such as monit or an agent of Prometheus, and try that its message arrives.",
	}}, nil
}
