package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// WithdrawContribution implements types.MsgServer.
func (s msgServer) WithdrawContribution(ctx context.Context,
	msg *types.MsgWithdrawContribution) (*types.MsgWithdrawContributionResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	contribution, err := s.GetContribution(ctx, msg.Rank)
	if err != nil {
		return nil, err
	}
	if contribution.Contributor != msg.Contributor {
		return nil, errorsmod.Wrapf(types.ErrUnauthorized, "contribution %d belongs to %s", msg.Rank,
			contribution.Contributor)
	}
	if err := mustBeSubmitted(contribution); err != nil {
		return nil, err
	}
	if contribution.Cohort != 0 {
		return nil, errorsmod.Wrapf(types.ErrContributionStatus,
			"contribution %d waits for a panel, in cohort %d: recall it when it is accepted", msg.Rank,
			contribution.Cohort)
	}
	if err := s.release(ctx, contribution, types.CONTRIBUTION_STATUS_WITHDRAWN, ""); err != nil {
		return nil, err
	}
	return &types.MsgWithdrawContributionResponse{},
		modulekit.Emit(ctx, &types.EventContributionWithdrawn{Rank: msg.Rank, Contributor: msg.Contributor})
}
