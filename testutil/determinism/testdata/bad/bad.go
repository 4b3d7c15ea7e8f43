// Package bad breaks every rule once.
package bad

import (
	"math/rand"
	"time"
)

// Break returns something else each time.
func Break(m map[string]int) float64 {
	total := 0
	for _, v := range m {
		total += v
	}
	done := make(chan struct{})
	go close(done)
	select {
	case <-done:
	default:
	}
	return float64(total) + rand.Float64() + float64(time.Now().Unix())
}
