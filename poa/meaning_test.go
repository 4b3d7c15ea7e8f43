package poa

import (
	"errors"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMarks(t *testing.T) {
	for text, want := range map[string]string{
		"One two. Three":               "s|e|se",
		"Take 3.5 mg at io.Reader now": "s|||||||e",
		"是吗？不是。":                       "s|e|s|e",
		"a\nb":                         "se|se",
		"Why? Because!":                "se|se",
		"one":                          "se",
		"":                             "",
	} {
		var got []string
		for _, m := range Marks([]byte(text)) {
			s := ""
			if m&MarkStarts != 0 {
				s += "s"
			}
			if m&MarkEnds != 0 {
				s += "e"
			}
			got = append(got, s)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q instead of %q", text, strings.Join(got, "|"), want)
		}
	}
}

// TestWeight: words count more than letters, stop words nothing, in every script.
func TestWeight(t *testing.T) {
	for text, want := range map[string]uint32{
		"": 0, "the of and": 0, "pemphigoid": 1, "pemphigoid gestationis in pregnancy": 4, "妊娠": 1, "类天疱疮是妊娠": 3,
		"пемфигоид беременных": 3,
	} {
		if got := Weight([]byte(text)); got != want {
			t.Errorf("%q: %d instead of %d", text, got, want)
		}
		if a := InterpretAnswer([]byte(text)); a.Weight != want {
			t.Errorf("%q: %d instead of %d", text, a.Weight, want)
		}
	}
	key := [32]byte{1}
	text := []byte("pemphigoid gestationis")
	if TextRoot(key, text, MethodMeaning) == MarkedAnswerRoot(key, TokenIDs(text), Marks(text), 0) {
		t.Error("the weight is not committed")
	}
}

// TestConceptNames checks that forms, spellings and scripts of one word meet.
func TestConceptNames(t *testing.T) {
	for _, group := range []string{
		"dermatitis dermatitis дерматитис δερματιτις", "psoriasis псориасис", "pharmacology farmakology",
		"treatments treatment", "naïve naive",
	} {
		words := strings.Fields(group)
		for _, w := range words[1:] {
			if a, b := ConceptName([]byte(Fold([]byte(words[0])))), ConceptName([]byte(Fold([]byte(w)))); a != b {
				t.Errorf("%s is %q, %s is %q", words[0], a, w, b)
			}
		}
	}
}

// pathReference is the best sum of any path, by trying all changes.
func pathReference(x *meaningWorkspace, sources []source) int32 {
	n := len(x.cost)
	best := make([]int32, len(sources)+1)
	for p := range n {
		next := make([]int32, len(best))
		for s := range next {
			next[s] = -1 << 30
			for before, v := range best {
				next[s] = max(next[s], v-changeReference(x, p, before, s))
			}
			if s < len(sources) {
				next[s] += sources[s].sum[p+1] - sources[s].sum[p]
			} else {
				next[s] += NobodyBits
			}
		}
		best = next
	}
	return slices.Max(best)
}

func changeReference(x *meaningWorkspace, p, before, after int) int32 {
	if before == after {
		return 0
	}
	return x.change(p)
}

// retold writes n words of a text in another order, with others between, in sentences.
func retold(rng *rand.Rand, text []byte, n int) []byte {
	words := strings.Fields(string(text))
	var b strings.Builder
	for i := range n {
		switch {
		case rng.Intn(4) == 0:
			b.Write(prose(rng, 1))
		default:
			b.WriteString(words[rng.Intn(len(words))])
		}
		if i%11 == 10 {
			b.WriteString(". ")
		} else {
			b.WriteByte(' ')
		}
	}
	return []byte(b.String())
}

// meaningWorld is a world with answers by method MEANING and what was considered for each.
type meaningWorld struct {
	*world
	rng  *rand.Rand
	used []segmentKey // those of the last answer
}

func (w *meaningWorld) segment(rank int, index uint32) Segment {
	text := w.files[rank].Segments[index]
	s := NewSegment(uint64(rank), index, text)
	s.Interpret(text)
	return s
}

// answer returns a text that retells some segments, quotes some, and says something of its own, and its attribution
// where some segments were retrieved for a question and others were found.
func (w *meaningWorld) answer(t *testing.T) ([]byte, Attribution) {
	var text []byte
	var asked, found []Segment
	w.used = nil
	for rank := range w.files {
		if len(asked) == MaxWindowSegments {
			break
		}
		index := uint32(w.rng.Intn(len(w.files[rank].Segments)))
		w.used = append(w.used, segmentKey{uint64(rank), index})
		if w.rng.Intn(4) == 0 {
			found = append(found, w.segment(rank, index))
		} else {
			asked = append(asked, w.segment(rank, index))
		}
		switch content := w.files[rank].Segments[index]; w.rng.Intn(4) {
		case 0:
			text = append(text, retold(w.rng, content, 10+w.rng.Intn(50))...)
		case 1:
			text = append(append(text, content[:len(content)/3]...), ". "...)
		case 2:
			text = append(append(text, prose(w.rng, 20+w.rng.Intn(200))...), ". "...)
		}
	}
	att, err := w.index.AttributeMeaning(InterpretAnswer(text), asked, found)
	if err != nil {
		t.Fatal(err)
	}
	return text, att
}

func TestMeaningVerifies(t *testing.T) {
	for seed := range int64(40) {
		rng := rand.New(rand.NewSource(seed))
		w := &meaningWorld{world: newWorld(t, rng, 6, 3, 20+int(seed)*4), rng: rng}
		key := [32]byte{1}
		var b EvidenceBuilder
		var receipts []Receipt
		paid := false
		for range 4 {
			text, att := w.answer(t)
			if err := b.AddText(key, text, att, w.proof); err != nil {
				t.Fatal(err)
			}
			r := Receipt{
				N: 1, Method: MethodMeaning, AnswerRoot: TextRoot(key, text, MethodMeaning), EvidenceRoot: att.Root(),
				Entries:         att.Entries,
				UnattributedPPM: att.UnattributedPPM, OutputTokens: uint32(len(TokenIDs(text))),
			}
			receipts = append(receipts, r)
			paid = paid || slices.ContainsFunc(att.Rows, func(r Row) bool { return r.Window })
		}
		e := b.Evidence()
		data, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if e, err = UnmarshalEvidence(data); err != nil {
			t.Fatal(err)
		}
		if err := VerifyEvidence(receipts, e, w, ProtocolStatistics()); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		index := func(int) (*Index, error) { return w.index, nil }
		if err := VerifyHeld(receipts, e, w, ProtocolStatistics(), index, nil); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := VerifyComplete(receipts, e, ProtocolStatistics(), index); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !paid {
			t.Errorf("seed %d: nothing was paid for what it means", seed)
		}
	}
}

func TestMeaningPathIsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := &meaningWorkspace{pathRule: answerRule, cost: make([]int32, rapid.IntRange(1, 40).Draw(t, "n"))}
		x.marks = make([]uint8, len(x.cost))
		for p := range x.marks {
			x.marks[p] = uint8(rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "mark"))
		}
		sources := make([]source, rapid.IntRange(1, 5).Draw(t, "sources"))
		for i := range sources {
			sources[i] = source{segment: int32(i), sum: make([]int32, len(x.cost)+1)}
			for p := range x.cost {
				sources[i].sum[p+1] = sources[i].sum[p] + int32(rapid.IntRange(-20, 70).Draw(t, "bits"))
			}
		}
		path := x.path(sources)
		states := make([]int, len(x.cost)) // by position: the source, or nobody
		for p := range states {
			states[p] = len(sources)
		}
		for _, s := range path {
			for p := s.from; p < s.to; p++ {
				states[p] = s.source
			}
		}
		got := int32(0)
		for p, s := range states {
			if p > 0 {
				got -= changeReference(x, p, states[p-1], s)
			}
			if s < len(sources) {
				got += sources[s].sum[p+1] - sources[s].sum[p]
			} else {
				got += NobodyBits
			}
		}
		if gain := got - int32(len(states))*NobodyBits; gain != x.gain {
			t.Fatalf("the path %v gains %d, not %d", path, gain, x.gain)
		}
		if want := pathReference(x, sources); got != want {
			t.Fatalf("the path %v gives %d, the best one %d", path, got, want)
		}
	})
}

// TestMeaningRefusesLies checks that evidence which leaves out, adds or moves something does not verify.
func TestMeaningRefusesLies(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	w := &meaningWorld{world: newWorld(t, rng, 6, 3, 60), rng: rng}
	key := [32]byte{1}
	var text []byte
	var att Attribution
	for !slices.ContainsFunc(att.Rows, func(r Row) bool { return r.Window }) || len(att.Considered) < 2 {
		text, att = w.answer(t)
	}
	var b EvidenceBuilder
	if err := b.AddText(key, text, att, w.proof); err != nil {
		t.Fatal(err)
	}
	honest := Receipt{
		N: 1, Method: MethodMeaning, AnswerRoot: TextRoot(key, text, MethodMeaning), EvidenceRoot: att.Root(),
		Entries:         att.Entries,
		UnattributedPPM: att.UnattributedPPM, OutputTokens: uint32(len(TokenIDs(text))),
	}
	verify := func(r Receipt, e Evidence) error {
		return VerifyEvidence([]Receipt{r}, e, w, ProtocolStatistics())
	}
	if err := verify(honest, b.Evidence()); err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(r *Receipt, a *AnswerEvidence){
		"method SPAN":     func(r *Receipt, _ *AnswerEvidence) { r.Method = MethodSPAN },
		"method RAG":      func(r *Receipt, _ *AnswerEvidence) { r.Method = MethodRAG },
		"other marks":     func(_ *Receipt, a *AnswerEvidence) { a.Openings[0].Marks ^= MarkEnds },
		"more is said":    func(_ *Receipt, a *AnswerEvidence) { a.Weight++ },
		"nothing is said": func(_ *Receipt, a *AnswerEvidence) { a.Weight = 0 },
		"no marks":        func(r *Receipt, _ *AnswerEvidence) { r.AnswerRoot = TextRoot(key, text, MethodSPAN) },
		"words hidden": func(_ *Receipt, a *AnswerEvidence) {
			for i := range a.Openings {
				a.Openings[i].Word = nil
			}
		},
		"nothing is listed": func(_ *Receipt, a *AnswerEvidence) { a.Windows = nil },
		"one less is listed": func(_ *Receipt, a *AnswerEvidence) {
			a.Windows = a.Windows[1:]
		},
		"other rows": func(r *Receipt, _ *AnswerEvidence) { r.EvidenceRoot[0] ^= 1 },
	} {
		r, e := honest, b.Evidence()
		a := e.Answers[0]
		a.Openings = slices.Clone(a.Openings)
		lie(&r, &a)
		e.Answers = []AnswerEvidence{a}
		if err := verify(r, e); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
}

// TestMeaningRowsAreNotConvicted plays every dispute against every row of honest answers.
func TestMeaningRowsAreNotConvicted(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	w := &meaningWorld{world: newWorld(t, rng, 6, 3, 60), rng: rng}
	key := [32]byte{1}
	for range 12 {
		text, att := w.answer(t)
		var b EvidenceBuilder
		if err := b.AddText(key, text, att, w.proof); err != nil {
			t.Fatal(err)
		}
		e := b.Evidence()
		r := Receipt{N: 1, Method: MethodMeaning, AnswerRoot: TextRoot(key, text, MethodMeaning), EvidenceRoot: att.Root(),
			Entries: att.Entries, UnattributedPPM: att.UnattributedPPM}
		c := Claim{Record: Record{Method: MethodMeaning, Commitment: r.Commitment()}, AnswerRoot: r.AnswerRoot,
			EvidenceRoot: r.EvidenceRoot, Bundle: e.Root()}
		for i, row := range att.Rows {
			proof := must(NewRowProof(att, i))
			segment := must(w.proof(row.Rank, row.Segment))
			answer := must(NewAnswerProof(e, 0))
			answer.Row, answer.Segment = proof, segment
			if err := VerifyUnqualifiedRow(c, answer, w, ProtocolStatistics()); err == nil {
				t.Errorf("row %d is convicted: unqualified", i)
			}
			positions := []uint32{row.Position}
			if row.Window {
				positions = Stretch(row, e.Answers[0])
			}
			opened := must(Narrow(e.Answers[0], positions))
			if err := VerifyForgedRow(c, ForgedRow{proof, segment, opened}, w); !errors.Is(err, ErrDispute) {
				t.Errorf("row %d is convicted or not judged: forged: %v", i, err)
			}
			if !row.Window {
				continue
			}
			for range 8 { // whatever is left out convicts nobody
				fewer := slices.DeleteFunc(slices.Clone(positions), func(uint32) bool { return w.rng.Intn(6) == 0 })
				part := must(Narrow(e.Answers[0], fewer))
				for k := range part.Openings {
					if w.rng.Intn(8) == 0 {
						part.Openings[k].Word = nil
					}
				}
				if err := VerifyForgedRow(c, ForgedRow{proof, segment, part}, w); err == nil {
					t.Errorf("row %d is convicted by %d of its %d positions", i, len(fewer), len(positions))
				}
			}
			// A row that says another thing than its stretch.
			for name, change := range map[string]func(*Row){
				"more": func(r *Row) { r.Score += 1 << 12 }, "fractions": func(r *Row) { r.Score++ },
				"a word more": func(r *Row) { r.Length = r.Seed - r.Position + 1 },
				"none":        func(r *Row) { r.Length = 0 }, "before": func(r *Row) { r.Position, r.Length = r.Offset-1, 1 },
				"nobody gives more": func(r *Row) { r.Score = 0 },
			} {
				if name == "before" && row.Offset == 0 {
					continue
				}
				lie := att
				lie.Rows = slices.Clone(att.Rows)
				change(&lie.Rows[i])
				forged := r
				forged.EvidenceRoot = lie.Root()
				lied := Claim{Record: Record{Method: MethodMeaning, Commitment: forged.Commitment()}, AnswerRoot: r.AnswerRoot,
					EvidenceRoot: forged.EvidenceRoot, Bundle: e.Root()}
				if err := VerifyForgedRow(lied, ForgedRow{must(NewRowProof(lie, i)), segment, opened}, w); err != nil {
					t.Errorf("row %d with %s is not convicted: %v", i, name, err)
				}
			}
			// A row of a segment that says something else.
			lie := att
			lie.Rows = slices.Clone(att.Rows)
			other := uint32(0)
			rank := (row.Rank + 1) % uint64(len(w.files))
			if slices.Contains(w.used, segmentKey{rank, other}) {
				continue
			}
			lie.Rows[i].Rank, lie.Rows[i].Segment = rank, other
			forged := r
			forged.EvidenceRoot = lie.Root()
			lied := Claim{Record: Record{Method: MethodMeaning, Commitment: forged.Commitment()}, AnswerRoot: r.AnswerRoot,
				EvidenceRoot: forged.EvidenceRoot, Bundle: e.Root()}
			answer.Row, answer.Segment = must(NewRowProof(lie, i)), must(w.proof(rank, other))
			if err := VerifyUnqualifiedRow(lied, answer, w, ProtocolStatistics()); err != nil {
				t.Errorf("row %d of a segment that says something else is not convicted: %v", i, err)
			}
			if err := VerifyForgedRow(lied, ForgedRow{answer.Row, answer.Segment, opened}, w); err != nil {
				t.Errorf("row %d of a segment that says something else is not convicted of being forged: %v", i, err)
			}
		}
	}
}

func TestMeaningSearch(t *testing.T) {
	s := NewMeaningSearch()
	for _, text := range []string{
		"A daemon reads its configuration when it starts.",
		"Itching in late pregnancy may be pemphigoid gestationis; blisters follow.", "The kidney filters the blood.",
	} {
		s.Add([]byte(text))
	}
	for question, want := range map[string]int{
		"Which illness of pregnant women comes with blisters?": 1, "Wodurch entstehen Blasen in der Schwangerschaft?": 1,
		"Was filtert das Blut?": 2, "What do renal organs do with blood?": 2,
	} {
		if got := s.Rank([]byte(question), 1); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", question, got)
		}
	}
	if got := s.Rank([]byte("the of and"), 3); len(got) != 0 {
		t.Errorf("stop words find %v", got)
	}
}

// heldOnly returns a workspace of an answer that is compared with a text as if it were one part, and the sums.
func heldOnly(answer, text string) (*meaningWorkspace, []int32) {
	a := InterpretAnswer([]byte(answer))
	var s Segment
	s.Interpret([]byte(text))
	x := &meaningWorkspace{pathRule: answerRule}
	x.open(a)
	var held []slotSense
	for _, c := range leastSenses(slices.Concat(s.Concepts...)) {
		if slot := x.table.slot(c.Concept); slot != 0 {
			held = append(held, slotSense{slot, c.Bits + 1})
		}
	}
	x.hold([][]slotSense{held})
	return x, x.sums()
}

// A word counts only with a second one in its sentence, and then at the second one.
func TestSingleWordsSayNothing(t *testing.T) {
	const text = "The dermatologist prescribes prednisolone."
	x, sum := heldOnly("Take prednisolone today. Prednisolone comes from the dermatologist.", text)
	if sum[2] > sum[1] {
		t.Errorf("a single word of the first sentence gives %d", sum[2]-sum[1])
	}
	if sum[4] != sum[3] {
		t.Errorf("the first word of the second sentence gives %d before there is another", sum[4]-sum[3])
	}
	if last := len(sum) - 1; sum[last]-sum[last-1] <= knownGain {
		t.Errorf("the second word gives %d, and the first nothing", sum[last]-sum[last-1])
	}
	if from, _, _ := x.bestStretch(sum); from != 3 {
		t.Errorf("the best stretch begins at token %d, not with the first word that counts in it", from)
	}
}

// A word that the table of meaning does not list costs more where a text does not have it.
func TestStrangeWordsCost(t *testing.T) {
	meanings := InterpretAnswer([]byte("house readheaderbytes of")).Meanings
	if meanings[0].Cost != missCost || meanings[1].Cost != strangeCost || meanings[2].Cost != 0 {
		t.Errorf("costs %d, %d and %d", meanings[0].Cost, meanings[1].Cost, meanings[2].Cost)
	}
}

// No stretch gives a part more than the most that is computed before its parts are looked at, and hiding positions
// raises no sum.
func TestStretchesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		a := Answer{Tokens: make([]TokenID, n), Marks: make([]uint8, n), Meanings: make([]Meaning, n),
			Hidden: make([]bool, n)}
		for p := range n {
			a.Marks[p] = uint8(rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "mark"))
			a.Meanings[p].Cost = rapid.SampledFrom([]int32{0, letterCost, missCost, strangeCost}).Draw(t, "cost")
			for range rapid.IntRange(0, 2).Draw(t, "senses") {
				concept := uint32(rapid.IntRange(1, 12).Draw(t, "concept"))
				bits := int32(rapid.IntRange(-20, knownGain).Draw(t, "bits"))
				a.Meanings[p].Senses = append(a.Meanings[p].Senses, Sense{concept, bits})
			}
		}
		a.Marks[0] = MarkStarts
		held := map[uint32]bool{}
		for range 6 {
			held[uint32(rapid.IntRange(1, 12).Draw(t, "held"))] = true
		}
		sums := func(a Answer) (*meaningWorkspace, []int32) {
			x := &meaningWorkspace{pathRule: answerRule}
			x.open(a)
			for concept := range held {
				if slot := x.table.slot(concept); slot != 0 {
					x.off[slot] = 1
				}
			}
			return x, x.sums()
		}
		x, sum := sums(a)
		if _, _, best := x.bestStretch(sum); best > x.most() {
			t.Fatalf("a stretch gives %d, the most is %d", best, x.most())
		}
		hidden := a
		for p := range n {
			hidden.Hidden[p] = rapid.Bool().Draw(t, "hidden")
		}
		_, less := sums(hidden)
		sentence := 0
		for p := range n { // from the start of a sentence on, where what counts later is in the sum
			if a.Marks[p]&MarkStarts != 0 {
				sentence = p
			}
			if less[p+1]-less[sentence] > sum[p+1]-sum[sentence] {
				t.Fatalf("positions %d to %d give %d with some hidden, %d without", sentence, p, less[p+1]-less[sentence],
					sum[p+1]-sum[sentence])
			}
		}
	})
}
