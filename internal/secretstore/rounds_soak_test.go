//go:build soak

package secretstore

const thorough = true
