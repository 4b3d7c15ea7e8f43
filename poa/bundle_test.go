package poa

import (
	"bytes"
	"errors"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func (b batch) records() []Record {
	var out []Record
	for _, r := range b.receipts {
		if !r.Gap {
			out = append(out, Record{
				N: r.N, Commitment: r.Commitment(), InputTokens: r.InputTokens, OutputTokens: r.OutputTokens, Fee: r.Fee,
				Entries: slices.Clone(r.Entries), UnattributedPPM: r.UnattributedPPM,
			})
		}
	}
	return out
}

func TestBundleRoundTrip(t *testing.T) {
	_, b := scenario(t, 1)
	data := must(MarshalBundle(must(MarshalReceipts(b.receipts)), must(b.evidence.MarshalBinary())))
	bundle, err := UnmarshalBundle(data, len(b.receipts))
	if err != nil {
		t.Fatal(err)
	}
	if err := bundle.Matches(b.evidence.Root(), b.records()); err != nil {
		t.Fatal(err)
	}
	if _, err := UnmarshalBundle(data, len(b.receipts)-1); !errors.Is(err, ErrOversize) {
		t.Errorf("too many receipts: %v", err)
	}
	for i := range data[:len(bundleMagic)+2] {
		bad := slices.Clone(data)
		bad[i] ^= 0x80
		if _, err := UnmarshalBundle(bad, 1000); err == nil {
			t.Errorf("byte %d changed and accepted", i)
		}
	}
	if _, err := UnmarshalBundle(make([]byte, MaxBundleBytes+1), 1000); !errors.Is(err, ErrOversize) {
		t.Errorf("oversize: %v", err)
	}
}

func TestBundleOfAnotherBatch(t *testing.T) {
	_, b := scenario(t, 1)
	bundle := Bundle{Receipts: b.receipts, Evidence: b.evidence}
	for name, change := range map[string]func([]Record) []Record{
		"fewer records": func(r []Record) []Record { return r[1:] },
		"more records":  func(r []Record) []Record { return append(r, r[0]) },
		"commitment":    func(r []Record) []Record { r[0].Commitment[0] ^= 1; return r },
		"call":          func(r []Record) []Record { r[0].N++; return r },
		"fee":           func(r []Record) []Record { r[0].Fee = NewAmount(1); return r },
		"tokens":        func(r []Record) []Record { r[0].OutputTokens++; return r },
		"weight":        func(r []Record) []Record { r[0].Entries[0].WeightPPM++; return r },
		"entries":       func(r []Record) []Record { r[0].Entries = r[0].Entries[1:]; return r },
	} {
		if err := bundle.Matches(b.evidence.Root(), change(b.records())); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := bundle.Matches(hashN(1), b.records()); !errors.Is(err, ErrBundle) {
		t.Errorf("root: %v", err)
	}
}

func FuzzUnmarshalBundle(f *testing.F) {
	_, b := scenario(f, 1)
	f.Add(must(MarshalBundle(must(MarshalReceipts(b.receipts)), must(b.evidence.MarshalBinary()))))
	f.Fuzz(func(t *testing.T, data []byte) {
		bundle, err := UnmarshalBundle(data, 100)
		if err != nil {
			return
		}
		again := must(MarshalBundle(must(MarshalReceipts(bundle.Receipts)), must(bundle.Evidence.MarshalBinary())))
		if !slices.Equal(again, data) {
			t.Fatal("a second encoding")
		}
	})
}

// An honest provider, who attributes the whole answer, passes the check on what it opens, by either method.
func TestHonestEvidenceIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		w := &world{index: NewIndex(ProtocolStatistics())}
		for rank := range 1 + rng.Intn(8) {
			f := SegmentFile{}
			for range 1 + rng.Intn(3) {
				s := prose(rng, 60)
				if len(w.files) > 0 && rng.Intn(2) == 0 { // quotes an earlier one
					earlier := w.files[rng.Intn(len(w.files))].Segments[0]
					s = append(append(slices.Clone(earlier[:len(earlier)/2]), ' '), s...)
				}
				f.Segments = append(f.Segments, s)
			}
			contributor := []byte{byte(rank)}
			w.files = append(w.files, f)
			w.contributions = append(w.contributions,
				Contribution{Root: f.Root(contributor), Contributor: contributor, Segments: uint32(len(f.Segments)),
					AllowFewStopWords: true})
			for i, s := range f.Segments {
				if err := w.index.Add(NewSegment(uint64(rank), uint32(i), s)); err != nil {
					t.Fatal(err)
				}
			}
		}
		var b EvidenceBuilder
		var receipts []Receipt
		for i := range 1 + rng.Intn(3) {
			text, retrieved := answerText(rng, w)
			answer := Answer{Tokens: TokenIDs(text), Stems: Stems(text)}
			method := MethodSPAN
			att := must(w.index.Attribute(answer))
			if rng.Intn(2) == 0 {
				method, att = MethodRAG, must(w.index.AttributeRAG(answer, retrieved))
			}
			key := [32]byte{byte(i)}
			if err := b.AddText(key, text, att, w.proof); err != nil {
				t.Fatal(err)
			}
			r := receiptFor(uint64(i+1), AnswerRoot(key, answer.Tokens), att)
			r.Method = uint8(method)
			receipts = append(receipts, r)
		}
		// What a chain charges for is enough.
		charged := Work{Limit: WorkUnits(b.Evidence())}
		if err := charged.VerifyEvidence(receipts, b.Evidence(), w, ProtocolStatistics()); err != nil {
			t.Fatal(err)
		}
		manifest := func(int) (*Index, error) { return w.index, nil }
		if err := VerifyComplete(receipts, b.Evidence(), ProtocolStatistics(), manifest); err != nil {
			t.Fatal(err)
		}
		var held Work
		if err := held.VerifyHeld(receipts, b.Evidence(), w, ProtocolStatistics(), manifest, nil); err != nil {
			t.Fatal(err)
		}
		// Whoever holds the text comes to it in one go, windows or not.
		if held.Spent() > 2*charged.Limit {
			t.Fatalf("%d units with the index, the bound of the evidence is %d", held.Spent(), charged.Limit)
		}
	})
}

// answerText quotes chunks of random segments, some of them with changes, and returns a few segments as if retrieved.
func answerText(rng *rand.Rand, w *world) ([]byte, []Segment) {
	var text []byte
	var retrieved []Segment
	for range 1 + rng.Intn(4) {
		rank := rng.Intn(len(w.files))
		index := rng.Intn(len(w.files[rank].Segments))
		s := w.files[rank].Segments[index]
		if rng.Intn(2) == 0 && !slices.ContainsFunc(retrieved,
			func(r Segment) bool { return r.Rank == uint64(rank) && r.Index == uint32(index) }) {
			retrieved = append(retrieved, NewSegment(uint64(rank), uint32(index), s))
		}
		words := bytes.Fields(s)
		from := rng.Intn(len(words))
		for _, word := range words[from:min(len(words), from+4+rng.Intn(30))] {
			if rng.Intn(7) == 0 {
				text = append(text, "altered "...)
			}
			if rng.Intn(7) > 0 {
				text = append(append(text, word...), ' ')
			}
		}
		text = append(append(text, prose(rng, 3+rng.Intn(8))...), ' ')
	}
	return text, retrieved
}

func TestOmissionIsFound(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	w := newWorld(t, rng, 3, 2, 60)
	// A later contributor copies the first segment, and its friend, the provider, leaves the original out.
	w.publish(t, 3, SegmentFile{Segments: [][]byte{w.files[0].Segments[0]}})
	partial := NewIndex(ProtocolStatistics())
	for rank, f := range w.files[1:] {
		for i, s := range f.Segments {
			if err := partial.Add(Segment{Rank: uint64(rank + 1), Index: uint32(i), Tokens: TokenIDs(s)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	tokens := TokenIDs(w.files[0].Segments[0])
	att := must(partial.Attribute(Answer{Tokens: tokens}))
	var b EvidenceBuilder
	if err := b.Add([32]byte{1}, tokens, att, w.proof); err != nil {
		t.Fatal(err)
	}
	receipts := []Receipt{receiptFor(1, AnswerRoot([32]byte{1}, tokens), att)}
	if err := VerifyEvidence(receipts, b.Evidence(), w, ProtocolStatistics()); err != nil {
		t.Fatal("evidence alone cannot show an omission:", err)
	}
	err := VerifyComplete(receipts, b.Evidence(), ProtocolStatistics(), func(int) (*Index, error) { return w.index, nil })
	if !errors.Is(err, ErrOmitted) {
		t.Fatal(err)
	}
}
