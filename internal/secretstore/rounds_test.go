//go:build !lab

package secretstore

// thorough is for machines that have time.
const thorough = false
