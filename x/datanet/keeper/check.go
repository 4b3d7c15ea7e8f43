package keeper

import (
	"context"
	"encoding/binary"
	"math/big"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// checkSpread is how many checks a fund must hold before one is certain.
const checkSpread = 4

// checkByChance has a panel of appeal decide again about one item of a review,
// at random and paid out of what the DataNet's fees set aside for it. A vote
// that nobody appeals against can so be shown to be wrong, and a bribe for one
// costs more than it changes.
func (k Keeper) checkByChance(ctx context.Context, params types.Params, first types.Cohort) error {
	datanet, err := k.GetDataNet(ctx, first.DatanetId)
	if err != nil {
		return err
	}
	// What was paid, so that nobody makes checks dear before they are drawn.
	paid, err := k.highestFee(ctx, first)
	if err != nil {
		return err
	}
	fee := math.MaxInt(params.Review.MinFee, paid).MulRaw(int64(params.Review.AppealFees))
	random := types.CheckHash(sdk.UnwrapSDKContext(ctx).HeaderHash(), first.Id)
	luck := new(big.Int).Mod(new(big.Int).SetBytes(random[:16]), fee.MulRaw(checkSpread).BigInt())
	if datanet.CheckFund.LT(fee) || math.NewIntFromBigInt(luck).GTE(datanet.CheckFund) {
		return nil
	}
	var items []uint64
	for i, rank := range first.Items {
		if !first.Outcomes[i].Gold {
			items = append(items, rank)
		}
	}
	if len(items) == 0 {
		return nil
	}
	rank := items[binary.BigEndian.Uint64(random[16:])%uint64(len(items))]
	cohort := types.Cohort{
		DatanetId: datanet.Id, Panel: everyPanel, Kind: types.COHORT_KIND_CHECK, Phase: types.COHORT_PHASE_DRAWING,
		Items: []uint64{rank}, Fee: fee, Reason: "drawn by chance", Needed: uint32(len(first.Seats)),
	}
	if available, err := k.available(ctx, cohort); err != nil || available < uint64(cohort.Needed) {
		return err
	}
	datanet.CheckFund = datanet.CheckFund.Sub(fee)
	if err := k.DataNets.Set(ctx, datanet.Id, datanet); err != nil {
		return err
	}
	if cohort, err = k.newCohort(ctx, cohort, params.Review.CommitWindow); err != nil {
		return err
	}
	contribution, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	contribution.Check = cohort.Id
	if err := k.Contributions.Set(ctx, rank, contribution); err != nil {
		return err
	}
	return k.startDrawing(ctx, params, &cohort)
}
