package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

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
			if err := k.Unheld.Set(ctx, collections.Join(datanet.AskHeight, datanet.Id)); err != nil {
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
			if contribution.LedgerId, err = k.rewards.LedgerID(ctx, sdk.MustAccAddressFromBech32(contribution.Contributor)); err != nil {
				return err
			}
		}
		if err := k.addContribution(ctx, contribution); err != nil {
			return err
		}
		if err := k.indexStanding(ctx, contribution); err != nil {
			return err
		}
		if err := k.indexHold(ctx, contribution); err != nil {
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
	if err := k.initReview(ctx, g); err != nil {
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
	return &g, k.exportReview(ctx, &g)
}

// indexHold sets the indexes of an imported contribution by what validators hold.
func (k Keeper) indexHold(ctx context.Context, c types.Contribution) error {
	switch {
	case c.Waits():
		return k.Waiting.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank))
	case c.HeldHeight != 0:
		return k.Held.Set(ctx, collections.Join(c.DatanetId, c.AcceptedIndex), c.Rank)
	case c.Hold != nil && c.Hold.AskHeight != 0:
		return k.SetAside.Set(ctx, collections.Join(c.Hold.AskHeight, c.Rank))
	}
	return nil
}
