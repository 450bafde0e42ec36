//go:build lab

package outdir

// killStep is the distance between the moments at which a build is stopped or fails.
const killStep = 1
