//go:build !lab

package rotation

// killStep is the distance between the moments at which a rotation is killed or
// stopped; go test -tags lab tries them all.
const killStep = 5
