package review

import (
	"context"
	"slices"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// A bounty of the pool spends common money, so no single funder watches how it is spent. Whatever a panel accepts for
// one is decided again, item by item, by a full panel of appeal, before anything is paid. The bounty pays that panel.

// confirm opens the second decision about what a cohort accepted for bounties of the pool, and returns these items.
func (k Keeper) confirm(ctx context.Context, params types.Params, first *types.Cohort, accepted []uint64) ([]uint64,
	error) {
	cohort := types.Cohort{
		DatanetId: first.DatanetId, Panel: types.AllDataNets, Kind: types.COHORT_KIND_BOUNTY,
		Phase: types.COHORT_PHASE_DRAWING,
		Fee:   math.ZeroInt(), Fees: math.ZeroInt(), Needed: params.Review.AppealSeats,
		Reason: "before a bounty of the pool pays",
	}
	for _, rank := range accepted {
		c, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return nil, err
		}
		if _, pool, err := k.registry.PoolBounty(ctx, c); err != nil {
			return nil, err
		} else if pool {
			cohort.Items, cohort.Tokens = append(cohort.Items, rank), cohort.Tokens+c.Tokens
			cohort.Fee, cohort.Fees = cohort.Fee.Add(c.Reserved), cohort.Fees.Add(c.FeePaid)
		}
	}
	if len(cohort.Items) == 0 {
		return nil, k.unpledge(ctx, first)
	}
	available, err := k.mayDecide(ctx, cohort)
	if err != nil {
		return nil, err
	}
	if available < uint64(cohort.Needed) {
		if err := k.unpledge(ctx, first); err != nil {
			return nil, err
		}
		return cohort.Items, k.registry.CancelBounties(ctx, cohort.Items)
	}
	if cohort, err = k.newCohort(ctx, cohort, params.Review.CommitWindow); err != nil {
		return nil, err
	}
	for _, rank := range cohort.Items {
		if err := k.registry.FundConfirmation(ctx, rank, cohort.Id); err != nil {
			return nil, err
		}
	}
	return cohort.Items, k.startDrawing(ctx, params, &cohort)
}

// decideConfirmation decides item by item, by simple majority of the seats that revealed. An item that is confirmed may
// be appealed like any acceptance, and is paid when the time for appeals is over. An item that is not confirmed is
// overturned, and the seats that accepted it can be slashed.
func (k Keeper) decideConfirmation(ctx context.Context, params types.Params, cohort types.Cohort, p panel) error {
	cohort.Outcomes = nil
	event := types.EventCohortDecided{Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind}
	for i, rank := range cohort.Items {
		outcome := p.majority(i)
		cohort.Outcomes = append(cohort.Outcomes, outcome)
		c, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return err
		}
		if outcome.Accepted {
			event.Accepted = append(event.Accepted, rank)
			err = k.appealableAgain(ctx, params, c)
		} else {
			event.Rejected = append(event.Rejected, rank)
			err = k.fall(ctx, params, c, p.revealed()-int(outcome.Accepts), p.reason(i))
		}
		if err != nil {
			return err
		}
	}
	var err error
	if event.Paid, err = k.payByAgreement(ctx, cohort, p); err != nil {
		return err
	}
	cohort.Fee = math.ZeroInt()
	if err := k.registry.ChangeDataNet(ctx, cohort.DatanetId, func(d *types.DataNet) {
		d.Record.Appeals += uint64(len(cohort.Items))
		d.Record.Overturned += uint64(len(event.Rejected))
	}); err != nil {
		return err
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &event)
}

// fall overturns an acceptance. If enough of a full panel say so, it slashes the pledges of those who accepted.
func (k Keeper) fall(ctx context.Context, params types.Params, c types.Contribution, rejects int, reason string) error {
	if ofFullPanel(params.Review, rejects, params.Review.FallenPpm) {
		slashed, err := k.slashPledges(ctx, params, c)
		if err != nil {
			return err
		}
		if err := k.funds.Burn(ctx, slashed); err != nil {
			return err
		}
	}
	_, err := k.registry.Reverse(ctx, params, c, 0, reason)
	return err
}

// notConfirmed ends a confirmation that no panel decided: the verdicts stand, the bounties pay nothing, and what
// the check was to cost returns to the pool.
func (k Keeper) notConfirmed(ctx context.Context, params types.Params, cohort types.Cohort) error {
	if err := k.funds.ToPool(ctx, cohort.Fee); err != nil {
		return err
	}
	cohort.Fee = math.ZeroInt()
	if err := k.registry.CancelBounties(ctx, cohort.Items); err != nil {
		return err
	}
	for _, rank := range cohort.Items {
		c, err := k.registry.Contribution(ctx, rank)
		if err != nil {
			return err
		}
		if err := k.appealableAgain(ctx, params, c); err != nil {
			return err
		}
	}
	if err := k.finish(ctx, params, cohort); err != nil {
		return err
	}
	return modulekit.Emit(ctx, &types.EventCohortDecided{
		Cohort: cohort.Id, DatanetId: cohort.DatanetId, Kind: cohort.Kind, Returned: slices.Clone(cohort.Items),
		Paid: math.ZeroInt(),
	})
}
