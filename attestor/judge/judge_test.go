package judge_test

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	_ "github.com/openledger/openledger/app/config" // the address prefix
	"github.com/openledger/openledger/attestor/judge"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	valid   = attributiontypes.VerdictValid
	invalid = attributiontypes.VerdictInvalid
	unknown = attributiontypes.VerdictUnknown
)

// world is a chain with one DataNet and one model, and a provider of that model.
type world struct {
	files         []poa.SegmentFile
	contributions []datanettypes.Contribution
	index         *poa.Index
	missing       error // of the library
	stops         map[[2]uint64]datanettypes.SegmentStop
}

func prose(rng *rand.Rand, n int) []byte {
	common := strings.Fields("the of and to in is that for it with as on be by this are from or an which")
	var words []string
	for range n {
		if rng.Intn(5) < 2 {
			words = append(words, common[rng.Intn(len(common))])
		} else {
			words = append(words, fmt.Sprintf("w%d", rng.Intn(20_000)))
		}
	}
	return []byte(strings.Join(words, " "))
}

func newWorld(t testing.TB, rng *rand.Rand, contributions, segments, words int) *world {
	t.Helper()
	w := &world{index: poa.NewIndex(poa.ProtocolStatistics())}
	for range contributions {
		var f poa.SegmentFile
		for range segments {
			f.Segments = append(f.Segments, prose(rng, words))
		}
		w.publish(t, f)
	}
	return w
}

func (w *world) publish(t testing.TB, f poa.SegmentFile) {
	t.Helper()
	rank := uint64(len(w.files) + 1)
	contributor := sdk.AccAddress(fmt.Appendf(nil, "contributor %08d", rank))
	root := f.Root(contributor)
	w.files = append(w.files, f)
	w.contributions = append(w.contributions, datanettypes.Contribution{
		Rank: rank, DatanetId: 1, Contributor: contributor.String(), Root: root[:], Segments: uint32(len(f.Segments)),
		Status: datanettypes.CONTRIBUTION_STATUS_ACCEPTED, AcceptedVersion: 1, HeldHeight: 1, NormVersion: poa.NormVersion,
	})
	segments := make([]poa.Segment, len(f.Segments))
	for i, s := range f.Segments {
		segments[i] = poa.NewSegment(rank, uint32(i), s)
	}
	require.NoError(t, w.index.Add(segments...))
}

func (w *world) Model(uint64, uint32) (*judge.Model, error) {
	return &judge.Model{
		ModelVersion: modelstypes.ModelVersion{ModelId: 1, Version: 1, Method: modelstypes.ATTRIBUTION_METHOD_SPAN,
			Manifest: []modelstypes.ManifestEntry{{DatanetId: 1, Version: 1}}},
		Index: w.index,
	}, w.missing
}

func (w *world) Contribution(rank uint64) (datanettypes.Contribution, datanettypes.DataNet, error) {
	if rank == 0 || rank > uint64(len(w.contributions)) {
		return datanettypes.Contribution{}, datanettypes.DataNet{}, errors.New("no such contribution")
	}
	return w.contributions[rank-1], datanettypes.DataNet{Id: 1, AllowFewStopWords: true}, nil
}

func (w *world) Stop(rank uint64, segment uint32) (datanettypes.SegmentStop, bool, error) {
	stop, known := w.stops[[2]uint64{rank, uint64(segment)}]
	return stop, known, w.missing
}

func (w *world) proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	contributor, err := sdk.AccAddressFromBech32(w.contributions[rank-1].Contributor)
	if err != nil {
		return poa.SegmentProof{}, err
	}
	path, err := poa.MerklePath(w.files[rank-1].Leaves(contributor), int(index))
	return poa.SegmentProof{Rank: rank, Index: index, Content: w.files[rank-1].Segments[index], Path: path}, err
}

// batch is what a provider makes of answers.
type batch struct {
	receipts []poa.Receipt
	evidence poa.Evidence
}

func (w *world) answers(t testing.TB, rng *rand.Rand, n, words int, index *poa.Index) batch {
	t.Helper()
	var b poa.EvidenceBuilder
	var out batch
	for i := range n {
		var text []byte
		for len(poa.TokenIDs(text)) < words {
			f := w.files[rng.Intn(len(w.files))]
			quoted := strings.Fields(string(f.Segments[rng.Intn(len(f.Segments))]))
			length := min(12+rng.Intn(20), len(quoted))
			from := rng.Intn(len(quoted) - length + 1)
			text = append(append(text, strings.Join(quoted[from:from+length], " ")...), ' ')
			text = append(append(text, prose(rng, 4+rng.Intn(8))...), ' ')
		}
		tokens := poa.TokenIDs(text)
		key := [32]byte{byte(i), byte(i >> 8), 1}
		att, err := index.Attribute(poa.Answer{Tokens: tokens})
		require.NoError(t, err)
		require.NoError(t, b.AddText(key, text, att, w.proof))
		r := poa.Receipt{
			N: uint64(i + 1), QueryHash: poa.LeafHash([]byte{byte(i)}), MaxFee: poa.NewAmount(1_000_000),
			AnswerRoot:   poa.AnswerRoot(key, tokens),
			EvidenceRoot: att.Root(), InputTokens: 40, OutputTokens: uint32(len(tokens)), Fee: poa.NewAmount(900_000),
			Entries: att.Entries, UnattributedPPM: att.UnattributedPPM,
		}
		r.Call = r.CallHash()
		out.receipts = append(out.receipts, r)
	}
	out.evidence = b.Evidence()
	return out
}

// submitted is what the chain records of the batch, and what attestors fetch.
func (b batch) submitted(t testing.TB) judge.Case {
	t.Helper()
	receipts, err := poa.MarshalReceipts(b.receipts)
	require.NoError(t, err)
	evidence, err := b.evidence.MarshalBinary()
	require.NoError(t, err)
	c := judge.Case{Root: b.evidence.Root()}
	c.Bundle, err = poa.MarshalBundle(receipts, evidence)
	require.NoError(t, err)
	for _, r := range b.receipts {
		if !r.Gap {
			c.Records = append(c.Records, poa.Record{
				N: r.N, Commitment: r.Commitment(), InputTokens: r.InputTokens, OutputTokens: r.OutputTokens, Fee: r.Fee,
				Entries: slices.Clone(r.Entries), UnattributedPPM: r.UnattributedPPM, ModelID: 1, ModelVersion: 1,
			})
		}
	}
	return c
}

func TestHonestBatchIsValid(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	w := newWorld(t, rng, 6, 3, 60)
	b := w.answers(t, rng, 4, 90, w.index)
	b.receipts = append(b.receipts, poa.Receipt{N: 5, Gap: true, Call: poa.AckCall})
	verdict, why := judge.Judge(b.submitted(t), w)
	require.Equal(t, valid, verdict, why)
}

// TestLiesAreInvalid: whatever a provider claims that does not follow from the bundle it committed to.
func TestLiesAreInvalid(t *testing.T) {
	for name, lie := range map[string]func(t *testing.T, w *world, b *batch){
		"weight": func(_ *testing.T, _ *world, b *batch) {
			b.receipts[0].Entries[0].WeightPPM++
			b.receipts[0].UnattributedPPM--
		},
		"tokens": func(_ *testing.T, _ *world, b *batch) { b.receipts[0].OutputTokens++ },
		"a friend instead of the owner": func(_ *testing.T, w *world, b *batch) {
			b.receipts[0].Entries[0].Rank = 6
		},
		"evidence root": func(_ *testing.T, _ *world, b *batch) { b.receipts[0].EvidenceRoot[0] ^= 1 },
		"answer root":   func(_ *testing.T, _ *world, b *batch) { b.receipts[0].AnswerRoot[0] ^= 1 },
		"text of nobody": func(_ *testing.T, _ *world, b *batch) {
			b.evidence.Segments[0].Content = slices.Clone(b.evidence.Segments[0].Content)
			b.evidence.Segments[0].Content[0] ^= 1
		},
		"an answer too few": func(_ *testing.T, _ *world, b *batch) { b.evidence.Answers = b.evidence.Answers[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewSource(2))
			w := newWorld(t, rng, 6, 3, 60)
			b := w.answers(t, rng, 2, 90, w.index)
			lie(t, w, &b)
			for i := range b.receipts {
				slices.SortFunc(b.receipts[i].Entries, func(x, y poa.Entry) int { return int(y.WeightPPM) - int(x.WeightPPM) })
				b.receipts[i].Call = b.receipts[i].CallHash()
			}
			verdict, why := judge.Judge(b.submitted(t), w)
			require.Equal(t, invalid, verdict, why)
		})
	}
}

// TestOmissionIsInvalid: evidence alone cannot show that the earlier owner was left out; the whole manifest can.
func TestOmissionIsInvalid(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	w := newWorld(t, rng, 3, 2, 60)
	w.publish(t, w.files[0]) // a copy by the provider's friend
	partial := poa.NewIndex(poa.ProtocolStatistics())
	for rank := uint64(2); rank <= 4; rank++ {
		for i, s := range w.files[rank-1].Segments {
			require.NoError(t, partial.Add(poa.NewSegment(rank, uint32(i), s)))
		}
	}
	b := w.answers(t, rng, 4, 90, partial)
	verdict, why := judge.Judge(b.submitted(t), w)
	require.Equal(t, invalid, verdict)
	require.ErrorIs(t, why, poa.ErrOmitted)
}

func TestWithdrawnContributionIsNotPayable(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	w := newWorld(t, rng, 3, 2, 60)
	b := w.answers(t, rng, 4, 90, w.index)
	w.contributions[0].Status = datanettypes.CONTRIBUTION_STATUS_REJECTED
	w.contributions[1].AcceptedVersion = 2 // not in the manifest
	verdict, _ := judge.Judge(b.submitted(t), w)
	require.Equal(t, invalid, verdict)
}

// TestWhatCannotBeToldIsUnknown: other bytes, or text that is missing here, say nothing against a provider.
func TestWhatCannotBeToldIsUnknown(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	w := newWorld(t, rng, 6, 3, 60)
	b, other := w.answers(t, rng, 2, 90, w.index), w.answers(t, rng, 2, 90, w.index)
	c := b.submitted(t)
	for name, bundle := range map[string][]byte{
		"nothing": {}, "junk": []byte("junk"), "cut off": c.Bundle[:len(c.Bundle)-1],
		"another batch": other.submitted(t).Bundle, "too large": make([]byte, poa.MaxBundleBytes+1),
	} {
		verdict, why := judge.Judge(judge.Case{Root: c.Root, Records: c.Records, Bundle: bundle}, w)
		require.Equal(t, unknown, verdict, name)
		require.ErrorIs(t, why, judge.ErrNotTheBundle, name)
	}
	swapped := b
	swapped.receipts = slices.Clone(b.receipts)
	swapped.receipts[0].QueryHash[0] ^= 1
	swapped.receipts[0].Call = swapped.receipts[0].CallHash()
	verdict, _ := judge.Judge(judge.Case{Root: c.Root, Records: c.Records, Bundle: swapped.submitted(t).Bundle}, w)
	require.Equal(t, unknown, verdict, "receipts are not under the root: a mirror may have changed them")

	w.missing = judge.ErrMissing
	verdict, _ = judge.Judge(c, w)
	require.Equal(t, unknown, verdict)
}

// TestWorkIsBounded: what was announced is enough, a unit or a byte less is not; who stops the judge learns nothing
// about the batch.
func TestWorkIsBounded(t *testing.T) {
	rng := rand.New(rand.NewSource(8))
	w := newWorld(t, rng, 6, 3, 60)
	b := w.answers(t, rng, 3, 90, w.index)
	c := b.submitted(t)
	for i := range b.receipts {
		b.receipts[i].Method = poa.MethodSPAN
	}
	work, err := poa.Bundle{Receipts: b.receipts, Evidence: b.evidence}.Work(sourceOf{w}, poa.ProtocolStatistics(),
		func(int) (*poa.Index, error) { return w.index, nil }, nil)
	require.NoError(t, err)
	for _, test := range []struct {
		bytes, work uint64
		want        attributiontypes.Verdict
	}{
		{uint64(len(c.Bundle)), work, valid}, {uint64(len(c.Bundle)), work - 1, invalid},
		{uint64(len(c.Bundle)) - 1, work, invalid}, {0, 0, valid},
	} {
		c.Bytes, c.Work = test.bytes, test.work
		verdict, why := judge.Judge(c, w)
		require.Equal(t, test.want, verdict, "%d bytes, %d units: %v", test.bytes, test.work, why)
	}
	c.Work, c.Stop = 0, func() error { return errors.New("the item is closed") }
	verdict, why := judge.Judge(c, w)
	require.Equal(t, unknown, verdict)
	require.ErrorIs(t, why, poa.ErrStopped)
	t.Logf("%d answers of 90 tokens: %d bytes, %d units, %d a byte", len(b.receipts), len(c.Bundle), work,
		work/uint64(len(c.Bundle)))
}

type panicking struct{ *world }

func (panicking) Model(uint64, uint32) (*judge.Model, error) { panic("of the library") }

func TestPanicIsUnknown(t *testing.T) {
	rng := rand.New(rand.NewSource(6))
	w := newWorld(t, rng, 3, 2, 60)
	verdict, why := judge.Judge(w.answers(t, rng, 1, 60, w.index).submitted(t), panicking{w})
	require.Equal(t, unknown, verdict)
	require.ErrorContains(t, why, "panicked")
}

// BenchmarkJudge reports receipts per second of one core, with answers of 180 tokens over a million tokens of text; in
// the same run without the look at the whole manifest.
func BenchmarkJudge(b *testing.B) {
	rng := rand.New(rand.NewSource(7))
	w := newWorld(b, rng, 100, 50, 200)
	const receipts = 80
	made := w.answers(b, rng, receipts, 180, w.index)
	c := made.submitted(b)
	b.Logf("%d tokens, bundle of %d bytes", w.index.Tokens(), len(c.Bundle))
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if verdict, why := judge.Judge(c, w); verdict != valid {
				b.Fatal(why)
			}
		}
		b.ReportMetric(float64(b.N)*receipts/b.Elapsed().Seconds(), "receipts/s")
	})
	b.Run("evidence only", func(b *testing.B) {
		for b.Loop() {
			bundle, err := poa.UnmarshalBundle(c.Bundle, receipts)
			if err != nil {
				b.Fatal(err)
			}
			for i := range bundle.Receipts {
				bundle.Receipts[i].Method = poa.MethodSPAN
			}
			if err := poa.VerifyEvidence(bundle.Receipts, bundle.Evidence, sourceOf{w}, poa.ProtocolStatistics()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*receipts/b.Elapsed().Seconds(), "receipts/s")
	})
}

type sourceOf struct{ w *world }

func (s sourceOf) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

func (s sourceOf) Standing(_ int, rank uint64) (poa.Standing, error) {
	c, err := s.Contribution(rank)
	return poa.Standing{Segments: c.Segments}, err
}

func (s sourceOf) Contribution(rank uint64) (poa.Contribution, error) {
	c, datanet, err := s.w.Contribution(rank)
	if err != nil {
		return poa.Contribution{}, err
	}
	contributor, err := sdk.AccAddressFromBech32(c.Contributor)
	root, _ := poa.HashFromBytes(c.Root)
	return poa.Contribution{Root: root, Contributor: contributor, Segments: c.Segments,
		AllowFewStopWords: datanet.AllowFewStopWords}, err
}

// TestStopsAreThoseOfTheBatch: an attestor recomputes a batch by what was stopped when it was weighed, however late it
// comes to it.
func TestStopsAreThoseOfTheBatch(t *testing.T) {
	rng := rand.New(rand.NewSource(9))
	w := newWorld(t, rng, 6, 3, 60)
	b := w.answers(t, rng, 2, 90, w.index)
	c := b.submitted(t)
	place := b.evidence.Segments[0]
	w.stops = map[[2]uint64]datanettypes.SegmentStop{
		{place.Rank, uint64(place.Index)}: {Rank: place.Rank, Segment: place.Index, StoppedHeight: 50, ResumedHeight: 80}}
	for height, want := range map[int64]attributiontypes.Verdict{49: valid, 50: invalid, 79: invalid, 80: valid} {
		c.StopsHeight = height
		verdict, why := judge.Judge(c, w)
		require.Equal(t, want, verdict, "%d: %v", height, why)
	}
	for i := range b.receipts {
		att, err := poa.Recompute(b.evidence.Answers[i], poa.MethodSPAN, segmentsOf(b.evidence), poa.ProtocolStatistics())
		require.NoError(t, err)
		att.Weigh(func(rank uint64, segment uint32) []poa.Derivation {
			if rank == place.Rank && segment == place.Index {
				return []poa.Derivation{{Rank: poa.Nobody, PPM: poa.TotalPPM}}
			}
			return nil
		}, nil)
		b.receipts[i].Entries, b.receipts[i].UnattributedPPM = att.Entries, att.UnattributedPPM
	}
	c = b.submitted(t)
	c.StopsHeight = 50
	verdict, why := judge.Judge(c, w)
	require.Equal(t, valid, verdict, why)
	w.missing = judge.ErrMissing
	verdict, _ = judge.Judge(c, w)
	require.Equal(t, unknown, verdict)
}

func segmentsOf(e poa.Evidence) []poa.Segment {
	var out []poa.Segment
	for _, s := range e.Segments {
		out = append(out, poa.NewSegment(s.Rank, s.Index, s.Content))
	}
	return out
}
