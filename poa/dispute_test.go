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

// liar is a provider with one answer; before publishing it can change what it claims.
type liar struct {
	w        *world
	key      [32]byte
	tokens   []TokenID
	att      Attribution
	evidence Evidence
}

// newLiar answers with text of two contributions.
func newLiar(t testing.TB, seed int64) *liar {
	t.Helper()
	rng := rand.New(rand.NewSource(seed))
	l := &liar{w: newWorld(t, rng, 6, 3, 80), key: [32]byte{7}}
	l.tokens = l.w.answer(rng, 100)
	l.publish(t)
	return l
}

// publish attributes honestly and builds the evidence.
func (l *liar) publish(t testing.TB) {
	t.Helper()
	l.att = must(l.w.index.Attribute(Answer{Tokens: l.tokens}))
	if len(l.att.Rows) < 2 {
		t.Fatal("the answer owes too little")
	}
	l.rebuild(t)
}

// rebuild makes the evidence fit what is claimed now.
func (l *liar) rebuild(t testing.TB) {
	t.Helper()
	var b EvidenceBuilder
	if err := b.Add(l.key, l.tokens, l.att, l.w.proof); err != nil {
		t.Fatal(err)
	}
	l.evidence = b.Evidence()
}

// claim is what stands on chain.
func (l *liar) claim() Claim {
	r := receiptFor(1, AnswerRoot(l.key, l.tokens), l.att)
	return Claim{
		Record: Record{
			N: 1, Commitment: r.Commitment(), InputTokens: r.InputTokens, OutputTokens: uint32(len(l.tokens)), Fee: r.Fee,
			Entries: l.att.Entries, UnattributedPPM: l.att.UnattributedPPM, Acknowledged: true, ModelID: 1, ModelVersion: 1,
			Method: MethodSPAN,
		},
		QueryHash: r.QueryHash, AnswerRoot: r.AnswerRoot, EvidenceRoot: r.EvidenceRoot, Bundle: l.evidence.Root(),
	}
}

func (l *liar) row(i int) RowProof { return must(NewRowProof(l.att, i)) }

func (l *liar) segment(row Row) SegmentProof { return must(l.w.proof(row.Rank, row.Segment)) }

func (l *liar) open(positions ...uint32) Opened {
	return must(Narrow(l.evidence.Answers[0], positions))
}

func span(row Row) []uint32 {
	var out []uint32
	for p := row.Position; p < row.Position+row.Length; p++ {
		out = append(out, p)
	}
	return out
}

// disputes are all that can be said against row i, as the bundle opens it.
func (l *liar) disputes(i int) map[string]Dispute {
	c, row := l.claim(), l.att.Rows[i]
	d := Dispute{QueryHash: c.QueryHash, AnswerRoot: c.AnswerRoot, EvidenceRoot: c.EvidenceRoot}
	forged, unqualified, bits, weights, answer := d, d, d, d, d
	forged.ForgedRow = &ForgedRow{Row: l.row(i), Segment: l.segment(row), Opened: l.open(span(row)...)}
	proof := must(NewAnswerProof(l.evidence, 0))
	proof.Row, proof.Segment = l.row(i), l.segment(row)
	unqualified.UnqualifiedRow = &proof
	bits.WrongBits = &WrongBits{Row: l.row(i), Opened: l.open(span(row)...)}
	weights.WrongWeights = &WrongWeights{Rows: l.att.Rows, TotalBits: l.att.TotalBits}
	answer.WrongAnswer = &SignedOutcome{
		Outcome: Outcome{AnswerRoot: c.AnswerRoot, InputTokens: c.Record.InputTokens, OutputTokens: c.Record.OutputTokens,
			Fee: c.Record.Fee}}
	return map[string]Dispute{
		KindForgedRow: forged, KindUnqualifiedRow: unqualified, KindWrongBits: bits, KindWrongWeights: weights,
		KindWrongAnswer: answer,
	}
}

// against is the dispute that an earlier segment qualifies for row i, opening what the bundle opens of it and of its
// seed.
func (l *liar) against(i int, rank uint64, index uint32) Dispute {
	c, row := l.claim(), l.att.Rows[i]
	positions := span(row)
	for p := row.Seed; p < row.Seed+MaxSeedTokens; p++ {
		if slices.ContainsFunc(l.evidence.Answers[0].Openings, func(o Opening) bool { return o.Position == p }) {
			positions = append(positions, p)
		}
	}
	slices.Sort(positions)
	d := Dispute{
		QueryHash: c.QueryHash, AnswerRoot: c.AnswerRoot, EvidenceRoot: c.EvidenceRoot,
		EarlierSegment: &EarlierSegment{Row: l.row(i), Segment: must(l.w.proof(rank, index)),
			Opened: l.open(slices.Compact(positions)...)},
	}
	d.EarlierSegment.Covering = l.covering(i, d.EarlierSegment.Opened)
	return d
}

// covering are the rows beside the i-th that hold opened positions.
func (l *liar) covering(i int, opened Opened) []RowProof {
	var out []RowProof
	for j := range l.att.Rows {
		if j != i && len(out) < MaxCovering && slices.ContainsFunc(opened.Openings,
			func(o Opening) bool { return l.att.Rows[j].holds(o.Position) }) {
			out = append(out, l.row(j))
		}
	}
	return out
}

func (l *liar) try(d Dispute) ([]Loss, error) {
	c := l.claim()
	return must(UnmarshalDispute(must(d.MarshalBinary()))).Verify(c.Record, c.Bundle, nil, l.w, ProtocolStatistics())
}

// Each lie is proven by the dispute of its kind, and the same dispute against an honest twin proves nothing.
func TestEveryLieIsProven(t *testing.T) {
	for kind, lie := range map[string]func(t *testing.T, l *liar){
		KindForgedRow: func(t *testing.T, l *liar) { l.att.Rows[0].Offset++ },
		KindUnqualifiedRow: func(t *testing.T, l *liar) {
			// Two tokens that do stand in the segment, far below the threshold.
			l.tokens = slices.Clone(l.tokens)
			row := &l.att.Rows[0]
			for p := row.Position + 2; p < row.Position+row.Length; p++ {
				l.tokens[p] = TokenID(rare) + TokenID(p)
			}
			row.Length = 2
		},
		KindWrongBits:    func(t *testing.T, l *liar) { l.att.Rows[0].Bits++ },
		KindWrongWeights: func(t *testing.T, l *liar) { l.att.Entries[0].WeightPPM++; l.att.UnattributedPPM-- },
	} {
		l := newLiar(t, 21)
		if losses, err := l.try(l.disputes(0)[kind]); !errors.Is(err, ErrDispute) {
			t.Errorf("%s convicts an honest provider: %v, %v", kind, losses, err)
		}
		lie(t, l)
		l.rebuild(t)
		if _, err := l.try(l.disputes(0)[kind]); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A provider pays a friend's copy and leaves out the original.
func TestEarlierSegmentIsProven(t *testing.T) {
	l := newLiar(t, 22)
	row := l.att.Rows[0]
	friend := len(l.w.files)
	l.w.publish(t, friend, SegmentFile{Segments: [][]byte{l.w.files[row.Rank].Segments[row.Segment]}})
	honest := l.against(0, row.Rank, row.Segment)
	if _, err := l.try(honest); !errors.Is(err, ErrDispute) {
		t.Fatalf("the owner is not before itself: %v", err)
	}
	for i := range l.att.Rows {
		if r := &l.att.Rows[i]; r.Rank == row.Rank && r.Segment == row.Segment {
			r.Rank, r.Segment = uint64(friend), 0
		}
	}
	for i := range l.att.Entries {
		if l.att.Entries[i].Rank == row.Rank {
			l.att.Entries[i].Rank = uint64(friend)
		}
	}
	l.rebuild(t)
	losses, err := l.try(l.against(0, row.Rank, row.Segment))
	if err != nil || len(losses) != 1 || losses[0].Rank != row.Rank ||
		uint64(losses[0].PPM) != uint64(row.Bits)*TotalPPM/l.att.TotalBits {
		t.Fatalf("%v, %v", losses, err)
	}
	// The tool finds the same lie, and none against the honest rows.
	found := must(
		Overtakes(l.claim(), l.att, l.evidence.Answers[0], must(l.w.proof(row.Rank, row.Segment)), l.w, ProtocolStatistics()))
	if len(found) == 0 || found[0].Row.Row.Rank != uint64(friend) {
		t.Errorf("%+v", found)
	}
	for _, other := range l.att.Rows {
		if other.Rank != uint64(friend) {
			if found := must(
				Overtakes(l.claim(), l.att, l.evidence.Answers[0], must(l.w.proof(other.Rank, other.Segment)), l.w,
					ProtocolStatistics())); len(found) != 0 {
				t.Errorf("%+v", found)
			}
		}
	}
	// A position that the bundle hides, opened by somebody who knows the salts.
	hidden := l.against(0, row.Rank, row.Segment)
	everything := make([]uint32, len(l.tokens))
	for p := range everything {
		everything[p] = uint32(p)
	}
	all := AnswerEvidence{Count: uint32(len(l.tokens))}
	for p, tok := range l.tokens {
		all.Openings = append(all.Openings, Opening{Position: uint32(p), Token: tok, Salt: PositionSalt(l.key, uint32(p))})
	}
	hidden.EarlierSegment.Opened = must(Narrow(all, everything))
	hidden.EarlierSegment.Covering = l.covering(0, hidden.EarlierSegment.Opened)
	c := l.claim()
	if _, err := hidden.Verify(c.Record, c.Bundle, nil, l.w, ProtocolStatistics()); !errors.Is(err, ErrDispute) ||
		!strings.Contains(err.Error(), "in no row") {
		t.Errorf("a hidden position was opened: %v", err)
	}
	// Too little opened, another window, another receipt: nothing is proven.
	d := l.against(0, row.Rank, row.Segment)
	d.EarlierSegment.Opened = l.open(row.Position)
	if _, err := l.try(d); !errors.Is(err, ErrDispute) {
		t.Error(err)
	}
	d = l.against(0, row.Rank, row.Segment)
	d.EarlierSegment.From = MaxSegmentTokens
	if _, err := l.try(d); !errors.Is(err, ErrDispute) {
		t.Error(err)
	}
	d = l.against(0, row.Rank, row.Segment)
	d.EarlierSegment.Segment.Content = []byte("These are words of which the contribution has never been made of.")
	if _, err := l.try(d); !errors.Is(err, ErrSegmentPath) {
		t.Error(err)
	}
	d = l.against(0, row.Rank, row.Segment)
	d.QueryHash[0] ^= 1
	if _, err := l.try(d); !errors.Is(err, ErrDispute) {
		t.Error(err)
	}
}

// The loss is what the contribution itself would have had of the row, and has not.
func TestLossToAnEarlierSegment(t *testing.T) {
	const source, tenth = 1, TotalPPM / 10
	for name, test := range map[string]struct {
		within    bool         // the row goes to a later segment of the same contribution
		sources   []Derivation // of the earlier segment
		returning uint32       // ppm that the later segment passes back to the earlier one's contribution
		lost      func(bits uint64) uint64
	}{
		"alone": {lost: func(bits uint64) uint64 { return bits }},
		"derived": {sources: []Derivation{{Rank: source, PPM: 3 * tenth}},
			lost: func(bits uint64) uint64 { return bits - bits*3/10 }},
		"passes all": {sources: []Derivation{{Rank: source, PPM: TotalPPM}},
			lost: func(uint64) uint64 { return 0 }},
		"acknowledged by the copy": {returning: 4 * tenth, lost: func(bits uint64) uint64 { return bits - bits*4/10 }},
		"both": {
			sources: []Derivation{{Rank: source, PPM: 9 * tenth}}, returning: 4 * tenth,
			lost: func(uint64) uint64 { return 0 }, // a tenth is lost and four are had
		},
		"same contribution": {within: true, lost: func(uint64) uint64 { return 0 }},
	} {
		l := newLiar(t, 22)
		row := l.att.Rows[0]
		text := l.w.files[row.Rank].Segments[row.Segment]
		original, friend := len(l.w.files), len(l.w.files)+1
		if l.w.publish(t, original, SegmentFile{Segments: [][]byte{text, text}}); test.within {
			friend = original
		} else {
			l.w.publish(t, friend, SegmentFile{Segments: [][]byte{text, text}})
		}
		for _, d := range test.sources {
			l.w.contributions[original].Derived = append(l.w.contributions[original].Derived,
				SegmentDerivation{Segment: 0, Derivation: d})
		}
		if test.returning > 0 {
			l.w.contributions[friend].Derived = []SegmentDerivation{
				{Segment: 1, Derivation: Derivation{Rank: uint64(original), PPM: test.returning}}}
		}
		for i := range l.att.Rows {
			if r := &l.att.Rows[i]; r.Rank == row.Rank && r.Segment == row.Segment {
				r.Rank, r.Segment = uint64(friend), 1
			}
		}
		l.rebuild(t)
		losses, err := l.try(l.against(0, uint64(original), 0))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var want []Loss
		if bits := test.lost(uint64(row.Bits)); bits > 0 {
			want = []Loss{{Rank: uint64(original), PPM: uint32(bits * TotalPPM / l.att.TotalBits)}}
		}
		if !slices.Equal(losses, want) {
			t.Errorf("%s: %v instead of %v", name, losses, want)
		}
	}
}

func TestWrongAnswerIsProven(t *testing.T) {
	l := newLiar(t, 23)
	d := l.disputes(0)[KindWrongAnswer]
	if _, err := l.try(d); !errors.Is(err, ErrDispute) {
		t.Fatal(err)
	}
	for _, change := range []func(o *Outcome){
		func(o *Outcome) { o.AnswerRoot[0] ^= 1 }, func(o *Outcome) { o.OutputTokens-- },
		func(o *Outcome) { o.InputTokens-- }, func(o *Outcome) { o.Fee = NewAmount(1) },
	} {
		d := l.disputes(0)[KindWrongAnswer]
		change(&d.WrongAnswer.Outcome)
		if _, err := l.try(d); err != nil {
			t.Error(err)
		}
	}
	if err := VerifyWrongAnswer(l.claim(), SignedAnswer{N: 2}); !errors.Is(err, ErrDispute) {
		t.Error(err)
	}
}

// What is wrong with a proof is told from what keeps it from being judged.
func TestRefutes(t *testing.T) {
	l := newLiar(t, 26)
	for kind, d := range l.disputes(0) {
		if _, err := l.try(d); !Refutes(err) {
			t.Errorf("%s against an honest receipt: %v", kind, err)
		}
	}
	c, d := l.claim(), l.disputes(0)[KindWrongBits]
	if _, err := d.Verify(c.Record, c.Bundle, nil, l.w, nil); err == nil || Refutes(err) {
		t.Errorf("missing statistics: %v", err)
	}
	if _, err := UnmarshalDispute([]byte("no proof")); !Refutes(err) {
		t.Error(err)
	}
	if Refutes(nil) {
		t.Error("no error refutes nothing")
	}
}

// Rows that contradict each other are lies whatever they pay.
func TestImpossibleRowsAreProven(t *testing.T) {
	for name, lie := range map[string]func(l *liar){
		"overlap": func(l *liar) { l.att.Rows[1].Position = l.att.Rows[0].Position },
		"outside": func(l *liar) { l.att.Rows[len(l.att.Rows)-1].Length += 1000 },
		"empty":   func(l *liar) { l.att.Rows[0].Length = 0 },
		"total":   func(l *liar) { l.att.TotalBits++ },
	} {
		l := newLiar(t, 24)
		d := Dispute{WrongWeights: &WrongWeights{}}
		lie(l)
		c := l.claim()
		d.QueryHash, d.AnswerRoot, d.EvidenceRoot = c.QueryHash, c.AnswerRoot, c.EvidenceRoot
		d.WrongWeights.Rows, d.WrongWeights.TotalBits = l.att.Rows, l.att.TotalBits
		if _, err := l.try(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is opened and whichever earlier segment is named, nobody convicts an honest provider: not of SPAN, not of
// RAG.
func TestHonestProvidersAreNeverConvicted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		w := &world{index: NewIndex(ProtocolStatistics())}
		files := rapid.IntRange(2, 12).Draw(t, "contributions")
		for rank := range files {
			text := prose(rng, 40)
			if rank > 0 && rng.Intn(2) == 0 { // derived from an earlier one, so that they compete
				source := w.files[rng.Intn(rank)].Segments[0]
				cut := rng.Intn(len(source))
				for cut < len(source) && source[cut] != ' ' {
					cut++
				}
				text = append(append(prose(rng, 8), ' '), bytes.TrimSpace(source[cut:])...)
			}
			f := SegmentFile{Segments: [][]byte{text}}
			w.files = append(w.files, f)
			w.contributions = append(w.contributions, Contribution{Root: f.Root(nil), Segments: 1, AllowFewStopWords: true})
			if err := w.index.Add(NewSegment(uint64(rank), 0, text)); err != nil {
				t.Fatal(err)
			}
		}
		var text []byte
		for len(text) < 500 {
			source := w.files[rng.Intn(files)].Segments[0]
			words := bytes.Fields(source)
			from := rng.Intn(len(words))
			text = append(append(text, ' '), bytes.Join(words[from:min(len(words), from+8+rng.Intn(12))], []byte(" "))...)
			text = append(append(text, ' '), prose(rng, rng.Intn(5)+1)...)
		}
		answer := NewSegment(0, 0, text)
		var retrieved []Segment
		if rapid.Bool().Draw(t, "rag") {
			for range 4 {
				rank := rng.Intn(files)
				if !slices.ContainsFunc(retrieved, func(s Segment) bool { return s.Rank == uint64(rank) }) {
					retrieved = append(retrieved, NewSegment(uint64(rank), 0, w.files[rank].Segments[0]))
				}
			}
		}
		l := &liar{w: w, tokens: answer.Tokens}
		l.att = must(w.index.AttributeRAG(Answer{Tokens: answer.Tokens, Stems: answer.Stems}, retrieved))
		var b EvidenceBuilder
		if err := b.AddText(l.key, text, l.att, w.proof); err != nil {
			t.Fatal(err)
		}
		l.evidence = b.Evidence()
		r := receiptFor(1, AnswerRoot(l.key, l.tokens), l.att)
		r.Method = MethodRAG
		if err := VerifyEvidence([]Receipt{r}, l.evidence, w, ProtocolStatistics()); err != nil {
			t.Fatal(err)
		}
		c := l.claim()
		for i := range l.att.Rows {
			for kind, d := range l.disputes(i) {
				if losses, err := d.Verify(c.Record, c.Bundle, nil, w, ProtocolStatistics()); err == nil {
					t.Fatalf("%s against row %d of %+v: %v", kind, i, l.att.Rows, losses)
				}
			}
			for rank := range files {
				d := l.against(i, uint64(rank), 0)
				var all []uint32
				for _, o := range l.evidence.Answers[0].Openings {
					all = append(all, o.Position)
				}
				if rng.Intn(2) == 0 {
					d.EarlierSegment.Opened = l.open(all...)
					d.EarlierSegment.Covering = l.covering(i, d.EarlierSegment.Opened)
				}
				d.EarlierSegment.From = uint32(rng.Intn(20))
				if losses, err := d.Verify(c.Record, c.Bundle, nil, w, ProtocolStatistics()); err == nil {
					t.Fatalf("segment %d against row %d of %+v: %v", rank, i, l.att.Rows, losses)
				}
			}
		}
	})
}

func TestNarrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "tokens")
		tokens := seq(0, n)
		var opened, wanted []uint32
		for p := range n {
			if rapid.Bool().Draw(t, "opened") {
				opened = append(opened, uint32(p))
				if rapid.Bool().Draw(t, "wanted") {
					wanted = append(wanted, uint32(p))
				}
			}
		}
		leaves := AnswerLeaves([32]byte{}, tokens)
		a := AnswerEvidence{Count: uint32(n), Proof: must(Multiproof(leaves, opened))}
		for _, p := range opened {
			a.Openings = append(a.Openings, Opening{Position: p, Token: tokens[p], Salt: PositionSalt([32]byte{}, p)})
		}
		got := must(Narrow(a, wanted))
		if want := must(Multiproof(leaves, wanted)); !slices.Equal(got.Proof, want) || len(got.Openings) != len(wanted) {
			t.Fatalf("%d hashes instead of %d", len(got.Proof), len(want))
		}
		if _, err := got.verify(AnswerRoot([32]byte{}, tokens)); err != nil {
			t.Fatal(err)
		}
		for p := range uint32(n) {
			if _, err := Narrow(a, []uint32{p}); (err == nil) != slices.Contains(opened, p) {
				t.Fatalf("position %d: %v", p, err)
			}
		}
	})
}

// allDisputes returns one of each kind.
func allDisputes(t testing.TB) []Dispute {
	l := newLiar(t, 25)
	var out []Dispute
	for _, d := range l.disputes(0) {
		out = append(out, d)
	}
	return append(out, l.against(0, 0, 0))
}

func TestDisputeRoundTrip(t *testing.T) {
	for _, d := range allDisputes(t) {
		data := must(d.MarshalBinary())
		back, err := UnmarshalDispute(data)
		if err != nil || !reflect.DeepEqual(d, back) || back.Kind() == "" {
			t.Errorf("%s: %v", d.Kind(), err)
		}
		for n := range data {
			if _, err := UnmarshalDispute(data[:n]); !errors.Is(err, ErrDisputeEncoding) {
				t.Fatalf("%s cut to %d bytes: %v", d.Kind(), n, err)
			}
		}
		if _, err := UnmarshalDispute(append(data, 0)); !errors.Is(err, ErrDisputeEncoding) {
			t.Error(err)
		}
	}
	if _, err := (Dispute{}).MarshalBinary(); !errors.Is(err, ErrDisputeEncoding) {
		t.Error(err)
	}
	if _, err := (Dispute{}).Verify(Record{}, Hash{}, nil, nil, nil); !errors.Is(err, ErrDisputeEncoding) {
		t.Error(err)
	}
	if _, err := UnmarshalDispute(make([]byte, MaxDisputeBytes+1)); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
}

// The densest dispute is refused before it is aligned.
func TestDisputeWorkIsBounded(t *testing.T) {
	l := &liar{w: &world{index: NewIndex(ProtocolStatistics())}}
	text := bytes.TrimSpace(bytes.Repeat([]byte("zyx "), MaxSegmentTokens))
	f := SegmentFile{Segments: [][]byte{text}}
	l.w.files = []SegmentFile{f}
	l.w.contributions = []Contribution{{Root: f.Root(nil), Segments: 1, AllowFewStopWords: true}}
	l.tokens = TokenIDs(text)[:200]
	l.att = Attribution{Rows: []Row{{Length: 200, Rank: 1}}, UnattributedPPM: TotalPPM}
	var b EvidenceBuilder
	if err := b.Add(
		l.key, l.tokens, l.att, func(uint64, uint32) (SegmentProof, error) {
			return SegmentProof{Rank: 1, Content: text},
				nil
		}); err != nil {
		t.Fatal(err)
	}
	l.evidence = b.Evidence()
	d := l.against(0, 0, 0)
	c := l.claim()
	start := time.Now()
	if _, err := d.Verify(c.Record, c.Bundle, nil, l.w, ProtocolStatistics()); !errors.Is(err, ErrOversize) {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
