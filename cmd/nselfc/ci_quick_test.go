//go:build !lab || !linux

package main

// everyChange tells whether the examples for CI run for every change; without the
// lab, some of them stand for all.
const everyChange = false
