//go:build !lab

package outdir

// killStep is the distance between the moments at which a build is stopped or fails;
// go test -tags lab tries them all.
const killStep = 5
