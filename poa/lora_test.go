package poa

import (
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// loraWorld is a world with an adapter that was trained on all of it.
type loraWorld struct {
	meaningWorld
	influence []InfluenceRow
}

func newLoraWorld(t testing.TB, seed int64) *loraWorld {
	t.Helper()
	rng := rand.New(rand.NewSource(seed))
	w := &loraWorld{meaningWorld: meaningWorld{world: newWorld(t, rng, 6, 3, 60), rng: rng}}
	w.influence = influences(rng, len(w.files))
	return w
}

// lora answers, and asks the influence file about one contribution, or nothing.
func (w *loraWorld) lora(t testing.TB) ([]byte, Attribution) {
	t.Helper()
	var text []byte
	var asked []Segment
	for range 2 {
		s := w.segment(w.rng.Intn(len(w.files)), uint32(w.rng.Intn(3)))
		if slices.ContainsFunc(asked, func(o Segment) bool { return compareSegments(o, s) == 0 }) {
			continue
		}
		asked = append(asked, s)
		text = append(text, retold(w.rng, w.files[s.Rank].Segments[s.Index], 20+w.rng.Intn(30))...)
		text = append(append(text, prose(w.rng, 5+w.rng.Intn(60))...), ". "...)
	}
	return text, must(w.index.AttributeLora(InterpretAnswer(text), asked, nil, w.influence, w.query()))
}

func (w *loraWorld) query() *LoraQuery {
	if w.rng.Intn(4) == 0 {
		return nil
	}
	return asked(w.rng, w.influence[w.rng.Intn(len(w.influence))])
}

func (w *loraWorld) source(int) ([]InfluenceRow, error) { return w.influence, nil }

func loraReceipt(key [32]byte, text []byte, att Attribution) Receipt {
	r := receiptFor(1, TextRoot(key, text, MethodLora), att)
	r.Method, r.OutputTokens = MethodLora, uint32(len(TokenIDs(text)))
	return r
}

// loraBatch is a batch of answers by method LORA.
func (w *loraWorld) loraBatch(t testing.TB, answers int) ([]Receipt, Evidence, []Attribution) {
	t.Helper()
	var b EvidenceBuilder
	var receipts []Receipt
	var atts []Attribution
	for i := range answers {
		key := [32]byte{byte(i), 1}
		text, att := w.lora(t)
		if err := b.AddText(key, text, att, w.proof); err != nil {
			t.Fatal(err)
		}
		receipts, atts = append(receipts, loraReceipt(key, text, att)), append(atts, att)
	}
	return receipts, must(UnmarshalEvidence(must(b.Evidence().MarshalBinary()))), atts
}

func (w *loraWorld) verify(receipts []Receipt, e Evidence) error {
	return VerifyHeld(receipts, e, w, ProtocolStatistics(), func(int) (*Index, error) { return w.index, nil }, w.source)
}

func TestLoraVerifies(t *testing.T) {
	asked, unasked := 0, 0
	for seed := range int64(20) {
		w := newLoraWorld(t, seed)
		receipts, e, atts := w.loraBatch(t, 4)
		if err := w.verify(receipts, e); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, att := range atts {
			if !hasLora(att.Entries) {
				t.Errorf("seed %d, answer %d: nothing by influence", seed, i)
			}
			if e.Answers[i].Query != nil {
				asked++
			} else {
				unasked++
			}
		}
		// The receipts are what they are after packing, too.
		packed := must(MarshalReceipts(receipts))
		again := must(UnmarshalReceipts(packed, 10))
		for i := range again {
			again[i].Method = MethodLora
		}
		if err := w.verify(again, e); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if asked == 0 || unasked == 0 {
		t.Errorf("%d answers with a query, %d without", asked, unasked)
	}
}

// TestLoraIsNotProvedInline: evidence alone never shows a receipt by method LORA.
func TestLoraIsNotProvedInline(t *testing.T) {
	w := newLoraWorld(t, 1)
	receipts, e, _ := w.loraBatch(t, 1)
	if err := VerifyEvidence(receipts, e, w, ProtocolStatistics()); !errors.Is(err, ErrInline) {
		t.Error(err)
	}
	if err := VerifyAnswer(receipts[0], e.Answers[0], nil, ProtocolStatistics()); !errors.Is(err, ErrInline) {
		t.Error(err)
	}
	index := func(int) (*Index, error) { return w.index, nil }
	if err := VerifyHeld(receipts, e, w, ProtocolStatistics(), index, nil); !errors.Is(err, ErrInfluence) {
		t.Error(err)
	}
	missing := errors.New("not here")
	if err := VerifyHeld(receipts, e, w, ProtocolStatistics(), index,
		func(int) ([]InfluenceRow, error) { return nil, missing }); !errors.Is(err, missing) {
		t.Error(err)
	}
}

// TestLoraRefusesLies: whatever does not follow from evidence, manifest and influence file.
func TestLoraRefusesLies(t *testing.T) {
	for name, lie := range map[string]struct {
		change func(w *loraWorld, r *Receipt, e *Evidence, att *Attribution)
		want   error
	}{
		"another query": {func(_ *loraWorld, _ *Receipt, e *Evidence, _ *Attribution) {
			q := *e.Answers[0].Query
			q.Packed[0]++
			e.Answers[0].Query = &q
		}, ErrEvidenceRoot},
		"no query": {func(_ *loraWorld, _ *Receipt, e *Evidence, _ *Attribution) { e.Answers[0].Query = nil },
			ErrEvidenceRoot},
		"another file": {func(w *loraWorld, _ *Receipt, _ *Evidence, att *Attribution) {
			w.influence = slices.Clone(w.influence)
			best := &w.influence[slices.IndexFunc(att.Lora.Rows, func(r LoraRow) bool { return r.Score > 0 })]
			for i := range SketchSize / 2 {
				best.Sketch.Set(i, 0)
			}
		}, ErrEvidenceRoot},
		"method MEANING": {func(_ *loraWorld, r *Receipt, _ *Evidence, _ *Attribution) {
			r.Method = MethodMeaning
			for i := range r.Entries {
				r.Entries[i].LoraPPM = 0
			}
		}, ErrEvidenceEncoding},
		"entries by influence of method MEANING": {
			func(_ *loraWorld, r *Receipt, _ *Evidence, _ *Attribution) { r.Method = MethodMeaning }, ErrReceipt},
		"no influence": {func(_ *loraWorld, r *Receipt, _ *Evidence, _ *Attribution) {
			r.Entries = slices.Clone(r.Entries)
			r.Entries[slices.IndexFunc(r.Entries, func(e Entry) bool { return e.LoraPPM > 0 })].LoraPPM--
		}, ErrWeights},
		"amount": {func(_ *loraWorld, r *Receipt, _ *Evidence, att *Attribution) {
			att.Lora.Rows[0].Amount++
			r.EvidenceRoot = att.Root()
		}, ErrEvidenceRoot},
		"part": {func(_ *loraWorld, r *Receipt, _ *Evidence, att *Attribution) {
			att.Lora.Bits++
			r.EvidenceRoot = att.Root()
		}, ErrEvidenceRoot},
		"stopped since": {func(w *loraWorld, r *Receipt, _ *Evidence, att *Attribution) {
			best := slices.MaxFunc(att.Lora.Rows, func(a, b LoraRow) int { return int(a.Amount) - int(b.Amount) })
			w.stopped = func(_ int, rank uint64, _ uint32) (uint64, bool) { return Nobody, rank == best.Rank }
		}, ErrWeights},
	} {
		w := newLoraWorld(t, 2)
		receipts, e, atts := w.loraBatch(t, 1)
		for e.Answers[0].Query == nil {
			receipts, e, atts = w.loraBatch(t, 1)
		}
		if err := w.verify(receipts, e); err != nil {
			t.Fatal(err)
		}
		lie.change(w, &receipts[0], &e, &atts[0])
		receipts[0].Call = receipts[0].CallHash()
		if err := w.verify(receipts, e); !errors.Is(err, lie.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLoraKeepsWhatMeaningGives: rows, and what each contribution has by them, are those of method MEANING; the part is
// at most what they leave and 30 % of the whole, whoever asks what.
func TestLoraKeepsWhatMeaningGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		att, influence := drawLora(t)
		without := att
		without.Lora = nil
		without.Weigh(noDerivations, nil)
		owned, given := uint64(0), uint64(0)
		for _, r := range att.Rows {
			owned += uint64(r.Bits)
		}
		for i, r := range att.Lora.Rows {
			given += r.Amount
			if most := mulDiv(att.Lora.Bits, LoraBound*uint64(influence[i].SharePPM), TotalPPM); r.Amount > most {
				t.Fatalf("rank %d has %d bits, the bound is %d", r.Rank, r.Amount, most)
			}
		}
		if given > att.Lora.Bits || att.Lora.Bits > att.TotalBits-owned || att.Lora.Bits*10 > att.TotalBits*3 {
			t.Fatalf("%d of %d bits are given, rows have %d of %d", given, att.Lora.Bits, owned, att.TotalBits)
		}
		sum, lora := att.UnattributedPPM, uint32(0)
		for _, e := range att.Entries {
			sum, lora = sum+e.WeightPPM, lora+e.LoraPPM
			if e.LoraPPM > e.WeightPPM {
				t.Fatalf("%+v", e)
			}
			if own, was := e.WeightPPM-e.LoraPPM, weightOf(without.Entries, e.Rank); was > 0 && (own > was+1 || was > own+2) {
				t.Fatalf("rank %d has %d ppm by rows instead of %d", e.Rank, own, was)
			}
		}
		if sum != TotalPPM || lora > LoraPartPPM+MaxEntries {
			t.Fatalf("%d ppm, %d by influence", sum, lora)
		}
		if len(att.Entries) > 0 {
			if err := validateEntries(att.Entries, att.UnattributedPPM); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func noDerivations(uint64, uint32) []Derivation { return nil }

// drawLora draws an attribution with a part by influence.
func drawLora(t *rapid.T) (Attribution, []InfluenceRow) {
	rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
	influence := influences(rng, rapid.IntRange(1, 60).Draw(t, "contributions"))
	var att Attribution
	position := uint32(0)
	for range rapid.IntRange(0, 8).Draw(t, "rows") {
		row := Row{Position: position, Length: 1 + uint32(rng.Intn(20)), Rank: uint64(rng.Intn(len(influence) + 3))}
		row.Bits = row.Length * uint32(rng.Intn(12<<16))
		position += row.Length
		att.Rows, att.TotalBits = append(att.Rows, row), att.TotalBits+uint64(row.Bits)
	}
	att.TotalBits += uint64(rapid.IntRange(0, 300).Draw(t, "hidden")) * uint64(HiddenBits)
	var query *LoraQuery
	switch rapid.IntRange(0, 3).Draw(t, "query") {
	case 0:
	case 1:
		query = asked(rng, influence[rng.Intn(len(influence))])
	case 2: // a liar's: whatever serves one of them best
		query = &LoraQuery{influence[0].Sketch}
		query.Exponent = int8(rng.Intn(256) - 128)
	case 3:
		query = &LoraQuery{Sketch{Exponent: int8(rng.Intn(256) - 128)}}
		rng.Read(query.Packed[:])
	}
	must(0, att.AddLora(influence, query))
	att.Weigh(noDerivations, nil)
	return att, influence
}

// TestLyingQueryStaysWithinTheBound: no query gives anybody more than four times what the table gives.
func TestLyingQueryStaysWithinTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		influence := influences(rng, rapid.IntRange(1, 30).Draw(t, "contributions"))
		friend := rng.Intn(len(influence))
		honest := Attribution{TotalBits: uint64(rapid.IntRange(1, 4096).Draw(t, "tokens")) * uint64(HiddenBits)}
		must(0, honest.AddLora(influence, nil))
		lie := honest
		query := &LoraQuery{influence[friend].Sketch}
		query.Exponent = -20
		must(0, lie.AddLora(influence, query))
		lie.Weigh(noDerivations, nil)
		most := LoraBound*honest.Lora.Rows[friend].Amount + LoraBound
		if got := lie.Lora.Rows[friend].Amount; got > most {
			t.Fatalf("%d bits instead of at most %d", got, most)
		}
		if share := influence[friend].SharePPM; weightOf(lie.Entries, uint64(friend)) > LoraBound*share*3/10+1 {
			t.Fatalf("%d ppm of an answer for a share of %d", weightOf(lie.Entries, uint64(friend)), share)
		}
	})
}

// TestLoraAmounts compares with big numbers, for the numbers of liars too.
func TestLoraAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part, score, sum := rapid.Uint64().Draw(t, "part"), rapid.Uint64().Draw(t, "score"), rapid.Uint64().Draw(t, "sum")
		share := rapid.Uint32().Draw(t, "share")
		big64 := func(x uint64) *big.Int { return new(big.Int).SetUint64(x) }
		quotient := func(a, b, c uint64) *big.Int {
			q := new(big.Int).Mul(big64(a), big64(b))
			q.Quo(q, big64(c))
			if !q.IsUint64() {
				q = big64(1<<64 - 1)
			}
			return q
		}
		want := new(big.Int)
		if part > 0 {
			want = quotient(part, score, max(part, sum))
			if most := quotient(part, LoraBound*uint64(share), TotalPPM); most.Cmp(want) < 0 {
				want = most
			}
		}
		if got := loraAmount(part, score, sum, share, true); got != want.Uint64() {
			t.Fatalf("%d instead of %s", got, want)
		}
		if got := loraAmount(0, score, 0, share, true); got != 0 {
			t.Fatalf("%d of no part", got)
		}
		if got := loraAmount(part, score, sum, share, false); got != quotient(part, uint64(share), TotalPPM).Uint64() {
			t.Fatalf("%d by the table", got)
		}
		if amount, total := score, sum; total > 0 {
			up, down := loraPPM(amount, total), quota(amount, total)
			if up < down || up > down+1 || up > TotalPPM || amount > 0 && up == 0 {
				t.Fatalf("%d of %d are %d ppm, rounded up %d", amount, total, down, up)
			}
		}
	})
}

// TestAmountsAreScores: amounts sum to at most the part and to at most the scores. While the scores fit the part, each
// amount is its score or the table's bound. Whose score rises gets no less, and others get no more by it.
func TestAmountsAreScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.OneOf(rapid.Uint64Range(0, 1000), rapid.Uint64Range(0, 1<<44)).Draw(t, "part")
		scores := rapid.SliceOfN(rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64Range(0, 1<<41)), 1, 40).
			Draw(t, "scores")
		shares := make([]uint32, len(scores))
		for i := range shares {
			shares[i] = rapid.Uint32Range(0, TotalPPM/uint32(len(scores))).Draw(t, "share")
		}
		divide := func() (amounts []uint64, sum uint64) {
			for _, s := range scores {
				sum += s
			}
			for i, s := range scores {
				amounts = append(amounts, loraAmount(part, s, sum, shares[i], true))
			}
			return amounts, sum
		}
		amounts, sum := divide()
		given := uint64(0)
		for i, a := range amounts {
			given += a
			bound := mulDiv(part, LoraBound*uint64(shares[i]), TotalPPM)
			if a > scores[i] || a > bound || sum <= part && a != min(scores[i], bound) {
				t.Fatalf("%d bits for a score of %d, the sum is %d, the part %d, the bound %d", a, scores[i], sum, part, bound)
			}
		}
		if given > part || given > sum {
			t.Fatalf("%d of %d bits are given for %d", given, part, sum)
		}
		rises := rapid.IntRange(0, len(scores)-1).Draw(t, "rises")
		scores[rises] += rapid.Uint64Range(1, 1<<20).Draw(t, "more")
		more, _ := divide()
		for i := range more {
			if i == rises && more[i] < amounts[i] || i != rises && more[i] > amounts[i] {
				t.Fatalf("the score of %d rises: %d has %d instead of %d", rises, i, more[i], amounts[i])
			}
		}
	})
}

// TestStrangersGetAboutNothing: contributions that an answer has nothing to do with have less than one deviation
// together, however many there are.
func TestStrangersGetAboutNothing(t *testing.T) {
	rng := rand.New(rand.NewSource(12))
	for _, n := range []int{16, 36, 200, 1_000} {
		rows := influences(rng, n)
		all, paid, queries := 0.0, 0, 40
		for range queries {
			query := asked(rng, influences(rng, 1)[0]) // of a contribution that is not in the file
			att := Attribution{TotalBits: 300 * uint64(HiddenBits)}
			must(0, att.AddLora(rows, query))
			for i, r := range att.Lora.Rows {
				deviation := math.Sqrt(float64(query.squares()*rows[i].Sketch.squares()) / SketchSize)
				all += float64(r.Score) / (1 << 16) * math.Ldexp(1, 9) / deviation
				if r.Amount > 0 {
					paid++
				}
			}
		}
		mean := all / float64(queries)
		t.Logf("%d strangers: %.2f deviations for an answer, %.2f of them are paid", n, mean,
			float64(paid)/float64(queries))
		if mean > 1 {
			t.Errorf("%d strangers have %.2f deviations together", n, mean)
		}
	}
}

// TestFloodsTakeNothing: whoever adds contributions that an answer has nothing to do with takes nothing from others
// while the scores fit the part, but what the deduction grows by.
func TestFloodsTakeNothing(t *testing.T) {
	rng := rand.New(rand.NewSource(13))
	rows := influences(rng, 16)
	rows[3].SharePPM = 200_000
	query := asked(rng, rows[3])
	divide := func(rows []InfluenceRow) []LoraRow {
		att := Attribution{TotalBits: 300 * uint64(HiddenBits)}
		must(0, att.AddLora(rows, query))
		return att.Lora.Rows
	}
	before := divide(rows)[3]
	if before.Amount != before.Score || before.Score == 0 {
		t.Fatalf("%+v", before)
	}
	for _, n := range []int{32, 64, 640} {
		flood := slices.Clone(rows)
		for i := 16; i < n; i++ {
			row := influences(rng, 1)[0]
			row.Rank, row.SharePPM = uint64(i), 0
			flood = append(flood, row)
		}
		after := divide(flood)
		deviation := math.Sqrt(float64(query.squares()*rows[3].Sketch.squares()) / SketchSize)
		more := math.Sqrt(float64(noiseDeviations(n))) - math.Sqrt(float64(noiseDeviations(16)))
		least := float64(before.Amount) - (more*deviation+1)*math.Ldexp(1, 16-9)
		if float64(after[3].Amount) < least {
			t.Errorf("%d contributions: %d bits instead of %d, at least %.0f", n, after[3].Amount, before.Amount, least)
		}
		flooded := uint64(0)
		for _, r := range after[16:] {
			flooded += r.Amount
		}
		if flooded > 0 {
			t.Errorf("%d contributions of no share have %d bits", n, flooded)
		}
	}
}

// TestCutsChangeNothing: rows are sums over segments, so that nobody gains by how a contribution is cut; and whoever
// makes several contributions of one has no more by all of them while each part of it fits the answer.
func TestCutsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		influence := influences(rng, 5)
		query := &LoraQuery{}
		for i := range SketchSize {
			query.Set(i, rng.Intn(8))
		}
		// Segments of the last contribution, each of which fits the query.
		parts := make([]InfluenceRow, rapid.IntRange(1, 6).Draw(t, "segments"))
		whole := InfluenceRow{Rank: 4, Sketch: Sketch{Exponent: 9}}
		for i := range parts {
			p := &parts[i]
			p.Rank, p.Tokens, p.SharePPM = uint64(4+i), uint32(1_000+rng.Intn(500)), uint32(rng.Intn(20_000))
			p.Sketch.Exponent = 9
			for j := range SketchSize {
				p.Sketch.Set(j, rng.Intn(2))
				whole.Sketch.Set(j, whole.Sketch.At(j)+p.Sketch.At(j))
			}
			whole.Tokens, whole.SharePPM = whole.Tokens+p.Tokens, whole.SharePPM+p.SharePPM
		}
		total := uint64(500) * uint64(HiddenBits)
		one, many := Attribution{TotalBits: total}, Attribution{TotalBits: total}
		must(0, one.AddLora(append(slices.Clone(influence[:4]), whole), query))
		must(0, many.AddLora(append(slices.Clone(influence[:4]), parts...), query))
		sum := uint64(0)
		for _, r := range many.Lora.Rows[4:] {
			sum += r.Amount
		}
		// Rounding takes less than one unit of each product, which is 2^7 of a score, and one of each amount.
		unit := uint64(1<<7 + 2)
		if got := one.Lora.Rows[4].Amount; sum > got+unit*uint64(len(parts)) {
			t.Fatalf("%d parts have %d bits, the whole has %d", len(parts), sum, got)
		}
	})
}

// TestStrongestAreThoseOfAll: leaving out what cannot be among the entries changes nothing.
func TestStrongestAreThoseOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		att, _ := drawLora(t)
		stopped := rapid.IntRange(1, 5).Draw(t, "every")
		standing := func(rank uint64) Standing { return Standing{Segments: 4, Stopped: uint32(rank) % uint32(stopped)} }
		att.Weigh(noDerivations, standing)
		shares, rest := rowShares(att.Rows, att.TotalBits, noDerivations)
		for _, r := range att.Lora.Rows {
			kept := standing(r.Rank).kept(r.Amount)
			shares, rest = append(shares, share{rank: r.Rank, bits: kept, lora: kept}), rest-kept
		}
		entries, unattributed := apportion(shares, rest)
		if !slices.Equal(att.Entries, entries) || att.UnattributedPPM != unattributed {
			t.Fatalf("%v and %d instead of %v and %d", att.Entries, att.UnattributedPPM, entries, unattributed)
		}
	})
}

// TestStoppedSegmentsTakeTheirPart of what a contribution has by influence; the rest stays, and nobody gains.
func TestStoppedSegmentsTakeTheirPart(t *testing.T) {
	influence := influences(rand.New(rand.NewSource(7)), 4)
	att := Attribution{TotalBits: 1000 * uint64(HiddenBits)}
	must(0, att.AddLora(influence, nil))
	att.Weigh(noDerivations, nil)
	before := slices.Clone(att.Entries)
	att.Weigh(noDerivations, func(rank uint64) Standing {
		return Standing{Segments: 4, Stopped: []uint32{0, 1, 4, 0}[rank]}
	})
	for rank, kept := range []uint32{4, 3, 0, 4} {
		was, is := weightOf(before, uint64(rank)), weightOf(att.Entries, uint64(rank))
		if want := was * kept / 4; is > want+1 || want > is+1 {
			t.Errorf("rank %d has %d ppm of %d, %d segments of 4 are left", rank, is, was, kept)
		}
	}
	if weight := weightOf(before, 3); weight == 0 {
		t.Error("nothing to lose")
	}
	// Who is not in the manifest has no segment in it.
	if kept := (Standing{}).kept(1000); kept != 0 {
		t.Errorf("%d", kept)
	}
}

func TestGoldenLora(t *testing.T) {
	rng := rand.New(rand.NewSource(11))
	rows := influences(rng, 3)
	rows[1].Rank, rows[2].Rank = 5, 300
	query := asked(rng, rows[1])
	text := []byte("Pemphigoid gestationis is a rare bullous disease of pregnancy. The rash begins around the navel and " +
		"spreads to the limbs within days.")
	segment := NewSegment(5, 0, text[:62])
	segment.Interpret(text[:62])
	x := NewIndex(ProtocolStatistics())
	must(0, x.Add(segment))
	key := [32]byte{4}
	file := SegmentFile{Segments: [][]byte{text[:62]}}
	vectors := map[string]any{
		"file_hash":   LeafHash(must(MarshalInfluence(rows))),
		"sketch_leaf": rows[1].sketchLeaf(),
		"table_leaf":  rows[1].tableLeaf(),
		"sketch_root": SketchRoot(rows),
		"table_root":  TableRoot(rows),
		"query":       hex.EncodeToString(must(query.MarshalBinary())),
		"query_hash":  query.Hash(),
		"answer":      string(text),
	}
	scores := map[int]uint64{}
	for _, n := range []int{1, 16, 17, 36, 1_000, MaxInfluenceRows} {
		scores[n] = query.Score(&rows[1], n)
	}
	vectors["scores"] = scores
	loud := *query // the scores sum to more than the part
	loud.Exponent = -6
	for name, q := range map[string]*LoraQuery{"asked": query, "loud": &loud, "unasked": nil} {
		att := must(x.AttributeLora(InterpretAnswer(text), []Segment{segment}, nil, rows, q))
		root, seal := att.Root(), att.Lora.Seal()
		r := loraReceipt(key, text, att)
		record := Record{N: 1, Commitment: r.Commitment(), OutputTokens: r.OutputTokens, Fee: r.Fee, Entries: r.Entries,
			UnattributedPPM: r.UnattributedPPM, ModelID: 3, ModelVersion: 2, Method: MethodLora}
		a, segments, err := buildText(key, text, att, func(uint64, uint32) (SegmentProof, error) {
			return SegmentProof{Rank: 5, Content: file.Segments[0]}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		att.Lora.Query, att.Marks = nil, nil // it stands above
		vectors[name] = map[string]any{
			"attribution": att, "seal": seal, "seal_bytes": hex.EncodeToString(seal.append(nil)), "evidence_root": root,
			"row_bytes": hex.EncodeToString(att.Lora.Rows[1].append(nil)), "row_leaf": att.Lora.Rows[1].leaf(),
			"receipt": hex.EncodeToString(must(MarshalReceipts([]Receipt{r}))),
			"record":  hex.EncodeToString(must(record.MarshalBinary())),
			"bundle":  Evidence{segments, []AnswerEvidence{a}}.Root(),
		}
	}
	golden(t, "lora", vectors)
}

// buildText is BuildEvidence of a text.
func buildText(key [32]byte, text []byte, att Attribution,
	proofs func(uint64, uint32) (SegmentProof, error)) (AnswerEvidence, []SegmentProof, error) {
	var b EvidenceBuilder
	if err := b.AddText(key, text, att, proofs); err != nil {
		return AnswerEvidence{}, nil, err
	}
	e := b.Evidence()
	return e.Answers[0], e.Segments, nil
}
