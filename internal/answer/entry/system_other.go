//go:build !unix

package entry

import "io/fs"

// syncFolder does nothing: this system cannot.
func syncFolder(string) {}

// giveTo does nothing: on this system a file has the rights of its folder.
func giveTo(string, fs.FileInfo) {}
