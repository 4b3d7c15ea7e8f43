package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// ClaimText implements types.MsgServer.
func (s msgServer) ClaimText(ctx context.Context, msg *types.MsgClaimText) (*types.MsgClaimTextResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	resumed, err := s.claimText(ctx, msg)
	return &types.MsgClaimTextResponse{Resumed: resumed}, err
}

// claimText passes what a segment of somebody else earns on to its author, and
// pays a segment of the author's again that was stopped as a copy of it.
func (k Keeper) claimText(ctx context.Context, msg *types.MsgClaimText) (resumed bool, err error) {
	taken, err := k.GetContribution(ctx, msg.Rank)
	if err != nil {
		return false, err
	}
	stop, known, err := k.SegmentStop(ctx, taken.DatanetId, msg.Rank, msg.Segment)
	if err != nil {
		return false, err
	}
	if !known || stop.Author != msg.Author {
		return false, errorsmod.Wrapf(types.ErrUnauthorized,
			"no snapshot was shown by which segment %d of contribution %d is text of %s: prove prior art first",
			msg.Segment, msg.Rank, msg.Author)
	}
	own, err := k.GetContribution(ctx, msg.Contribution)
	if err != nil {
		return false, err
	}
	if own.Contributor != msg.Author || own.Version() == 0 {
		return false, errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d is %s, of %s: name an accepted one of %s", own.Rank, own.Status, own.Contributor,
			msg.Author)
	}
	copied, known, err := k.SegmentStop(ctx, own.DatanetId, own.Rank, msg.OwnSegment)
	if err != nil {
		return false, err
	}
	resumed = known && copied.ResumedHeight == 0 && copied.Snapshot == 0 && copied.Original == msg.Rank &&
		copied.OriginalSegment == msg.Segment
	if resumed {
		if err := k.resumeSegment(ctx, copied); err != nil {
			return false, err
		}
	}
	switch {
	case stop.Beneficiary == 0:
		stop.Beneficiary, stop.BeneficiaryHeight = own.Rank, sdk.UnwrapSDKContext(ctx).BlockHeight()+1
		if err := k.setSegmentStop(ctx, stop); err != nil {
			return false, err
		}
	case !resumed:
		return false, errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d has the pay of segment %d of contribution %d already", stop.Beneficiary, msg.Segment,
			msg.Rank)
	}
	return resumed, modulekit.Emit(ctx, &types.EventTextClaimed{
		Author: msg.Author, Rank: msg.Rank, Segment: msg.Segment, Contribution: own.Rank, OwnSegment: msg.OwnSegment,
		Resumed: resumed,
	})
}
