//go:build !linux

package main

import (
	"syscall"
	"time"
)

// threadCPU returns the processor time of the process: that of a thread is not known here.
func threadCPU() time.Duration { return used(syscall.RUSAGE_SELF) }
