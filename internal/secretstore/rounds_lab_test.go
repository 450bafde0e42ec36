//go:build lab

package secretstore

const thorough = true
