//go:build linux

package lab

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cache is the folder of what outlives a run: the Debian root and the image store, each named by a hash of what it was
// made from, and below runs/ one folder for each run that is alive. A run holds a lock on its folder; a folder whose lock
// is free belongs to a run that crashed.
type cache struct{ dir string }

func openCache() (cache, error) {
	dir := os.Getenv("NSELFC_LAB_CACHE")
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return cache{}, err
		}
		dir = filepath.Join(base, "nselfc-lab")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return cache{}, err
	}
	return cache{dir}, os.MkdirAll(filepath.Join(dir, "runs"), 0o700)
}

// lock waits for the cache: one process at a time builds, cleans up or registers a run.
func (c cache) lock() (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(file, syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("locking %s: %w", file.Name(), err)
	}
	return func() { file.Close() }, nil
}

func flock(file *os.File, how int) error {
	for {
		if err := syscall.Flock(int(file.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// made returns the folder kind-key, made by build if it is not there. build gets a path beside it; only a finished one
// gets the name. Folders of the same kind that nothing used for a week are removed.
func (c cache) made(kind, key string, build func(part string) error) (string, error) {
	path := filepath.Join(c.dir, kind+"-"+key)
	if _, err := os.Stat(path); err == nil {
		now := time.Now()
		return path, os.Chtimes(path, now, now)
	}
	others, _ := filepath.Glob(filepath.Join(c.dir, kind+"-*"))
	for _, other := range others {
		if info, err := os.Stat(other); err == nil && (strings.HasSuffix(other, ".part") || time.Since(info.ModTime()) > 7*24*time.Hour) {
			if err := os.RemoveAll(other); err != nil {
				return "", err
			}
		}
	}
	if err := build(path + ".part"); err != nil {
		return "", err
	}
	return path, os.Rename(path+".part", path)
}

// newRun makes the folder of a run; id names everything that the run makes elsewhere. The caller holds the cache's lock.
func (c cache) newRun() (dir string, release func(), err error) {
	random := make([]byte, 4)
	_, _ = rand.Read(random)
	dir = filepath.Join(c.dir, "runs", hex.EncodeToString(random))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	file, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return "", nil, err
	}
	if err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return "", nil, err
	}
	return dir, func() {
		removeRun(dir)
		file.Close()
	}, nil
}

// clean removes what crashed runs left. The caller holds the cache's lock.
func (c cache) clean() {
	runs, _ := filepath.Glob(filepath.Join(c.dir, "runs", "*"))
	for _, dir := range runs {
		file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			continue
		}
		if flock(file, syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			removeRun(dir)
		}
		file.Close()
	}
}

func removeRun(dir string) {
	removeCgroups(cgroupName(dir))
	// The lock goes last: a folder without one would look like another crashed run, and is removed as such.
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.Name() != "lock" {
			_ = os.RemoveAll(filepath.Join(dir, entry.Name()))
		}
	}
	_ = os.RemoveAll(dir)
}

// cgroupName is the parent of all containers' control groups of a run.
func cgroupName(run string) string { return "nselfc-lab-" + filepath.Base(run) }

// removeCgroups removes the emptied groups of a run that has ended, in every hierarchy. The kernel takes a moment to let
// go of the last processes.
func removeCgroups(name string) {
	for range 20 {
		left := false
		for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
			groups, _ := filepath.Glob(pattern + name)
			for _, group := range groups {
				var folders []string
				_ = filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
					if err == nil && entry.IsDir() {
						folders = append(folders, path)
					}
					return nil
				})
				for _, folder := range slices.Backward(folders) {
					if syscall.Rmdir(folder) != nil {
						left = true
					}
				}
			}
		}
		if !left {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// hashOf names the content of files and folders, with their paths and whether they can be executed.
func hashOf(text string, paths ...string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, text)
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			name, _ := filepath.Rel(root, path)
			fmt.Fprintf(hash, "%q %t %x\n", name, info.Mode()&0o100 != 0, sha256.Sum256(bytes.TrimSpace(content)))
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}
