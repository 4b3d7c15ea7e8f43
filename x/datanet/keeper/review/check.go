package review

import (
	"context"
	"math/big"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// checkSpread is the number of checks that a fund must hold before a check is certain.
const checkSpread = 4

// checkByChance has a panel of appeal decide again about one item of a cohort, at random and paid out of what the
// DataNet's fees set aside for it. This can show a vote to be wrong that nobody appeals against, so that a bribe for a
// vote costs more than it gains. An expensive item is drawn more often but checked more rarely once drawn, so all items
// have the same chance of a check.
func (k Keeper) checkByChance(ctx context.Context, params types.Params, first types.Cohort,
	items []types.Contribution) error {
	datanet, err := k.registry.DataNet(ctx, first.DatanetId)
	if err != nil || len(items) == 0 {
		return err
	}
	random := types.CheckHash(sdk.UnwrapSDKContext(ctx).HeaderHash(), first.Id)
	item := drawByFee(items, random[16:])
	// The fee that was paid, so that nobody makes checks expensive before they are drawn.
	fee := math.MaxInt(params.Review.MinFee, item.FeePaid).MulRaw(int64(params.Review.AppealFees))
	luck := new(big.Int).Mod(new(big.Int).SetBytes(random[:16]), fee.MulRaw(checkSpread).BigInt())
	if datanet.CheckFund.LT(fee) || math.NewIntFromBigInt(luck).GTE(datanet.CheckFund) {
		return nil
	}
	rank := item.Rank
	cohort := types.Cohort{
		DatanetId: datanet.Id, Panel: types.AllDataNets, Kind: types.COHORT_KIND_CHECK, Phase: types.COHORT_PHASE_DRAWING,
		Items: []uint64{rank}, Tokens: item.Tokens, Fees: item.FeePaid, Fee: fee, Reason: "drawn by chance",
		Needed: uint32(len(first.Seats)),
	}
	if available, err := k.mayDecide(ctx, cohort); err != nil || available < uint64(cohort.Needed) {
		return err
	}
	datanet.CheckFund = datanet.CheckFund.Sub(fee)
	if err := k.registry.SetDataNet(ctx, datanet); err != nil {
		return err
	}
	if cohort, err = k.newCohort(ctx, cohort, params.Review.CommitWindow); err != nil {
		return err
	}
	contribution, err := k.registry.Contribution(ctx, rank)
	if err != nil {
		return err
	}
	contribution.Check = cohort.Id
	if err := k.registry.SetContribution(ctx, contribution); err != nil {
		return err
	}
	return k.startDrawing(ctx, params, &cohort)
}

// drawByFee returns the contribution that a random number falls on, each being as wide as the fee paid for it.
func drawByFee(items []types.Contribution, random []byte) types.Contribution {
	all := math.ZeroInt()
	for _, c := range items {
		all = all.Add(c.FeePaid)
	}
	if !all.IsPositive() {
		return items[0]
	}
	left := math.NewIntFromBigInt(new(big.Int).Mod(new(big.Int).SetBytes(random), all.BigInt()))
	for _, c := range items {
		if left.LT(c.FeePaid) {
			return c
		}
		left = left.Sub(c.FeePaid)
	}
	return items[len(items)-1]
}
