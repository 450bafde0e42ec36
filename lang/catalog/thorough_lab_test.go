//go:build lab

package catalog_test

// shells is how many of the shells that images have TestRedisTurn goes through.
const shells = 3
