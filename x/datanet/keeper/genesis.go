package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// InitGenesis sets the whole state. The bank must have been initialised.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := k.Params.Set(ctx, g.Params); err != nil {
		return err
	}
	if err := k.NextDataNet.Set(ctx, g.NextDatanetId); err != nil {
		return err
	}
	if err := k.NextRank.Set(ctx, g.NextRank); err != nil {
		return err
	}
	for _, datanet := range g.Datanets {
		if err := k.DataNets.Set(ctx, datanet.Id, datanet); err != nil {
			return err
		}
		if datanet.AskHeight != 0 {
			if err := k.CustodyDue.Set(ctx, collections.Join(datanet.AskHeight, datanet.Id)); err != nil {
				return err
			}
		}
	}
	for _, commit := range g.Commits {
		if err := k.setCommit(ctx, commit); err != nil {
			return err
		}
	}
	for _, contribution := range g.Contributions {
		if contribution.AcceptedVersion != 0 {
			// The ledger says where its pay goes, whatever the file says.
			var err error
			if contribution.LedgerId, err = k.rewards.LedgerID(ctx,
				sdk.MustAccAddressFromBech32(contribution.Contributor)); err != nil {
				return err
			}
		}
		if err := k.addContribution(ctx, contribution); err != nil {
			return err
		}
		if err := k.indexContribution(ctx, contribution); err != nil {
			return err
		}
		if err := k.indexCustody(ctx, contribution); err != nil {
			return err
		}
	}
	for _, version := range g.Versions {
		if err := k.Versions.Set(ctx, collections.Join(version.DatanetId, version.Version), version); err != nil {
			return err
		}
	}
	for _, accumulators := range g.Accumulators {
		if err := k.ContributionsRange.Set(ctx, accumulators.DatanetId, accumulators.Contributions); err != nil {
			return err
		}
		if err := k.StatisticsRange.Set(ctx, accumulators.DatanetId, accumulators.Statistics); err != nil {
			return err
		}
	}
	for _, ask := range g.Asks {
		if err := k.Asks.Set(ctx, collections.Join(ask.DatanetId, ask.Rank), ask); err != nil {
			return err
		}
	}
	if err := k.Review.InitGenesis(ctx, g); err != nil {
		return err
	}
	if err := k.initBountiesAndStops(ctx, g); err != nil {
		return err
	}
	return k.CheckInvariants(ctx)
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	var g types.GenesisState
	var err error
	if g.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if g.NextDatanetId, err = k.NextDataNet.Peek(ctx); err != nil {
		return nil, err
	}
	if g.NextRank, err = k.NextRank.Peek(ctx); err != nil {
		return nil, err
	}
	if g.Datanets, err = modulekit.Values(ctx, k.DataNets); err != nil {
		return nil, err
	}
	if g.Commits, err = modulekit.Values(ctx, k.Commits); err != nil {
		return nil, err
	}
	if g.Contributions, err = modulekit.Values(ctx, k.Contributions); err != nil {
		return nil, err
	}
	if g.Versions, err = modulekit.Values(ctx, k.Versions); err != nil {
		return nil, err
	}
	if g.Asks, err = k.OpenAsks(ctx); err != nil {
		return nil, err
	}
	for _, datanet := range g.Datanets {
		accumulators := types.DataNetAccumulators{DatanetId: datanet.Id}
		if accumulators.Contributions, err = k.ContributionsRange.Get(ctx, datanet.Id); err != nil {
			return nil, err
		}
		if accumulators.Statistics, err = k.StatisticsRange.Get(ctx, datanet.Id); err != nil {
			return nil, err
		}
		g.Accumulators = append(g.Accumulators, accumulators)
	}
	if err := k.Review.ExportGenesis(ctx, &g); err != nil {
		return nil, err
	}
	return &g, k.exportBountiesAndStops(ctx, &g)
}

// exportBountiesAndStops adds bounties, snapshots, stops, royalties and released deposits to a genesis state.
func (k Keeper) exportBountiesAndStops(ctx context.Context, g *types.GenesisState) error {
	var err error
	if g.Grace, err = k.windows.LastGrace(ctx); err != nil {
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
	err = k.Royalties.Walk(ctx, nil, func(key collections.Pair[uint64, int64], royalties types.Royalties) (bool,
		error) {
		g.Royalties = append(g.Royalties, types.RoyaltiesEntry{DatanetId: key.K1(), Height: key.K2(),
			Royalties: royalties})
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

// initBountiesAndStops imports bounties, snapshots, stops, royalties and released deposits.
func (k Keeper) initBountiesAndStops(ctx context.Context, g types.GenesisState) error {
	if err := k.NextBounty.Set(ctx, uint64(len(g.Bounties))+1); err != nil {
		return err
	}
	if err := k.NextSnapshot.Set(ctx, uint64(len(g.Snapshots))+1); err != nil {
		return err
	}
	if g.Grace != nil {
		if err := k.windows.Grace.Set(ctx, *g.Grace); err != nil {
			return err
		}
	}
	for _, bounty := range g.Bounties {
		if err := k.Bounties.Set(ctx, bounty.Id, bounty); err != nil {
			return err
		}
		if err := k.BountiesBy.Set(ctx, collections.Join(bounty.DatanetId, bounty.Id)); err != nil {
			return err
		}
		if bounty.FromPool() {
			if err := k.changePoolBalance(ctx, bounty.Balance()); err != nil {
				return err
			}
		}
		if bounty.Closed {
			continue
		}
		if err := k.Timers.Set(ctx, timer.Bounty, bounty.Id, bounty.Deadline); err != nil {
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

// indexCustody sets the indexes of an imported contribution by what validators hold.
func (k Keeper) indexCustody(ctx context.Context, c types.Contribution) error {
	switch {
	case c.Waits():
		return k.Waiting.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank))
	case c.HeldHeight != 0:
		return k.InCustody.Set(ctx, collections.Join(c.DatanetId, c.AcceptedIndex), c.Rank)
	case c.Hold != nil && c.Hold.AskHeight != 0:
		return k.SetAside.Set(ctx, collections.Join(c.Hold.AskHeight, c.Rank))
	}
	return nil
}

// indexContribution sets the indexes and timers of an imported contribution.
func (k Keeper) indexContribution(ctx context.Context, c types.Contribution) error {
	if c.Status == types.CONTRIBUTION_STATUS_SUBMITTED && c.Cohort != 0 {
		return k.Review.CountOpen(ctx, c.Contributor)
	}
	if c.AcceptedVersion == 0 {
		return nil
	}
	if err := k.Contributors.Set(ctx, collections.Join(c.DatanetId,
		sdk.MustAccAddressFromBech32(c.Contributor))); err != nil {
		return err
	}
	if (!c.Earning() || c.StoppedNow() > 0) && c.HeldHeight != 0 {
		if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	if c.Recall != nil && c.Recall.Appeal == 0 {
		if err := k.Timers.Set(ctx, timer.Recall, c.Rank, c.Recall.At); err != nil {
			return err
		}
	}
	if c.Vesting.IsPositive() {
		if err := k.Timers.Set(ctx, timer.Vesting, c.Rank, c.VestsAt); err != nil {
			return err
		}
	}
	if c.Deposit.IsPositive() {
		return k.Timers.Set(ctx, timer.Decay, c.Rank, c.DecayAt)
	}
	return nil
}
