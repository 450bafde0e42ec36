//go:build linux

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// daemon is dockerd, with the containerd that it starts for itself, on a machine.
type daemon struct {
	machine *machine
	// cgroup is the parent of the containers' control groups: what a killed run leaves of them can be found by it.
	cgroup string
	// settings become /etc/docker/daemon.json. None means a fresh installation, which is what most users have.
	settings map[string]any
}

const startDaemon = `
dockerd --cgroup-parent "/$1" --pidfile /run/docker.pid >>/var/log/dockerd.log 2>&1 &
for try in $(seq 300); do
  docker version >/dev/null 2>&1 && exit 0
  kill -0 $! 2>/dev/null || break
  sleep 0.1
done
tail -n 30 /var/log/dockerd.log >&2
exit 1`

func (d *daemon) start(ctx context.Context) error {
	if d.settings != nil {
		text, err := json.Marshal(d.settings)
		if err != nil {
			return err
		}
		write := Command{Args: []string{"sh", "-c", "mkdir -p /etc/docker && cat >/etc/docker/daemon.json"}, Stdin: strings.NewReader(string(text))}
		if err := d.machine.run(ctx, write).err(); err != nil {
			return err
		}
	}
	result := d.machine.run(ctx, Command{Args: []string{"sh", "-c", startDaemon, "sh", d.cgroup}, Timeout: time.Minute})
	if err := result.err(); err != nil {
		return fmt.Errorf("the Docker engine did not start: %w", err)
	}
	return nil
}

const stopDaemon = `
pid=$(cat /run/docker.pid) && kill "$pid" || exit 1
for try in $(seq 600); do
  kill -0 "$pid" 2>/dev/null || exit 0
  sleep 0.1
done
exit 1`

// stop ends the engine as an update or a reboot would: containers are stopped first, with their grace periods.
func (d *daemon) stop(ctx context.Context) error {
	if err := d.machine.run(ctx, Command{Args: []string{"sh", "-c", stopDaemon}}).err(); err != nil {
		return errors.Join(errors.New("the Docker engine did not stop"), err)
	}
	return nil
}
