package main

import (
	"syscall"
	"time"
)

// threadCPU returns the processor time of the calling thread.
func threadCPU() time.Duration { return used(syscall.RUSAGE_THREAD) }
