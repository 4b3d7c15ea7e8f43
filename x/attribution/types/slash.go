package types

import (
	"cosmossdk.io/math"
)

// burnedPercent of a slash is burned at least, so that nobody who holds both
// sides of a dispute gets back what the provider loses.
const burnedPercent = 40

// maxLosses that a conviction keeps: those that were shown first.
const maxLosses = 64

// WithLosses returns the losses that two disputes of a batch have shown. What both show counts once, as the larger of
// the two: the pay for a receipt is lost to a contributor once.
func WithLosses(known, shown []ProvenLoss) []ProvenLoss {
	out := append([]ProvenLoss(nil), known...)
	for _, loss := range shown {
		i := 0
		for i < len(out) && (out[i].Index != loss.Index || out[i].Rank != loss.Rank) {
			i++
		}
		switch {
		case i < len(out):
			out[i].Amount = math.MaxInt(out[i].Amount, loss.Amount)
		case len(out) < maxLosses:
			out = append(out, loss)
		}
	}
	return out
}

// Slash says where a slash goes; the parts sum to the total.
type Slash struct {
	Total, Compensated, Reward, Burned math.Int
	// Losses, with what is paid of each.
	Losses []ProvenLoss
}

// DivideSlash pays the harmed their loss first, cut at what may not be burned;
// half of the rest to the challenger, but never so much that less than
// burnedPercent of the whole is burned; and burns what is left.
func DivideSlash(total math.Int, losses []ProvenLoss) Slash {
	s := Slash{Total: total, Compensated: math.ZeroInt()}
	free := total.Sub(total.MulRaw(burnedPercent).AddRaw(99).QuoRaw(100))
	for _, loss := range losses {
		loss.Amount = math.MinInt(loss.Amount, free.Sub(s.Compensated))
		s.Compensated = s.Compensated.Add(loss.Amount)
		s.Losses = append(s.Losses, loss)
	}
	half := total.Sub(s.Compensated).QuoRaw(2)
	s.Reward = math.MinInt(half, free.Sub(s.Compensated))
	s.Burned = total.Sub(s.Compensated).Sub(s.Reward)
	return s
}
