package poa

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func BenchmarkTokenize(b *testing.B) {
	text := prose(rand.New(rand.NewSource(1)), 200)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Tokenize(text)
	}
}

// A 300-token answer against 16 segments of 200 tokens.
func BenchmarkAttribute(b *testing.B) {
	rng := rand.New(rand.NewSource(2))
	w := newWorld(b, rng, 4, 4, 200)
	answer := Answer{Tokens: w.answer(rng, 300)}
	var segments []Segment
	for i := range w.index.Len() {
		segments = append(segments, w.index.Segment(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		must(Attribute(answer, segments, ProtocolStatistics()))
	}
}

// One token 512 times against 4096 times the same: every position pairs with every place.
func BenchmarkAttributeWorstCase(b *testing.B) {
	answer := Answer{Tokens: make([]TokenID, MaxAnswerTokens)}
	segment := []Segment{{Tokens: make([]TokenID, MaxSegmentTokens)}}
	b.ReportAllocs()
	for b.Loop() {
		must(Attribute(answer, segment, ProtocolStatistics()))
	}
}

func BenchmarkIndexAdd(b *testing.B) {
	rng := rand.New(rand.NewSource(3))
	var segments [][]TokenID
	for range 1000 {
		segments = append(segments, TokenIDs(prose(rng, 200)))
	}
	x := NewIndex(ProtocolStatistics())
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n == 20*len(segments) {
			x, n = NewIndex(ProtocolStatistics()), 0
		}
		if err := x.Add(Segment{Rank: uint64(n), Tokens: segments[n%len(segments)]}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// A 300-token answer against 10,000 segments of 200 tokens.
func BenchmarkIndexAttribute(b *testing.B) {
	rng := rand.New(rand.NewSource(4))
	w := newWorld(b, rng, 100, 100, 200)
	answers := make([]Answer, 32)
	for i := range answers {
		answers[i].Tokens = w.answer(rng, 300)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		must(w.index.Attribute(answers[i%len(answers)]))
		i++
	}
}

// A batch of 20 answers of 300 tokens.
func BenchmarkVerifyEvidence(b *testing.B) {
	rng := rand.New(rand.NewSource(5))
	w := newWorld(b, rng, 20, 20, 200)
	batch := w.batch(b, rng, 20, 300)
	size := len(must(batch.evidence.MarshalBinary()))
	units := WorkUnits(batch.evidence)
	b.ReportAllocs()
	for b.Loop() {
		if err := VerifyEvidence(batch.receipts, batch.evidence, w, ProtocolStatistics()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size), "evidence-bytes")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(units), "ns/unit")
}

// The heaviest answer that is not refused, as validators verify it: two of them fill the work of a block.
func BenchmarkHeaviestAnswer(b *testing.B) {
	w, text := heavy(b, 1)
	made := w.lawless(b, text)
	var work Work
	for b.Loop() {
		work = Work{}
		if err := work.VerifyHeld(made.receipts, made.evidence, w, ProtocolStatistics(),
			func(int) (*Index, error) { return w.index, nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(work.Spent()), "units")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(work.Spent()), "ns/unit")
}

// proseMeaning is a bundle of answers by method MEANING that retell texts of people.
func proseMeaning(b *testing.B, answers int) (*world, []Receipt, Evidence) {
	rng := rand.New(rand.NewSource(8))
	w := &meaningWorld{world: &world{index: NewIndex(ProtocolStatistics())}, rng: rng}
	files, err := filepath.Glob("testdata/prose/*")
	if err != nil || len(files) == 0 {
		b.Fatal(err, len(files))
	}
	rank := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var segment []byte
		for line := range bytes.Lines(text) {
			if bytes.ContainsAny(line[:1], "#=-\n") {
				continue
			}
			if segment = append(segment, line...); len(TokenIDs(segment)) > 80 {
				w.publish(b, rank, SegmentFile{Segments: [][]byte{segment}})
				segment = nil
				rank++
			}
		}
	}
	key := [32]byte{1}
	var builder EvidenceBuilder
	var receipts []Receipt
	for range answers {
		var text []byte
		var asked []Segment
		for range MaxWindowSegments {
			s := w.segment(rng.Intn(rank), 0)
			if slices.ContainsFunc(asked, func(o Segment) bool { return o.Rank == s.Rank }) {
				continue
			}
			if asked = append(asked, s); len(TokenIDs(text)) < 300 {
				text = append(text, retold(rng, w.files[s.Rank].Segments[0], 80)...)
			}
		}
		att := must(w.index.AttributeMeaning(InterpretAnswer(text), asked, nil))
		if err := builder.AddText(key, text, att, w.proof); err != nil {
			b.Fatal(err)
		}
		receipts = append(receipts, Receipt{
			N: 1, Method: MethodMeaning, AnswerRoot: TextRoot(key, text, MethodMeaning), EvidenceRoot: att.Root(),
			Entries:         att.Entries,
			UnattributedPPM: att.UnattributedPPM, OutputTokens: uint32(len(TokenIDs(text))),
		})
	}
	return w.world, receipts, builder.Evidence()
}

// A bundle of 50 answers of about 300 tokens by method MEANING, as attestors verify it.
func BenchmarkVerifyMeaning(b *testing.B) {
	w, receipts, e := proseMeaning(b, 50)
	size := len(must(e.MarshalBinary()))
	var units uint64
	from := cpuTime()
	for b.Loop() {
		work := &Work{}
		if err := work.VerifyHeld(receipts, e, w, ProtocolStatistics(),
			func(int) (*Index, error) { return w.index, nil }, nil); err != nil {
			b.Fatal(err)
		}
		units = work.Spent()
	}
	b.ReportMetric(float64(size)/float64(len(receipts)), "evidence-bytes/answer")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(units), "ns/unit")
	b.ReportMetric(float64(len(receipts)*b.N)/(cpuTime()-from).Seconds(), "answers/cpu-s")
	if bound := WorkUnits(e); units > bound {
		b.Errorf("%d units, the bound is %d", units, bound)
	}
}

// What the part by influence takes beside method MEANING, for each answer.
func BenchmarkLora(b *testing.B) {
	rng := rand.New(rand.NewSource(9))
	for _, n := range []int{20, 1_000, 10_000} {
		rows := influences(rng, n)
		query := asked(rng, rows[n/2])
		for name, q := range map[string]*LoraQuery{"asked": query, "unasked": nil} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				att := Attribution{TotalBits: 300 * uint64(HiddenBits)}
				from := cpuTime()
				for b.Loop() {
					must(0, att.AddLora(rows, q))
					att.Weigh(noDerivations, func(uint64) Standing { return Standing{Segments: 1} })
					_ = att.Root()
				}
				spent := float64((cpuTime() - from).Nanoseconds()) / float64(b.N)
				b.ReportMetric(spent/1000, "cpu-µs/answer")
				b.ReportMetric(spent/float64(loraUnits(n, q != nil)), "cpu-ns/unit")
			})
		}
	}
}

// A bundle of 50 answers of about 300 tokens by method LORA, as attestors verify it, of an adapter that was trained on
// so many contributions.
func BenchmarkVerifyLora(b *testing.B) {
	for _, n := range []int{20, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, receipts, e := proseMeaning(b, 50)
			rng := rand.New(rand.NewSource(10))
			rows := influences(rng, n)
			for len(w.contributions) < n {
				w.contributions = append(w.contributions, Contribution{Segments: 1})
			}
			answers := 0
			for i := range receipts {
				r, a := &receipts[i], &e.Answers[i]
				r.Method, a.Query = MethodLora, asked(rng, rows[i%n])
				var err error
				if r.EvidenceRoot, r.Entries, r.UnattributedPPM, err = w.relora(a, e, rows); err != nil {
					b.Fatal(err)
				}
				answers++
			}
			size := len(must(e.MarshalBinary()))
			var units uint64
			from := cpuTime()
			for b.Loop() {
				work := &Work{}
				if err := work.VerifyHeld(receipts, e, w, ProtocolStatistics(), func(int) (*Index, error) { return w.index, nil },
					func(int) ([]InfluenceRow, error) { return rows, nil }); err != nil {
					b.Fatal(err)
				}
				units = work.Spent()
			}
			b.ReportMetric(float64(size)/float64(answers), "evidence-bytes/answer")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(units), "ns/unit")
			b.ReportMetric(float64(answers*b.N)/(cpuTime()-from).Seconds(), "answers/cpu-s")
		})
	}
}

// relora gives an answer of method MEANING its part by influence.
func (w *world) relora(a *AnswerEvidence, e Evidence, rows []InfluenceRow) (Hash, []Entry, uint32, error) {
	segments := make([]Segment, len(e.Segments))
	for i, s := range e.Segments {
		segments[i] = NewSegment(s.Rank, s.Index, s.Content)
		segments[i].Interpret(s.Content)
	}
	att, err := Recompute(*a, MethodLora, segments, ProtocolStatistics())
	if err != nil {
		return Hash{}, nil, 0, err
	}
	if err := att.AddLora(rows, a.Query); err != nil {
		return Hash{}, nil, 0, err
	}
	att.Weigh(derivedIn(w, 0), nil)
	return att.Root(), att.Entries, att.UnattributedPPM, nil
}
