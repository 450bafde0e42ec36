package doctor

import (
	"context"
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
	if newest, _, err := x.newest(); err != nil || newest == "" {
		return "", []Finding{{
			Object:   "backups",
			Evidence: "There is no backup in " + x.options.BackupDir + ": of " + what + " there is one copy.",
			Fix:      "See why the job that makes them does not, and make one.",
		}}, nil
	}
	return "backups are put into " + x.options.BackupDir, nil, nil
}

// newest gives the last file in the folder of the backups that is not empty.
func (x *examination) newest() (name string, made time.Time, err error) {
	n := 0
	err = filepath.WalkDir(x.options.BackupDir, func(path string, e fs.DirEntry, err error) error {
		if n++; err != nil || n > 100_000 || !e.Type().IsRegular() || e.Name() == TestedFile {
			return err
		}
		fi, err := e.Info()
		if err == nil && fi.Size() > 0 && fi.ModTime().After(made) {
			name, made = path, fi.ModTime()
		}
		return err
	})
	return name, made, reason(err)
}

func stale(x *examination) (string, []Finding, error) {
	name, made, err := x.newest()
	if err != nil || name == "" {
		return "", nil, nothing("there is no backup")
	}
	age := x.Now.Sub(made)
	if age <= freshBackup {
		return fmt.Sprintf("%s was made %.0f hours ago", name, age.Hours()), nil, nil
	}
	return "", []Finding{{
		Object:   "backups",
		Evidence: fmt.Sprintf("The newest backup, %s, is %.0f hours old: what was written since is lost with the disk.", name, age.Hours()),
		Fix:      "See why the job that makes them did not run:\n\n    systemctl list-timers",
	}}, nil
}

func untested(x *examination) (string, []Finding, error) {
	fi, err := os.Stat(filepath.Join(x.options.BackupDir, TestedFile))
	evidence := ""
	switch {
	case err != nil:
		evidence = "Nothing says that a backup in " + x.options.BackupDir + " was ever restored. Until one was, nobody knows whether it can be."
	case x.Now.Sub(fi.ModTime()) > freshTest:
		evidence = "A backup was last restored on " + day(fi.ModTime()) + ". What has changed since may not come back."
	default:
		return "a backup was restored on " + day(fi.ModTime()), nil, nil
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
