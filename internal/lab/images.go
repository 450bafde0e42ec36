//go:build linux

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// baseImage holds the whole Debian root: Debian stand-ins are built on it, and it brings the tools to attack with
// from inside a network.
const (
	baseImage  = basePrefix + "base"
	basePrefix = "nselfc-lab/"
)

// standIn is a line of testdata/images/images.list: the tag, the Dockerfile, and arguments for it.
type standIn struct {
	tag, dockerfile string
	args            []string // NAME=VALUE
}

// base is the image that it is built on, when its arguments say one.
func (s standIn) base() string {
	for _, arg := range s.args {
		if base, ok := strings.CutPrefix(arg, "BASE="); ok {
			return base
		}
	}
	return baseImage
}

func standIns(images string) ([]standIn, error) {
	text, err := os.ReadFile(filepath.Join(images, "images.list"))
	if err != nil {
		return nil, err
	}
	var list []standIn
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case len(fields) >= 2:
			list = append(list, standIn{fields[0], fields[1], fields[2:]})
		default:
			return nil, fmt.Errorf("images.list: cannot read %q", line)
		}
	}
	return list, nil
}

// buildStore makes a Docker data folder that holds the images, with an engine that runs only for that. bases are the roots to
// build on, by the name of their image.
func buildStore(ctx context.Context, dir, run string, bases map[string]string, images string, log Logf) error {
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o710)); err != nil {
		return err
	}
	staged := filepath.Join(run, "images")
	list, err := standIns(images)
	if err != nil {
		return err
	}
	if err := os.CopyFS(staged, os.DirFS(images)); err != nil {
		return err
	}
	if err := buildPrograms(ctx, staged); err != nil {
		return err
	}
	host, err := bootMachine("builder", bases[baseImage], run, []string{dir + ":/var/lib/docker", staged + ":/srv/images"})
	if err != nil {
		return err
	}
	defer host.stop()
	daemon := &daemon{machine: host, cgroup: cgroupName(run)}
	if err := daemon.start(ctx); err != nil {
		return err
	}
	for name, rootfs := range bases {
		if err := importRoot(ctx, host, name, rootfs); err != nil {
			return err
		}
	}
	for _, image := range list {
		if bases[image.base()] == "" {
			log("no stand-in for %s: there is no %s", image.tag, image.base())
			continue
		}
		log("building the stand-in for %s", image.tag)
		folder := filepath.Join("/srv/images", filepath.Dir(image.dockerfile))
		// Without BuildKit: its plugin is one more package, and these builds are a few copies.
		build := Command{
			Env:  []string{"DOCKER_BUILDKIT=0"},
			Args: []string{"docker", "build", "--tag", image.tag, "--file", filepath.Join("/srv/images", image.dockerfile)},
		}
		for _, arg := range image.args {
			build.Args = append(build.Args, "--build-arg", arg)
		}
		build.Args = append(build.Args, folder)
		if err := host.run(ctx, build).err(); err != nil {
			return err
		}
	}
	return daemon.stop(ctx)
}

// buildPrograms compiles the Go programs that images are made of.
func buildPrograms(ctx context.Context, images string) error {
	modules, err := filepath.Glob(filepath.Join(images, "*", "go.mod"))
	if err != nil {
		return err
	}
	for _, module := range modules {
		if err := goBuild(ctx, filepath.Dir(module), filepath.Join(filepath.Dir(module), "app"), "."); err != nil {
			return err
		}
	}
	return nil
}

func goBuild(ctx context.Context, dir, output, target string) error {
	return execute(ctx, Command{
		Dir: dir, Env: []string{"CGO_ENABLED=0", "GOOS=linux", "GOWORK=off", "GOFLAGS=-buildvcs=false"},
		Args:    []string{"go", "build", "-trimpath", "-ldflags=-s -w", "-o", output, target},
		Timeout: 15 * time.Minute, // on a busy machine that has none of its packages compiled
	}).err()
}

// importRoot makes an image from a Debian root, less what only the host machine is for.
func importRoot(ctx context.Context, host *machine, name, rootfs string) error {
	args := []string{"--create", "--directory", rootfs, "--one-file-system"}
	for _, path := range []string{
		"usr/bin/containerd*", "usr/bin/ctr", "usr/bin/docker*", "usr/sbin/docker*", "usr/libexec/docker", "usr/sbin/runc",
		"usr/sbin/sshd", "etc/ssh/ssh_host_*", "etc/ufw", "usr/sbin/ufw", "var/lib/docker",
	} {
		args = append(args, "--exclude=./"+path)
	}
	tar := exec.CommandContext(ctx, "tar", append(args, ".")...)
	tar.Stderr = os.Stderr
	archive, err := tar.StdoutPipe()
	if err != nil {
		return err
	}
	if err := tar.Start(); err != nil {
		return err
	}
	imported := host.run(ctx, Command{Args: []string{"docker", "import", "-", name}, Stdin: archive})
	_, _ = io.Copy(io.Discard, archive)
	if err := tar.Wait(); err != nil {
		return fmt.Errorf("tar of the Debian root: %w", err)
	}
	return imported.err()
}

// copyStore gives a run a data folder of its own. Layers are immutable, so their files are shared by hard links; the rest
// is small and copied.
func copyStore(ctx context.Context, store, data string) error {
	if err := os.Mkdir(data, 0o710); err != nil {
		return err
	}
	link := Command{Args: []string{"cp", "--archive", "--link", filepath.Join(store, "overlay2"), data}}
	if err := execute(ctx, link).err(); err != nil {
		return err
	}
	return execute(ctx, Command{Args: []string{"cp", "--archive", filepath.Join(store, "image"), data}}).err()
}

// repositories is Docker's own record of names: repository, then reference, to image id.
type repositories struct {
	Repositories map[string]map[string]string
}

// nameImages makes the stand-ins answer to more references, before the engine starts. Tags could be given later, but
// digests cannot: an engine believes only in those of a registry, and there is none, so they are entered in its records.
func nameImages(data string, references map[string]string) error {
	if len(references) == 0 {
		return nil
	}
	path := filepath.Join(data, "image", "overlay2", "repositories.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var known repositories
	if err := json.Unmarshal(text, &known); err != nil {
		return err
	}
	for reference, stand := range references {
		name, digest, _ := strings.Cut(reference, "@")
		repository, tag := splitTag(strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/"))
		id := known.find(repository, tag, stand)
		if id == "" {
			return fmt.Errorf("no stand-in for %s: name one, or add it to testdata/images", reference)
		}
		if known.Repositories[repository] == nil {
			known.Repositories[repository] = map[string]string{}
		}
		if tag != "" {
			known.Repositories[repository][repository+":"+tag] = id
		}
		if digest != "" {
			known.Repositories[repository][repository+"@"+digest] = id
		}
	}
	if text, err = json.Marshal(known); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// find returns the id of the image that stands in: the one named, else one of the same name and tag, else of the same name.
func (r repositories) find(repository, tag, stand string) string {
	if stand != "" {
		name, _ := splitTag(stand)
		return r.Repositories[name][stand]
	}
	if id := r.Repositories[repository][repository+":"+tag]; id != "" {
		return id
	}
	for _, id := range r.Repositories[repository] {
		return id
	}
	return ""
}

func splitTag(name string) (repository, tag string) {
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		return name[:colon], name[colon+1:]
	}
	return name, ""
}
