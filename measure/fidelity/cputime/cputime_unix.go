//go:build unix

// Package cputime returns what the process has taken of its processors.
package cputime

import (
	"syscall"
	"time"
)

// Now returns the processor time of the process: it does not grow while other programs keep the machine busy. It is 0
// where the machine does not say.
func Now() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
