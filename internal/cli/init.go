package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nselfc/internal/build"
	"nselfc/internal/cli/starter"
)

// InitOptions are the flags of init.
type InitOptions struct {
	Dir    string // "" for this folder
	Name   string
	Domain string
	Secure bool
}

// Init starts a stack in a folder. A folder that holds a stack already is left
// alone; so is every file that exists.
func Init(ctx context.Context, env Env, d Display, o InitOptions) int {
	dir := filepath.Clean(o.Dir) // "." for ""
	if found := stackFile(dir); found != "" && o.Secure {
		if o.Name != "" || o.Domain != "" {
			return Fail(env, Usage, "there is a stack here already, %s, which says its name and domain itself: leave --name and --domain out", found)
		}
		return o.secure(ctx, env, d, starter.Guards())
	}
	if o.Name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return Fail(env, IO, "%v", err)
		}
		o.Name = starter.NameFor(filepath.Base(abs))
	}
	if o.Domain == "" {
		o.Domain = o.Name + ".example.com"
	}
	if err := errors.Join(starter.CheckName(o.Name), starter.CheckDomain(o.Domain)); err != nil {
		return Fail(env, Usage, "%v", err)
	}
	if found := stackFile(dir); found != "" {
		return Fail(env, Failed, "there is a stack here already: %s. Nothing was written.", found)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Fail(env, IO, "%v", err)
	}
	files := starter.Files(o.Name, o.Domain)
	if o.Secure {
		return o.secure(ctx, env, d, files)
	}
	did, code := createFiles(env, dir, files)
	if code != OK {
		return code
	}
	return Print(env, fmt.Sprintf("%s%s\nNext:\n    nselfc build%s\n", did, gitHint, argument(o.Dir)))
}

// secure writes files, builds, and makes every secret of development; what is weak
// there is an error. It works on a stack that is there as on a new one.
func (o InitOptions) secure(ctx context.Context, env Env, d Display, files []starter.File) int {
	did, code := createFiles(env, filepath.Clean(o.Dir), files)
	if code != OK {
		return code
	}
	if code := Print(env, did+gitHint+"\n"); code != OK {
		return code
	}
	c, code := buildStack(ctx, env, d, BuildOptions{Path: o.Dir, Strict: true})
	if code != OK {
		return code
	}
	return stopped(ctx, Print(env, needs(c, o)))
}

// needs tells what the host of each other environment must have before it builds:
// what nobody can generate.
func needs(c *build.Compiled, o InitOptions) string {
	var b strings.Builder
	for _, e := range c.Environments {
		if e.Name == "" || e.Development() {
			continue
		}
		var lines strings.Builder
		for _, s := range e.Stack.Secrets {
			switch {
			case s.Files != nil:
				fmt.Fprintf(&lines, "    %s and %s: the certificate and key of %s\n", clean(s.Files.Certificate.V), clean(s.Files.PrivateKey.V), clean(s.Address))
			case s.Kind.V == "input":
				so := SecretsOptions{Options: build.Options{Env: e.Name}, Path: o.Dir}
				fmt.Fprintf(&lines, "    nselfc secrets set %s%s\n", clean(s.Address), so.flags())
			}
		}
		if lines.Len() > 0 {
			fmt.Fprintf(&b, "\nBefore that, the host of %s needs:\n%s", e.Name, lines.String())
		}
	}
	return b.String()
}

// createFiles makes those that are not there, and tells what it did.
func createFiles(env Env, dir string, files []starter.File) (did string, code int) {
	var b strings.Builder
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		err := createFile(path, f.Text)
		switch {
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintf(&b, "kept     %s: see that it names *.secrets*, *.key and *.pem\n", clean(path))
		case err != nil:
			return "", Fail(env, IO, "%v", err)
		default:
			fmt.Fprintf(&b, "created  %s\n", clean(path))
		}
	}
	return b.String(), OK
}

// gitHint is said and not done: what git runs is for its user to say.
const gitHint = `
In a git repository, tell git once how to merge what is generated:
    git config merge.nselfc.driver "nselfc merge-driver %O %A %B %P %L"
`

// createFile makes a file that was not there, whole or not at all.
func createFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
