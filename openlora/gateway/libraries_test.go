package gateway

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
)

// TestLibraries: what was configured stays, and of the rest what was used last.
func TestLibraries(t *testing.T) {
	all := newLibraries()
	all.keep(libraryKey{1, 1}, &retrieval.Library{})
	for id := uint64(2); id < 2+3*maxLibraries; id++ {
		all.add(libraryKey{id, 1}, &retrieval.Library{})
		for _, used := range []uint64{1, 2} {
			if library, _ := all.get(libraryKey{used, 1}); library == nil {
				t.Fatalf("model %d is gone when %d comes", used, id)
			}
		}
	}
	if n := len(all.other); n != maxLibraries {
		t.Fatalf("%d libraries are kept, want %d", n, maxLibraries)
	}
	if library, _ := all.get(libraryKey{3, 1}); library != nil {
		t.Fatal("what was not used for longest is still there")
	}
}

// TestFailedLibraries: a failure is remembered, for longer if it stays. An unreachable node is no failure of a library.
func TestFailedLibraries(t *testing.T) {
	all := newLibraries()
	now := time.Now()
	all.now = func() time.Time { return now }
	bad, gone, node := libraryKey{1, 1}, libraryKey{2, 1}, libraryKey{3, 1}
	all.fail(bad, fmt.Errorf("its rows: %w", poa.ErrInfluence))
	all.fail(gone, influence.ErrNotFound)
	all.fail(node, nodeUnavailable(errors.New("no connection")))
	check := func(key libraryKey, want error) {
		t.Helper()
		if _, err := all.get(key); !errors.Is(err, want) {
			t.Fatalf("%v gives %v, want %v", key, err, want)
		}
	}
	check(bad, poa.ErrInfluence)
	check(gone, influence.ErrNotFound)
	check(node, nil)
	now = now.Add(passingFailure)
	check(gone, nil)
	check(bad, poa.ErrInfluence)
	all.add(bad, &retrieval.Library{})
	check(bad, nil)
	for id := uint64(10); id < 10+2*maxFailures; id++ {
		all.fail(libraryKey{id, 1}, influence.ErrNotFound)
	}
	if n := len(all.failed); n > maxFailures {
		t.Fatalf("%d failures are remembered", n)
	}
}
