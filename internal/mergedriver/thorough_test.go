//go:build !lab

package mergedriver

// checks is how many histories TestHistories makes; go test -tags lab makes more.
const checks = "3"
