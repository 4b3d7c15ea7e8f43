package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/x/datanet/types"
)

// checkCustody checks that each accepted contribution waits in the custody queue, is held, or is set aside. Only those
// set aside are asked about one by one.
func (k Keeper) checkCustody(ctx context.Context, c types.Contribution) error {
	waits, err := k.Waiting.Has(ctx, collections.Join3(c.DatanetId, c.AcceptedVersion, c.Rank))
	if err != nil {
		return err
	}
	at, err := k.InCustody.Get(ctx, collections.Join(c.DatanetId, c.AcceptedIndex))
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	queued, asked := false, false
	if c.Hold != nil {
		if queued, err = k.SetAside.Has(ctx, collections.Join(c.Hold.AskHeight, c.Rank)); err != nil {
			return err
		}
		if asked, err = k.Asks.Has(ctx, collections.Join(c.DatanetId, c.Rank)); err != nil {
			return err
		}
	}
	ended := c.Hold != nil && (c.Hold.Asked != asked || queued != (c.Hold.AskHeight != 0) || queued &&
		(asked || !c.MayEnter()))
	if waits != c.Waits() || c.HeldHeight != 0 && (at != c.Rank || c.Hold != nil || c.AcceptedVersion == 0) || ended {
		return errorsmod.Wrapf(types.ErrInvariant,
			"contribution %d is accepted for version %d and held at %d; waits %t, index %d has %d, set aside %v, queued %t, "+
				"asked %t",
			c.Rank, c.AcceptedVersion, c.HeldHeight, waits, c.AcceptedIndex, at, c.Hold, queued, asked)
	}
	return nil
}

// checkCustodyQueue checks that a DataNet has an open question, or waits for one, exactly if it has a version that
// validators do not hold.
func (k Keeper) checkCustodyQueue(ctx context.Context, datanet types.DataNet) error {
	queued, err := k.CustodyDue.Has(ctx, collections.Join(datanet.AskHeight, datanet.Id))
	if err != nil {
		return err
	}
	ask, err := k.Asks.Has(ctx, collections.Join(datanet.Id, uint64(queueQuestion)))
	if err != nil {
		return err
	}
	waits, asked, open := datanet.AskHeight != 0, datanet.AskedVersion != 0, datanet.HeldVersion != datanet.Version
	if ask != asked || datanet.HeldVersion > datanet.Version || datanet.AskedVersion > datanet.Version ||
		waits != queued || waits && asked || (waits || asked) != open {
		return errorsmod.Wrapf(types.ErrInvariant,
			"DataNet %d: version %d, held %d, asked %d, ask height %d, queued %t",
			datanet.Id, datanet.Version, datanet.HeldVersion, datanet.AskedVersion, datanet.AskHeight, queued)
	}
	return nil
}
