package gateway

import (
	"testing"

	"github.com/openledger/openledger/openlora/retrieval"
)

// TestLibraries: what was configured stays, and of the rest what was used last.
func TestLibraries(t *testing.T) {
	all := newLibraries()
	all.keep(libraryKey{1, 1}, &retrieval.Library{})
	for id := uint64(2); id < 2+3*maxLibraries; id++ {
		all.add(libraryKey{id, 1}, &retrieval.Library{})
		for _, used := range []uint64{1, 2} {
			if _, ok := all.get(libraryKey{used, 1}); !ok {
				t.Fatalf("model %d is gone when %d comes", used, id)
			}
		}
	}
	if n := len(all.other); n != maxLibraries {
		t.Fatalf("%d libraries are kept, want %d", n, maxLibraries)
	}
	if _, ok := all.get(libraryKey{3, 1}); ok {
		t.Fatal("what was not used for longest is still there")
	}
}
