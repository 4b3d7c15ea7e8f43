package types

import (
	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Packed returns the price as vouchers sign it.
func (p Price) Packed() (poa.Price, error) {
	var out poa.Price
	var err error
	if out.InputPer1K, err = rewardstypes.AmountOf(p.Input); err != nil {
		return out, err
	}
	if out.OutputPer1K, err = rewardstypes.AmountOf(p.Output); err != nil {
		return out, err
	}
	out.Royalty, err = rewardstypes.AmountOf(p.Royalty)
	return out, err
}

// Packed returns the outcome as the hash chain covers it.
func (o Outcome) Packed() (poa.Outcome, error) {
	out := poa.Outcome{InputTokens: o.InputTokens, OutputTokens: o.OutputTokens}
	var err error
	if len(o.AnswerRoot) != 0 {
		if out.AnswerRoot, err = poa.HashFromBytes(o.AnswerRoot); err != nil {
			return out, err
		}
	}
	out.Fee, err = rewardstypes.AmountOf(o.Fee)
	return out, err
}

// NewOutcome stores an outcome.
func NewOutcome(o poa.Outcome) Outcome {
	out := Outcome{InputTokens: o.InputTokens, OutputTokens: o.OutputTokens, Fee: math.NewIntFromBigInt(o.Fee.Big())}
	if o.AnswerRoot != (poa.Hash{}) {
		out.AnswerRoot = append([]byte(nil), o.AnswerRoot[:]...)
	}
	return out
}

// NewAccumulator stores a Merkle mountain range.
func NewAccumulator(m poa.MMR) Accumulator {
	return Accumulator{Count: m.Count, Peaks: poa.HashesToBytes(m.Peaks)}
}

// MMR returns the stored range; it fails when peaks and count disagree.
func (a Accumulator) MMR() (poa.MMR, error) {
	peaks, err := poa.HashesFromBytes(a.Peaks)
	m := poa.MMR{Count: a.Count, Peaks: peaks}
	if err != nil {
		return m, err
	}
	return m, m.Validate()
}
