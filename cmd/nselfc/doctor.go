package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newDoctor(env cli.Env, d *display) *cobra.Command {
	o := cli.DoctorOptions{FailOn: cli.DefaultFailOn()}
	cmd := &cobra.Command{
		Use:   "doctor [FILE|DIR]",
		Short: "Look at this host, and compare it with what the stack declares",
		Long: `Compiles the stack in memory and looks at the host that runs it: who can read the
secrets, what listens and who can reach it, the firewall and the settings of
Docker and ssh, the containers and the certificates, the disk and the clock.

With --security also: whether secrets in use are weak, and default passwords
refused; which TLS the ingress really speaks; which images have known faults; and
the checklist before a deployment, with what was seen of each line.

Changes nothing, but with --fix modes of files that are too wide, after showing
them and asking. What it could not see, as without root or without Docker, it says
and does not count as well; a script that must know gives --fail-on-unseen.`,
		Example: `  sudo nselfc doctor --env prod --security
  nselfc doctor --format json | jq '.checks[] | select(.state == "finding")'
  sudo nselfc doctor --env prod --security --backup-dir /var/backups/shop --fail-on medium`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Doctor(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	envFlag(cmd, &o.Env)
	f := cmd.Flags()
	f.StringVarP(&o.Out, "out", "o", "", "output `DIR` (default out, beside the stack)")
	f.BoolVar(&o.Security, "security", false, "look deeper: passwords, TLS, known faults, and the checklist")
	f.StringVar(&o.Advisories, "advisories", "", "`FILE`, folder or zip with records of known faults in the OSV format")
	f.StringVar(&o.BackupDir, "backup-dir", "", "`DIR` that the host's own backups are put into")
	f.Var(&o.Format, "format", "text, json or sarif (default text)")
	complete(cmd, "format", cli.DoctorFormats()...)
	f.Var(&o.FailOn, "fail-on", "exit with 1 on findings as severe as this: info, low, medium, high or critical")
	complete(cmd, "fail-on", cli.Severities()...)
	f.Var(&o.Unseen, "fail-on-unseen", "exit with 1 also where a check as severe as this could not see all that it looks at")
	complete(cmd, "fail-on-unseen", cli.Severities()...)
	f.BoolVar(&o.Fix, "fix", false, "change modes of files that are too wide, after asking")
	f.BoolVarP(&o.Yes, "yes", "y", false, "with --fix, do not ask")
	return cmd
}
