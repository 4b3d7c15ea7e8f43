package keeper

import (
	"context"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// Accepted contributions of a DataNet wait in the custody queue until validators hold their text: by version, then by
// rank. One question asks validators about up to MaxAsked contributions of a DataNet. A DataNet has one open question
// at a time. If validators do not hold all of them, the next question is about half as many. If it is about a single
// contribution, that contribution is set aside and the queue continues without it. If validators hold all of them, they
// enter the versions, and the next question is about twice as many.

// maxAskedDerivations bounds the derivations of what is asked about at once: each is looked up when the answer is
// carried out.
const maxAskedDerivations = 512

// queueQuestion is the key of a DataNet's question about its custody queue, among those about what was set aside.
const queueQuestion = 0

// queueCustody queues the question about the custody queue of a DataNet from a height on, unless validators are being
// asked or nothing waits.
func (k Keeper) queueCustody(ctx context.Context, datanet *types.DataNet, height int64) error {
	if datanet.AskedVersion != 0 || datanet.AskHeight != 0 || datanet.HeldVersion == datanet.Version {
		return nil
	}
	datanet.AskHeight = height
	return k.CustodyDue.Set(ctx, collections.Join(height, datanet.Id))
}

// AskCustody records the questions that validators are asked now, and returns them: at most limit questions, and at
// most setAside of these about text that was set aside. Either queue is first come, first served.
func (k Keeper) AskCustody(ctx context.Context, limit, setAside int) ([]types.HoldAsk, error) {
	asks, err := k.askSetAside(ctx, min(limit, setAside))
	if err != nil {
		return nil, err
	}
	due, err := k.dueQueues(ctx, limit-len(asks))
	if err != nil {
		return nil, err
	}
	for _, id := range due {
		ask, err := k.askQueue(ctx, id)
		if err != nil {
			return nil, err
		}
		asks = append(asks, ask)
	}
	return asks, nil
}

// dueQueues returns the DataNets about whose custody queue validators should be asked now, in the order of asking.
func (k Keeper) dueQueues(ctx context.Context, limit int) ([]uint64, error) {
	if limit <= 0 {
		return nil, nil
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	until := new(collections.Range[collections.Pair[int64, uint64]]).EndInclusive(collections.Join(height, ^uint64(0)))
	var due []uint64
	err := k.CustodyDue.Walk(ctx, until, func(key collections.Pair[int64, uint64]) (bool, error) {
		due = append(due, key.K2())
		return len(due) == limit, nil
	})
	return due, err
}

// askQueue asks about what is next in the custody queue of a DataNet.
func (k Keeper) askQueue(ctx context.Context, id uint64) (types.HoldAsk, error) {
	datanet, err := k.unqueued(ctx, id)
	if err != nil {
		return types.HoldAsk{}, err
	}
	size := types.MaxAsked
	if datanet.AskSize != 0 {
		size = int(datanet.AskSize)
	}
	ask := types.HoldAsk{DatanetId: id}
	derivations := 0
	err = k.Waiting.Walk(ctx, collections.NewPrefixedTripleRange[uint64, uint64, uint64](id),
		func(key collections.Triple[uint64, uint64, uint64]) (bool, error) {
			c, err := k.GetContribution(ctx, key.K3())
			if err != nil {
				return true, err
			}
			if derivations += len(c.Derivations); len(ask.Ranks) > 0 && derivations > maxAskedDerivations {
				return true, nil
			}
			ask.Ranks, ask.Version = append(ask.Ranks, c.Rank), c.AcceptedVersion
			return len(ask.Ranks) == size, nil
		})
	if err != nil {
		return types.HoldAsk{}, err
	}
	if ask.Sources, err = k.countHeld(ctx, id); err != nil {
		return types.HoldAsk{}, err
	}
	datanet.AskedVersion = ask.Version
	if err := k.DataNets.Set(ctx, id, datanet); err != nil {
		return types.HoldAsk{}, err
	}
	return ask, k.Asks.Set(ctx, collections.Join(id, uint64(queueQuestion)), ask)
}

// countHeld returns how many contributions of a DataNet validators hold.
func (k Keeper) countHeld(ctx context.Context, id uint64) (uint64, error) {
	accumulator, err := k.ContributionsRange.Get(ctx, id)
	return accumulator.Count, err
}

// SettleCustody carries out the validators' answer to a question. It returns the version that they hold now, if it has
// changed.
func (k Keeper) SettleCustody(ctx context.Context, datanetID, rank uint64, verdict types.HoldVerdict,
	retry types.HoldRetry) (uint64, error) {
	ask, err := k.Asks.Get(ctx, collections.Join(datanetID, rank))
	if err != nil {
		return 0, err
	}
	if err := k.Asks.Remove(ctx, collections.Join(datanetID, rank)); err != nil {
		return 0, err
	}
	datanet, err := k.GetDataNet(ctx, datanetID)
	if err != nil {
		return 0, err
	}
	before := datanet.HeldVersion
	if rank != queueQuestion {
		err = k.settleSetAside(ctx, &datanet, rank, verdict, retry)
	} else {
		err = k.settleQueue(ctx, &datanet, ask, verdict, retry)
	}
	if err != nil {
		return 0, err
	}
	if err := k.DataNets.Set(ctx, datanetID, datanet); err != nil || datanet.HeldVersion == before {
		return 0, err
	}
	return datanet.HeldVersion, nil
}

// settleQueue adds the contributions that validators hold to the versions. Otherwise the next question is about fewer.
// It changes datanet, which the caller stores.
func (k Keeper) settleQueue(ctx context.Context, datanet *types.DataNet, ask types.HoldAsk, verdict types.HoldVerdict,
	retry types.HoldRetry) error {
	datanet.AskedVersion = 0
	asked := len(ask.Ranks)
	switch {
	case verdict == types.HOLD_VERDICT_HELD:
		if err := k.enterVersions(ctx, datanet, ask, retry); err != nil {
			return err
		}
		if datanet.AskSize != 0 {
			datanet.AskSize = uint32(2 * asked)
		}
		if datanet.AskSize >= types.MaxAsked {
			datanet.AskSize = 0
		}
	case asked > 1:
		datanet.AskSize = uint32(asked / 2)
	default:
		c, err := k.GetContribution(ctx, ask.Ranks[0])
		if err != nil {
			return err
		}
		datanet.AskSize = 1
		if err := k.setAside(ctx, datanet, c, ask.Sources, verdict, retry); err != nil {
			return err
		}
		if err := k.closeVersions(ctx, datanet); err != nil {
			return err
		}
	}
	if datanet.HeldVersion == datanet.Version {
		datanet.AskSize = 0
	}
	return k.queueCustody(ctx, datanet, sdk.UnwrapSDKContext(ctx).BlockHeight())
}

// enterVersions adds the contributions of the queue that validators hold to the versions that they were accepted for,
// and closes these versions.
func (k Keeper) enterVersions(ctx context.Context, datanet *types.DataNet, ask types.HoldAsk,
	retry types.HoldRetry) error {
	g, err := k.grow(ctx, datanet)
	if err != nil {
		return err
	}
	for _, rank := range ask.Ranks {
		c, err := k.GetContribution(ctx, rank)
		if err != nil {
			return err
		}
		// Everything that was accepted for an earlier version stands before this one in the queue, and has entered or
		// was set aside.
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
			// A source cannot be paid if no version with this contribution has it.
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

// sourcesHeld reports whether validators hold every contribution that this one passes pay on to. Then each version that
// has this contribution has those too.
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

// unqueued returns a DataNet and takes it out of the queue. The caller stores it.
func (k Keeper) unqueued(ctx context.Context, id uint64) (types.DataNet, error) {
	datanet, err := k.GetDataNet(ctx, id)
	if err != nil || datanet.AskHeight == 0 {
		return datanet, err
	}
	err = k.CustodyDue.Remove(ctx, collections.Join(datanet.AskHeight, id))
	datanet.AskHeight = 0
	return datanet, err
}

// OpenAsks returns the questions that validators are being asked.
func (k Keeper) OpenAsks(ctx context.Context) ([]types.HoldAsk, error) {
	var asks []types.HoldAsk
	err := k.Asks.Walk(ctx, nil, func(_ collections.Pair[uint64, uint64], ask types.HoldAsk) (bool, error) {
		asks = append(asks, ask)
		return false, nil
	})
	return asks, err
}

// readableSince reports whether validators held the text of an accepted contribution before a block. A reviewer cannot
// compare with text that was not readable.
func (k Keeper) readableSince(ctx context.Context, rank uint64, height int64) (bool, error) {
	c, err := k.GetContribution(ctx, rank)
	return err == nil && c.HeldHeight != 0 && c.HeldHeight < height, err
}
