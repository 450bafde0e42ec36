//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Logf reports what the lab does, and how long it takes.
type Logf func(format string, args ...any)

// Options are all optional.
type Options struct {
	// Images are further references that stacks use, with tag, digest or both, each with the stand-in it gets: one of
	// testdata/images/images.list, or "" for the one of the same name.
	Images map[string]string
	// Daemon is the engine's daemon.json; nil is a fresh installation.
	Daemon map[string]any
	// Share are further folders to see inside, at the same path. The repository and the temporary folder always are.
	Share []string
	Log   Logf
}

// Engine is a running lab: a host with a Docker engine, and a client that is the internet to it.
type Engine struct {
	ctx          context.Context
	host, client *machine
	daemon       *daemon
	release      func()
	log          Logf
}

// Start gives a test a lab of its own, which ends with the test. Several may run at once.
func Start(t testing.TB, options Options) *Engine {
	t.Helper()
	Require(t)
	if options.Log == nil {
		options.Log = t.Logf
	}
	e, err := Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// Open starts a lab; Close ends it. Nothing that it starts outlives this process, however it ends.
func Open(ctx context.Context, options Options) (*Engine, error) {
	if options.Log == nil {
		options.Log = func(string, ...any) {}
	}
	e := &Engine{ctx: ctx, log: options.Log}
	if os.Getenv(engineVariable) != "" {
		return e, nil
	}
	if err := e.open(options); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Engine) open(options Options) error {
	repository, err := repositoryRoot()
	if err != nil {
		return err
	}
	cache, err := openCache()
	if err != nil {
		return err
	}
	run, rootfs, store, err := e.prepare(cache, repository)
	if err != nil {
		return err
	}

	defer e.phase("starting the machines and the engine")()
	data, probe := filepath.Join(run, "docker"), filepath.Join(run, "probe")
	if err := copyStore(e.ctx, store, data); err != nil {
		return err
	}
	if err := nameImages(data, options.Images); err != nil {
		return err
	}
	if err := goBuild(e.ctx, repository, filepath.Join(probe, "probe"), "./internal/lab/probe"); err != nil {
		return err
	}
	shared := append([]string{os.TempDir(), repository}, options.Share...)
	if named := os.Getenv(composeVariable); named != "" {
		shared = append(shared, filepath.Dir(named))
	}
	slices.Sort(shared) // a folder comes before what lies in it
	var binds []string
	for _, folder := range slices.Compact(shared) {
		binds = append(binds, folder+":"+folder)
	}
	binds = append(binds, probe+":/opt/probe")

	if e.host, err = bootMachine("host", rootfs, run, append(binds, data+":/var/lib/docker")); err != nil {
		return err
	}
	if e.client, err = bootMachine("client", rootfs, run, binds); err != nil {
		return err
	}
	if err := connectMachines(e.ctx, e.host, e.client); err != nil {
		return err
	}
	background := `"$@" >>/var/log/$0.log 2>&1 &`
	sshd := e.Host("sh", "-c", background, "sshd", "/usr/sbin/sshd", "-D", "-e")
	internet := e.Client("sh", "-c", background, "internet", probePath, "internet", ClientIPv4+":53", ":80")
	if err := errors.Join(sshd.err(), internet.err()); err != nil {
		return err
	}
	e.daemon = &daemon{machine: e.host, cgroup: cgroupName(run), settings: options.Daemon}
	return e.daemon.start(e.ctx)
}

// prepare makes, under the cache's lock, what is not there yet: minutes on a new machine, nothing later.
func (e *Engine) prepare(cache cache, repository string) (run, rootfs, store string, err error) {
	unlock, err := cache.lock()
	if err != nil {
		return "", "", "", err
	}
	defer unlock()
	cache.clean()
	if run, e.release, err = cache.newRun(); err != nil {
		return "", "", "", err
	}
	images := filepath.Join(repository, "testdata", "images")
	key, err := rootKey()
	if err != nil {
		return "", "", "", err
	}
	rootfs, err = cache.made("root", key, func(part string) error {
		defer e.phase("making the Debian root (once)")()
		return buildRoot(e.ctx, part, e.log)
	})
	if err != nil {
		return "", "", "", err
	}
	bases := map[string]string{baseImage: rootfs}
	for _, s := range suites() {
		suiteKey, err := s.key()
		if err != nil {
			return "", "", "", err
		}
		dir, err := cache.made("suite", suiteKey, func(part string) error {
			defer e.phase("making Debian " + s.name + " (once)")()
			return s.build(e.ctx, part, e.log)
		})
		if err != nil {
			// A suite that is not released yet may drop a version any day. Only the tests of that version may fail then.
			e.log("lab: no stand-ins from Debian %s: %v", s.name, err)
			continue
		}
		bases[basePrefix+s.name] = dir
		key += suiteKey
	}
	// The code that builds images is part of what an image is made of.
	if key, err = hashOf(key, images, filepath.Join(repository, "internal", "lab", "images.go")); err != nil {
		return "", "", "", err
	}
	store, err = cache.made("store", key, func(part string) error {
		defer e.phase("building the images (once)")()
		return buildStore(e.ctx, part, run, bases, images, e.log)
	})
	return run, rootfs, store, err
}

// phase reports how long something took: defer e.phase("what")().
func (e *Engine) phase(what string) func() {
	start := time.Now()
	return func() { e.log("lab: %s: %.1f s", what, time.Since(start).Seconds()) }
}

// Close ends everything and removes what the run left on disk.
func (e *Engine) Close() {
	for _, m := range []*machine{e.client, e.host} {
		if m != nil {
			m.stop()
		}
	}
	if e.release != nil {
		e.release()
		e.release = nil
	}
}

// repositoryRoot finds the checkout that this process works in: tests run in their package's folder.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module nselfc\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in the nselfc repository", start)
		}
	}
}
