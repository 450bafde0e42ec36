// Package compose writes docker-compose.yml: the services, networks, volumes
// and secrets of a stack, hardened as the intermediate representation says, in
// a fixed order, for Compose 2.26 and later on Docker 20.10 to 29.
//
// It decides nothing about topology, limits or exposure, never sees a secret,
// and knows neither files on disk nor Docker itself. What it guards is the
// language that it writes: quoting, interpolation, the forms that Compose
// honours, and the keys that extra_compose may add.
package compose

import (
	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
)

// FileName is the file that `docker compose` finds by itself.
const FileName = "docker-compose.yml"

// Options of Render.
type Options struct {
	// Trace fills the marks of the files: one for every line that carries a
	// value. It costs about as much as the rest of Render.
	Trace bool
}

// Render writes the stack. It returns one file, or, when that would hold more
// nodes than Compose reads, a root file that includes the others. The files are
// complete even when the diagnostics hold errors, but must then not be used.
func Render(stack *ir.Stack, opts Options) ([]emit.File, diag.List) {
	return render(stack, opts, nodeLimit)
}

func render(stack *ir.Stack, opts Options, limit int) ([]emit.File, diag.List) {
	secrets, diags := secretFiles(stack.Services)
	d := newDocument(stack.Name.Origin, estimate(stack, len(secrets)), opts.Trace)
	d.limit = limit
	d.entries = make([]entry, 0, len(stack.Services)+len(stack.Networks)+len(stack.Volumes)+len(secrets))
	d.definitions = definitions(stack.Networks)
	d.head()
	d.name(stack.Project)
	for _, s := range stack.Services {
		x, more := mergeExtra(s)
		diags = append(diags, more...)
		d.enter("services")
		d.service(s, x)
		d.leave(s.Name)
	}
	for _, n := range stack.Networks {
		d.enter("networks")
		d.network(n)
		d.leave(n.Name)
	}
	for _, v := range stack.Volumes {
		d.enter("volumes")
		d.volume(v)
		d.leave(v.Name)
	}
	for _, f := range secrets {
		d.enter("secrets")
		d.secretFile(f)
		d.leave(f.name)
	}
	return d.files(stack.Project), append(diags, d.diags...)
}

// estimate gives a capacity in bytes that common stacks stay below, so that
// the buffer is allotted once.
func estimate(stack *ir.Stack, secrets int) int {
	return 3072*len(stack.Services) + 384*len(stack.Networks) + 64*len(stack.Volumes) + 128*secrets + 1024
}
