//go:build lab && linux

package e2e
