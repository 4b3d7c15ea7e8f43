package types

import (
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
)

// FeeTokens of a contribution are covered by the review fee: those of one segment.
const FeeTokens = poa.MaxSegmentTokens

// feeUnit is how many tokens the fee above those is quoted for.
const feeUnit = 1_000

// ReviewFee is what a DataNet asks for a review: by contribution, and by what there is to read.
type ReviewFee struct {
	Base        math.Int // covers the tokens of one segment
	PerThousand math.Int // tokens above those
}

// Of returns the fee for a contribution of so many tokens, rounded up.
func (f ReviewFee) Of(tokens uint64) math.Int {
	if tokens <= FeeTokens {
		return f.Base
	}
	return f.Base.Add(ceilQuo(f.PerThousand.Mul(math.NewIntFromUint64(tokens-FeeTokens)), feeUnit))
}

// Equal reports whether two fees are the same.
func (f ReviewFee) Equal(other ReviewFee) bool {
	return f.Base.Equal(other.Base) && f.PerThousand.Equal(other.PerThousand)
}

// PerThousandOf returns the default price of 1,000 more tokens. A token costs as much as in the first segment, so one
// long contribution costs as much as many short ones.
func PerThousandOf(base math.Int) math.Int { return ceilQuo(base.MulRaw(feeUnit), FeeTokens) }

// FeesAt returns what a DataNet asks for at a time. Changes are announced like those of credentials: nobody pays a
// fee, or has a bond at risk, that he could not know.
func (d DataNet) FeesAt(now time.Time) ReviewFee {
	if !d.FeeFrom.IsZero() && !now.Before(d.FeeFrom) {
		return ReviewFee{d.NextReviewFee, d.NextReviewFeePerThousand}
	}
	return ReviewFee{d.ReviewFee, d.ReviewFeePerThousand}
}

// HighestFee is the most that the review of so many tokens costs if it is revealed soon: also if another fee takes
// effect meanwhile.
func (d DataNet) HighestFee(tokens uint64) math.Int {
	fee := ReviewFee{d.ReviewFee, d.ReviewFeePerThousand}.Of(tokens)
	if d.FeeFrom.IsZero() {
		return fee
	}
	return math.MaxInt(fee, ReviewFee{d.NextReviewFee, d.NextReviewFeePerThousand}.Of(tokens))
}

// FeeAt returns the review fee of a contribution of one segment at a time.
func (d DataNet) FeeAt(now time.Time) math.Int { return d.FeesAt(now).Base }

// MeanFee is what was paid for an item of a review on average.
func (c Cohort) MeanFee() math.Int { return c.Fees.QuoRaw(int64(max(1, len(c.Items)))) }

// GoldDeposit is what sealing one item as gold takes: by the fee of the DataNet, and by what was paid for the
// items that it hides among.
func (p ReviewParams) GoldDeposit(fee math.Int, cohort Cohort) math.Int {
	return math.MaxInt(fee, cohort.MeanFee()).MulRaw(int64(p.GoldFees))
}

// ConfirmFee is what the panel that confirms an item for a bounty of the pool is paid: each of its seats as much
// as one of the first panel.
func (p ReviewParams) ConfirmFee(paid math.Int) math.Int {
	return ceilQuo(paid.MulRaw(int64(p.AppealSeats)), int64(p.Seats))
}

// Pledge is the part of a seat in what bounties of the pool pay: the seats that it takes to accept have pledged
// all of it.
func (p ReviewParams) Pledge(worth math.Int) math.Int { return ceilQuo(worth, int64(p.AcceptSeats)) }

// MaxPoolPrice bounds the price of a bounty of the pool for what is reviewed for a fee. Even if a panel accepts the
// largest cohort, each seat pledges no more than the smallest bond. The second bound keeps the price in proportion
// to the fee that pays the panel.
func (p Params) MaxPoolPrice(fee math.Int) math.Int {
	all := p.Review.MinBond.MulRaw(int64(p.Review.AcceptSeats)).QuoRaw(int64(p.Review.MaxCohortItems))
	return math.MinInt(all, fee.MulRaw(int64(p.Standing.MaxPriceFees)))
}

// ceilQuo divides and rounds up.
func ceilQuo(amount math.Int, by int64) math.Int { return amount.AddRaw(by - 1).QuoRaw(by) }
