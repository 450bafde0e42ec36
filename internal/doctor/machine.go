package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

func machineChecks() []check {
	return []check{{code: "NS2071", run: clock}, {code: "NS2072", run: space}}
}

// clock asks systemd first, which knows its own client of NTP, and then the kernel.
func clock(ctx context.Context, x *examination) (string, []Finding, error) {
	who, in := "timedatectl", false
	text, err := x.ask(ctx, "timedatectl", "show", "--property=NTPSynchronized", "--value")
	if err == nil && strings.TrimSpace(text) != "" {
		in = strings.TrimSpace(text) == "yes"
	} else if who = "the kernel"; true {
		if in, err = x.Synced(); err != nil {
			return "", nil, err
		}
	}
	if in {
		return who + " says that the clock follows another", nil, nil
	}
	return "", []Finding{{
		Object:   "clock",
		Evidence: who + " says that the clock follows no other. When it is wrong, certificates and tokens are refused that are good, or taken that are not, and logs cannot be put together.",
		Fix:      "    sudo timedatectl set-ntp true",
	}}, nil
}

// What must be free: of bytes less is enough where it is much.
const (
	freePart   = 10 // percent
	freeBytes  = 10 << 30
	freeInodes = 5 // percent
)

func space(_ context.Context, x *examination) (string, []Finding, error) {
	places := map[string]string{"the output": x.Dir, "Docker": "/var/lib/docker"}
	if e, err := x.engine(); err == nil && e.RootDir != "" {
		places["Docker"] = e.RootDir
	}
	var found []Finding
	var seen []string
	var unseen []error
	for _, what := range []string{"Docker", "the output"} {
		r, err := x.Room(places[what])
		if errors.Is(err, fs.ErrNotExist) && what == "Docker" {
			continue // there is none here
		}
		if err != nil {
			unseen = append(unseen, fmt.Errorf("%s: %w", places[what], err))
			continue
		}
		evidence := ""
		switch {
		case r.Bytes > 0 && r.Free*100 < r.Bytes*freePart && r.Free < freeBytes:
			evidence = fmt.Sprintf("%d MiB of %d are left", r.Free>>20, r.Bytes>>20)
		case r.Inodes > 0 && r.FreeInodes*100 < r.Inodes*freeInodes:
			evidence = fmt.Sprintf("%d of %d inodes are left", r.FreeInodes, r.Inodes)
		}
		seen = append(seen, fmt.Sprintf("%d GiB left at %s", r.Free>>30, places[what]))
		if evidence != "" {
			found = append(found, Finding{
				Object:   "file system of " + what,
				Evidence: fmt.Sprintf("%s for %s, at %s. A database that cannot write stops, and what was half written stays so.", evidence, what, places[what]),
				Fix:      "See what takes the room:\n\n    docker system df\n    sudo du -xh " + places[what] + " | sort -h | tail",
			})
		}
	}
	return strings.Join(seen, ", "), found, errors.Join(unseen...)
}
