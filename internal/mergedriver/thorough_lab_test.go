//go:build lab

package mergedriver

// checks is how many histories TestHistories makes.
const checks = "30"
