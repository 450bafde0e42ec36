// Package catalog holds the built-in kinds. Each is a folder of HCL and
// templates, written in the language itself: adding one takes no Go.
package catalog

import "embed"

// FS holds one folder for each kind.
//
//go:embed postgres redis
var FS embed.FS
