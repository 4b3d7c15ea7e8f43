//go:build !unix

package session

import "os"

// tryLock does nothing on this system: run one process at a time.
func tryLock(*os.File) error { return nil }
