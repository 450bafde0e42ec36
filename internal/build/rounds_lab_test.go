//go:build lab

package build_test

const thorough = true
