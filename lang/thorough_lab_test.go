//go:build lab

package lang_test

const thorough = true
