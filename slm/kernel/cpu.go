package kernel

import "sync/atomic"

// accelerated says whether assembly is used. It is set at the start, and by ForcePortable.
var accelerated atomic.Bool

func init() { accelerated.Store(hasAssembly()) }

// Accelerated reports whether products use assembly. On amd64 that needs AVX2 and F16C.
func Accelerated() bool { return accelerated.Load() }

// ForcePortable makes every function use portable Go until the returned function is called. It is for tests, which
// compare the bits of both. Callers that compute at the same time use either, with the same results.
func ForcePortable() (restore func()) {
	before := accelerated.Swap(false)
	return func() { accelerated.Store(before) }
}
