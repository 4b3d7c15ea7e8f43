package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// setAside takes a contribution that validators do not hold out of the custody queue: its version goes on without it.
// Sources are the contributions that its derivations are computed from.
func (k Keeper) setAside(ctx context.Context, datanet *types.DataNet, c types.Contribution, sources uint64,
	verdict types.HoldVerdict, retry types.HoldRetry) error {
	if err := k.Waiting.Remove(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank)); err != nil {
		return err
	}
	c.Hold = &types.Hold{Sources: sources, Deposit: math.ZeroInt()}
	return k.refuseCustody(ctx, datanet, c, verdict, retry)
}

// refuseCustody records that validators do not hold a contribution that is set aside. The reason decides what happens
// to it.
func (k Keeper) refuseCustody(ctx context.Context, datanet *types.DataNet, c types.Contribution,
	verdict types.HoldVerdict, retry types.HoldRetry) error {
	hold := c.Hold
	hold.Reason = verdict
	switch verdict {
	case types.HOLD_VERDICT_UNFIT:
		return k.condemn(ctx, datanet, c)
	case types.HOLD_VERDICT_DERIVATIONS:
		if err := k.dropProposal(ctx, &c); err != nil {
			return err
		}
	default:
		hold.Refusals++
		if after := retry.After(hold.Refusals); after != 0 && c.MayEnter() {
			hold.AskHeight = sdk.UnwrapSDKContext(ctx).BlockHeight() + after
			if err := k.SetAside.Set(ctx, collections.Join(hold.AskHeight, c.Rank)); err != nil {
				return err
			}
		} else if c.Status == types.CONTRIBUTION_STATUS_ACCEPTED {
			if err := k.emitSetAside(ctx, c); err != nil {
				return err
			}
			return k.stopIn(ctx, datanet, c, types.CONTRIBUTION_STATUS_WITHHELD, "validators do not hold its text")
		}
	}
	if err := k.Contributions.Set(ctx, c.Rank, c); err != nil {
		return err
	}
	return k.emitSetAside(ctx, c)
}

func (k Keeper) emitSetAside(ctx context.Context, c types.Contribution) error {
	return modulekit.Emit(ctx, &types.EventContributionSetAside{
		Rank: c.Rank, DatanetId: c.DatanetId, Verdict: c.Hold.Reason, Refusals: c.Hold.Refusals,
		RetryHeight: c.Hold.AskHeight,
	})
}

// stopIn is stop for a DataNet that the caller has changed and stores.
func (k Keeper) stopIn(ctx context.Context, datanet *types.DataNet, c types.Contribution,
	status types.ContributionStatus, reason string) error {
	if err := k.DataNets.Set(ctx, datanet.Id, *datanet); err != nil {
		return err
	}
	if err := k.stop(ctx, c, status, reason); err != nil {
		return err
	}
	var err error
	*datanet, err = k.GetDataNet(ctx, datanet.Id)
	return err
}

// askSetAside asks about contributions that were set aside, those that have waited for longest first.
func (k Keeper) askSetAside(ctx context.Context, limit int) ([]types.HoldAsk, error) {
	if limit <= 0 {
		return nil, nil
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	until := new(collections.Range[collections.Pair[int64, uint64]]).EndInclusive(collections.Join(height, ^uint64(0)))
	var due []uint64
	if err := k.SetAside.Walk(ctx, until, func(key collections.Pair[int64, uint64]) (bool, error) {
		due = append(due, key.K2())
		return len(due) == limit, nil
	}); err != nil {
		return nil, err
	}
	asks := make([]types.HoldAsk, 0, len(due))
	for _, rank := range due {
		c, err := k.GetContribution(ctx, rank)
		if err != nil {
			return nil, err
		}
		if err := k.unqueueSetAside(ctx, &c); err != nil {
			return nil, err
		}
		c.Hold.Asked = true
		ask := types.HoldAsk{DatanetId: c.DatanetId, Rank: rank, Version: c.AcceptedVersion, Ranks: []uint64{rank},
			Sources: c.Hold.Sources}
		if err := k.Contributions.Set(ctx, rank, c); err != nil {
			return nil, err
		}
		if err := k.Asks.Set(ctx, collections.Join(c.DatanetId, rank), ask); err != nil {
			return nil, err
		}
		asks = append(asks, ask)
	}
	return asks, nil
}

// unqueueSetAside ends the wait of a contribution that was set aside. It changes c, which the caller stores.
func (k Keeper) unqueueSetAside(ctx context.Context, c *types.Contribution) error {
	if c.Hold == nil || c.Hold.AskHeight == 0 {
		return nil
	}
	err := k.SetAside.Remove(ctx, collections.Join(c.Hold.AskHeight, c.Rank))
	c.Hold.AskHeight = 0
	return err
}

// queueSetAside has validators asked at once about a contribution that was set aside. It changes c, which the caller
// stores.
func (k Keeper) queueSetAside(ctx context.Context, c *types.Contribution) error {
	if err := k.unqueueSetAside(ctx, c); err != nil {
		return err
	}
	c.Hold.AskHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return k.SetAside.Set(ctx, collections.Join(c.Hold.AskHeight, c.Rank))
}

// settleSetAside has a contribution enter after all, or waits longer. It changes datanet, which the caller stores.
func (k Keeper) settleSetAside(ctx context.Context, datanet *types.DataNet, rank uint64, verdict types.HoldVerdict,
	retry types.HoldRetry) error {
	c, err := k.GetContribution(ctx, rank)
	if err != nil {
		return err
	}
	c.Hold.Asked = false
	if verdict == types.HOLD_VERDICT_HELD {
		sound, err := k.sourcesHeld(ctx, c)
		if err != nil {
			return err
		}
		if !sound {
			verdict = types.HOLD_VERDICT_DERIVATIONS
		}
	}
	if verdict != types.HOLD_VERDICT_HELD {
		return k.refuseCustody(ctx, datanet, c, verdict, retry)
	}
	if !c.MayEnter() { // stopped while validators were being asked
		return k.Contributions.Set(ctx, rank, c)
	}
	return k.enterLate(ctx, datanet, c)
}

// enterLate has a contribution that was set aside enter the first version that is open, or a new one if none is.
// Versions that are closed never change.
func (k Keeper) enterLate(ctx context.Context, datanet *types.DataNet, c types.Contribution) error {
	if err := k.returnProposal(ctx, &c); err != nil {
		return err
	}
	if c.Status == types.CONTRIBUTION_STATUS_WITHHELD {
		if err := k.DataNets.Set(ctx, datanet.Id, *datanet); err != nil {
			return err
		}
		if err := k.restore(ctx, c, ""); err != nil {
			return err
		}
		var err error
		if *datanet, err = k.GetDataNet(ctx, datanet.Id); err != nil {
			return err
		}
		if c, err = k.GetContribution(ctx, c.Rank); err != nil {
			return err
		}
	}
	if datanet.HeldVersion == datanet.Version {
		datanet.Version++
		if err := k.Versions.Set(ctx, collections.Join(datanet.Id, datanet.Version), types.Version{
			DatanetId: datanet.Id, Version: datanet.Version, Height: sdk.UnwrapSDKContext(ctx).BlockHeight(),
		}); err != nil {
			return err
		}
	}
	c.AcceptedVersion = datanet.HeldVersion + 1
	g, err := k.grow(ctx, datanet)
	if err != nil {
		return err
	}
	if err := k.admit(ctx, g, c); err != nil {
		return err
	}
	if err := k.setRanges(ctx, datanet.Id, g.contributions, g.statistics); err != nil {
		return err
	}
	if err := k.closeDone(ctx, g); err != nil {
		return err
	}
	return modulekit.Emit(ctx,
		&types.EventContributionEntered{Rank: c.Rank, DatanetId: c.DatanetId, Version: c.AcceptedVersion})
}

// leaveAside ends the wait of a contribution that was set aside and is stopped for another reason: it enters no version
// any more. What was proposed for it is neither right nor wrong. It changes c, which the caller stores.
func (k Keeper) leaveAside(ctx context.Context, c *types.Contribution) error {
	if c.Hold == nil || c.MayEnter() {
		return nil
	}
	if err := k.unqueueSetAside(ctx, c); err != nil {
		return err
	}
	return k.returnProposal(ctx, c)
}
