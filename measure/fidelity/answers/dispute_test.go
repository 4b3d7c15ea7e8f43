package answers

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/openledger/openledger/poa"
)

// passages are the registered ones as a chain knows them.
type passages struct{ w *World }

func (p passages) text(rank uint64) []byte { return []byte(p.w.Set.Passages[p.w.order[rank-1]].Text) }

func (p passages) Contribution(rank uint64) (poa.Contribution, error) {
	if rank == 0 || rank > uint64(len(p.w.order)) {
		return poa.Contribution{}, fmt.Errorf("no contribution %d", rank)
	}
	return poa.Contribution{Root: poa.SegmentLeaf(0, nil, p.text(rank)), Segments: 1, AllowFewStopWords: true}, nil
}

func (p passages) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

func (p passages) Standing(_ int, rank uint64) (poa.Standing, error) {
	c, err := p.Contribution(rank)
	return poa.Standing{Segments: c.Segments}, err
}

func (p passages) proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	return poa.SegmentProof{Rank: rank, Index: index, Content: p.text(rank)}, nil
}

// TestRowsCanBeDisputed plays the dispute over what a row is paid for against every row of method MEANING of the
// answers: an honest row is not convicted, one with another score or another segment is but for chance, and nearly all
// proofs fit into a transaction.
func TestRowsCanBeDisputed(t *testing.T) {
	rows, large, largest, lies, escaped := 0, 0, 0, 0, 0
	var times []time.Duration
	for _, name := range []string{"dermatology", "go"} {
		answers, err := os.ReadFile("../testdata/answers/" + name + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		sources, err := os.ReadFile("../testdata/answers/" + name + "_sources.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		set, err := Parse(name, name, answers, name, sources)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Register(set, 1)
		if err != nil {
			t.Fatal(err)
		}
		src := passages{w}
		for i := range w.cases {
			c := &w.cases[i]
			att, err := w.Registry.Meaning(c.answer, c.retrieved)
			if err != nil {
				t.Fatal(err)
			}
			for k, row := range att.Rows {
				if !row.Window || poa.CheckSegment(src.text(row.Rank), poa.SegmentRules{AllowFewStopWords: true}) != nil {
					continue // text of the set that no DataNet would take cannot be shown
				}
				rows++
				honest, claim := dispute(t, src, c, att, k, row)
				start := time.Now()
				_, err := honest.Verify(claim.Record, claim.Bundle, nil, src, poa.ProtocolStatistics())
				times = append(times, time.Since(start))
				if !errors.Is(err, poa.ErrDispute) {
					t.Errorf("%s %s, row %d: convicted or not judged: %v", name, c.item.ID, k, err)
				}
				if data, err := honest.MarshalBinary(); err == nil {
					largest = max(largest, len(data))
				} else {
					large++
				}
				more := row
				more.Score += 1 << 12
				other := row
				if other.Rank = 1; row.Rank == 1 {
					other.Rank = 2
				}
				for _, lie := range []poa.Row{more, other} {
					if poa.CheckSegment(src.text(lie.Rank), poa.SegmentRules{AllowFewStopWords: true}) != nil {
						continue
					}
					lied, claim := dispute(t, src, c, att, k, lie)
					if _, err := lied.Verify(claim.Record, claim.Bundle, nil, src, poa.ProtocolStatistics()); err != nil {
						escaped++ // another part gives by chance what the lie says
					}
					lies++
				}
			}
		}
	}
	slices.Sort(times)
	t.Logf("%d rows: half of the checks took %v or less, nine in ten %v; the largest proof that fits has %d bytes, %d "+
		"do not fit; %d of %d lies escape",
		rows, times[len(times)/2], times[len(times)*9/10], largest, large, escaped, lies)
	if rows < 100 || 20*large > rows || 50*escaped > lies {
		t.Errorf("%d of %d proofs do not fit, %d of %d lies escape", large, rows, escaped, lies)
	}
}

// dispute returns the proof that a row is not paid for what its stretch means, after the row was replaced, and what the
// provider claims.
func dispute(t *testing.T, src passages, c *prepared, att poa.Attribution, k int,
	row poa.Row) (poa.Dispute, poa.Claim) {
	t.Helper()
	key, text := [32]byte{1}, []byte(c.item.Text())
	var b poa.EvidenceBuilder
	if err := b.AddText(key, text, att, src.proof); err != nil {
		t.Fatal(err)
	}
	evidence := b.Evidence().Answers[0]
	opened, err := poa.Narrow(evidence, poa.Stretch(row, evidence))
	if err != nil {
		t.Fatal(err)
	}
	lie := att
	lie.Rows = append([]poa.Row(nil), att.Rows...)
	lie.Rows[k] = row
	r := poa.Receipt{AnswerRoot: poa.TextRoot(key, text, poa.MethodMeaning), EvidenceRoot: lie.Root()}
	proof, err := poa.NewRowProof(lie, k)
	if err != nil {
		t.Fatal(err)
	}
	segment, _ := src.proof(row.Rank, row.Segment)
	d := poa.Dispute{AnswerRoot: r.AnswerRoot, EvidenceRoot: r.EvidenceRoot,
		ForgedRow: &poa.ForgedRow{Row: proof, Segment: segment, Opened: opened}}
	return d, poa.Claim{Record: poa.Record{Method: poa.MethodMeaning, Commitment: r.Commitment()}}
}
