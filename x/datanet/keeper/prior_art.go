package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// ProvePriorArt implements types.MsgServer.
func (s msgServer) ProvePriorArt(ctx context.Context, msg *types.MsgProvePriorArt) (*types.MsgProvePriorArtResponse,
	error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgProvePriorArtResponse{}, s.provePriorArt(ctx, params, msg)
}

// provePriorArt stops a segment that stands in a public snapshot. Half of its part of the deposit goes to the sender of
// the proof: a contributor who shows prior art against their own text loses half. The other half is burned, or goes to
// the author of the text.
func (k Keeper) provePriorArt(ctx context.Context, params types.Params, msg *types.MsgProvePriorArt) error {
	snapshot, err := k.Snapshots.Get(ctx, msg.Snapshot)
	if err != nil {
		return errorsmod.Wrapf(types.ErrSnapshot, "no snapshot %d: see `openledgerd query datanet snapshots`",
			msg.Snapshot)
	}
	shown, err := k.challenge(ctx, msg.Rank, msg.Segment)
	if err != nil {
		return err
	}
	// Text that was stopped for another reason may still be shown to be an author's. The author may then claim it.
	if snapshot.Author == "" || shown.stop.Author != "" {
		if err := shown.mustEarn(); err != nil {
			return err
		}
	}
	c := shown.contribution
	if c.Contributor == snapshot.Author {
		return errorsmod.Wrapf(types.ErrSnapshot, "snapshot %d shows text of %s, who contributed it", snapshot.Id,
			snapshot.Author)
	}
	if err := msg.SnapshotSegment.Verify(snapshot.Root, nil, snapshot.Segments, snapshot.Norm()); err != nil {
		return errorsmod.Wrapf(types.ErrDuplicate, "segment of snapshot %d: %s", snapshot.Id, err)
	}
	if err := k.checkAlignment(ctx, params, msg.Segment.Text, msg.SnapshotSegment.Text); err != nil {
		return err
	}
	if shown.stopped {
		shown.stop.Snapshot, shown.stop.Author = snapshot.Id, snapshot.Author
		return k.setSegmentStop(ctx, shown.stop)
	}
	if shown.last() {
		c.Snapshot = snapshot.Id
	}
	share := shown.deposit()
	c.Deposit.Amount = c.Deposit.Amount.Sub(share)
	half := share.QuoRaw(2)
	if err := k.funds.Pay(ctx, msg.Prover, half); err != nil {
		return err
	}
	if snapshot.Author != "" {
		err = k.funds.Pay(ctx, snapshot.Author, share.Sub(half))
	} else {
		err = k.funds.Burn(ctx, share.Sub(half))
	}
	if err != nil {
		return err
	}
	return k.stopSegment(ctx, c, types.SegmentStop{
		Segment: msg.Segment.Index, Snapshot: snapshot.Id, Author: snapshot.Author, Bound: math.ZeroInt(),
	}, types.CONTRIBUTION_STATUS_COMMONS, "stands in snapshot "+snapshot.Name)
}
