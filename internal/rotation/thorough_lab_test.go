//go:build lab

package rotation

// killStep is the distance between the moments at which a rotation is killed or stopped.
const killStep = 1
