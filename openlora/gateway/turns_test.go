package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

func limited(concurrent, perModel, waiting int) *turns {
	return newTurns(Limits{Concurrent: concurrent, PerModel: perModel, Waiting: waiting})
}

// TestTurnsAreFair: one model's crowd does not keep another model's request waiting for all of it.
func TestTurnsAreFair(t *testing.T) {
	turns := limited(1, 0, 100)
	first, _, err := turns.enter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []uint64
	var group sync.WaitGroup
	wait := func(model uint64) {
		before := turns.waiting()[model]
		group.Go(func() {
			leave, waited, err := turns.enter(t.Context(), model)
			if err != nil || !waited {
				t.Error(waited, err)
				return
			}
			mu.Lock()
			order = append(order, model)
			mu.Unlock()
			leave()
		})
		for turns.waiting()[model] == before {
			time.Sleep(time.Millisecond)
		}
	}
	for range 5 {
		wait(1)
	}
	wait(2)
	wait(3)
	wait(2)
	first()
	group.Wait()
	if want := []uint64{1, 2, 3, 1, 2, 1, 1, 1}; !slices.Equal(order, want) {
		t.Fatalf("turns in the order %v, want %v", order, want)
	}
}

// TestTurnsOfOneModel: a model has no more turns at a time than it may, also while others are free.
func TestTurnsOfOneModel(t *testing.T) {
	turns := limited(3, 1, 2)
	first, _, err := turns.enter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	var known *httpError
	if _, waited, err := turns.enter(over, 1); !waited || !errors.As(err, &known) || known.code != "overloaded" {
		t.Fatal(waited, err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := turns.enter(gone, 1); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if len(turns.waiting()) != 0 || len(turns.rotation) != 0 {
		t.Fatal("who has given up still waits", turns.waiting(), turns.rotation)
	}
	second, waited, err := turns.enter(t.Context(), 2)
	if err != nil || waited {
		t.Fatal(waited, err)
	}
	first()
	second()
	if turns.running != 0 || len(turns.byModel) != 0 {
		t.Fatal(turns.running, turns.byModel)
	}
}

// TestRoomIsShared: a crowd for one model fills the room, and then gives places to requests for other models.
func TestRoomIsShared(t *testing.T) {
	turns := limited(2, 0, 3)
	var known *httpError
	arrive := func(model uint64, want bool) *place {
		t.Helper()
		place, err := turns.arrive(t.Context(), model)
		if want != (err == nil) || err != nil && !errors.As(err, &known) {
			t.Fatal(model, err)
		}
		return place
	}
	var crowd []*place
	for range 5 {
		crowd = append(crowd, arrive(1, true))
	}
	arrive(1, false)
	if err := crowd[0].run(); err != nil {
		t.Fatal(err)
	}
	arrive(2, true)
	if crowd[4].ctx.Err() == nil || crowd[3].ctx.Err() != nil || crowd[4].run() == nil {
		t.Fatal("the last one of the crowd gives its place")
	}
	arrive(3, true)
	arrive(2, false)
	arrive(4, true)
	arrive(5, false) // no model has more than it would have
	crowd[4].leave()
	arrive(5, false) // its place was taken before
	crowd[0].leave()
	arrive(5, true)
	if turns.arrived != 5 {
		t.Fatal(turns.arrived)
	}
}

// TestLoadsLeaveRoom: only so many models are loaded at a time, but any number of requests may wait for one of them.
func TestLoadsLeaveRoom(t *testing.T) {
	turns := limited(2, 0, 3)
	load := func(model uint64, want bool) func() {
		t.Helper()
		loaded, err := (&place{of: turns, model: model}).load()
		if want != (err == nil) {
			t.Fatal(model, err)
		}
		return loaded
	}
	first := load(1, true)
	load(2, true)
	second := load(1, true)
	load(3, false)
	first()
	load(3, false)
	second()
	load(3, true)
}

// TestTurnsUnderLoad: no turn is lost, whoever gives up.
func TestTurnsUnderLoad(t *testing.T) {
	turns := limited(3, 2, 1000)
	var mu sync.Mutex
	running, most := 0, 0
	var group sync.WaitGroup
	for i := range 300 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
			defer cancel()
			leave, _, err := turns.enter(ctx, uint64(i%5))
			if err != nil {
				return
			}
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(50 * time.Microsecond)
			mu.Lock()
			running--
			mu.Unlock()
			leave()
		})
	}
	group.Wait()
	if most > 3 || turns.running != 0 || len(turns.queues) != 0 || len(turns.rotation) != 0 || len(turns.byModel) != 0 {
		t.Fatal(most, turns.running, turns.queues, turns.rotation, turns.byModel)
	}
}
