package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// indexStanding sets the indexes and timers of an imported contribution.
func (k Keeper) indexStanding(ctx context.Context, c types.Contribution) error {
	if c.Status == types.CONTRIBUTION_STATUS_SUBMITTED && c.Cohort != 0 {
		return k.addOpen(ctx, c.Contributor)
	}
	if c.AcceptedVersion == 0 {
		return nil
	}
	if err := k.Contributors.Set(ctx, collections.Join(c.DatanetId, sdk.MustAccAddressFromBech32(c.Contributor))); err != nil {
		return err
	}
	if (!c.Earning() || c.StoppedNow() > 0) && c.HeldHeight != 0 {
		if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	if c.Recall != nil && c.Recall.Appeal == 0 {
		if err := k.setTimer(ctx, timerRecall, c.Rank, c.Recall.At); err != nil {
			return err
		}
	}
	if c.Vesting.IsPositive() {
		if err := k.setTimer(ctx, timerVesting, c.Rank, c.VestsAt); err != nil {
			return err
		}
	}
	if c.Deposit.IsPositive() {
		return k.setTimer(ctx, timerDecay, c.Rank, c.DecayAt)
	}
	return nil
}

// initReview imports validators, reviews and bounties. Stake trees, queues and
// indexes are built from them.
func (k Keeper) initReview(ctx context.Context, g types.GenesisState) error {
	// Ids of validators are places in the tree of all, from 1.
	if err := k.NextValidator.Set(ctx, uint64(len(g.Validators))+1); err != nil {
		return err
	}
	if err := k.NextBounty.Set(ctx, uint64(len(g.Bounties))+1); err != nil {
		return err
	}
	if err := k.NextSnapshot.Set(ctx, uint64(len(g.Snapshots))+1); err != nil {
		return err
	}
	if err := k.NextCohort.Set(ctx, g.NextCohort); err != nil {
		return err
	}
	if g.Grace != nil {
		if err := k.Grace.Set(ctx, *g.Grace); err != nil {
			return err
		}
	}
	for _, v := range g.Validators {
		if err := k.indexValidator(ctx, v); err != nil {
			return err
		}
		if err := k.setValidator(ctx, v); err != nil {
			return err
		}
		if len(v.Unbonding) > 0 {
			if err := k.setTimer(ctx, timerUnbonding, v.Id, v.Unbonding[0].Matures); err != nil {
				return err
			}
		}
	}
	for _, credential := range g.Credentials {
		key := collections.Join3(credential.DatanetId, sdk.MustAccAddressFromBech32(credential.Address), uint64(credential.Policy))
		if err := k.Credentials.Set(ctx, key, credential); err != nil {
			return err
		}
	}
	for _, cohort := range g.Cohorts {
		if err := k.initCohort(ctx, cohort); err != nil {
			return err
		}
	}
	for _, ballot := range g.Ballots {
		key := collections.Join(ballot.Cohort, sdk.MustAccAddressFromBech32(ballot.Address))
		if err := k.Ballots.Set(ctx, key, ballot); err != nil {
			return err
		}
	}
	return k.initStanding(ctx, g)
}

func (k Keeper) initCohort(ctx context.Context, cohort types.Cohort) error {
	if err := k.Cohorts.Set(ctx, cohort.Id, cohort); err != nil {
		return err
	}
	if err := k.CohortsBy.Set(ctx, collections.Join(cohort.DatanetId, cohort.Id)); err != nil {
		return err
	}
	if err := k.setTimer(ctx, timerCohort, cohort.Id, cohort.Deadline); err != nil {
		return err
	}
	if cohort.DrawHeight != 0 {
		if err := k.Draws.Set(ctx, collections.Join(cohort.DrawHeight, cohort.Id)); err != nil {
			return err
		}
	}
	if cohort.Phase == types.COHORT_PHASE_DECIDED {
		return nil
	}
	for _, seat := range cohort.Seats {
		if err := k.Assigned.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(seat.Address), cohort.Id)); err != nil {
			return err
		}
	}
	if !cohort.Filling {
		return nil
	}
	return k.Filling.Set(ctx, collections.Join(cohort.DatanetId, cohort.Panel), cohort.Id)
}

func (k Keeper) initStanding(ctx context.Context, g types.GenesisState) error {
	for _, bounty := range g.Bounties {
		if err := k.Bounties.Set(ctx, bounty.Id, bounty); err != nil {
			return err
		}
		if err := k.BountiesBy.Set(ctx, collections.Join(bounty.DatanetId, bounty.Id)); err != nil {
			return err
		}
		if bounty.FromPool() {
			if err := k.changePoolHeld(ctx, bounty.Held()); err != nil {
				return err
			}
		}
		if bounty.Closed {
			continue
		}
		if err := k.setTimer(ctx, timerBounty, bounty.Id, bounty.Deadline); err != nil {
			return err
		}
	}
	for _, snapshot := range g.Snapshots {
		if err := k.Snapshots.Set(ctx, snapshot.Id, snapshot); err != nil {
			return err
		}
	}
	for _, stop := range g.SegmentStops {
		if err := k.setSegmentStop(ctx, stop); err != nil {
			return err
		}
	}
	for _, entry := range g.Royalties {
		if err := k.Royalties.Set(ctx, collections.Join(entry.DatanetId, entry.Height), entry.Royalties); err != nil {
			return err
		}
	}
	for _, entry := range g.Released {
		if err := k.Released.Set(ctx, sdk.MustAccAddressFromBech32(entry.Contributor), entry.Amount); err != nil {
			return err
		}
	}
	return nil
}

// exportReview adds validators, reviews and bounties to a genesis state.
func (k Keeper) exportReview(ctx context.Context, g *types.GenesisState) error {
	var err error
	if g.Grace, err = k.graceIfAny(ctx); err != nil {
		return err
	}
	if g.Validators, err = modulekit.Values(ctx, k.Validators); err != nil {
		return err
	}
	if g.Credentials, err = modulekit.Values(ctx, k.Credentials); err != nil {
		return err
	}
	if g.NextCohort, err = k.NextCohort.Peek(ctx); err != nil {
		return err
	}
	if g.Cohorts, err = modulekit.Values(ctx, k.Cohorts); err != nil {
		return err
	}
	if g.Ballots, err = modulekit.Values(ctx, k.Ballots); err != nil {
		return err
	}
	if g.Bounties, err = modulekit.Values(ctx, k.Bounties); err != nil {
		return err
	}
	if g.Snapshots, err = modulekit.Values(ctx, k.Snapshots); err != nil {
		return err
	}
	if g.SegmentStops, err = modulekit.Values(ctx, k.SegmentStops); err != nil {
		return err
	}
	err = k.Royalties.Walk(ctx, nil, func(key collections.Pair[uint64, int64], royalties types.Royalties) (bool, error) {
		g.Royalties = append(g.Royalties, types.RoyaltiesEntry{DatanetId: key.K1(), Height: key.K2(), Royalties: royalties})
		return false, nil
	})
	if err != nil {
		return err
	}
	return k.Released.Walk(ctx, nil, func(contributor sdk.AccAddress, amount math.Int) (bool, error) {
		g.Released = append(g.Released, types.ReleasedEntry{Contributor: contributor.String(), Amount: amount})
		return false, nil
	})
}
