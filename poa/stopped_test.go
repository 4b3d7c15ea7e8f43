package poa

import (
	"errors"
	"math/rand"
	"slices"
	"testing"
)

// TestStoppedSegmentKeepsItsWords: who is stopped with a segment earns nothing by it and all that he earned by others;
// the words stay where they were, so that no other copy of them is enriched.
func TestStoppedSegmentKeepsItsWords(t *testing.T) {
	rng := rand.New(rand.NewSource(7))
	w := newWorld(t, rng, 3, 4, 60)
	b := w.batch(t, rng, 4, 120)
	stats := ProtocolStatistics()
	at := 0
	row := must(w.index.Attribute(Answer{Tokens: b.answers[0]})).Rows[0]
	for _, to := range []uint64{Nobody, (row.Rank + 1) % 3} {
		w.stopped = func(_ int, rank uint64, segment uint32) (uint64, bool) {
			return to, rank == row.Rank && segment == row.Segment
		}
		if err := VerifyEvidence(b.receipts, b.evidence, w, stats); !errors.Is(err, ErrWeights) {
			t.Fatalf("weights from before the stop: %v", err)
		}
		index := func(int) (*Index, error) { return w.index, nil }
		if err := VerifyHeld(b.receipts, b.evidence, w, stats, index, nil); !errors.Is(err, ErrWeights) {
			t.Fatalf("weights from before the stop: %v", err)
		}
		after := slices.Clone(b.receipts)
		at = 0
		for i := range after {
			if after[i].Gap {
				continue
			}
			att := must(w.index.Attribute(Answer{Tokens: b.answers[at]}))
			root, bits := att.Root(), uint64(0)
			for _, r := range att.Rows {
				if r.Rank == row.Rank && r.Segment == row.Segment {
					bits += uint64(r.Bits)
				}
			}
			before := att
			att.Weigh(derivedIn(w, i), nil)
			if att.Root() != root {
				t.Fatal("a stop moved rows")
			}
			if at == 0 {
				lost := weightOf(before.Entries, row.Rank) - weightOf(att.Entries, row.Rank)
				if want := uint32(bits * TotalPPM / att.TotalBits); lost+1 < want || lost > want+1 {
					t.Fatalf("the stopped contribution lost %d ppm, its segment had %d", lost, want)
				}
				gained := att.UnattributedPPM - before.UnattributedPPM
				if to != Nobody {
					gained = weightOf(att.Entries, to) - weightOf(before.Entries, to)
				}
				if gained+1 < lost || gained > lost+1 {
					t.Fatalf("%d ppm went to %d, %d were lost", gained, to, lost)
				}
			}
			after[i].Entries, after[i].UnattributedPPM = att.Entries, att.UnattributedPPM
			at++
		}
		if err := VerifyEvidence(after, b.evidence, w, stats); err != nil {
			t.Fatal(err)
		}
		if err := VerifyHeld(after, b.evidence, w, stats, index, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStopsDependOnTheReceipt: sessions of one batch have different manifests.
func TestStopsDependOnTheReceipt(t *testing.T) {
	rng := rand.New(rand.NewSource(8))
	w := newWorld(t, rng, 2, 3, 60)
	b := w.batch(t, rng, 2, 100)
	w.stopped = func(receipt int, _ uint64, _ uint32) (uint64, bool) { return Nobody, receipt == 2 }
	receipts := slices.Clone(b.receipts)
	if receipts[2].Gap {
		t.Fatal("receipt 2 is the second answer")
	}
	receipts[2].Entries, receipts[2].UnattributedPPM = nil, TotalPPM
	if err := VerifyEvidence(receipts, b.evidence, w, ProtocolStatistics()); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsLostToAStoppedSegment: an earlier segment that is stopped still shows that a row is a lie, and is owed
// nothing.
func TestNothingIsLostToAStoppedSegment(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		row := EarlierSegment{Row: RowProof{Row: Row{Rank: 1, Bits: 1000}, TotalBits: 4000}}
		w := &world{contributions: make([]Contribution, 2)}
		segment := Segment{Rank: 0}
		if stopped {
			segment.Derived = []Derivation{{Rank: Nobody, PPM: TotalPPM}}
		}
		if losses := lostToEarlier(row, segment, 1000, w); (len(losses) == 0) != stopped {
			t.Fatalf("stopped %t: losses %v", stopped, losses)
		}
	}
}

func weightOf(entries []Entry, rank uint64) uint32 {
	for _, e := range entries {
		if e.Rank == rank {
			return e.WeightPPM
		}
	}
	return 0
}
