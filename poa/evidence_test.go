package poa

import (
	"bytes"
	"errors"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAnswerRoot(t *testing.T) {
	key := [32]byte{1}
	tokens := seq(0, 5)
	leaves := AnswerLeaves(key, tokens)
	for i, tok := range tokens {
		if leaves[i] != AnswerLeaf(uint32(i), tok, PositionSalt(key, uint32(i))) {
			t.Fatalf("leaf %d", i)
		}
	}
	roots := map[Hash]bool{
		AnswerRoot(key, tokens): true, AnswerRoot(key, tokens[:4]): true, AnswerRoot(key, nil): true,
		AnswerRoot([32]byte{2}, tokens): true, AnswerRoot(key, join(tokens[1:], tokens[:1])): true, MerkleRoot(leaves): true,
	}
	if len(roots) != 6 || PositionSalt(key, 0) == PositionSalt(key, 1) {
		t.Error("answer roots collide")
	}
}

// scenario is a small batch that verifies.
func scenario(t testing.TB, seed int64) (*world, batch) {
	t.Helper()
	rng := rand.New(rand.NewSource(seed))
	w := newWorld(t, rng, 6, 3, 60)
	b := w.batch(t, rng, 3, 90)
	if err := VerifyEvidence(b.receipts, b.evidence, w, ProtocolStatistics()); err != nil {
		t.Fatal(err)
	}
	if len(b.evidence.Segments) < 3 || len(b.evidence.Answers[0].Segments) < 2 {
		t.Fatal("the scenario is too poor")
	}
	return w, b
}

func TestEvidenceRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		w := &world{index: NewIndex(ProtocolStatistics())}
		for rank := range rapid.IntRange(1, 5).Draw(t, "contributions") {
			f := SegmentFile{}
			for range rapid.IntRange(1, 4).Draw(t, "segments") {
				f.Segments = append(f.Segments, prose(rng, 60))
			}
			contributor := []byte{byte(rank)}
			w.files = append(w.files, f)
			w.contributions = append(w.contributions,
				Contribution{Root: f.Root(contributor), Contributor: contributor, Segments: uint32(len(f.Segments)),
					AllowFewStopWords: true})
			for i, s := range f.Segments {
				if err := w.index.Add(Segment{Rank: uint64(rank), Index: uint32(i), Tokens: TokenIDs(s)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		var b EvidenceBuilder
		var receipts []Receipt
		for i := range rapid.IntRange(0, 3).Draw(t, "answers") {
			tokens := w.answer(rng, rapid.IntRange(1, 90).Draw(t, "words"))
			key := [32]byte{byte(i)}
			att := must(w.index.Attribute(Answer{Tokens: tokens}))
			if err := b.Add(key, tokens, att, w.proof); err != nil {
				t.Fatal(err)
			}
			receipts = append(receipts, receiptFor(uint64(i+1), AnswerRoot(key, tokens), att))
		}
		e := b.Evidence()
		data := must(e.MarshalBinary())
		if len(data) > b.Size() {
			t.Fatalf("%d bytes, above the bound %d", len(data), b.Size())
		}
		back := must(UnmarshalEvidence(data))
		if !reflect.DeepEqual(e, back) || back.Root() != e.Root() || !bytes.Equal(must(back.MarshalBinary()), data) {
			t.Fatal("round trip")
		}
		if err := VerifyEvidence(receipts, back, w, ProtocolStatistics()); err != nil {
			t.Fatal(err)
		}
		var segments []Segment
		for _, s := range e.Segments {
			segments = append(segments, NewSegment(s.Rank, s.Index, s.Content))
		}
		for i, r := range receipts {
			if err := VerifyAnswer(r, e.Answers[i], segments, ProtocolStatistics()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// clone returns a deep copy of evidence.
func clone(e Evidence) Evidence { return must(UnmarshalEvidence(must(e.MarshalBinary()))) }

func TestEveryMutationOfEvidenceIsRefused(t *testing.T) {
	w, b := scenario(t, 11)
	for name, c := range map[string]struct {
		mutate func(e *Evidence)
		want   error
	}{
		"segment rank":      {func(e *Evidence) { e.Segments[len(e.Segments)-1].Rank = 99 }, ErrContribution},
		"segment index":     {func(e *Evidence) { e.Segments[len(e.Segments)-1].Index++ }, ErrSegmentPath},
		"segment content":   {func(e *Evidence) { e.Segments[0].Content[0] ^= 1 }, ErrSegmentPath},
		"content to refuse": {func(e *Evidence) { e.Segments[0].Content = []byte("al\u200bpha") }, ErrSegment},
		"no content":        {func(e *Evidence) { e.Segments[0].Content = nil }, ErrEvidenceEncoding},
		"segment path":      {func(e *Evidence) { e.Segments[0].Path[0][0] ^= 1 }, ErrSegmentPath},
		"path longer":       {func(e *Evidence) { e.Segments[0].Path = append(e.Segments[0].Path, Hash{}) }, ErrSegmentPath},
		"path shorter":      {func(e *Evidence) { e.Segments[0].Path = nil }, ErrSegmentPath},
		"path too long":     {func(e *Evidence) { e.Segments[0].Path = make([]Hash, 33) }, ErrEvidenceEncoding},
		"order of segments": {func(e *Evidence) { e.Segments[0], e.Segments[1] = e.Segments[1], e.Segments[0] },
			ErrEvidenceEncoding},
		"repeated segment": {func(e *Evidence) { e.Segments[1] = e.Segments[0] }, ErrEvidenceEncoding},
		"more tokens":      {func(e *Evidence) { e.Answers[0].Count++ }, ErrAnswerRoot},
		"fewer tokens":     {func(e *Evidence) { e.Answers[0].Count = 1 }, ErrEvidenceEncoding},
		"too many tokens":  {func(e *Evidence) { e.Answers[0].Count = MaxAnswerTokens + 1 }, ErrEvidenceEncoding},
		"opening position": {func(e *Evidence) { e.Answers[0].Openings[0].Position++ }, ErrEvidenceEncoding},
		"last position": {func(e *Evidence) { e.Answers[0].Openings[len(e.Answers[0].Openings)-1].Position-- },
			ErrEvidenceEncoding},
		"opened token":      {func(e *Evidence) { e.Answers[0].Openings[0].Token++ }, ErrAnswerRoot},
		"salt":              {func(e *Evidence) { e.Answers[0].Openings[0].Salt[15] ^= 1 }, ErrAnswerRoot},
		"missing opening":   {func(e *Evidence) { e.Answers[0].Openings = e.Answers[0].Openings[1:] }, ErrOpening},
		"proof hash":        {func(e *Evidence) { e.Answers[0].Proof[0][0] ^= 1 }, ErrAnswerRoot},
		"proof longer":      {func(e *Evidence) { e.Answers[0].Proof = append(e.Answers[0].Proof, Hash{}) }, ErrOpening},
		"proof shorter":     {func(e *Evidence) { e.Answers[0].Proof = e.Answers[0].Proof[1:] }, ErrOpening},
		"proof too long":    {func(e *Evidence) { e.Answers[0].Proof = make([]Hash, 200) }, ErrEvidenceEncoding},
		"reference missing": {func(e *Evidence) { e.Answers[0].Segments = e.Answers[0].Segments[1:] }, nil},
		"reference repeated": {func(e *Evidence) { e.Answers[0].Segments[1] = e.Answers[0].Segments[0] },
			ErrEvidenceEncoding},
		"reference outside":  {func(e *Evidence) { e.Answers[0].Segments[1] = 1 << 20 }, ErrEvidenceEncoding},
		"seed missing":       {func(e *Evidence) { e.Answers[0].Seeds = e.Answers[0].Seeds[1:] }, ErrEvidenceEncoding},
		"seed outside":       {func(e *Evidence) { e.Answers[0].Seeds[0] = e.Answers[0].Count + 1 }, ErrEvidenceEncoding},
		"seed elsewhere":     {func(e *Evidence) { e.Answers[0].Seeds[0] = e.Answers[0].Count }, ErrForgedSpan},
		"windows of SPAN":    {func(e *Evidence) { e.Answers[0].Windows = e.Answers[0].Segments[:1] }, ErrForgedSpan},
		"windows outside":    {func(e *Evidence) { e.Answers[0].Windows = []uint32{1 << 20} }, ErrEvidenceEncoding},
		"word of another id": {func(e *Evidence) { e.Answers[0].Openings[0].Word = []byte("x") }, ErrEvidenceEncoding},
		"order of answers":   {func(e *Evidence) { e.Answers[0], e.Answers[1] = e.Answers[1], e.Answers[0] }, ErrAnswerRoot},
		"answer missing":     {func(e *Evidence) { e.Answers = e.Answers[1:] }, ErrEvidenceCount},
		"answer too many":    {func(e *Evidence) { e.Answers = append(e.Answers, e.Answers[0]) }, ErrEvidenceCount},
		"unused segment":     {func(e *Evidence) { addSegment(t, w, e) }, ErrUnusedSegment},
		"segment owns nothing": {func(e *Evidence) {
			addSegment(t, w, e)
			e.Answers[0].Segments = append(e.Answers[0].Segments, uint32(len(e.Segments)-1))
			e.Answers[0].Seeds = append(e.Answers[0].Seeds, e.Answers[0].Count)
		}, ErrForgedSpan},
	} {
		e := clone(b.evidence)
		c.mutate(&e)
		err := VerifyEvidence(b.receipts, e, w, ProtocolStatistics())
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if VerifyHeld(b.receipts, e, w, ProtocolStatistics(), func(int) (*Index, error) { return w.index, nil }, nil) == nil {
			t.Errorf("%s passes who holds the text", name)
		}
		if c.want == ErrEvidenceEncoding {
			if _, err := e.MarshalBinary(); !errors.Is(err, ErrEvidenceEncoding) {
				t.Errorf("%s is encoded: %v", name, err)
			}
		}
	}
}

func allReferences(e *Evidence) {
	e.Answers[0].Segments, e.Answers[0].Seeds = nil, nil
	for i := range e.Segments {
		e.Answers[0].Segments = append(e.Answers[0].Segments, uint32(i))
		e.Answers[0].Seeds = append(e.Answers[0].Seeds, e.Answers[0].Count)
	}
}

// addSegment appends a genuine segment of a new contribution that no answer quotes.
func addSegment(t *testing.T, w *world, e *Evidence) {
	t.Helper()
	rank := len(w.contributions)
	w.publish(t, rank, SegmentFile{Segments: [][]byte{[]byte(sentence)}})
	e.Segments = append(e.Segments, must(w.proof(uint64(rank), 0)))
}

func TestMoreSegmentsThanOpenings(t *testing.T) {
	w, b := scenario(t, 12)
	key, tokens := [32]byte{9}, seq(0, 3)
	leaves := AnswerLeaves(key, tokens)
	a := AnswerEvidence{Count: 3, Openings: []Opening{{Position: 1, Token: tokens[1], Salt: PositionSalt(key, 1)}},
		Proof: must(Multiproof(leaves, []uint32{1}))}
	e := Evidence{Segments: b.evidence.Segments, Answers: []AnswerEvidence{a}}
	allReferences(&e)
	r := receiptFor(1, AnswerRoot(key, tokens), Attribution{UnattributedPPM: TotalPPM, TotalBits: 3 * uint64(HiddenBits)})
	if err := VerifyEvidence([]Receipt{r}, e, w, ProtocolStatistics()); !errors.Is(err, ErrForgedSpan) {
		t.Error(err)
	}
	// Without the references the opening alone is allowed.
	e.Segments, e.Answers[0].Segments, e.Answers[0].Seeds = nil, nil, nil
	if err := VerifyEvidence([]Receipt{r}, e, w, ProtocolStatistics()); err != nil {
		t.Error(err)
	}
}

func TestEveryMutationOfReceiptsIsRefused(t *testing.T) {
	w, b := scenario(t, 13)
	for name, c := range map[string]struct {
		mutate func(r *Receipt)
		want   error
	}{
		"gap":           {func(r *Receipt) { r.Gap = true }, ErrEvidenceCount},
		"call":          {func(r *Receipt) { r.Call[0] ^= 1 }, ErrReceipt},
		"query":         {func(r *Receipt) { r.QueryHash[0] ^= 1 }, ErrReceipt},
		"maximum fee":   {func(r *Receipt) { r.MaxFee.Lo++ }, ErrReceipt},
		"fee":           {func(r *Receipt) { r.Fee.Hi++ }, ErrReceipt},
		"answer root":   {func(r *Receipt) { r.AnswerRoot[0] ^= 1 }, ErrAnswerRoot},
		"evidence root": {func(r *Receipt) { r.EvidenceRoot[0] ^= 1 }, ErrEvidenceRoot},
		"rank":          {func(r *Receipt) { r.Entries[0].Rank += 50 }, ErrWeights},
		"weight":        {func(r *Receipt) { r.Entries[0].WeightPPM++; r.UnattributedPPM-- }, ErrWeights},
		"entry dropped": {func(r *Receipt) { r.UnattributedPPM += r.Entries[0].WeightPPM; r.Entries = r.Entries[1:] },
			ErrWeights},
		"unattributed": {func(r *Receipt) { r.UnattributedPPM++ }, ErrReceipt},
	} {
		receipts := slices.Clone(b.receipts)
		receipts[0].Entries = slices.Clone(receipts[0].Entries)
		c.mutate(&receipts[0])
		err := VerifyEvidence(receipts, b.evidence, w, ProtocolStatistics())
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != ErrEvidenceCount && !strings.Contains(err.Error(), "receipt 0") {
			t.Errorf("%s does not name the receipt: %v", name, err)
		}
	}
	if err := VerifyEvidence(b.receipts, b.evidence, nil, ProtocolStatistics()); !errors.Is(err, ErrContribution) {
		t.Error(err)
	}
	if err := VerifyEvidence(b.receipts, b.evidence, w, nil); !errors.Is(err, ErrStatistics) {
		t.Error(err)
	}
	if err := VerifyEvidence(nil, Evidence{}, w, ProtocolStatistics()); err != nil {
		t.Error(err)
	}
	if err := VerifyAnswer(b.receipts[1], b.evidence.Answers[0], nil, ProtocolStatistics()); !errors.Is(err,
		ErrEvidenceCount) {
		t.Error(err)
	}
	if err := VerifyAnswer(b.receipts[0], b.evidence.Answers[0], nil, ProtocolStatistics()); !errors.Is(err,
		ErrEvidenceEncoding) {
		t.Error(err)
	}
}

// No flip of a bit in the encoding gives evidence that verifies.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	w, b := scenario(t, 14)
	data := must(b.evidence.MarshalBinary())
	rng := rand.New(rand.NewSource(1))
	for range 1500 {
		bad := slices.Clone(data)
		i := rng.Intn(len(bad))
		bad[i] ^= 1 << rng.Intn(8)
		e, err := UnmarshalEvidence(bad)
		if err != nil {
			continue
		}
		if e.Root() == b.evidence.Root() || VerifyEvidence(b.receipts, e, w, ProtocolStatistics()) == nil {
			t.Fatalf("byte %d of %d may be changed", i, len(data))
		}
	}
	for range 300 {
		if _, err := UnmarshalEvidence(data[:rng.Intn(len(data))]); !errors.Is(err, ErrEvidenceEncoding) {
			t.Fatal(err)
		}
	}
}

func TestUnmarshalEvidenceIsStrict(t *testing.T) {
	m := evidenceMagic
	for _, bad := range []string{
		"", m, m + "\x00", m + "\x00\x00\x00", m + "\x80\x00\x00", m + "\xff\xff\x3f", m + "\x00\xff\xff\x3f",
		m + "\x01\x00\x00\x00\x00\x00",                                    // segment without content
		m + "\x01\x00\x00\x01a\x21\x00",                                   // path of 33
		m + "\x00\x01\x81\x20\x00\x00\x00",                                // 4097 tokens
		m + "\x00\x01\x01\x02\x00\x00",                                    // more openings than tokens
		m + "\x00\x01\x01\x00\x03\x00",                                    // proof longer than any
		m + "\x00\x01\x01\x00\x00\x01\x00",                                // reference without segments
		m + "\x00\x01\x02\x01\x02" + strings.Repeat("a", 24) + "\x00\x00", // position outside
	} {
		if _, err := UnmarshalEvidence([]byte(bad)); !errors.Is(err, ErrEvidenceEncoding) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := UnmarshalEvidence(make([]byte, MaxEvidenceBytes+1)); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
	big := Evidence{}
	for i := range 300 {
		big.Segments = append(big.Segments, SegmentProof{Rank: uint64(i), Content: make([]byte, MaxSegmentBytes)})
	}
	if _, err := big.MarshalBinary(); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
}

func TestBuildEvidence(t *testing.T) {
	w, b := scenario(t, 15)
	tokens, key := b.answers[0], b.keys[0]
	att := must(w.index.Attribute(Answer{Tokens: tokens}))
	a, segments, err := BuildEvidence(key, tokens, att, w.proof)
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	for _, r := range att.Rows {
		opened += int(r.Length)
	}
	if len(a.Openings) != opened || len(a.Segments) != len(segments) {
		t.Errorf("%d openings, %d references", len(a.Openings), len(a.Segments))
	}
	if err := VerifyEvidence(b.receipts[:1], Evidence{segments, []AnswerEvidence{a}}, w,
		ProtocolStatistics()); err != nil {
		t.Error(err)
	}

	var builder EvidenceBuilder
	failing := errors.New("no such text")
	if err := builder.Add(
		key, tokens, att, func(uint64, uint32) (SegmentProof, error) { return SegmentProof{}, failing }); !errors.Is(err,
		failing) {
		t.Error(err)
	}
	if err := builder.Add(
		key, tokens, att, func(uint64, uint32) (SegmentProof, error) { return SegmentProof{Rank: 77}, nil }); !errors.Is(err,
		ErrSegmentPath) {
		t.Error(err)
	}
	if err := builder.Add(key, tokens[:1], att, w.proof); !errors.Is(err, ErrAnswer) {
		t.Error(err)
	}
	if err := builder.Add(key, make([]TokenID, MaxAnswerTokens+1), Attribution{}, w.proof); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
	for _, rows := range [][]Row{{{Length: 0}}, {{Length: 2}, {Position: 1, Length: 1}},
		{{Position: 1<<32 - 1, Length: 1<<32 - 1}}} {
		if err := builder.Add(key, tokens, Attribution{Rows: rows}, w.proof); !errors.Is(err, ErrAnswer) {
			t.Errorf("%v: %v", rows, err)
		}
	}
	if e := builder.Evidence(); len(e.Answers)+len(e.Segments) != 0 {
		t.Error("a failed answer was kept")
	}
	asked := 0
	counting := func(rank uint64, index uint32) (SegmentProof, error) {
		asked++
		return w.proof(rank, index)
	}
	for range 3 {
		if err := builder.Add(key, tokens, att, counting); err != nil {
			t.Fatal(err)
		}
	}
	if e := builder.Evidence(); asked != len(segments) || len(e.Segments) != asked || len(e.Answers) != 3 {
		t.Errorf("asked %d times for %d segments", asked, len(segments))
	}
}

func TestEvidenceRootBindsCounts(t *testing.T) {
	_, b := scenario(t, 16)
	e := b.evidence
	less := Evidence{Segments: e.Segments, Answers: e.Answers[1:]}
	if e.Root() == less.Root() || (Evidence{}).Root() == MerkleRoot(nil) {
		t.Error("root")
	}
}

// WorkUnits bounds the pairs, and pays for what takes long.
func TestWorkUnits(t *testing.T) {
	_, b := scenario(t, 17)
	if got := WorkUnits(Evidence{}); got != 0 {
		t.Errorf("nothing costs %d", got)
	}
	for answers := range b.evidence.Answers {
		part := Evidence{Segments: b.evidence.Segments, Answers: b.evidence.Answers[:answers]}
		if WorkUnits(part) >= WorkUnits(b.evidence) {
			t.Error("more answers are not more work")
		}
	}
	for _, a := range b.evidence.Answers {
		for _, s := range a.Segments {
			pairs := uint64(0)
			ids := TokenIDs(b.evidence.Segments[s].Content)
			for _, o := range a.Openings {
				for _, id := range ids {
					if id == o.Token {
						pairs++
					}
				}
			}
			if bound := uint64(len(ids)) * commonest(a.Openings); pairs > bound {
				t.Errorf("%d pairs, bound %d", pairs, bound)
			}
		}
	}
	dense := denseEvidence()
	if got := WorkUnits(dense); got < 512*4096*unitsPerPair {
		t.Errorf("the densest input costs %d", got)
	}
	if got := WorkUnits(
		Evidence{Answers: []AnswerEvidence{
			{Count: 1<<32 - 1, Openings: make([]Opening, 2), Segments: []uint32{9}}}}); got == 0 || got > 1<<20 {
		t.Errorf("malformed evidence costs %d", got)
	}
	start := time.Now()
	WorkUnits(dense)
	if d := time.Since(start); d > 100*time.Millisecond {
		t.Errorf("counting takes %v", d)
	}
}

func denseEvidence() Evidence {
	id := TokenIDs([]byte("the"))[0]
	a := AnswerEvidence{Count: MaxAnswerTokens, Segments: []uint32{0}}
	for p := range uint32(MaxAnswerTokens) {
		a.Openings = append(a.Openings, Opening{Position: p, Token: id})
	}
	return Evidence{Segments: []SegmentProof{{Content: bytes.Repeat([]byte("the "), 512)}}, Answers: []AnswerEvidence{a}}
}
