package cli

import (
	"runtime"
	"runtime/debug"
)

// Version is the release, as nself.lock records it (https://semver.org).
const Version = "0.1.0"

// FullVersion adds what a bug report needs: the commit, if the build knows it,
// the platform and the Go release.
func FullVersion() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = " (" + s.Value[:min(12, len(s.Value))] + ")"
			}
		}
	}
	return Version + commit + " " + runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version()
}
