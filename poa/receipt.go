package poa

import (
	"fmt"
	"slices"
)

const (
	// MethodSPAN attributes by local alignment; the earliest qualified segment wins.
	MethodSPAN uint8 = 1
	// MethodRAG is MethodSPAN, and local windows over the retrieved segments for what it leaves.
	MethodRAG uint8 = 2
	// MethodMeaning is MethodSPAN, and for what it leaves a path over the answer through the segments that hold what its
	// words mean.
	MethodMeaning uint8 = 3
	// MethodLora is MethodMeaning, and for part of what it leaves the influence of contributions on the adapter that
	// answered. Its receipts can be verified only with the adapter's influence file.
	MethodLora uint8 = 4
	// MaxEntries is the largest number of contributions one receipt pays.
	MaxEntries = 16
	// TotalPPM is the sum of all weights and the unattributed share.
	TotalPPM = 1_000_000
	// MaxCallTokens bounds the billed tokens of a call on either side.
	MaxCallTokens = 1 << 24
)

// Entry gives a contribution, named by its commit rank, its share in parts per million.
type Entry struct {
	Rank      uint64
	WeightPPM uint32
	// LoraPPM is the part of WeightPPM that the contribution gets by its influence, rounded up. It is 0 for other methods
	// than LORA. It earns no bonus.
	LoraPPM uint32 `json:",omitempty"`
}

// ByMeaning reports whether a method attributes by the meaning of words what SPAN leaves: MethodMeaning and MethodLora
// do.
func ByMeaning(method uint8) bool { return method == MethodMeaning || method == MethodLora }

// Receipt is one call as a provider submits it. A gap (a failed call, or an acknowledgement) carries only Session, N
// and Call.
type Receipt struct {
	// Session is the index of the session in the batch, N the call's number in the session.
	Session uint32
	N       uint64
	// Gap marks a call without an answer.
	Gap bool
	// Method is the method of attribution; zero stands for MethodSPAN. It is the method of the session's model and not
	// part of the encoding.
	Method uint8
	// Call is the call hash. Of an answered call it is derived from QueryHash and MaxFee: it may be left zero and
	// UnmarshalReceipts fills it in.
	Call Hash
	// QueryHash and MaxFee (aopen) are those of the Call.
	QueryHash Hash
	MaxFee    Amount
	// AnswerRoot commits to the answer, EvidenceRoot to the rows (see Attribution.Root).
	AnswerRoot, EvidenceRoot Hash
	// InputTokens and OutputTokens are the model's tokens that are billed.
	InputTokens, OutputTokens uint32
	// Fee is in aopen.
	Fee Amount
	// Entries are ordered by descending weight, ties by ascending rank.
	Entries []Entry
	// UnattributedPPM is what no contribution earns.
	UnattributedPPM uint32
}

// CallHash returns Call of a gap, and otherwise the hash of QueryHash and MaxFee.
func (r Receipt) CallHash() Hash {
	if r.Gap {
		return r.Call
	}
	return Call{QueryHash: r.QueryHash, MaxFee: r.MaxFee}.Hash()
}

// Outcome returns what the next call acknowledges; it is the zero value for a gap.
func (r Receipt) Outcome() Outcome {
	if r.Gap {
		return Outcome{}
	}
	return Outcome{AnswerRoot: r.AnswerRoot, InputTokens: r.InputTokens, OutputTokens: r.OutputTokens, Fee: r.Fee}
}

// Commitment returns SHA-256("openledger/receipt/v1" ‖ query hash ‖ answer root ‖ evidence root). The commitment of a
// gap is its Call.
func (r Receipt) Commitment() Hash {
	if r.Gap {
		return r.Call
	}
	return hashConcat([]byte("openledger/receipt/v1"), r.QueryHash[:], r.AnswerRoot[:], r.EvidenceRoot[:])
}

// Validate checks everything that follows from the receipt alone; failures wrap ErrReceipt.
func (r Receipt) Validate() error {
	if !r.Gap && r.Call != (Hash{}) && r.Call != r.CallHash() {
		return fmt.Errorf("%w: call hash %s is not that of its query and maximum fee", ErrReceipt, r.Call)
	}
	return r.validate()
}

// validate is Validate without the call hash.
func (r *Receipt) validate() error {
	if r.N == 0 {
		return fmt.Errorf("%w: call number 0; calls of a session count from 1", ErrReceipt)
	}
	if r.Gap {
		return r.validateGap()
	}
	if r.InputTokens > MaxCallTokens || r.OutputTokens > MaxCallTokens {
		return fmt.Errorf("%w: %d input and %d output tokens; at most %d of each", ErrReceipt, r.InputTokens, r.OutputTokens,
			MaxCallTokens)
	}
	if r.Fee.Cmp(r.MaxFee) > 0 {
		return fmt.Errorf("%w: fee of %s aopen is above the authorised %s", ErrReceipt, r.Fee, r.MaxFee)
	}
	if err := validateEntries(r.Entries, r.UnattributedPPM); err != nil {
		return fmt.Errorf("%w: %s", ErrReceipt, err.Error())
	}
	if r.Method != 0 && r.Method != MethodLora && hasLora(r.Entries) {
		return fmt.Errorf("%w: entries by influence are those of method %d, the model's method is %d", ErrReceipt, MethodLora,
			r.Method)
	}
	return nil
}

// hasLora reports whether any entry has a part by influence.
func hasLora(entries []Entry) bool {
	return slices.ContainsFunc(entries, func(e Entry) bool { return e.LoraPPM != 0 })
}

func (r *Receipt) validateGap() error {
	if r.QueryHash != (Hash{}) || !r.MaxFee.IsZero() || r.AnswerRoot != (Hash{}) || r.EvidenceRoot != (Hash{}) ||
		r.InputTokens != 0 || r.OutputTokens != 0 || !r.Fee.IsZero() || len(r.Entries) != 0 || r.UnattributedPPM != 0 {
		return fmt.Errorf("%w: a gap carries only session, number and call hash", ErrReceipt)
	}
	if r.Call == (Hash{}) {
		return fmt.Errorf("%w: a gap needs the call hash that the payer signed", ErrReceipt)
	}
	return nil
}

// validateEntries checks number, order, weights and sum.
func validateEntries(entries []Entry, unattributed uint32) error {
	if len(entries) > MaxEntries {
		return fmt.Errorf("%d entries, at most %d are allowed", len(entries), MaxEntries)
	}
	sum := uint64(unattributed)
	for i, e := range entries {
		if e.WeightPPM == 0 {
			return fmt.Errorf("entry %d has no weight; leave it out", i)
		}
		if e.LoraPPM > e.WeightPPM {
			return fmt.Errorf("entry %d has %d ppm by influence and weighs %d", i, e.LoraPPM, e.WeightPPM)
		}
		sum += uint64(e.WeightPPM)
		if i > 0 && compareEntries(entries[i-1], e) >= 0 {
			return fmt.Errorf("entry %d is out of order; sort by descending weight, then ascending rank", i)
		}
		for _, earlier := range entries[:i] {
			if earlier.Rank == e.Rank {
				return fmt.Errorf("rank %d has two entries; add them up", e.Rank)
			}
		}
	}
	if sum != TotalPPM {
		return fmt.Errorf("weights and unattributed share sum to %d ppm instead of %d", sum, TotalPPM)
	}
	return nil
}

// compareEntries orders by descending weight, then ascending rank.
func compareEntries(a, b Entry) int {
	switch {
	case a.WeightPPM != b.WeightPPM:
		if a.WeightPPM > b.WeightPPM {
			return -1
		}
		return 1
	case a.Rank != b.Rank:
		if a.Rank < b.Rank {
			return -1
		}
		return 1
	default:
		return 0
	}
}
