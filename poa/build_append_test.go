package poa

import (
	"math/rand"
	"reflect"
	"testing"
)

// TestAppend: evidence of answers that was built apart is put together as if it had been built in one.
func TestAppend(t *testing.T) {
	for seed := range int64(20) {
		rng := rand.New(rand.NewSource(seed))
		w := &meaningWorld{world: newWorld(t, rng, 5, 3, 20+int(seed)*4), rng: rng}
		var whole, joined, twice EvidenceBuilder
		for i := range 4 {
			key := [32]byte{byte(i)}
			text, att := w.answer(t)
			var alone EvidenceBuilder
			for _, b := range []*EvidenceBuilder{&whole, &alone} {
				if err := b.AddText(key, text, att, w.proof); err != nil {
					t.Fatal(err)
				}
			}
			before := alone.Evidence()
			joined.Append(&alone)
			if i%2 == 0 { // in groups as well
				var group EvidenceBuilder
				group.Append(&alone)
				twice.Append(&group)
			} else {
				twice.Append(&alone)
			}
			if !reflect.DeepEqual(before, alone.Evidence()) {
				t.Fatal("what was appended has changed")
			}
		}
		for _, b := range []*EvidenceBuilder{&joined, &twice} {
			if b.Size() != whole.Size() {
				t.Fatalf("size %d, want %d", b.Size(), whole.Size())
			}
			if !reflect.DeepEqual(b.Evidence(), whole.Evidence()) {
				t.Fatal("the evidence differs")
			}
		}
	}
	var empty, b EvidenceBuilder
	b.Append(&empty)
	if b.Size() != empty.Size() || !reflect.DeepEqual(b.Evidence(), empty.Evidence()) {
		t.Fatal("nothing was appended")
	}
}
