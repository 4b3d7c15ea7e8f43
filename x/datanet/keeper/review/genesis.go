package review

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// InitGenesis imports data validators, credentials, cohorts and ballots. Stake trees, queues and indexes are built
// from them; the count of contributions that wait for panels is made by CountOpen.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	// Ids of validators are places in the tree of all, from 1.
	if err := k.NextValidator.Set(ctx, uint64(len(g.Validators))+1); err != nil {
		return err
	}
	if err := k.NextCohort.Set(ctx, g.NextCohort); err != nil {
		return err
	}
	for _, v := range g.Validators {
		if err := k.initValidator(ctx, v); err != nil {
			return err
		}
	}
	for _, credential := range g.Credentials {
		key := collections.Join3(credential.DatanetId, sdk.MustAccAddressFromBech32(credential.Address),
			uint64(credential.Policy))
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
	return nil
}

func (k Keeper) initValidator(ctx context.Context, v types.DataValidator) error {
	if err := k.indexValidator(ctx, v); err != nil {
		return err
	}
	if err := k.setValidator(ctx, v); err != nil || len(v.Unbonding) == 0 {
		return err
	}
	return k.timers.Set(ctx, timer.Unbonding, v.Id, v.Unbonding[0].Matures)
}

func (k Keeper) initCohort(ctx context.Context, cohort types.Cohort) error {
	if err := k.Cohorts.Set(ctx, cohort.Id, cohort); err != nil {
		return err
	}
	if err := k.CohortsBy.Set(ctx, collections.Join(cohort.DatanetId, cohort.Id)); err != nil {
		return err
	}
	if err := k.timers.Set(ctx, timer.Cohort, cohort.Id, cohort.Deadline); err != nil {
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
		if err := k.Assigned.Set(ctx, collections.Join(sdk.MustAccAddressFromBech32(seat.Address),
			cohort.Id)); err != nil {
			return err
		}
	}
	if !cohort.Filling {
		return nil
	}
	return k.Filling.Set(ctx, collections.Join(cohort.DatanetId, cohort.Panel), cohort.Id)
}

// ExportGenesis adds data validators, credentials, cohorts and ballots to a genesis state.
func (k Keeper) ExportGenesis(ctx context.Context, g *types.GenesisState) error {
	var err error
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
	g.Ballots, err = modulekit.Values(ctx, k.Ballots)
	return err
}
