package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"nselfc/emit/kubernetes"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// codeManifest is for a manifest that would end up where it must not.
const codeManifest = "NS648"

// manifest writes what a cluster gets the secrets by. An ExternalSecret holds no
// value and may go anywhere; a Secret goes into a file that is nobody else's, or
// into a pipe that was named, and never to standard output, which ends up in logs.
func (o SyncOptions) manifest(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled) int {
	if o.Check || o.Push || o.Replace {
		return o.show(ctx, env, d, c, diag.List{o.misplaced(h, "has no store that values are read from or written to: nselfc makes manifests for Kubernetes, and that is all that --check, --push and --replace could be about.")})
	}
	if h.Stack.Store.Form.V == "ExternalSecret" {
		text, err := kubernetes.ExternalSecret(h.Stack, secrets.Exported(h.Stack))
		if err != nil {
			return o.show(ctx, env, d, c, diag.List{o.misplaced(h, "cannot be given to Kubernetes: "+err.Error()+".")})
		}
		if o.Manifest == "" || o.Manifest == "-" {
			return Print(env, string(text))
		}
		return o.wrote(ctx, env, d, h, c, o.writeManifest(text, 0o644))
	}
	if found := o.safeForValues(h); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	if found := noOutput(h, o.SecretsOptions); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	values, diags := secrets.Export(h.Dir, h.Stack, h.Options)
	if diags.HasErrors() {
		return o.show(ctx, env, d, c, diags)
	}
	text, err := kubernetes.Secret(h.Stack, values)
	if err != nil {
		return o.show(ctx, env, d, c, diag.List{o.misplaced(h, "cannot be given to Kubernetes: "+err.Error()+".")})
	}
	return o.wrote(ctx, env, d, h, c, o.writeManifest(text, 0o600))
}

func (o SyncOptions) misplaced(h *build.Host, problem string) *diag.Diagnostic {
	name := "The stack"
	if h.Name != "" {
		name = "Environment " + h.Name
	}
	return diag.Errorf(codeManifest, h.Stack.Store.Origin.Range, "Manifest cannot be written", "%s %s", name, problem)
}

// notForKubernetes refuses a manifest of another store.
func notForKubernetes(h *build.Host) *diag.Diagnostic {
	at := stackRange(h)
	if h.Stack.Store != nil {
		at = h.Stack.Store.Origin.Range
	}
	return diag.Errorf(codeManifest, at, "Manifest cannot be written",
		"A manifest is made for an environment whose values go to Kubernetes. Say so in its secrets block:\n\n    secrets {\n      kubernetes {}\n    }")
}

// safeForValues refuses to write values where others would find them.
func (o SyncOptions) safeForValues(h *build.Host) *diag.Diagnostic {
	refuse := func(why string) *diag.Diagnostic {
		return diag.Errorf(codeManifest, h.Stack.Store.Origin.Range, "Manifest cannot be written",
			"A Secret of Kubernetes holds the values, and %s. Name a file that git never takes, or hand it to kubectl without a file:\n\n    nselfc secrets sync --env %s --manifest >(kubectl apply -f -)", why, h.Name)
	}
	if o.Manifest == "" || o.Manifest == "-" {
		return refuse("standard output ends up in logs and in the memory of terminals")
	}
	info, err := os.Stat(o.Manifest)
	switch {
	case err == nil && info.Mode()&fs.ModeNamedPipe != 0:
		return nil
	case err == nil && !info.Mode().IsRegular():
		return refuse(o.Manifest + " is neither a file nor a pipe")
	}
	folder, err := filepath.Abs(filepath.Dir(o.Manifest))
	if err != nil {
		return refuse(o.Manifest + " is in no folder that can be found")
	}
	if !inRepository(folder) {
		return nil
	}
	w, err := secrets.OpenWorkTree(folder, "")
	if w != nil {
		defer w.Close()
	}
	if w == nil || err != nil || !w.Ignored(filepath.Base(o.Manifest), false) {
		return refuse(o.Manifest + " would be committed with the next `git add`: no .gitignore names it")
	}
	return nil
}

// inRepository tells whether a folder is in a work tree of git.
func inRepository(folder string) bool {
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Lstat(filepath.Join(folder, ".git")); err == nil {
			return true
		}
		if folder == filepath.Dir(folder) {
			return false
		}
	}
}

// writeManifest writes to a pipe as it is, and a file in one step.
func (o SyncOptions) writeManifest(text []byte, mode fs.FileMode) (err error) {
	if info, err := os.Stat(o.Manifest); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		f, err := os.OpenFile(o.Manifest, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		return errors.Join(err, f.Close())
	}
	temp := filepath.Join(filepath.Dir(o.Manifest), "."+filepath.Base(o.Manifest)+".tmp-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp) // the first error is the one to tell
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, o.Manifest)
}

// wrote says where the manifest is, or why it is not.
func (o SyncOptions) wrote(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled, err error) int {
	if err != nil {
		return o.show(ctx, env, d, c, diag.List{o.misplaced(h, "has no manifest: "+err.Error()+".")})
	}
	text := fmt.Sprintf("%s  written\n\nNext:\n    kubectl apply -f %s\n", clean(o.Manifest), escape.ShellWord(clean(o.Manifest)))
	if h.Stack.Store.Form.V == "Secret" {
		text += fmt.Sprintf("    rm %s    # it holds the values\n", escape.ShellWord(clean(o.Manifest)))
	}
	if info, err := os.Stat(o.Manifest); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		text = "The manifest is handed over.\n"
	}
	return Print(env, text)
}
