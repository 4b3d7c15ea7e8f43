package keeper

import (
	"context"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/rewards/types"
)

// Overview implements types.QueryServer.
func (s queryServer) Overview(ctx context.Context,
	req *types.QueryOverviewRequest) (*types.QueryOverviewResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	supply, err := s.Supply(ctx, &types.QuerySupplyRequest{})
	if err != nil {
		return nil, err
	}
	totals, err := s.withPending(ctx, supply.Totals)
	if err != nil {
		return nil, err
	}
	minted := totals.Bonus.Add(totals.Emitted)
	income := totals.Contributors.Add(totals.Bonus)
	figure := types.NewFigure
	return &types.QueryOverviewResponse{
		Supply:    figure(supply.Supply, supply.MaxSupply),
		MaxSupply: figure(supply.MaxSupply, supply.MaxSupply),
		Reserve:   figure(supply.Reserve, supply.MaxSupply),
		Minted: types.OverviewMinted{
			Bonus: figure(totals.Bonus, minted), Emission: figure(totals.Emitted, minted), Total: figure(minted, minted),
		},
		Burned: types.OverviewBurned{
			Burn: figure(totals.Burned, totals.Fees), Retired: figure(totals.Retired, totals.Fees),
			Net: figure(totals.Burned.Add(totals.Retired).Sub(totals.Bonus), totals.Fees),
		},
		Inference: types.OverviewInference{
			Receipts: totals.Receipts, Fees: types.NewFigureAlone(totals.Fees),
			MeanFee: types.NewFigureAlone(meanFeeRoundedDown(totals)),
		},
		Paid:               paidByRole(totals),
		ContributorsIncome: figure(income, totals.Fees.Add(totals.Bonus)),
		Refunds:            types.NewFigureAlone(totals.Refunds),
		BountyPool:         figure(supply.BountyPool, supply.Supply),
	}, nil
}

// withPending counts as burned what waits for the end of a pause, so that the parts of all fees are the fees.
func (k Keeper) withPending(ctx context.Context, totals types.Totals) (types.Totals, error) {
	burned, err := get(ctx, k.PendingBurn)
	if err != nil {
		return totals, err
	}
	totals.Burned = totals.Burned.Add(burned)
	return totals, nil
}

func meanFeeRoundedDown(totals types.Totals) math.Int {
	if totals.Receipts == 0 {
		return math.ZeroInt()
	}
	return totals.Fees.Quo(math.NewIntFromUint64(totals.Receipts))
}

// paidByRole divides all fees by the role that got them.
func paidByRole(totals types.Totals) []types.OverviewRole {
	roles := []struct {
		name string
		paid math.Int
	}{
		{"contributors", totals.Contributors}, {"datanet_owners", totals.DatanetOwners}, {"lineage", totals.Lineage},
		{"providers", totals.Providers}, {"validators", totals.Validators}, {"bounty_pool", totals.BountyPool},
		{"burn", totals.Burned}, {"retired", totals.Retired},
	}
	out := make([]types.OverviewRole, len(roles))
	for i, role := range roles {
		out[i] = types.OverviewRole{Role: role.name, Paid: types.NewFigure(role.paid, totals.Fees)}
	}
	return out
}
