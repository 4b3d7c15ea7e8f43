package main

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"time"

	"github.com/openledger/openledger/poa"
)

// The size of the measurement of disputes.
const (
	disputeContributions = 60
	disputeAnswers       = 12
	disputeWords         = 500
	disputeRuns          = 5 // the fastest counts: the others are those of a busy machine
)

// disputeFigures returns the longest check of a dispute, in µs, and the largest dispute, in bytes, over every kind
// against every row of answers of 500 tokens. Disputes above the limit of a transaction are refused by the encoding and
// count in neither.
func disputeFigures(seed int64) (micros, bytes Number, err error) {
	w, err := newCourt(seed)
	if err != nil {
		return missing, missing, err
	}
	t := newTable("Disputes against answers of 500 tokens", "kind", "disputes", "longest check, µs", "largest, bytes",
		"above 8 KiB")
	figures := map[string]*disputeFigure{}
	var kinds []string
	for range disputeAnswers {
		disputes, claim, err := w.disputes()
		if err != nil {
			return missing, missing, err
		}
		for _, d := range disputes {
			f := figures[d.Kind()]
			if f == nil {
				f = &disputeFigure{}
				figures[d.Kind()] = f
				kinds = append(kinds, d.Kind())
			}
			if err := f.measure(d, claim, w); err != nil {
				return missing, missing, err
			}
		}
	}
	slices.Sort(kinds)
	micros, bytes = Number(0), Number(0)
	for _, kind := range kinds {
		f := figures[kind]
		t.add(kind, fmt.Sprint(f.count), fmt.Sprintf("%.0f", f.micros), fmt.Sprint(f.bytes), fmt.Sprint(f.oversize))
		micros, bytes = max(micros, Number(f.micros)), max(bytes, Number(f.bytes))
	}
	t.print()
	return micros, bytes, nil
}

type disputeFigure struct {
	count, oversize, bytes int
	micros                 float64
}

func (f *disputeFigure) measure(d poa.Dispute, claim poa.Claim, src poa.ContributionSource) error {
	data, err := d.MarshalBinary()
	if errors.Is(err, poa.ErrOversize) {
		f.oversize++
		return nil
	} else if err != nil {
		return err
	}
	fastest := time.Duration(1 << 62)
	for range disputeRuns {
		start := time.Now()
		decoded, err := poa.UnmarshalDispute(data)
		if err != nil {
			return err
		}
		if _, err := decoded.Verify(claim.Record, claim.Bundle, nil, src, poa.ProtocolStatistics()); err == nil {
			return fmt.Errorf("%s convicts an honest provider", d.Kind())
		}
		fastest = min(fastest, time.Since(start))
	}
	f.count++
	f.bytes = max(f.bytes, len(data))
	f.micros = max(f.micros, float64(fastest.Nanoseconds())/1000)
	return nil
}

// court is a registry of made-up text, of which later contributions copy earlier ones, and a provider who answers from
// it.
type court struct {
	rng           *rand.Rand
	files         []poa.SegmentFile
	contributions []poa.Contribution
	index         *poa.Index
}

func newCourt(seed int64) (*court, error) {
	w := &court{rng: rand.New(rand.NewSource(seed)), index: poa.NewIndex(poa.ProtocolStatistics())}
	for rank := range disputeContributions {
		text := w.text(180)
		if rank >= disputeContributions/2 { // a copy: the earlier one owns its words
			text = w.files[rank-disputeContributions/2].Segments[0]
		}
		file := poa.SegmentFile{Segments: [][]byte{text}}
		w.files = append(w.files, file)
		w.contributions = append(w.contributions, poa.Contribution{Root: file.Root(nil), Segments: 1})
		if err := w.index.Add(poa.NewSegment(uint64(rank), 0, text)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// text writes words of which two in five are common.
func (w *court) text(words int) []byte {
	common := strings.Fields("the of and to in is that for it with as on be by this are from or an which")
	var out []string
	for range words {
		if w.rng.Intn(5) < 2 {
			out = append(out, common[w.rng.Intn(len(common))])
		} else {
			out = append(out, fmt.Sprintf("w%d", w.rng.Intn(20_000)))
		}
	}
	return []byte(strings.Join(out, " "))
}

// Contribution implements poa.ContributionSource.
func (w *court) Contribution(rank uint64) (poa.Contribution, error) {
	if rank >= uint64(len(w.contributions)) {
		return poa.Contribution{}, fmt.Errorf("no contribution %d", rank)
	}
	return w.contributions[rank], nil
}

// Stopped implements poa.ContributionSource.
func (w *court) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

// Standing implements poa.ContributionSource.
func (w *court) Standing(_ int, rank uint64) (poa.Standing, error) {
	c, err := w.Contribution(rank)
	return poa.Standing{Segments: c.Segments}, err
}

func (w *court) proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	return poa.SegmentProof{Rank: rank, Index: index, Content: w.files[rank].Segments[index]}, nil
}

// disputes returns all that can be said against one honest answer.
func (w *court) disputes() ([]poa.Dispute, poa.Claim, error) {
	var text []byte
	for tokens := 0; tokens < disputeWords; {
		words := strings.Fields(string(w.files[w.rng.Intn(len(w.files))].Segments[0]))
		n := 12 + w.rng.Intn(40)
		from := w.rng.Intn(len(words) - n)
		text = append(append(text, strings.Join(words[from:from+n], " ")...), ' ')
		text = append(append(text, w.text(8)...), ' ')
		tokens += n + 8
	}
	tokens := poa.TokenIDs(text)
	key := [32]byte{1}
	att, err := w.index.Attribute(poa.Answer{Tokens: tokens})
	if err != nil {
		return nil, poa.Claim{}, err
	}
	var b poa.EvidenceBuilder
	if err := b.AddText(key, text, att, w.proof); err != nil {
		return nil, poa.Claim{}, err
	}
	evidence := b.Evidence()
	r := poa.Receipt{AnswerRoot: poa.AnswerRoot(key, tokens), EvidenceRoot: att.Root()}
	claim := poa.Claim{
		Record: poa.Record{N: 1, Commitment: r.Commitment(), OutputTokens: uint32(len(tokens)), Entries: att.Entries,
			UnattributedPPM: att.UnattributedPPM},
		Bundle: evidence.Root(),
	}
	header := poa.Dispute{AnswerRoot: r.AnswerRoot, EvidenceRoot: r.EvidenceRoot}
	weights, answer := header, header
	weights.WrongWeights = &poa.WrongWeights{Rows: att.Rows, TotalBits: att.TotalBits}
	answer.WrongAnswer = &poa.SignedOutcome{
		Outcome: poa.Outcome{AnswerRoot: r.AnswerRoot, OutputTokens: uint32(len(tokens))}}
	out := []poa.Dispute{weights, answer}
	for i, row := range att.Rows {
		more, err := w.against(header, att, evidence, i, row)
		if err != nil {
			return nil, claim, err
		}
		out = append(out, more...)
	}
	return out, claim, nil
}

// against returns what can be said against one row.
func (w *court) against(header poa.Dispute, att poa.Attribution, evidence poa.Evidence, i int,
	row poa.Row) ([]poa.Dispute, error) {
	proof, err := poa.NewRowProof(att, i)
	if err != nil {
		return nil, err
	}
	var positions []uint32
	for p := row.Position; p < row.Position+row.Length; p++ {
		positions = append(positions, p)
	}
	opened, err := poa.Narrow(evidence.Answers[0], positions)
	if err != nil {
		return nil, err
	}
	owner, _ := w.proof(row.Rank, row.Segment)
	earlier := owner
	if row.Rank > 0 {
		earlier, _ = w.proof(row.Rank-1, 0)
	}
	unqualified, err := poa.NewAnswerProof(evidence, 0)
	if err != nil {
		return nil, err
	}
	unqualified.Row, unqualified.Segment = proof, owner
	a, b, c, d := header, header, header, header
	a.ForgedRow = &poa.ForgedRow{Row: proof, Segment: owner, Opened: opened}
	b.WrongBits = &poa.WrongBits{Row: proof, Opened: opened}
	c.EarlierSegment = &poa.EarlierSegment{Row: proof, Segment: earlier, Opened: opened}
	d.UnqualifiedRow = &unqualified
	return []poa.Dispute{a, b, c, d}, nil
}
