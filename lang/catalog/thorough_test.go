//go:build !lab

package catalog_test

// shells is how many of the shells that images have TestRedisTurn goes through; go test
// -tags lab takes all.
const shells = 1
