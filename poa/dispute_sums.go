package poa

import (
	"fmt"
	"slices"
)

// WrongBits shows that a row does not have the surprisal it claims.
type WrongBits struct {
	Row RowProof
	// Opened are all positions of the row.
	Opened Opened
}

// VerifyWrongBits returns nil if the opened tokens of the row have another sum by the frozen statistics.
func VerifyWrongBits(c Claim, p WrongBits, stats *Statistics) error {
	if err := c.validate(); err != nil {
		return err
	}
	if stats == nil {
		return errNoStatistics
	}
	if err := p.Row.verify(c); err != nil {
		return err
	}
	if _, err := p.Opened.verify(c.AnswerRoot); err != nil {
		return err
	}
	row := &p.Row.Row
	sum, next := uint64(0), uint64(row.Position)
	for _, o := range p.Opened.Openings {
		if uint64(o.Position) != next {
			return fmt.Errorf("%w: position %d is opened where %d is expected; open exactly the row", ErrDispute, o.Position,
				next)
		}
		sum += uint64(stats.Surprisal(o.Token))
		next++
	}
	if next != row.end() {
		return fmt.Errorf("%w: %d of %d positions of the row are opened", ErrDispute, len(p.Opened.Openings), row.Length)
	}
	if sum != uint64(row.Bits) {
		return nil
	}
	return fmt.Errorf("%w: the row has the %d units of surprisal that it claims", ErrDispute, sum)
}

// WrongWeights shows that a receipt's weights do not follow from its rows.
type WrongWeights struct {
	// Rows are all rows behind the evidence root, TotalBits as in Attribution.
	Rows      []Row
	TotalBits uint64
	// Lora are the rows by influence of the entries that have a part by influence.
	Lora LoraRowsProof `json:",omitzero"`
}

// VerifyWrongWeights returns nil if the rows contradict each other, if their total is not that of an answer with the
// record's output tokens, or if entries and unattributed share do not follow from them. For method LORA it also returns
// nil if the part by influence does not follow from the rows. Entries may then differ by one part per million, because
// not all amounts by influence can be shown.
func VerifyWrongWeights(c Claim, p WrongWeights, src ContributionSource) error {
	_, err := wrongWeights(c, p, src)
	return err
}

// wrongWeights returns the entries that should have been recorded, nil if the rows themselves are impossible.
func wrongWeights(c Claim, p WrongWeights, src ContributionSource) ([]Entry, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if len(p.Rows) > MaxAnswerTokens {
		return nil, fmt.Errorf("%w: %d rows", ErrOversize, len(p.Rows))
	}
	if err := c.leadsFrom(evidenceRoot(p.Rows, p.TotalBits)); err != nil {
		return nil, err
	}
	if src == nil {
		return nil, fmt.Errorf("%w: no source of contributions given", ErrContribution)
	}
	bits, owned, end := uint64(0), uint64(0), uint64(0)
	for i := range p.Rows {
		r := &p.Rows[i]
		if r.Length == 0 || uint64(r.Position) < end {
			return nil, nil
		}
		end = r.end()
		owned += uint64(r.Length)
		bits += uint64(r.Bits)
	}
	count := uint64(c.Record.OutputTokens)
	if end > count || p.TotalBits != bits+(count-owned)*uint64(HiddenBits) {
		return nil, nil
	}
	if c.Lora != nil {
		return p.wrongLora(c, src)
	}
	entries, unattributed := apportion(rowShares(p.Rows, p.TotalBits, derivedIn(src, 0)))
	if unattributed != c.Record.UnattributedPPM || !slices.Equal(entries, c.Record.Entries) {
		return entries, nil
	}
	return nil, fmt.Errorf("%w: the weights follow from the %d rows", ErrDispute, len(p.Rows))
}

// VerifyWrongAnswer returns nil if the provider signed another outcome for the call than the one recorded. The
// signature, by the answer key of the session over signed.SignBytes, and the chain id are for the caller to check.
func VerifyWrongAnswer(c Claim, signed SignedAnswer) error {
	if err := c.validate(); err != nil {
		return err
	}
	if signed.Session != c.Record.Session || signed.N != c.Record.N {
		return fmt.Errorf("%w: call %d of session %s was signed, the record is call %d of %s", ErrDispute, signed.N,
			signed.Session, c.Record.N, c.Record.Session)
	}
	recorded := Outcome{AnswerRoot: c.AnswerRoot, InputTokens: c.Record.InputTokens, OutputTokens: c.Record.OutputTokens,
		Fee: c.Record.Fee}
	if signed.Outcome != recorded {
		return nil
	}
	return fmt.Errorf("%w: the provider signed what was recorded", ErrDispute)
}
