package demo

import (
	"context"
	"fmt"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/types/query"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

func (w *world) balance(ctx context.Context, address string) (sdkmath.Int, error) {
	response, err := w.chain.Bank.Balance(ctx, &banktypes.QueryBalanceRequest{Address: address, Denom: rewardstypes.Denom})
	if err != nil {
		return sdkmath.Int{}, err
	}
	return response.Balance.Amount, nil
}

// checkInvariants checks invariants with public queries at one height. Everybody who runs a node can do the same.
func (w *world) checkInvariants(ctx context.Context, exchanges []exchange) error {
	height, err := w.chain.Height(ctx)
	if err != nil {
		return err
	}
	ctx = atHeight(ctx, height)
	supply, err := w.supply(ctx)
	if err != nil {
		return err
	}
	totals := supply.Totals
	if supply.Supply.GT(supply.MaxSupply) {
		return fmt.Errorf("supply %s is above %s", supply.Supply, supply.MaxSupply)
	}
	// bonus ≤ C · burned, with the C of the parameters.
	params, err := w.chain.Rewards.Params(ctx, &rewardstypes.QueryParamsRequest{})
	if err != nil {
		return err
	}
	if most := totals.Burned.MulRaw(int64(params.Params.Terms.BonusPpm)).QuoRaw(rewardstypes.PPM); totals.Bonus.GT(most) {
		return fmt.Errorf("bonus %s is above %s", totals.Bonus, most)
	}
	parts := totals.Burned.Add(totals.Retired).Add(totals.Contributors).Add(totals.DatanetOwners).Add(totals.Lineage).Add(
		totals.Providers).Add(totals.Validators).Add(totals.BountyPool)
	if !parts.Equal(totals.Fees) {
		return fmt.Errorf("fees of %s were divided into %s", totals.Fees, parts)
	}
	if err := w.checkHoldings(ctx, supply); err != nil {
		return err
	}
	for _, e := range exchanges {
		sum := e.receipt.UnattributedPpm
		for _, entry := range e.receipt.Entries {
			sum += entry.WeightPpm
		}
		if sum != rewardstypes.PPM {
			return fmt.Errorf("weights of receipt %s sum to %d", e.receipt.Id, sum)
		}
	}
	return nil
}

// checkHoldings: module accounts hold what they owe, or more.
func (w *world) checkHoldings(ctx context.Context, supply *rewardstypes.QuerySupplyResponse) error {
	ledger := supply.ValidatorsPot
	request := &rewardstypes.QueryLedgerRequest{}
	for {
		response, err := w.chain.Rewards.Ledger(ctx, request)
		if err != nil {
			return err
		}
		for _, account := range response.Accounts {
			ledger = ledger.Add(account.Balance)
		}
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			break
		}
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
	sessions, err := w.chain.Attribution.SessionsByPayer(ctx,
		&attributiontypes.QuerySessionsByPayerRequest{Payer: w.payer.String()})
	if err != nil {
		return err
	}
	escrow := sdkmath.ZeroInt()
	for _, session := range sessions.Sessions {
		escrow = escrow.Add(session.Deposit)
	}
	reviews, err := w.reviewsOwe(ctx)
	if err != nil {
		return err
	}
	for _, owed := range []struct {
		module string
		amount sdkmath.Int
	}{
		{datanettypes.ModuleName, reviews},
		{rewardstypes.ModuleName, ledger},
		{rewardstypes.BountyPoolName, supply.BountyPool},
		{attributiontypes.ModuleName, escrow},
	} {
		held, err := w.balance(ctx, authtypes.NewModuleAddress(owed.module).String())
		if err != nil {
			return err
		}
		if held.LT(owed.amount) {
			return fmt.Errorf("%s holds %s and owes %s", owed.module, held, owed.amount)
		}
	}
	return nil
}

// reviewsOwe is what x/datanet holds for the DataNet of the demo: deposits of contributions, bonds of reviewers, what
// waits for checks, and what reviews hold.
func (w *world) reviewsOwe(ctx context.Context) (sdkmath.Int, error) {
	owed := sdkmath.ZeroInt()
	contributions, err := w.contributions(ctx, false)
	if err != nil {
		return owed, err
	}
	for _, c := range contributions {
		owed = owed.Add(c.Deposit.Amount).Add(c.ReviewFee)
	}
	reviewers, err := w.chain.Datanet.DataValidators(ctx, &datanettypes.QueryDataValidatorsRequest{DatanetId: w.datanetID})
	if err != nil {
		return owed, err
	}
	for _, v := range reviewers.Validators {
		owed = owed.Add(v.Bond)
	}
	datanet, err := w.chain.Datanet.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: w.datanetID})
	if err != nil {
		return owed, err
	}
	held, err := w.cohortsHold(ctx)
	return owed.Add(datanet.Datanet.CheckFund).Add(held), err
}

// cohortsHold returns the fees and deposits in reviews of the DataNet of the demo, beside the fees of contributions.
// Once both cohorts are decided they are those of checks by chance.
func (w *world) cohortsHold(ctx context.Context) (sdkmath.Int, error) {
	held := sdkmath.ZeroInt()
	request := &datanettypes.QueryCohortsRequest{DatanetId: w.datanetID, Pagination: &query.PageRequest{}}
	for {
		found, err := w.chain.Datanet.Cohorts(ctx, request)
		if err != nil {
			return held, err
		}
		for _, cohort := range found.Cohorts {
			held = held.Add(cohort.Fee).Add(cohort.Deposit)
			for _, gold := range cohort.Gold {
				held = held.Add(gold.Deposit)
			}
		}
		if found.Pagination == nil || len(found.Pagination.NextKey) == 0 {
			return held, nil
		}
		request.Pagination.Key = found.Pagination.NextKey
	}
}

// contributions to the DataNet of the demo, all or the accepted ones.
func (w *world) contributions(ctx context.Context, accepted bool) ([]datanettypes.Contribution, error) {
	var all []datanettypes.Contribution
	request := &datanettypes.QueryContributionsRequest{DatanetId: w.datanetID, Accepted: accepted,
		Pagination: &query.PageRequest{}}
	for {
		found, err := w.chain.Datanet.Contributions(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, found.Contributions...)
		if found.Pagination == nil || len(found.Pagination.NextKey) == 0 {
			return all, nil
		}
		request.Pagination.Key = found.Pagination.NextKey
	}
}
