//go:build !unix

package poa

import "time"

var started = time.Now()

// cpuTime returns the time since the start, where nobody says what the process takes of its processors.
func cpuTime() time.Duration { return time.Since(started) }
