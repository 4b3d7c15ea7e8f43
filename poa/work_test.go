package poa

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// heavy is a manifest and an answer made to be slow: segments of six rare words each and one common word otherwise, all
// of which the answer quotes, and says the common word for the rest.
func heavy(t testing.TB, segments int) (*world, []byte) {
	t.Helper()
	var f SegmentFile
	var quotes []string
	for i := range segments {
		var rare []string
		for j := range 6 {
			rare = append(rare, fmt.Sprintf("q%dx%d", i, j))
		}
		quotes = append(quotes, strings.Join(rare, " "))
		segment := []byte(quotes[i] + strings.Repeat(" the", MaxSegmentTokens-6))
		if err := CheckSegment(segment, SegmentRules{AllowFewStopWords: true}); err != nil {
			t.Fatal(err)
		}
		f.Segments = append(f.Segments, segment)
	}
	w := &world{index: NewIndex(ProtocolStatistics())}
	w.publish(t, 0, f)
	text := strings.Join(quotes, strings.Repeat(" the", 8)+" ")
	return w, []byte(text + strings.Repeat(" the", MaxAnswerTokens-len(TokenIDs([]byte(text)))))
}

// lawless attributes an answer as somebody does who does not keep to MaxAnswerPairs, and gives the batch of it.
func (w *world) lawless(t testing.TB, text []byte) batch {
	t.Helper()
	tokens := TokenIDs(text)
	work := &workspace{}
	work.open(Answer{Tokens: tokens}, ProtocolStatistics())
	work.meter.unbound()
	s := &indexScratch{work: *work}
	w.index.find(s, tokens)
	for _, g := range s.groups {
		var seeds []uint32
		for _, h := range s.hits[g.from:g.to] {
			seeds = append(seeds, uint32(h&0xFFFF))
		}
		s.work.align(w.index.Segment(g.segment), seeds)
	}
	att, err := s.work.finish(Answer{Tokens: tokens}, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := [32]byte{1}
	var b EvidenceBuilder
	if err := b.AddText(key, text, att, w.proof); err != nil {
		t.Fatal(err)
	}
	r := receiptFor(1, AnswerRoot(key, tokens), att)
	r.OutputTokens = uint32(len(tokens))
	return batch{receipts: []Receipt{r}, evidence: b.Evidence()}
}

// TestHeavyAnswerIsRefused: text that takes minutes is refused by whoever looks at it, after the work that any answer
// may take. A provider cannot attribute it, and evidence that somebody made of it is refused although every number in
// it is right.
func TestHeavyAnswerIsRefused(t *testing.T) {
	w, text := heavy(t, 2)
	if _, err := w.index.Attribute(Answer{Tokens: TokenIDs(text)}); !errors.Is(err, ErrWork) {
		t.Fatal("attributed:", err)
	}
	b := w.lawless(t, text)
	manifest := func(int) (*Index, error) { return w.index, nil }
	for name, verify := range map[string]func(work *Work) error{
		"evidence": func(work *Work) error { return work.VerifyEvidence(b.receipts, b.evidence, w, ProtocolStatistics()) },
		"complete": func(work *Work) error {
			return work.VerifyComplete(b.receipts, b.evidence, ProtocolStatistics(), manifest)
		},
		"held": func(work *Work) error {
			return work.VerifyHeld(b.receipts, b.evidence, w, ProtocolStatistics(), manifest, nil)
		},
	} {
		var work Work
		if err := verify(&work); !errors.Is(err, ErrWork) {
			t.Errorf("%s: %v", name, err)
		}
		if most := maxAnswerUnits + WorkUnits(Evidence{Segments: b.evidence.Segments}) + 1<<23; work.Spent() > most {
			t.Errorf("%s: %d units before it was refused, at most %d", name, work.Spent(), most)
		}
	}
	if err := VerifyEvidence(b.receipts, b.evidence, w, ProtocolStatistics()); !errors.Is(err, ErrWork) {
		t.Error("without a count:", err)
	}
	// One such segment, whatever the answer, is what anybody may still write.
	w, text = heavy(t, 1)
	if _, err := w.index.Attribute(Answer{Tokens: TokenIDs(text)}); err != nil {
		t.Fatal(err)
	}
}

// TestWindowsAreBounded too: the words of eight retrieved segments and of the answer have one stem.
func TestWindowsAreBounded(t *testing.T) {
	stats := ProtocolStatistics()
	var retrieved []Segment
	for i := range MaxWindowSegments {
		retrieved = append(retrieved, NewSegment(1, uint32(i), []byte(strings.Repeat("ointment ", MaxSegmentTokens))))
	}
	text := []byte(strings.Repeat("ointments ", MaxAnswerTokens))
	_, err := NewIndex(stats).AttributeRAG(Answer{Tokens: TokenIDs(text), Stems: Stems(text)}, retrieved)
	if !errors.Is(err, ErrWork) {
		t.Fatal(err)
	}
}

// TestSeedsThatAnchorNothingAreCounted: a seed that stands in four segments many times, each among words that lead
// nowhere. None of them is listed in any evidence, so that only those see the work who look with the whole manifest.
func TestSeedsThatAnchorNothingAreCounted(t *testing.T) {
	seed := "q1 q2 q3"
	w := &world{index: NewIndex(ProtocolStatistics())}
	var f SegmentFile
	for n := range MaxPostings {
		f.Segments = append(f.Segments, []byte(strings.Repeat(seed+strings.Repeat(" the", 25)+" ", 17-n)))
	}
	w.publish(t, 0, f)
	const times = 132
	text := []byte(strings.Repeat(seed+strings.Repeat(" the y", 14)+" ", times))
	var work Work
	att, err := w.index.attribute(Answer{Tokens: TokenIDs(text)}, nil, &work)
	if err == nil && len(att.Rows) > 0 {
		t.Fatal("the segments own something")
	}
	if least := uint64(times * MaxPostings * 14 * 200 * unitsPerLook); work.Spent() < least {
		t.Fatalf("%d units (%v), at least %d were done", work.Spent(), err, least)
	}
}

// TestWorkDependsOnNothingElse: an index that grew in another order counts the same, which is what lets all validators
// come to one verdict.
func TestWorkDependsOnNothingElse(t *testing.T) {
	rng := rand.New(rand.NewSource(8))
	w := newWorld(t, rng, 12, 3, 80)
	b := w.batch(t, rng, 3, 200)
	var keys []segmentKey
	for rank := range w.files {
		for i := range w.files[rank].Segments {
			keys = append(keys, segmentKey{uint64(rank), uint32(i)})
		}
	}
	rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	other := NewIndex(ProtocolStatistics())
	for _, k := range keys {
		if err := other.Add(NewSegment(k.rank, k.index, w.files[k.rank].Segments[k.index])); err != nil {
			t.Fatal(err)
		}
	}
	spent := func(x *Index, limit uint64) (uint64, error) {
		work := Work{Limit: limit}
		err := work.VerifyHeld(b.receipts, b.evidence, w, ProtocolStatistics(),
			func(int) (*Index, error) { return x, nil }, nil)
		return work.Spent(), err
	}
	units, err := spent(w.index, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Index{w.index, other} {
		if again, err := spent(x, units); err != nil || again != units {
			t.Fatalf("%d units, then %d: %v", units, again, err)
		}
		if _, err := spent(x, units-1); !errors.Is(err, ErrWork) {
			t.Fatal("one unit less is enough:", err)
		}
	}
}

// TestWorkStops soon after its caller has had enough, with the caller's error.
func TestWorkStops(t *testing.T) {
	w, text := heavy(t, 1)
	b := w.lawless(t, text)
	enough := errors.New("enough")
	calls := 0
	work := Work{Stop: func() error {
		if calls++; calls == 3 {
			return enough
		}
		return nil
	}}
	err := work.VerifyHeld(b.receipts, b.evidence, w, ProtocolStatistics(),
		func(int) (*Index, error) { return w.index, nil }, nil)
	if !errors.Is(err, ErrStopped) || !errors.Is(err, enough) || errors.Is(err, ErrWork) {
		t.Fatal(err)
	}
	if most := uint64(3*unitsPerStop + MaxAnswerTokens*10*unitsPerHash); calls != 3 || work.Spent() > most {
		t.Fatalf("asked %d times, %d units, at most %d", calls, work.Spent(), most)
	}
	// A workspace of the index is not left stopped.
	if _, err := w.index.Attribute(Answer{Tokens: TokenIDs(text)[:50]}); err != nil {
		t.Fatal(err)
	}
}

// TestHiddenPositionsTakeNoWork: whatever a provider could attribute, validators can verify, who see less of it.
func TestHiddenPositionsTakeNoWork(t *testing.T) {
	for seed := range int64(30) {
		rng := rand.New(rand.NewSource(seed))
		w := newWorld(t, rng, 5, 3, 80)
		text, retrieved := answerText(rng, w)
		answer := Answer{Tokens: TokenIDs(text), Stems: Stems(text)}
		var whole, opened Work
		att := must(w.index.attribute(answer, retrieved, &whole))
		positions := must(openedPositions(len(answer.Tokens), att))
		answer.Hidden = make([]bool, len(answer.Tokens))
		for p := range answer.Hidden {
			_, open := slices.BinarySearch(positions, uint32(p))
			answer.Hidden[p] = !open
		}
		if got := must(w.index.attribute(answer, retrieved, &opened)); got.Root() != att.Root() {
			t.Fatal("hiding what nobody owns changes the rows")
		}
		if opened.Spent() > whole.Spent() {
			t.Fatalf("%d units with hidden positions, %d without", opened.Spent(), whole.Spent())
		}
	}
}
