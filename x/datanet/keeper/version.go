package keeper

import (
	"context"

	"cosmossdk.io/collections"

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
	if err := k.InCustody.Set(ctx, collections.Join(c.DatanetId, c.AcceptedIndex), c.Rank); err != nil {
		return err
	}
	if !c.Earning() || c.StoppedNow() > 0 { // stopped while it waited; a version has what was accepted for it
		if err := k.Stopped.Set(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
			return err
		}
	}
	return k.Contributions.Set(ctx, c.Rank, c)
}

// closeVersions closes the versions of which everything is held or set aside.
func (k Keeper) closeVersions(ctx context.Context, datanet *types.DataNet) error {
	g, err := k.grow(ctx, datanet)
	if err != nil {
		return err
	}
	return k.closeDone(ctx, g)
}

// closeDone closes versions from the first that is open on, until one for which something waits. A version is created
// with something that waits for it, and what is set aside leaves the head of the queue: so there are at most as many as
// were asked about at once.
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
	version.Contributions, version.Segments, version.Tokens = g.contributions.Count, g.datanet.HeldSegments,
		g.datanet.HeldTokens
	version.HeldHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return k.Versions.Set(ctx, collections.Join(g.datanet.Id, version.Version), version)
}

func (k Keeper) ranges(ctx context.Context, id uint64) (contributions, statistics poa.MMR, err error) {
	first, err := k.ContributionsRange.Get(ctx, id)
	if err != nil {
		return contributions, statistics, err
	}
	second, err := k.StatisticsRange.Get(ctx, id)
	if err != nil {
		return contributions, statistics, err
	}
	if contributions, err = first.MMR(); err != nil {
		return contributions, statistics, err
	}
	statistics, err = second.MMR()
	return contributions, statistics, err
}

func (k Keeper) setRanges(ctx context.Context, id uint64, contributions, statistics poa.MMR) error {
	if err := k.ContributionsRange.Set(ctx, id, types.NewAccumulator(contributions)); err != nil {
		return err
	}
	return k.StatisticsRange.Set(ctx, id, types.NewAccumulator(statistics))
}

// PinVersion notes that a model pins a version of a DataNet: from then on its
// text is public to whoever contributes.
func (k Keeper) PinVersion(ctx context.Context, datanetID, number uint64) error {
	version, err := k.GetVersion(ctx, datanetID, number)
	if err != nil || version.PinnedHeight != 0 {
		return err
	}
	version.PinnedHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return k.Versions.Set(ctx, collections.Join(datanetID, number), version)
}

// SetInCustody marks the versions of a DataNet up to the given one as held. It is for simulations, which have no
// validators.
func (k Keeper) SetInCustody(ctx context.Context, id, version uint64) error {
	for {
		datanet, err := k.GetDataNet(ctx, id)
		if err != nil || datanet.HeldVersion >= version {
			return err
		}
		if datanet.AskedVersion == 0 {
			if _, err := k.askQueue(ctx, id); err != nil {
				return err
			}
		}
		if _, err := k.SettleCustody(ctx, id, queueQuestion, types.HOLD_VERDICT_HELD, types.HoldRetry{}); err != nil {
			return err
		}
	}
}
