// Package build joins the phases: it opens a stack, compiles its environments,
// and brings the output directory and the secrets of the host up to date. It
// decides nothing about the language or the output, and prints nothing.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"nselfc/compiler"
	"nselfc/compiler/ir"
	"nselfc/compiler/model"
	"nselfc/emit"
	"nselfc/emit/compose"
	"nselfc/emit/nginx"
	"nselfc/emit/outdir"
	"nselfc/emit/ufw"
	"nselfc/internal/redact"
	"nselfc/internal/secrets"
	"nselfc/lang"
	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Environment is one environment of a stack, compiled.
type Environment struct {
	Name  string // "" for the nameless one
	Stack *ir.Stack
	Model *model.Model
	Files []emit.File // committed and secret ones

	composed []emit.File // those of Files that Compose reads
}

// Development tells whether the environment is a developer's own.
func (e *Environment) Development() bool { return e.Stack.Posture == ir.Development }

// Compiled is a stack with the environments that were asked for.
type Compiled struct {
	Dir          string // the stack's folder
	Source       *lang.Source
	Environments []*Environment

	// Absent says of CompileAt that the stack, or the environment that was asked
	// for, does not exist at the revision: there is nothing to compile, and no error.
	Absent bool
	Commit string // of CompileAt, the commit's full name

	judged  []*ir.Stack     // see judge
	missing map[string]bool // files of the stack that findings name and nobody could read
	redact  *redact.Registry
	real    func(string) (string, error)
	rev     string // of CompileAt, the revision as it was asked for, a colon, and the folder in the repository
}

// Files gives the texts that diagnostics point into.
func (c *Compiled) Files() source.Files {
	if c.Source == nil {
		return nil
	}
	return c.Source.Files()
}

// Options say what to compile.
type Options struct {
	Env string // the only environment to compile; "" for all
	// Out is the output directory, relative to the working directory; "" is
	// "out" in the stack's folder.
	Out   string
	Trace bool // keep what caused each line
	// Today is the day by which waivers are judged; no day, for whoever does not ask
	// whether one has ended. It changes what is reported, and no byte of what is written.
	Today date.Date
	// Redact learns the values that lie in the output directories on this host, so
	// that whatever is printed shows none; nil where nothing is printed.
	Redact *redact.Registry
}

// Compile opens and compiles a stack: path is a file, or a folder with all its
// .hcl files. Nothing is written. The result is never nil, and holds only
// environments without errors.
func Compile(ctx context.Context, path string, opts Options) (*Compiled, diag.List) {
	c := &Compiled{missing: map[string]bool{}}
	in, d := open(path)
	if d != nil {
		return c, diag.List{d}
	}
	defer in.close()
	return c, c.compileAll(ctx, in, opts)
}

// compileAll compiles the environments that were asked for.
func (c *Compiled) compileAll(ctx context.Context, in *input, opts Options) diag.List {
	c.Dir, c.real, c.redact = in.dir, in.real, opts.Redact
	go func() { _ = compose.Prepare() }() // beside the parsing; Check waits for it, and reports its error
	src, diags := lang.Open(in.fsys, in.names)
	c.Source = src
	c.note(diags)
	names := src.Environments()
	for _, name := range names { // whatever is wrong with the stack, its lines are shown
		secrets.Learn(c.DirOf(name, opts), opts.Redact)
	}
	if opts.Env != "" {
		if !slices.Contains(names, opts.Env) {
			switch {
			case diags.HasErrors():
				return diags.Sort() // a file that did not parse may declare it
			case c.rev != "":
				c.Absent = true
				return diags
			}
			return append(diags, c.note(diag.List{unknownEnvironment(in, opts.Env, names)})...)
		}
		names = []string{opts.Env}
	}
	var t told
	for i, name := range names {
		if ctx.Err() != nil {
			return append(diags, t.all(i)...).Sort()
		}
		env, more := c.compile(name, opts)
		if env != nil && !more.HasErrors() {
			c.Environments = append(c.Environments, env)
		}
		t.add(name, c.note(more))
		if slices.ContainsFunc(more, func(d *diag.Diagnostic) bool { return d.Code == "NS209" }) {
			// Each environment more would work up to the same bound, to say the same.
			return append(diags, t.all(i+1)...).Sort()
		}
	}
	diags = append(diags, t.all(len(names))...)
	diags = append(diags, c.unusedWaivers(diags, opts)...)
	return append(diags, c.note(sharedStores(c.stores()))...).Sort()
}

// OutDir gives the output directory of the stack.
func (c *Compiled) OutDir(opts Options) string {
	if opts.Out != "" {
		return opts.Out
	}
	return filepath.Join(c.Dir, "out")
}

// way gives the way from one folder to another, as the compose file needs it:
// slash-separated, and relative so that it holds on every machine; "" for none.
func way(from, to string) string {
	from, errFrom := filepath.Abs(from)
	to, errTo := filepath.Abs(to)
	if errFrom != nil || errTo != nil {
		return "" // the working directory is gone
	}
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// compile runs the phases for one environment; each runs only when the one
// before has found no error.
func (c *Compiled) compile(name string, opts Options) (*Environment, diag.List) {
	evaluated, diags := c.Source.Evaluate(name)
	if evaluated == nil || diags.HasErrors() {
		return nil, diags
	}
	lowered, more := c.lower(evaluated, opts)
	diags = append(diags, more...)
	if diags.HasErrors() {
		return nil, diags
	}
	env := &Environment{Name: name, Stack: lowered}
	diags = append(diags, env.render(opts.Trace)...)
	diags = append(diags, secrets.Declared(lowered, env.Files)...)
	if !diags.HasErrors() { // what the author can mend comes first
		diags = append(diags, env.prove()...)
	}
	return env, diags
}

// lower compiles an evaluated stack, whose folder and output it tells the compiler.
func (c *Compiled) lower(s *lang.Stack, opts Options) (*ir.Stack, diag.List) {
	out := c.OutDir(opts)
	s.Folder = way(filepath.Join(out, s.Environment), c.Dir)
	s.Outputs = outputs(c.Dir, out, c.Source.Environments(), c.real)
	s.Links = links(c.Dir, s, c.real)
	s.Today = opts.Today
	lowered, diags := compiler.Compile(s)
	c.judge(lowered, diags)
	return lowered, diags
}

// render runs the emitters and holds the compose file against its schema.
func (e *Environment) render(trace bool) diag.List {
	edge, diags := nginx.Render(e.Stack, nginx.Options{Trace: trace})
	e.digestEdge(edge)
	var described emit.File
	var beside sync.WaitGroup
	beside.Go(func() { described = e.model(trace) })
	composed, more := compose.Render(e.Stack, compose.Options{Trace: trace})
	diags = append(diags, more...)
	if !more.HasErrors() {
		diags = append(diags, compose.Check(e.Stack, composed)...)
	}
	wall, more := ufw.Render(e.Stack, ufw.Options{Trace: trace})
	diags = append(diags, more...)
	e.composed = composed
	e.Files = append(e.Files, composed...)
	e.Files = append(e.Files, edge...)
	e.Files = append(e.Files, wall...)
	for _, f := range e.Stack.Files {
		out := emit.File{Path: f.Path, Mode: f.Mode, Text: f.Content, Declared: f.Origin.Range.File}
		if trace {
			out.Marks = []emit.Mark{{Line: 1, Origin: f.Origin}}
		}
		e.Files = append(e.Files, out)
	}
	beside.Wait()
	e.Files = append(e.Files, described)
	return diags
}

// model makes the model and gives its file, once the digest of the ingress is known.
func (e *Environment) model(trace bool) emit.File {
	e.Model = model.Of(e.Stack)
	f := emit.File{Path: model.FileName, Mode: 0o644, Text: secret.Literal(e.Model.Document())}
	for i := range e.Model.Resources {
		if r := &e.Model.Resources[i]; trace {
			f.Marks = append(f.Marks, emit.Mark{Line: model.FirstLine + i, Address: r.Address, Origin: r.Origins()[""]})
		}
	}
	return f
}

// digestEdge makes the ingress's digest cover the configuration that nginx
// mounts: the compiler knows its other files, and only here are these written.
// A changed digest is what makes "docker compose up" recreate the container.
func (e *Environment) digestEdge(edge []emit.File) {
	if e.Stack.Ingress == nil || len(edge) == 0 {
		return
	}
	h := sha256.New()
	for _, s := range e.Stack.Services {
		if s.Name != e.Stack.Ingress.Service {
			continue
		}
		buf := append(make([]byte, 0, 32<<10), s.Digest...)
		for _, f := range edge {
			buf = append(append(append(append(buf, 0), f.Path...), 0), f.Text.String()...)
			h.Write(buf)
			buf = buf[:0]
		}
		s.Digest = hex.EncodeToString(h.Sum(nil))
	}
}

// committed gives the files that belong into git.
func (e *Environment) committed() []emit.File {
	out := make([]emit.File, 0, len(e.Files))
	for _, f := range e.Files {
		if !f.Secret() {
			out = append(out, f)
		}
	}
	return out
}

// meta gives what the lock records beside the files.
func (c *Compiled) meta(e *Environment, version string) outdir.Meta {
	m := outdir.Meta{Stack: e.Stack.Project, Compiler: version}
	for name, f := range c.Files() {
		if strings.HasPrefix(name, "catalog/") {
			continue // part of the compiler
		}
		m.Inputs = append(m.Inputs, outdir.Input{Name: name, Digest: sha256.Sum256(f.Bytes)})
	}
	slices.SortFunc(m.Inputs, func(a, b outdir.Input) int { return strings.Compare(a.Name, b.Name) })
	seen := map[string]bool{}
	for _, s := range e.Stack.Services {
		if s.Image.V == "" || seen[s.Image.V] {
			continue
		}
		seen[s.Image.V] = true
		ref, digest, _ := strings.Cut(s.Image.V, "@")
		m.Images = append(m.Images, outdir.Image{Reference: ref, Digest: digest})
	}
	for _, s := range e.Stack.Secrets {
		m.Secrets = append(m.Secrets, outdir.Secret{Address: s.Address, Kind: s.Kind.V})
	}
	return m
}
