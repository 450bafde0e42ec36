//go:build !lab || !linux

package main

// thorough says that there is time: the longest scripts run, and the examples for CI
// for every change; without the lab, some of them stand for all.
const thorough = false
