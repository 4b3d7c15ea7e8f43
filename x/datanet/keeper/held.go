package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

// growth is a DataNet with the ranges over the contributions that validators hold.
type growth struct {
	datanet                   *types.DataNet
	contributions, statistics poa.MMR
}

func (k Keeper) grow(ctx context.Context, datanet *types.DataNet) (*growth, error) {
	contributions, statistics, err := k.ranges(ctx, datanet.Id)
	return &growth{datanet, contributions, statistics}, err
}

// enterLine has what validators hold of the line enter the versions that it was accepted for, and closes these.
func (k Keeper) enterLine(ctx context.Context, datanet *types.DataNet, ask types.HoldAsk, retry types.HoldRetry) error {
	g, err := k.grow(ctx, datanet)
	if err != nil {
		return err
	}
	for _, rank := range ask.Ranks {
		c, err := k.GetContribution(ctx, rank)
		if err != nil {
			return err
		}
		// Everything that was accepted for an earlier version stands before this one in the line, and has entered or was set aside.
		for g.datanet.HeldVersion+1 < c.AcceptedVersion {
			if err := k.closeVersion(ctx, g); err != nil {
				return err
			}
		}
		sound, err := k.sourcesHeld(ctx, c)
		if err != nil {
			return err
		}
		if !sound {
			// Nobody can be paid who is in no version that has this contribution.
			if err := k.setAside(ctx, datanet, c, ask.Sources, types.HOLD_VERDICT_DERIVATIONS, retry); err != nil {
				return err
			}
			continue
		}
		if err := k.Waiting.Remove(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
		if err := k.admit(ctx, g, c); err != nil {
			return err
		}
	}
	if err := k.setRanges(ctx, datanet.Id, g.contributions, g.statistics); err != nil {
		return err
	}
	return k.closeDone(ctx, g)
}

// admit adds a contribution to the version that is open, the first that validators do not hold.
func (k Keeper) admit(ctx context.Context, g *growth, c types.Contribution) error {
	leaf, statisticsLeaf, err := types.Leaves(c)
	if err != nil {
		return err
	}
	c.HeldHeight, c.AcceptedIndex, c.Hold = sdk.UnwrapSDKContext(ctx).BlockHeight(), g.contributions.Count, nil
	g.contributions.Append(leaf)
	g.statistics.Append(statisticsLeaf)
	g.datanet.HeldSegments += uint64(c.Segments)
	g.datanet.HeldTokens += c.Tokens
	if err := k.Held.Set(ctx, collections.Join(c.DatanetId, c.AcceptedIndex), c.Rank); err != nil {
		return err
	}
	if !c.Earning() || c.StoppedNow() > 0 { // stopped while it waited; a version has what was accepted for it
		if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// sourcesHeld says whether validators hold everything that a contribution passes pay on to, so that every version that has the one has
// the other.
func (k Keeper) sourcesHeld(ctx context.Context, c types.Contribution) (bool, error) {
	for i, d := range c.Derivations {
		if i > 0 && c.Derivations[i-1].Rank == d.Rank {
			continue
		}
		source, err := k.GetContributionPay(ctx, d.Rank)
		if errorsmod.IsOf(err, types.ErrContributionNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if source.DatanetId != c.DatanetId || source.HeldHeight == 0 {
			return false, nil
		}
	}
	return true, nil
}

// closeVersions closes the versions of which everything is held or set aside.
func (k Keeper) closeVersions(ctx context.Context, datanet *types.DataNet) error {
	g, err := k.grow(ctx, datanet)
	if err != nil {
		return err
	}
	return k.closeDone(ctx, g)
}

// closeDone closes versions from the first that is open on, until one for which something waits. A version is created with something
// that waits for it, and what is set aside leaves the head of the line: so there are at most as many as were asked about at once.
func (k Keeper) closeDone(ctx context.Context, g *growth) error {
	until := g.datanet.Version
	of := collections.NewPrefixedTripleRange[uint64, uint64, uint64](g.datanet.Id)
	if err := k.Waiting.Walk(ctx, of, func(key collections.Triple[uint64, uint64, uint64]) (bool, error) {
		until = key.K2() - 1
		return true, nil
	}); err != nil {
		return err
	}
	for g.datanet.HeldVersion < until {
		if err := k.closeVersion(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// closeVersion gives the first open version its roots: models may pin it from now on, and it never changes.
func (k Keeper) closeVersion(ctx context.Context, g *growth) error {
	g.datanet.HeldVersion++
	version, err := k.GetVersion(ctx, g.datanet.Id, g.datanet.HeldVersion)
	if err != nil {
		return err
	}
	root, statisticsRoot := g.contributions.Root(), g.statistics.Root()
	version.Root, version.StatisticsRoot = root[:], statisticsRoot[:]
	version.Contributions, version.Segments, version.Tokens = g.contributions.Count, g.datanet.HeldSegments, g.datanet.HeldTokens
	version.HeldHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return k.Versions.Set(ctx, collections.Join(g.datanet.Id, version.Version), version)
}

// SetHeld takes the versions of a DataNet up to one as held, as validators who hold everything would have it: simulations have none.
func (k Keeper) SetHeld(ctx context.Context, id, version uint64) error {
	for {
		datanet, err := k.GetDataNet(ctx, id)
		if err != nil || datanet.HeldVersion >= version {
			return err
		}
		if datanet.AskedVersion == 0 {
			if _, err := k.askLine(ctx, id); err != nil {
				return err
			}
		}
		if _, err := k.SettleHold(ctx, id, line, types.HOLD_VERDICT_HELD, types.HoldRetry{}); err != nil {
			return err
		}
	}
}
