package main

import (
	"time"

	"cosmossdk.io/math"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const ppm = rewardstypes.PPM

// never is the longest interval in which deposits decay. It keeps decay out of the measurement: what a contributor
// earns releases a deposit before it decays, which would look like a return, although the deposit is the contributor's
// own.
const never = 10 * 365 * 24 * time.Hour

// terms draws terms that Validate accepts. Corners are likely: the least margin, the highest bonus for a burn,
// everything to one share.
func (d dice) terms() rewardstypes.Terms {
	if d.chance(8) {
		return rewardstypes.DefaultTerms()
	}
	t := rewardstypes.Terms{BurnPpm: uint32(d.between(rewardstypes.MinMarginPPM, ppm))}
	switch d.IntN(6) {
	case 0:
		t.BurnPpm = rewardstypes.MinMarginPPM
	case 1:
		t.BurnPpm = ppm
	case 2, 3:
		t.BurnPpm = uint32(d.between(rewardstypes.MinMarginPPM, 2*rewardstypes.MinMarginPPM))
	}
	// The highest bonus that leaves the margin.
	most := uint32(ppm - (rewardstypes.MinMarginPPM*ppm+int(t.BurnPpm)-1)/int(t.BurnPpm))
	t.BonusPpm = d.ppm(most)
	if d.chance(50) {
		t.BonusPpm = most
	}
	left := ppm - t.BurnPpm
	shares := []*uint32{&t.DataPpm, &t.LineagePpm, &t.ValidatorsPpm}
	d.Shuffle(len(shares), func(i, j int) { shares[i], shares[j] = shares[j], shares[i] })
	*shares[0] = d.ppm(left)
	*shares[1] = d.ppm(left - *shares[0])
	*shares[2] = left - *shares[0] - *shares[1]
	return t
}

// rewards draws the parameters of x/rewards.
func (d dice) rewards() rewardstypes.Params {
	p := rewardstypes.DefaultParams()
	p.Terms = d.terms()
	p.BonusPerSecond = pick(d, math.ZeroInt(), p.BonusPerSecond, rewardstypes.MaxSupply, rewardstypes.MaxSupply,
		d.amount(88))
	p.MaxBlockSeconds = pick[uint32](d, 1, 60, 3_600)
	p.PagesPerBlock = pick[uint32](d, 1, 2, 1_500, 100_000)
	p.PayoutsPerBlock = pick[uint32](d, 1, 16, 10_000)
	p.PayoutThreshold = d.amount(100).AddRaw(1)
	p.EpochBlocks = pick[uint32](d, 1, 2, 600, 1_000_000)
	p.EmissionPpmPerYear = d.ppm(ppm)
	p.EmissionBountyPpm = d.ppm(ppm)
	p.MaxValidatorsPerEpoch = pick[uint32](d, 1, 2, 200, 1_000)
	return p
}

// window draws a duration that x/attribution accepts.
func (d dice) window() time.Duration {
	return pick(d, time.Nanosecond, time.Second, time.Hour, 90*24*time.Hour)
}

// attribution draws the parameters of x/attribution, with amounts that an account can pay.
func (d dice) attribution() attributiontypes.Params {
	p := attributiontypes.DefaultParams()
	p.Attestation = false
	p.MinDeposit, p.DisputeBond, p.SubmissionFee = d.amount(78), d.amount(78), d.amount(70)
	// A dispute takes two blocks.
	p.ClaimWindow, p.IdleExpiry, p.DisputeWindow = d.window()+time.Hour, d.window()+time.Hour, d.window()+time.Hour
	p.AttestLimit, p.ResubmitWindow = d.window()+time.Minute, d.window()
	p.AttestTicks = uint32(d.between(1, 4))
	p.SessionsPerBlock, p.PrunesPerBlock = uint32(d.between(1, 100)), uint32(d.between(1, 1_000))
	p.DisputeRevealBlocks, p.DisputesPerBlock = uint32(d.between(2, 5)), uint32(d.between(1, 100))
	p.AttestPayBlocks = uint32(d.between(1, 1_000))
	for _, window := range []*time.Duration{&p.ClaimWindow, &p.IdleExpiry, &p.DisputeWindow, &p.AttestLimit} {
		*window = min(*window, 90*24*time.Hour)
	}
	return p
}

// datanet draws the parameters of x/datanet, with small panels and cohorts.
func (d dice) datanet() datanettypes.Params {
	p := datanettypes.DefaultParams()
	p.DepositPerToken, p.MinDeposit, p.CreationFee = d.amount(62), d.amount(78), d.amount(70)
	p.MaxOwnerPpm = ppm
	r := &p.Review
	r.MinBond, r.MinFee, r.GasRefund = d.amount(70).AddRaw(1), d.amount(62).AddRaw(1), d.amount(62)
	r.MinFeePerThousand = math.ZeroInt()
	r.CohortItems, r.MaxCohortItems, r.MaxGold = 3, 6, 4
	r.BondPerFee, r.GoldFees = uint32(d.between(400, 800)), uint32(d.between(1, 10))
	r.Seats = uint32(d.between(3, 5))
	r.AcceptSeats = uint32(d.between(int(r.Seats/2+1), int(r.Seats)))
	r.AppealSeats = uint32(d.between(int(r.Seats), 9))
	r.AppealFees, r.AppealDepositFees = uint32(d.between(1, 10)), uint32(d.between(1, 20))
	r.DecisivePpm = ppm/2 + 1 + d.ppm(ppm/2-1)
	r.MissedPpm, r.DuplicatePpm, r.OverturnedPpm = d.ppm(ppm), d.ppm(ppm), d.ppm(ppm)
	r.GoldSlashPpm = max(d.ppm(ppm), 15_000)
	r.CheckPpm = d.ppm(ppm / 2)
	r.CredentialDelay = time.Second
	p.Standing.DecayPpm = max(1, d.ppm(ppm))
	p.Standing.PoolBountyPpm = ppm / 10
	p.Standing.DecayInterval = never
	p.RevealMaxBlocks = 4
	return p
}
