package poa

import (
	"bytes"
	"errors"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// loraLiar is a provider with one answer by method LORA; before publishing it can change what it claims.
type loraLiar struct {
	w        *loraWorld
	key      [32]byte
	text     []byte
	att      Attribution
	evidence Evidence
	training Training
	// seal replaces that of the attribution, if it is not nil.
	seal *LoraSeal
}

func newLoraLiar(t testing.TB, seed int64) *loraLiar {
	t.Helper()
	l := &loraLiar{w: newLoraWorld(t, seed), key: [32]byte{9}}
	for l.att.Lora == nil || l.att.Lora.Query == nil || len(l.att.Rows) == 0 {
		l.text, l.att = l.w.lora(t)
	}
	l.training = trainingOf(l.w.influence)
	var b EvidenceBuilder
	if err := b.AddText(l.key, l.text, l.att, l.w.proof); err != nil {
		t.Fatal(err)
	}
	l.evidence = b.Evidence()
	return l
}

// weigh sets entries by what is claimed.
func (l *loraLiar) weigh() {
	standing := &standings{src: l.w}
	l.att.Weigh(derivedIn(l.w, 0), standing.of)
}

func (l *loraLiar) claim() Claim {
	seal := l.att.Lora.Seal()
	if l.seal != nil {
		seal = *l.seal
	}
	root := seal.root(evidenceRoot(l.att.Rows, l.att.TotalBits))
	r := loraReceipt(l.key, l.text, l.att)
	r.EvidenceRoot = root
	return Claim{
		Record: Record{
			N: 1, Commitment: r.Commitment(), OutputTokens: r.OutputTokens, Entries: l.att.Entries,
			UnattributedPPM: l.att.UnattributedPPM, ModelID: 1, ModelVersion: 1, Method: MethodLora,
		},
		QueryHash: r.QueryHash, AnswerRoot: r.AnswerRoot, EvidenceRoot: root, Bundle: l.evidence.Root(), Lora: &seal,
		Training: &l.training,
	}
}

// try sends a dispute over the wire.
func (l *loraLiar) try(t testing.TB, d Dispute) ([]Loss, error) {
	t.Helper()
	c := l.claim()
	data := must(d.MarshalBinary())
	again := must(UnmarshalDispute(data))
	if again.Kind() != d.Kind() || !bytes.Equal(must(again.MarshalBinary()), data) {
		t.Fatalf("%s is read as %s", d.Kind(), again.Kind())
	}
	return again.Verify(c.Record, c.Bundle, c.Training, l.w, ProtocolStatistics())
}

// all are all disputes that can be made about influence, and those about rows of SPAN and MEANING.
func (l *loraLiar) all() []Dispute {
	c := l.claim()
	bare := Dispute{QueryHash: c.QueryHash, AnswerRoot: c.AnswerRoot, EvidenceRoot: c.EvidenceRoot, Lora: c.Lora}
	var out []Dispute
	n := min(len(l.att.Lora.Rows), len(l.w.influence))
	for i := range n {
		score, amount, sum := bare, bare, bare
		p, q := must(NewWrongScore(l.att, l.w.influence, i)), must(NewWrongAmount(l.att, l.w.influence, i))
		score.WrongScore, amount.WrongAmount = &p, &q
		s := must(NewWrongSum(l.att, slices.Compact([]int{i, min(i+1, n-1)})...))
		sum.WrongSum = &s
		out = append(out, score, amount, sum)
	}
	first, weights := bare, bare
	s, w := must(NewWrongSum(l.att, 0)), must(NewWrongWeights(l.att, l.att.Entries))
	first.WrongSum, weights.WrongWeights = &s, &w
	out = append(out, first, weights)
	for i, row := range l.att.Rows {
		forged, unqualified, bits := bare, bare, bare
		proof, segment := must(NewRowProof(l.att, i)), must(l.w.proof(row.Rank, row.Segment))
		positions := span(row)
		if row.Window {
			positions = Stretch(row, l.evidence.Answers[0])
		}
		forged.ForgedRow = &ForgedRow{proof, segment, must(Narrow(l.evidence.Answers[0], positions))}
		answer := must(NewAnswerProof(l.evidence, 0))
		answer.Row, answer.Segment = proof, segment
		unqualified.UnqualifiedRow = &answer
		bits.WrongBits = &WrongBits{proof, must(Narrow(l.evidence.Answers[0], span(row)))}
		out = append(out, forged, unqualified, bits)
	}
	return out
}

// An honest provider is convicted by nothing that can be said, with stopped segments and without.
func TestHonestInfluenceIsNotConvicted(t *testing.T) {
	for seed := range int64(12) {
		l := newLoraLiar(t, seed)
		if seed%3 == 0 {
			l.w.stopped = func(_ int, rank uint64, segment uint32) (uint64, bool) {
				return Nobody, (rank+uint64(segment))%3 == 0
			}
			l.weigh()
		}
		if seed%4 == 1 {
			must(0, l.att.AddLora(l.w.influence, nil))
			l.evidence.Answers[0].Query = nil
			l.weigh()
		}
		for _, d := range l.all() {
			if losses, err := l.try(t, d); err == nil || !Refutes(err) {
				t.Fatalf("seed %d: %s: %v, %v", seed, d.Kind(), losses, err)
			}
		}
		if found := must(LoraDisputes(l.claim(), l.att, l.w.influence, l.w)); len(found) > 0 {
			t.Fatalf("seed %d: %s", seed, found[0].Kind())
		}
	}
}

// Every kind convicts what it is for.
func TestEveryLieAboutInfluenceIsProven(t *testing.T) {
	for name, lie := range map[string]struct {
		change func(l *loraLiar)
		kinds  []string
	}{
		"a friend's score": {func(l *loraLiar) {
			rows := l.att.Lora.Rows
			rows[1].Score += 1 << 20
			for i := 1; i < len(rows); i++ {
				rows[i].Sum += 1 << 20
			}
			l.amounts()
			l.weigh()
		}, []string{KindWrongScore}},
		"scores without a query": {func(l *loraLiar) {
			l.att.Lora.Query = nil
			l.evidence.Answers[0].Query = nil
		}, []string{KindWrongScore, KindWrongAmount}},
		"another contribution": {func(l *loraLiar) { l.att.Lora.Rows[2].Rank = 77; l.weigh() },
			[]string{KindWrongScore, KindWrongAmount}},
		"above the bound": {func(l *loraLiar) {
			row := &l.att.Lora.Rows[3]
			row.Amount = mulDiv(l.att.Lora.Bits, LoraBound*uint64(l.w.influence[3].SharePPM), TotalPPM) + 1
			l.weigh()
		}, []string{KindWrongAmount}},
		"one unit more": {func(l *loraLiar) { l.att.Lora.Rows[0].Amount++ }, []string{KindWrongAmount}},
		"one unit less": {func(l *loraLiar) { l.att.Lora.Rows[l.best()].Amount-- }, []string{KindWrongAmount}},
		"nothing for one": {func(l *loraLiar) { l.att.Lora.Rows[l.best()].Amount = 0; l.weigh() },
			[]string{KindWrongAmount}},
		"sum":                       {func(l *loraLiar) { l.att.Lora.Rows[2].Sum++ }, []string{KindWrongSum}},
		"first sum":                 {func(l *loraLiar) { l.att.Lora.Rows[0].Sum++ }, []string{KindWrongSum}},
		"a row less":                {func(l *loraLiar) { l.att.Lora.Rows = l.att.Lora.Rows[:5] }, []string{KindWrongSum}},
		"no deduction":              {func(l *loraLiar) { l.lowered(0) }, []string{KindWrongScore}},
		"deducted as for more rows": {func(l *loraLiar) { l.lowered(5_000) }, []string{KindWrongScore}},
		"a row more": {func(l *loraLiar) {
			l.att.Lora.Rows = append(l.att.Lora.Rows, LoraRow{Rank: 9, Sum: l.att.Lora.Rows[5].Sum})
		}, []string{KindWrongSum}},
		"more than the part may be": {func(l *loraLiar) {
			l.att.Lora.Bits = l.att.TotalBits*3/10 + 1
			l.amounts()
		}, []string{KindWrongSum, KindWrongWeights}},
		"less than is left": {func(l *loraLiar) { l.att.Lora.Bits--; l.amounts() }, []string{KindWrongWeights}},
		"a bonus for influence": {func(l *loraLiar) {
			e := &l.att.Entries[slices.IndexFunc(l.att.Entries, func(e Entry) bool { return e.LoraPPM > 1 })]
			e.LoraPPM--
		}, []string{KindWrongAmount, KindWrongWeights}},
		"weight for a friend": {func(l *loraLiar) {
			l.att.Entries[0].WeightPPM += 2
			l.att.UnattributedPPM -= 2
		}, []string{KindWrongWeights}},
		"an entry less": {func(l *loraLiar) {
			i := slices.IndexFunc(l.att.Entries, func(e Entry) bool { return e.Rank == uint64(l.best()) })
			l.att.UnattributedPPM += l.att.Entries[i].WeightPPM
			l.att.Entries = slices.Delete(l.att.Entries, i, i+1)
		}, []string{KindWrongAmount}},
	} {
		l := newLoraLiar(t, 31)
		lie.change(l)
		found := must(LoraDisputes(l.claim(), l.att, l.w.influence, l.w))
		var kinds []string
		for _, d := range found {
			if _, err := l.try(t, d); err != nil {
				t.Errorf("%s: %s: %v", name, d.Kind(), err)
			}
			kinds = append(kinds, d.Kind())
		}
		if !slices.Equal(kinds, lie.kinds) {
			t.Errorf("%s: %v instead of %v", name, kinds, lie.kinds)
		}
	}
}

// lowered sets scores as if there were so many contributions.
func (l *loraLiar) lowered(contributions int) {
	sum, rows := uint64(0), l.att.Lora.Rows
	for i := range rows {
		rows[i].Score = l.att.Lora.Query.Score(&l.w.influence[i], contributions)
		sum += rows[i].Score
		rows[i].Sum = sum
	}
	l.amounts()
	l.weigh()
}

// amounts follow from what is claimed otherwise.
func (l *loraLiar) amounts() {
	rows := l.att.Lora.Rows
	for i := range rows {
		rows[i].Amount = loraAmount(l.att.Lora.Bits, rows[i].Score, rows[len(rows)-1].Sum, l.w.influence[i].SharePPM, true)
	}
}

// best is the row with the largest amount.
func (l *loraLiar) best() int {
	best := 0
	for i, r := range l.att.Lora.Rows {
		if r.Amount > l.att.Lora.Rows[best].Amount {
			best = i
		}
	}
	return best
}

// What was not given is lost, and none of it earns a bonus.
func TestLossByInfluence(t *testing.T) {
	l := newLoraLiar(t, 31)
	best := l.best()
	right := l.att.Lora.Rows[best].Amount
	l.att.Lora.Rows[best].Amount = 0
	before := l.att.Entries
	l.weigh()
	found := must(LoraDisputes(l.claim(), l.att, l.w.influence, l.w))
	losses, err := l.try(t, found[0])
	want := quota(right, l.att.TotalBits)
	if err != nil || len(losses) != 1 || losses[0] != (Loss{uint64(best), want, want}) {
		t.Fatalf("%v, %v instead of %d", losses, err, want)
	}
	if got := weightOf(before, uint64(best)) - weightOf(l.att.Entries, uint64(best)); got+1 < want || got > want+1 {
		t.Errorf("%d ppm were lost, %d are proven", got, want)
	}
}

// A sum that is not that of the last row can be sealed, too.
func TestSealedSumIsProven(t *testing.T) {
	l := newLoraLiar(t, 32)
	seal := l.att.Lora.Seal()
	seal.Sum++
	l.seal = &seal
	c := l.claim()
	p := must(NewWrongSum(l.att, len(l.att.Lora.Rows)-1))
	d := Dispute{QueryHash: c.QueryHash, AnswerRoot: c.AnswerRoot, EvidenceRoot: c.EvidenceRoot, Lora: &seal, WrongSum: &p}
	if _, err := l.try(t, d); err != nil {
		t.Error(err)
	}
}

// A proof about influence proves nothing about a receipt by another method, without its seal, without the training
// record, or with parts of another receipt.
func TestProofsAboutInfluenceBelongToTheirReceipt(t *testing.T) {
	l := newLoraLiar(t, 33)
	l.att.Lora.Rows[l.best()].Amount++
	d := must(LoraDisputes(l.claim(), l.att, l.w.influence, l.w))[0]
	c := l.claim()
	if _, err := d.Verify(c.Record, c.Bundle, c.Training, l.w, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Verify(c.Record, c.Bundle, nil, l.w, nil); err == nil || Refutes(err) {
		t.Errorf("without a training record: %v", err)
	}
	if _, err := d.Verify(c.Record, c.Bundle, c.Training, nil, nil); !errors.Is(err, ErrContribution) {
		t.Error(err)
	}
	for name, change := range map[string]func(d *Dispute, r *Record, training *Training){
		"method":  func(_ *Dispute, r *Record, _ *Training) { r.Method = MethodMeaning },
		"no seal": func(d *Dispute, _ *Record, _ *Training) { d.Lora = nil },
		"seal": func(d *Dispute, _ *Record, _ *Training) {
			seal := *d.Lora
			seal.Bits++
			d.Lora = &seal
		},
		"base":                  func(d *Dispute, _ *Record, _ *Training) { d.WrongAmount.Base.TotalBits++ },
		"row":                   func(d *Dispute, _ *Record, _ *Training) { d.WrongAmount.Row.Row.Amount++ },
		"share of another file": func(_ *Dispute, _ *Record, training *Training) { training.TableRoot[0] ^= 1 },
		"share":                 func(d *Dispute, _ *Record, _ *Training) { d.WrongAmount.PPM++ },
		"place":                 func(d *Dispute, _ *Record, _ *Training) { d.WrongAmount.Row.Index ^= 1 },
	} {
		other, amount, record, training := d, *d.WrongAmount, c.Record, l.training
		other.WrongAmount = &amount
		change(&other, &record, &training)
		if _, err := other.Verify(record, c.Bundle, &training, l.w, nil); err == nil || !Refutes(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []Dispute{
		{WrongAmount: d.WrongAmount}, {WrongAnswer: &SignedOutcome{}, Lora: d.Lora},
	} {
		if _, err := bad.MarshalBinary(); !errors.Is(err, ErrDisputeEncoding) {
			t.Error(err)
		}
	}
}

// The largest tables can be disputed: the proofs grow with the logarithm of the rows.
func TestDisputesAboutLargeTables(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	rows := make([]InfluenceRow, MaxInfluenceRows)
	for i := range rows {
		rows[i] = InfluenceRow{Rank: uint64(i), Tokens: 1_000, SharePPM: 15}
		for j := range 8 {
			rows[i].Sketch.Set(j, rng.Intn(8))
		}
	}
	att := Attribution{TotalBits: 1 << 30}
	query := &LoraQuery{}
	for j := range 8 {
		query.Set(j, 7)
	}
	must(0, att.AddLora(rows, query))
	att.Weigh(noDerivations, nil)
	if len(att.Entries) != MaxEntries {
		t.Fatalf("%d entries", len(att.Entries))
	}
	seal := att.Lora.Seal()
	score, amount := must(NewWrongScore(att, rows, 40_000)), must(NewWrongAmount(att, rows, 40_000))
	sum, weights := must(NewWrongSum(att, 40_000, 40_001)), must(NewWrongWeights(att, att.Entries))
	for _, d := range []Dispute{
		{Lora: &seal, WrongScore: &score}, {Lora: &seal, WrongAmount: &amount}, {Lora: &seal, WrongSum: &sum},
		{Lora: &seal, WrongWeights: &weights},
	} {
		data, err := d.MarshalBinary()
		if err != nil {
			t.Errorf("%s: %v", d.Kind(), err)
		}
		t.Logf("%s: %d bytes", d.Kind(), len(data))
	}
}

// Rows of liars have any numbers: nothing panics, and what is said about them is a verdict.
func TestDisputesAboutAnyNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		influence := influences(rand.New(rand.NewSource(1)), 3)
		att := Attribution{TotalBits: rapid.Uint64().Draw(t, "total")}
		must(0, att.AddLora(influence, &LoraQuery{influence[1].Sketch}))
		for i := range att.Lora.Rows {
			r := &att.Lora.Rows[i]
			r.Score, r.Sum, r.Amount = rapid.Uint64().Draw(t, "score"), rapid.Uint64().Draw(t, "sum"),
				rapid.Uint64().Draw(t, "amount")
		}
		att.Lora.Bits = rapid.Uint64().Draw(t, "part")
		entries := []Entry{{Rank: 1, WeightPPM: 400_000, LoraPPM: rapid.Uint32Range(0, 400_000).Draw(t, "ppm")}}
		r := receiptFor(1, Hash{}, att)
		c := Claim{Record: Record{Commitment: r.Commitment(), Entries: entries, UnattributedPPM: 600_000, Method: MethodLora},
			QueryHash: r.QueryHash, EvidenceRoot: r.EvidenceRoot, Training: &Training{}}
		*c.Training = trainingOf(influence)
		w := &world{contributions: make([]Contribution, 3)}
		for i := range w.contributions {
			w.contributions[i].Segments = 2
		}
		if _, err := LoraDisputes(c, att, influence, w); err != nil {
			t.Fatal(err)
		}
	})
}
