package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// CommitContributions implements types.MsgServer.
func (s msgServer) CommitContributions(ctx context.Context, msg *types.MsgCommitContributions) (*types.MsgCommitContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := takeItems(len(msg.Items), params); err != nil {
		return nil, err
	}
	ranks, err := s.commit(ctx, params, sdk.MustAccAddressFromBech32(msg.Contributor), msg.Items)
	if err != nil {
		return nil, err
	}
	return &types.MsgCommitContributionsResponse{Ranks: ranks},
		emit(ctx, &types.EventContributionsCommitted{Contributor: msg.Contributor, FirstRank: ranks[0], Count: uint32(len(ranks))})
}

// RevealContributions implements types.MsgServer.
func (s msgServer) RevealContributions(ctx context.Context, msg *types.MsgRevealContributions) (*types.MsgRevealContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := takeItems(len(msg.Items), params); err != nil {
		return nil, err
	}
	contributor := sdk.MustAccAddressFromBech32(msg.Contributor)
	response := &types.MsgRevealContributionsResponse{}
	for _, item := range msg.Items {
		contribution, returned, err := s.openCommit(ctx, params, contributor, item)
		if err != nil {
			return nil, err
		}
		if returned {
			response.Returned = append(response.Returned, item.Rank)
			continue
		}
		if err := emit(ctx, &types.EventContributionRevealed{
			Rank: contribution.Rank, DatanetId: contribution.DatanetId, Contributor: contribution.Contributor,
			Segments: contribution.Segments, Tokens: contribution.Tokens,
		}); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// decidable returns the DataNet of a decision by its owner.
func (s msgServer) decidable(ctx context.Context, params types.Params, datanetID uint64, owner string, items int) (types.DataNet, error) {
	if err := takeItems(items, params); err != nil {
		return types.DataNet{}, err
	}
	datanet, err := s.ownedDataNet(ctx, datanetID, owner)
	if err == nil && datanet.ReviewPolicy != types.REVIEW_POLICY_OWNER {
		err = errorsmod.Wrapf(types.ErrReviewPolicy, "DataNet %d is not decided by its owner", datanetID)
	}
	return datanet, err
}

// AcceptContributions implements types.MsgServer.
func (s msgServer) AcceptContributions(ctx context.Context, msg *types.MsgAcceptContributions) (*types.MsgAcceptContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.decidable(ctx, params, msg.DatanetId, msg.Owner, len(msg.Ranks))
	if err != nil {
		return nil, err
	}
	accepted := make([]acceptance, len(msg.Ranks))
	for i, rank := range msg.Ranks {
		accepted[i] = acceptance{rank, types.MaxScore}
	}
	version, err := s.accept(ctx, params, datanet, accepted)
	if err != nil {
		return nil, err
	}
	return &types.MsgAcceptContributionsResponse{Version: version},
		emit(ctx, &types.EventContributionsAccepted{DatanetId: datanet.Id, Version: version, Ranks: msg.Ranks})
}

// RejectContributions implements types.MsgServer.
func (s msgServer) RejectContributions(ctx context.Context, msg *types.MsgRejectContributions) (*types.MsgRejectContributionsResponse, error) {
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
		emit(ctx, &types.EventContributionsRejected{DatanetId: msg.DatanetId, Ranks: msg.Ranks, Reason: msg.Reason})
}

// WithdrawContribution implements types.MsgServer.
func (s msgServer) WithdrawContribution(ctx context.Context, msg *types.MsgWithdrawContribution) (*types.MsgWithdrawContributionResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	contribution, err := s.GetContribution(ctx, msg.Rank)
	if err != nil {
		return nil, err
	}
	if contribution.Contributor != msg.Contributor {
		return nil, errorsmod.Wrapf(types.ErrUnauthorized, "contribution %d belongs to %s", msg.Rank, contribution.Contributor)
	}
	if err := mustBeSubmitted(contribution); err != nil {
		return nil, err
	}
	if contribution.Cohort != 0 {
		return nil, errorsmod.Wrapf(types.ErrContributionStatus, "contribution %d waits for a panel, in cohort %d: recall it when it is accepted", msg.Rank, contribution.Cohort)
	}
	if err := s.release(ctx, contribution, types.CONTRIBUTION_STATUS_WITHDRAWN, ""); err != nil {
		return nil, err
	}
	return &types.MsgWithdrawContributionResponse{},
		emit(ctx, &types.EventContributionWithdrawn{Rank: msg.Rank, Contributor: msg.Contributor})
}
