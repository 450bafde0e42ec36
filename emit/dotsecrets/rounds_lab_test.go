//go:build lab

package dotsecrets_test

// files is how many files of 500 random values each TestRandomValues writes: a
// million values.
const files = 2000
