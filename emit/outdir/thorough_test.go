//go:build !lab

package outdir

// killStep is the distance between the moments at which TestKilledTwice stops
// the first build; go test -tags lab tries them all.
const killStep = 5
