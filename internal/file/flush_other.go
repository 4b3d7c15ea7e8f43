//go:build !linux

package file

import "os"

// Flush returns when the content of a file is on the disk.
func Flush(f *os.File) error { return f.Sync() }
