package doctor

import (
	"context"
	"sync"

	"nselfc/compiler/ir"
)

// examination is one run: what is declared, the host, and what was asked of it
// already. Each fact is asked for once, when the first check needs it.
type examination struct {
	Subject
	Host
	options Options

	engine     func() (*engine, error)      // of Docker
	containers func() ([]container, error)  // all of the host's
	sockets    func() ([]socket, error)     // that listen
	settings   func() (settings, error)     // of dockerd
	ufw        func() (ufwState, error)     // as its files say
	kernel     func(v6 bool) (table, error) // the filter table
	sshd       func() (sshState, error)
	audit      func() (audited, error) // of the secrets
	kept       func() kept             // of the backups
	served     func() []handshake      // what each host's name is answered with
}

func newExamination(ctx context.Context, host Host, subject Subject, o Options) *examination {
	x := &examination{Subject: subject, Host: host, options: o}
	x.engine = sync.OnceValues(func() (*engine, error) { return host.engine(ctx) })
	x.containers = sync.OnceValues(func() ([]container, error) { return host.containers(ctx) })
	x.sockets = sync.OnceValues(host.listening)
	x.settings = sync.OnceValues(host.daemon)
	x.ufw = sync.OnceValues(host.ufwFiles)
	x.sshd = sync.OnceValues(func() (sshState, error) { return host.sshd(ctx, x.sockets) })
	x.audit = sync.OnceValues(func() (audited, error) { return x.auditSecrets(ctx) })
	x.kept = sync.OnceValue(func() kept { return host.keptBackups(ctx, o.BackupDir) })
	x.served = sync.OnceValue(func() []handshake { return x.shakeHands(ctx) })
	v4 := sync.OnceValues(func() (table, error) { return host.filter(ctx, "iptables-save") })
	v6 := sync.OnceValues(func() (table, error) { return host.filter(ctx, "ip6tables-save") })
	x.kernel = func(six bool) (table, error) {
		if six {
			return v6()
		}
		return v4()
	}
	return x
}

// file gives the text that a file of the output is to have; "" for none.
func (x *examination) file(path string) string {
	for _, f := range x.Files {
		if f.Path == path && !f.Secret() {
			text, _ := f.Text.Plain()
			return text
		}
	}
	return ""
}

func (x *examination) service(name string) *ir.Service {
	for _, s := range x.Stack.Services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// own gives the containers of the stack, without those of a one-off command.
func (x *examination) own() ([]container, error) {
	all, err := x.containers()
	var out []container
	for _, c := range all {
		if c.Config.Labels[labelProject] == x.Stack.Project && c.Config.Labels[labelOneOff] != "True" {
			out = append(out, c)
		}
	}
	return out, err
}
