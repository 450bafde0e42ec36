//go:build lab

package outdir

// killStep is the distance between the moments at which TestKilledTwice stops
// the first build.
const killStep = 1
