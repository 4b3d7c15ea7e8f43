// Package bad breaks every rule once.
package bad

import (
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
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

// Unsorted gives keys in the order of the map.
func Unsorted(m map[string]int) []string { return slices.Collect(maps.Keys(m)) }

// Sorted is fine.
func Sorted(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }

// Response is hashed.
type Response struct{ Reason, Cause string }

// EventFailed is not.
type EventFailed struct{ Reason string }

// Tell puts the texts of an error where they are hashed.
func Tell(err error) Response {
	return Response{Reason: err.Error(), Cause: fmt.Sprintf("because: %v", err)}
}

// Emit is fine, and so is what goes on as an error.
func Emit(err error) (EventFailed, error) {
	return EventFailed{Reason: err.Error()}, errors.New("it failed: " + err.Error())
}

// Excused says why it may range.
func Excused(m map[string]int) (sum int) {
	for _, v := range m { // determinism: a sum has no order
		sum += v
	}
	return sum
}

// determinism: nothing here breaks a rule
var _ = Sorted
