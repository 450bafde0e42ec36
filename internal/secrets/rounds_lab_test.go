//go:build lab

package secrets

const thorough = true
