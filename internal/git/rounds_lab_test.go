//go:build lab

package git

const checkouts = 1000
