package poa

import (
	"fmt"
	"slices"
)

// LoraDisputes returns the disputes that an influence file proves against a receipt of method LORA, at most one of each
// kind. att is the attribution that the receipt's evidence root commits to, and influence has the file's rows. If the
// rows by influence under an evidence root are unknown, no dispute can show them wrong. Validators, who compute the
// right rows, refuse such a root.
func LoraDisputes(c Claim, att Attribution, influence []InfluenceRow, src ContributionSource) ([]Dispute, error) {
	if att.Lora == nil {
		return nil, fmt.Errorf("%w: the attribution has no part by influence", ErrDispute)
	}
	if err := ValidateInfluence(influence); err != nil {
		return nil, err
	}
	d := newLoraDisputer(c, att, influence, src)
	for _, find := range [...]func() (bool, error){d.wrongScore, d.wrongAmount, d.wrongSum, d.wrongWeights} {
		if _, err := find(); err != nil {
			return nil, err
		}
	}
	return d.found, nil
}

// NewWrongScore returns the proof for the i-th row by influence of an attribution, with query and sketch.
func NewWrongScore(att Attribution, influence []InfluenceRow, i int) (WrongScore, error) {
	row, err := newLoraRowProof(att, i)
	if err != nil {
		return WrongScore{}, err
	}
	p := WrongScore{Base: NewRowsBase(att), Row: row, Query: att.Lora.Query}
	if p.Query == nil {
		return p, nil
	}
	if p.Path, err = MerklePath(sketchLeaves(influence), i); err != nil {
		return WrongScore{}, err
	}
	p.Rank, p.Tokens, p.Sketch = influence[i].Rank, influence[i].Tokens, influence[i].Sketch
	return p, nil
}

// NewWrongAmount returns the proof for the i-th row by influence of an attribution, with its share in the table.
func NewWrongAmount(att Attribution, influence []InfluenceRow, i int) (WrongAmount, error) {
	row, err := newLoraRowProof(att, i)
	if err != nil {
		return WrongAmount{}, err
	}
	p := WrongAmount{Base: NewRowsBase(att), Row: row}
	if p.Path, err = MerklePath(tableLeaves(influence), i); err != nil {
		return WrongAmount{}, err
	}
	p.Rank, p.PPM = influence[i].Rank, influence[i].SharePPM
	return p, nil
}

// NewWrongSum returns the proof for some rows by influence of an attribution: two neighbours, or the first or the last
// row.
func NewWrongSum(att Attribution, places ...int) (WrongSum, error) {
	p := WrongSum{Base: NewRowsBase(att)}
	for _, i := range places {
		row, err := newLoraRowProof(att, i)
		if err != nil {
			return WrongSum{}, err
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// NewWrongWeights returns the proof with all rows of an attribution, and for method LORA the rows by influence of the
// recorded entries.
func NewWrongWeights(att Attribution, recorded []Entry) (WrongWeights, error) {
	p := WrongWeights{Rows: att.Rows, TotalBits: att.TotalBits}
	if att.Lora == nil {
		return p, nil
	}
	var places []uint32
	for i := range att.Lora.Rows {
		row := att.Lora.Rows[i]
		if slices.ContainsFunc(recorded, func(e Entry) bool { return e.Rank == row.Rank && e.LoraPPM > 0 }) {
			places = append(places, uint32(i))
			p.Lora.Rows = append(p.Lora.Rows, PlacedLoraRow{row, uint32(i)})
		}
	}
	var err error
	p.Lora.Proof, err = Multiproof(att.Lora.leaves(), places)
	return p, err
}

func newLoraRowProof(att Attribution, i int) (LoraRowProof, error) {
	if att.Lora == nil {
		return LoraRowProof{}, fmt.Errorf("%w: the attribution has no part by influence", ErrDispute)
	}
	path, err := MerklePath(att.Lora.leaves(), i)
	if err != nil {
		return LoraRowProof{}, err
	}
	return LoraRowProof{Row: att.Lora.Rows[i], Index: uint32(i), Path: path}, nil
}

// loraDisputer looks for lies in a part by influence.
type loraDisputer struct {
	claim     Claim
	att       Attribution
	rows      []LoraRow
	influence []InfluenceRow
	src       ContributionSource
	bare      Dispute
	found     []Dispute
}

func newLoraDisputer(c Claim, att Attribution, influence []InfluenceRow, src ContributionSource) *loraDisputer {
	seal := att.Lora.Seal()
	return &loraDisputer{
		claim: c, att: att, rows: att.Lora.Rows[:min(len(att.Lora.Rows), len(influence))], influence: influence, src: src,
		bare: Dispute{QueryHash: c.QueryHash, AnswerRoot: c.AnswerRoot, EvidenceRoot: c.EvidenceRoot, Lora: &seal},
	}
}

// proves keeps a dispute that convicts. It returns an error if a dispute could not be judged.
func (d *loraDisputer) proves(dispute Dispute) (bool, error) {
	_, err := dispute.Verify(d.claim.Record, d.claim.Bundle, d.claim.Training, d.src, nil)
	if err != nil {
		if Refutes(err) {
			err = nil
		}
		return false, err
	}
	d.found = append(d.found, dispute)
	return true, nil
}

func (d *loraDisputer) wrongScore() (bool, error) {
	for i := range d.rows {
		right := uint64(0)
		if d.att.Lora.Query != nil {
			right = d.att.Lora.Query.Score(&d.influence[i], len(d.influence))
		}
		if d.rows[i].Rank == d.influence[i].Rank && d.rows[i].Score == right {
			continue
		}
		p, err := NewWrongScore(d.att, d.influence, i)
		if err != nil {
			return false, err
		}
		dispute := d.bare
		dispute.WrongScore = &p
		return d.proves(dispute)
	}
	return false, nil
}

func (d *loraDisputer) wrongAmount() (bool, error) {
	sum, part, standing := d.bare.Lora.Sum, d.att.Lora, &standings{src: d.src}
	for i := range d.rows {
		row, of := &d.rows[i], &d.influence[i]
		right := loraAmount(part.Bits, row.Score, sum, of.SharePPM, part.Query != nil)
		if row.Rank == of.Rank && row.Amount == right && d.claim.Record.needsNoEntry(row.Rank, right, d.att.TotalBits) {
			continue // whatever of it is kept: nobody is asked for each of a large manifest's contributions
		}
		kept := standing.of(row.Rank).kept(right)
		if standing.err != nil {
			return false, standing.err
		}
		if row.Rank == of.Rank && row.Amount == right && d.claim.Record.pays(row.Rank, kept, d.att.TotalBits) {
			continue
		}
		p, err := NewWrongAmount(d.att, d.influence, i)
		if err != nil {
			return false, err
		}
		dispute := d.bare
		dispute.WrongAmount = &p
		return d.proves(dispute)
	}
	return false, nil
}

// needsNoEntry reports whether a record rightly has no entry for a contribution that gets up to an amount by influence.
func (r *Record) needsNoEntry(rank, amount, total uint64) bool {
	return !slices.ContainsFunc(r.Entries, func(e Entry) bool { return e.Rank == rank }) && r.pays(rank, amount, total)
}

func (d *loraDisputer) wrongSum() (bool, error) {
	places := []int{}
	for i := range d.rows {
		if i == 0 && d.rows[0].Sum != d.rows[0].Score {
			places = []int{0}
			break
		}
		if i > 0 && d.rows[i].Sum != d.rows[i-1].Sum+d.rows[i].Score {
			places = []int{i - 1, i}
			break
		}
	}
	p, err := NewWrongSum(d.att, places...)
	if err != nil {
		return false, err
	}
	dispute := d.bare
	dispute.WrongSum = &p
	return d.proves(dispute)
}

func (d *loraDisputer) wrongWeights() (bool, error) {
	p, err := NewWrongWeights(d.att, d.claim.Record.Entries)
	if err != nil {
		return false, err
	}
	dispute := d.bare
	dispute.WrongWeights = &p
	return d.proves(dispute)
}
