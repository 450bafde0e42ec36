//go:build !lab

package git

// checkouts is how many trees TestSameAsACheckout draws; go test -tags lab draws more.
const checkouts = 6
