//go:build lab && linux

package main

const thorough = true
