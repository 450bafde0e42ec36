//go:build linux

package lab

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// composeVariable names the environment variable with the path of a docker-compose of another release.
const composeVariable = "NSELFC_COMPOSE"

// ComposeBinary gives the path of a real docker-compose, for tests that ask it to read a file and need no engine: the one
// that NSELFC_COMPOSE names, or the one in the lab's Debian root, which is made if it is not there yet.
func ComposeBinary(t testing.TB) string {
	t.Helper()
	if named := os.Getenv(composeVariable); named != "" {
		return named
	}
	Require(t)
	bin, err := cachedCompose(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

func cachedCompose(ctx context.Context, log func(string, ...any)) (string, error) {
	cache, err := openCache()
	if err != nil {
		return "", err
	}
	unlock, err := cache.lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	key, err := rootKey()
	if err != nil {
		return "", err
	}
	root, err := cache.made("root", key, func(part string) error { return buildRoot(ctx, part, log) })
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "usr/libexec/docker/cli-plugins/docker-compose"), nil
}
