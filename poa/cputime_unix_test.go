//go:build unix

package poa

import (
	"syscall"
	"time"
)

// cpuTime returns what the process has taken of its processors: other programs do not count.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
