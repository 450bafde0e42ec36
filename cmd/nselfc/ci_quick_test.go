//go:build !lab || !linux

package main

// everyChange tells whether TestGitLab runs for every change; TestGitHubActions
// runs the same commands for each of them.
const everyChange = false
