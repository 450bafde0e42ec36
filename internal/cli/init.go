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
	var b strings.Builder
	for _, f := range starter.Files(o.Name, o.Domain) {
		path := filepath.Join(dir, f.Name)
		err := createFile(path, f.Text)
		switch {
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintf(&b, "kept     %s: see that it names *.secrets*, *.key and *.pem\n", clean(path))
		case err != nil:
			return Fail(env, IO, "%v", err)
		default:
			fmt.Fprintf(&b, "created  %s\n", clean(path))
		}
	}
	b.WriteString(gitHint)
	if !o.Secure {
		fmt.Fprintf(&b, "\nNext:\n    nselfc build%s\n", argument(o.Dir))
		return Print(env, b.String())
	}
	if code := Print(env, b.String()+"\n"); code != OK {
		return code
	}
	return Build(ctx, env, d, BuildOptions{Path: o.Dir, Options: build.Options{}})
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
