package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// RejectContributions implements types.MsgServer.
func (s msgServer) RejectContributions(ctx context.Context,
	msg *types.MsgRejectContributions) (*types.MsgRejectContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if _, err := s.decidable(ctx, params, msg.DatanetId, msg.Owner, len(msg.Ranks)); err != nil {
		return nil, err
	}
	for _, rank := range msg.Ranks {
		contribution, err := s.submitted(ctx, msg.DatanetId, rank)
		if err != nil {
			return nil, err
		}
		if err := s.release(ctx, contribution, types.CONTRIBUTION_STATUS_REJECTED, msg.Reason); err != nil {
			return nil, err
		}
	}
	return &types.MsgRejectContributionsResponse{},
		modulekit.Emit(ctx, &types.EventContributionsRejected{DatanetId: msg.DatanetId, Ranks: msg.Ranks, Reason: msg.Reason})
}

// release ends the review of a submitted contribution without acceptance and
// returns its deposit.
func (k Keeper) release(ctx context.Context, contribution types.Contribution, status types.ContributionStatus,
	reason string) error {
	if err := k.returnDeposit(ctx, contribution.Contributor, contribution.Deposit); err != nil {
		return err
	}
	contribution.Deposit.Amount = math.ZeroInt()
	contribution.Status = status
	contribution.Reason = reason
	if err := k.decided(ctx, &contribution); err != nil {
		return err
	}
	if err := k.unreserve(ctx, &contribution); err != nil {
		return err
	}
	if err := k.Contributions.Set(ctx, contribution.Rank, contribution); err != nil {
		return err
	}
	datanet, err := k.GetDataNet(ctx, contribution.DatanetId)
	if err != nil {
		return err
	}
	datanet.Pending--
	if status == types.CONTRIBUTION_STATUS_REJECTED {
		datanet.Record.Rejected++
	} else {
		datanet.Record.Returned++
	}
	return k.DataNets.Set(ctx, datanet.Id, datanet)
}

// returnDeposit sends a deposit back.
func (k Keeper) returnDeposit(ctx context.Context, to string, deposit sdk.Coin) error {
	return k.funds.Pay(ctx, to, deposit.Amount)
}
