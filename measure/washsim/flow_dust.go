package main

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// drawDust: receipts of at most a hundred aopen, with as many entries as a receipt can have. x/rewards gets them in the
// form in which x/attribution passes them on.
func drawDust(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	dust := func() math.Int { return math.NewInt(int64(d.between(0, 100))) }
	s.royalty, s.compute = pick(d, math.ZeroInt(), dust()), pick(d, math.ZeroInt(), dust())
	receipt := d.payable(s)
	return s, script{wash: func(b *branch) error { return b.settle(s, receipt) }}
}

// drawSplits is drawDust with any fees, and several receipts.
func drawSplits(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	var receipts []rewardstypes.Payable
	for range d.between(1, 4) {
		receipt := d.payable(s)
		receipt.Royalty, receipt.Compute = d.amount(feeBits), d.amount(feeBits)
		receipts = append(receipts, receipt)
	}
	return s, script{wash: func(b *branch) error { return b.settle(s, receipts...) }}
}

// payable draws a receipt of the scene's royalty and compute, with any weights.
func (d dice) payable(s *scene) rewardstypes.Payable {
	m := s.market
	p := rewardstypes.Payable{
		Provider: m.provider.Address, Compute: s.compute, Royalty: s.royalty, Acknowledged: d.chance(85),
		UnattributedPPM: ppm,
		Lineage: []rewardstypes.Share{{Address: m.modelOwner.Address, PPM: ppm - s.parentPpm},
			{Address: m.baseOwner.Address, PPM: s.parentPpm}},
	}
	n := d.between(1, 16)
	for i := range n {
		weight := pick(d, d.ppm(p.UnattributedPPM), p.UnattributedPPM/uint32(n-i))
		if i == n-1 && d.chance(60) {
			weight = p.UnattributedPPM
		}
		p.UnattributedPPM -= weight
		p.Entries = append(p.Entries, rewardstypes.PayableEntry{
			Rank: uint64(i + 1), Contributor: m.contributors[i%len(m.contributors)].Address, WeightPPM: weight,
			QualityPPM: ppm / 1_000 * pick[uint32](d, 1_000, 1_000, uint32(d.between(1, 1_000))),
			Royalties:  []rewardstypes.Share{{Address: m.owner.Address, PPM: s.ownerPpm}},
			ToPool:     d.chance(4), Burn: d.chance(4),
		})
	}
	return p
}

// settle pays fees to the module account of x/attribution, and lets x/rewards divide them.
func (b *branch) settle(s *scene, receipts ...rewardstypes.Payable) error {
	k := b.app().RewardsKeeper
	prepared, err := k.Prepare(b.ctx, s.rewards.Terms, receipts)
	if err != nil {
		return err
	}
	if prepared.Fees.IsPositive() {
		if err := b.app().BankKeeper.SendCoinsFromAccountToModule(b.ctx, s.market.payer.Address, attributiontypes.ModuleName,
			sdk.NewCoins(coin(prepared.Fees))); err != nil {
			return err
		}
	}
	if err := b.spend(prepared.Fees); err != nil {
		return err
	}
	return k.Enqueue(b.ctx, attributiontypes.ModuleName, 0, prepared)
}
