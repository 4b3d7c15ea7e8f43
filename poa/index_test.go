package poa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand"
	"slices"
	"testing"
)

// reopened writes all tiers and reads them again.
func reopened(t testing.TB, x *Index) *Index {
	t.Helper()
	root := x.stats.Root()
	y := NewIndex(x.stats)
	for i := range x.Tiers() {
		if err := y.AddTier(must(x.MarshalTier(i, root)), root); err != nil {
			t.Fatal(err)
		}
	}
	return y
}

func TestIndexSurvivesItsFiles(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	w := newWorld(t, rng, 37, 3, 60)
	if n := len(w.index.Tiers()); n < 2 {
		t.Fatalf("%d tiers", n)
	}
	back := reopened(t, w.index)
	if !slices.Equal(back.Tiers(), w.index.Tiers()) || back.Len() != w.index.Len() || back.Tokens() != w.index.Tokens() {
		t.Fatal("another index")
	}
	for range 30 {
		a := Answer{Tokens: w.answer(rng, 120)}
		if want, got := must(w.index.Attribute(a)), must(back.Attribute(a)); want.Root() != got.Root() {
			t.Fatalf("%+v instead of %+v", got, want)
		}
	}
	// It goes on growing.
	segment := NewSegment(1000, 0, []byte(sentence))
	if err := back.Add(segment); err != nil {
		t.Fatal(err)
	}
	if got := must(back.Attribute(Answer{Tokens: segment.Tokens})); len(got.Rows) != 1 || got.Rows[0].Rank != 1000 {
		t.Errorf("%+v", got)
	}
}

func TestDamagedTiersAreRefused(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	w := newWorld(t, rng, 2, 2, 40)
	root := w.index.stats.Root()
	data := must(w.index.MarshalTier(0, root))
	fresh := func() *Index { return NewIndex(w.index.stats) }
	for n := range data {
		bad := bytes.Clone(data)
		bad[n] ^= 0x55
		if err := fresh().AddTier(bad, root); !errors.Is(err, ErrIndexEncoding) {
			t.Fatalf("byte %d: %v", n, err)
		}
		if err := fresh().AddTier(data[:n], root); !errors.Is(err, ErrIndexEncoding) {
			t.Fatalf("cut to %d: %v", n, err)
		}
	}
	if err := fresh().AddTier(data, Hash{1}); !errors.Is(err, ErrIndexEncoding) {
		t.Error(err)
	}
	x := fresh()
	if err := x.AddTier(data, root); err != nil {
		t.Fatal(err)
	}
	if err := x.AddTier(data, root); !errors.Is(err, ErrDuplicateSegment) || x.Len() != w.index.Len() {
		t.Error(err)
	}
	if err := NewIndex(nil).AddTier(data, root); !errors.Is(err, ErrStatistics) {
		t.Error(err)
	}
	if _, err := x.MarshalTier(1, root); !errors.Is(err, ErrIndexEncoding) {
		t.Error(err)
	}
}

// Damage that the checksum does not see must not panic either, and what decodes encodes back to the same bytes.
func FuzzAddTier(f *testing.F) {
	rng := rand.New(rand.NewSource(3))
	w := newWorld(f, rng, 2, 2, 40)
	root := w.index.stats.Root()
	f.Add(must(w.index.MarshalTier(0, root)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4 {
			body := data[:len(data)-4]
			data = binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.Checksum(body, castagnoli))
		}
		x := NewIndex(w.index.stats)
		if err := x.AddTier(data, root); err != nil || x.Len() == 0 {
			return
		}
		must(x.Attribute(Answer{Tokens: x.Segment(0).Tokens}))
		if again := must(x.MarshalTier(0, root)); !bytes.Equal(again, data) {
			t.Fatalf("what was decoded from\n%x encodes to\n%x", data, again)
		}
	})
}

func TestAddIsAllOrNothing(t *testing.T) {
	x := NewIndex(flat(t))
	if err := x.Add(Segment{Rank: 1, Tokens: seq(0, 20)},
		Segment{Rank: 2, Tokens: make([]TokenID, MaxSegmentTokens+1)}); !errors.Is(err, ErrOversize) {
		t.Fatal(err)
	}
	if err := x.Add(Segment{Rank: 1, Tokens: seq(0, 20)}, Segment{Rank: 1}); !errors.Is(err, ErrDuplicateSegment) {
		t.Fatal(err)
	}
	if x.Len() != 0 || x.Add(Segment{Rank: 1, Tokens: seq(0, 20)}) != nil || x.Add() != nil || x.Len() != 1 {
		t.Error("a refused addition left something behind")
	}
}

// A seed admits the first segments in rank order, whatever the order in which they were added.
func TestSeedsAdmitTheEarliest(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	for range 20 {
		x := NewIndex(flat(t))
		for _, r := range rng.Perm(60) {
			if err := x.Add(Segment{Rank: uint64(r), Tokens: join(seq(0, 10), seq(0, 10))}); err != nil {
				t.Fatal(err)
			}
		}
		var got []uint64
		for _, i := range x.Candidates(seq(0, 5)) {
			got = append(got, x.Segment(i).Rank)
		}
		if len(got) != MaxPostings || !slices.IsSorted(got) || got[0] != 0 || got[MaxPostings-1] != MaxPostings-1 {
			t.Fatalf("ranks %v", got)
		}
	}
}

// The corner of a cap: a segment that repeats a gram and stands at the last place gains nothing by being split, and
// what is split displaces nobody earlier.
func TestSplitAcrossTheCap(t *testing.T) {
	gram := seq(0, 5)
	build := func(pieces bool) *Index {
		x := NewIndex(flat(t))
		for r := range MaxPostings - 1 { // hold the gram, qualify nowhere
			if err := x.Add(
				Segment{Rank: uint64(r), Tokens: join(seq(10_000+100*r, 20), gram, seq(20_000+100*r, 20))}); err != nil {
				t.Fatal(err)
			}
		}
		first, second := join(gram, seq(5, 30)), join(gram, seq(500, 30))
		segments := []Segment{{Rank: 50, Tokens: join(first, second)}}
		if pieces {
			segments = []Segment{{Rank: 50, Tokens: first}, {Rank: 50, Index: 1, Tokens: second}}
		}
		if err := x.Add(segments...); err != nil {
			t.Fatal(err)
		}
		return x
	}
	a := Answer{Tokens: join(gram, seq(5, 8), seq(900, 20), gram, seq(500, 8))}
	whole, split := must(build(false).Attribute(a)), must(build(true).Attribute(a))
	if len(whole.Entries) != 1 || len(split.Entries) != 1 || split.Entries[0].WeightPPM > whole.Entries[0].WeightPPM {
		t.Errorf("whole %+v, split %+v", whole.Entries, split.Entries)
	}
}

func TestSpans(t *testing.T) {
	x := NewIndex(flat(t))
	for r, tokens := range [][]TokenID{seq(0, 40), seq(10, 40), join(seq(500, 8), seq(20, 20))} {
		if err := x.Add(Segment{Rank: uint64(9 - r), Tokens: tokens}); err != nil {
			t.Fatal(err)
		}
	}
	spans := must(x.Spans(Answer{Tokens: join(seq(900, 3), seq(12, 20), seq(950, 2), seq(5, 10))}, 0))
	want := []Span{
		{Position: 3, Length: 20, Bits: 20 * 12 << 16, Sources: []SpanSource{{8, 0, 2}, {9, 0, 12}}},
		{Position: 25, Length: 10, Bits: 10 * 12 << 16, Sources: []SpanSource{{9, 0, 5}}},
	}
	if len(spans) != 2 || spans[0].Bits != want[0].Bits || !slices.Equal(spans[0].Sources, want[0].Sources) ||
		!slices.Equal(spans[1].Sources, want[1].Sources) {
		t.Errorf("%+v", spans)
	}
	if got := must(x.Spans(Answer{Tokens: seq(12, 20)}, 1000<<16)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := x.Spans(Answer{Tokens: make([]TokenID, MaxAnswerTokens+1)}, 0); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
}
