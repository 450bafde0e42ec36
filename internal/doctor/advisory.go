package doctor

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// advisory is a record of the OSV format, as far as it is used here
// (https://ossf.github.io/osv-schema).
type advisory struct {
	ID        string
	Summary   string
	Withdrawn string
	Affected  []struct {
		Package struct{ Ecosystem, Name string }
		Ranges  []struct {
			Type   string
			Events []event
		}
		Versions []string
	}
	Aliases []string
}

// event is where a range begins or ends. Old exports have both in one.
type event struct {
	Introduced, Fixed string
	Last              string `json:"last_affected"`
}

// upstream are the ecosystems whose versions are those of the projects themselves:
// what a distribution calls its packages says nothing of an image's tag.
func upstream() []string { return []string{"", "Bitnami", "Docker", "GitHub Actions", "OSS-Fuzz"} }

// maxRecords, maxRecord and maxRead bound what is read, the two last in bytes: an
// export of a whole ecosystem has less. What a zip holds may be much more than it.
const (
	maxRecords = 500_000
	maxRecord  = 64 << 20
	maxRead    = 2 << 30
)

func advised(ctx context.Context, x *examination) (string, []Finding, error) {
	if x.options.Advisories == "" {
		return "", nil, nothing("no records were named with --advisories")
	}
	images := slices.DeleteFunc(x.images(), func(i image) bool { return len(i.version) == 0 })
	hits := map[string][]string{}
	n := 0
	err := records(ctx, x.options.Advisories, func(a advisory) {
		n++
		for _, i := range images {
			if a.Withdrawn == "" && !slices.ContainsFunc(hits[i.text], a.called) && a.hits(i) {
				hits[i.text] = append(hits[i.text], a.ID)
			}
		}
	})
	var found []Finding
	for _, i := range images {
		if ids := hits[i.text]; len(ids) > 0 {
			slices.Sort(ids)
			found = append(found, Finding{
				Object: "image " + i.text, At: i.service.Site,
				Evidence: i.text + " has the known faults " + strings.Join(ids[:min(8, len(ids))], ", ") + more(len(ids)-8) + ", by " + x.options.Advisories + ".",
				Fix:      "Name a release that mends them, and build.",
			})
		}
	}
	if err == nil && n == 0 {
		err = errors.New(x.options.Advisories + " holds no record of the OSV format")
	}
	return fmt.Sprintf("%s of %s, %s", counted(n, "record"), x.options.Advisories, counted(len(images), "image")+" with the name of a release"), found, err
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// called tells whether a record is that of a fault, under whatever name.
func (a advisory) called(id string) bool { return id == a.ID || slices.Contains(a.Aliases, id) }

// hits tells whether an image is one of those that a record speaks of.
func (a advisory) hits(i image) bool {
	for _, p := range a.Affected {
		name := program(strings.ToLower(p.Package.Name))
		if name != i.name && name != i.Name || !slices.Contains(upstream(), p.Package.Ecosystem) {
			continue
		}
		if slices.ContainsFunc(p.Versions, func(v string) bool { return i.version.compare(numbers(v)) == 0 }) {
			return true
		}
		for _, r := range p.Ranges {
			if r.Type != "GIT" && spans(r.Events, i.version) {
				return true
			}
		}
	}
	return false
}

// spans tells whether a release is in a range: the last event that is not after it
// decides, in whatever order an export has them. What is no release ends nothing.
func spans(events []event, v version) bool {
	in, last := false, version(nil)
	decide := func(at version, begins bool) {
		if at.compare(last) >= 0 {
			in, last = begins, at
		}
	}
	for _, e := range events {
		if at, _ := parseVersion(e.Introduced); e.Introduced != "" && v.atLeast(at) {
			decide(at, true)
		}
		if at, ok := parseVersion(e.Fixed); ok && v.atLeast(at) {
			decide(at, false)
		}
	}
	for _, e := range events { // it ends behind this one, which may be where it begins
		if at, ok := parseVersion(e.Last); ok && v.compare(at) > 0 {
			decide(at, false)
		}
	}
	return in
}

// records reads a file with a record or a list of them, a folder of such files, or a
// zip of them.
func records(ctx context.Context, path string, each func(advisory)) error {
	fi, err := os.Stat(path)
	if err != nil {
		return reason(err)
	}
	if !fi.IsDir() && !fi.Mode().IsRegular() {
		return fmt.Errorf("%s is no file and no folder", path) // a pipe may never end
	}
	n, read := 0, 0
	var other error // of the first that is no record: the rest is read all the same
	take := func(name string, r io.Reader) error {
		if n++; n > maxRecords {
			return fmt.Errorf("%s has more than %d records", path, maxRecords)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s could not be read to its end in time: %w", path, err)
		}
		text, err := io.ReadAll(io.LimitReader(r, maxRecord+1))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if read += len(text); len(text) > maxRecord || read > maxRead {
			return fmt.Errorf("%s is larger than a record, or all of them, may be (%d MiB, %d)", name, maxRecord>>20, maxRead>>20)
		}
		if err := decode(name, text, each); other == nil {
			other = err
		}
		return nil
	}
	if fi.IsDir() {
		root, err := filepath.EvalSymlinks(path) // the newest export may be a link to it
		if err != nil {
			return reason(err)
		}
		err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err() // a large folder may hold no record
			}
			if err != nil || !e.Type().IsRegular() || filepath.Ext(name) != ".json" {
				return err
			}
			return open(name, take)
		})
		return errors.Join(err, other)
	}
	if archive, err := zip.OpenReader(path); err == nil {
		defer func() { _ = archive.Close() }() // it was only read
		for _, f := range archive.File {
			if filepath.Ext(f.Name) != ".json" {
				continue
			}
			r, err := f.Open()
			if err != nil {
				return err
			}
			err = errors.Join(take(f.Name, r), r.Close())
			if err != nil {
				return err
			}
		}
		return other
	}
	err = open(path, take)
	return errors.Join(err, other)
}

func open(name string, take func(string, io.Reader) error) error {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe may take its place
	if err != nil {
		return reason(err)
	}
	return errors.Join(take(name, f), f.Close())
}

func decode(name string, text []byte, each func(advisory)) error {
	var all []advisory
	text = bytes.TrimSpace([]byte(withoutBreaks(string(text))))
	var err error
	if bytes.HasPrefix(text, []byte("[")) {
		err = json.Unmarshal(text, &all)
	} else {
		all = make([]advisory, 1)
		err = json.Unmarshal(text, &all[0])
	}
	if err != nil {
		return fmt.Errorf("%s is not a record of the OSV format: %w", name, err)
	}
	for _, a := range all {
		if a.ID != "" {
			each(a)
		}
	}
	return nil
}
