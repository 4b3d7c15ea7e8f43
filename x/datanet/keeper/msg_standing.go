package keeper

import (
	"context"

	"github.com/openledger/openledger/x/datanet/types"
)

// ChallengeDuplicate implements types.MsgServer.
func (s msgServer) ChallengeDuplicate(ctx context.Context, msg *types.MsgChallengeDuplicate) (*types.MsgChallengeDuplicateResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgChallengeDuplicateResponse{}, s.challengeDuplicate(ctx, params, msg)
}

// AcceptSnapshot implements types.MsgServer.
func (s msgServer) AcceptSnapshot(ctx context.Context, msg *types.MsgAcceptSnapshot) (*types.MsgAcceptSnapshotResponse, error) {
	if _, err := s.govern(ctx, msg, msg.Authority); err != nil {
		return nil, err
	}
	id, err := s.acceptSnapshot(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgAcceptSnapshotResponse{Id: id}, emit(ctx, &types.EventSnapshotAccepted{Id: id, Name: msg.Name})
}

// ProvePriorArt implements types.MsgServer.
func (s msgServer) ProvePriorArt(ctx context.Context, msg *types.MsgProvePriorArt) (*types.MsgProvePriorArtResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgProvePriorArtResponse{}, s.provePriorArt(ctx, params, msg)
}

// ClaimText implements types.MsgServer.
func (s msgServer) ClaimText(ctx context.Context, msg *types.MsgClaimText) (*types.MsgClaimTextResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	resumed, err := s.claimText(ctx, msg)
	return &types.MsgClaimTextResponse{Resumed: resumed}, err
}

// RecallContribution implements types.MsgServer.
func (s msgServer) RecallContribution(ctx context.Context, msg *types.MsgRecallContribution) (*types.MsgRecallContributionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgRecallContributionResponse{}, s.recall(ctx, params, msg)
}

// ResubmitContributions implements types.MsgServer.
func (s msgServer) ResubmitContributions(ctx context.Context, msg *types.MsgResubmitContributions) (*types.MsgResubmitContributionsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := takeItems(len(msg.Ranks), params); err != nil {
		return nil, err
	}
	for _, rank := range msg.Ranks {
		if err := s.resubmit(ctx, params, msg.Contributor, rank); err != nil {
			return nil, err
		}
		c, err := s.GetContribution(ctx, rank)
		if err != nil {
			return nil, err
		}
		if err := emit(ctx, &types.EventContributionRevealed{
			Rank: rank, DatanetId: c.DatanetId, Contributor: c.Contributor, Segments: c.Segments, Tokens: c.Tokens,
		}); err != nil {
			return nil, err
		}
	}
	return &types.MsgResubmitContributionsResponse{}, nil
}

// ReleaseDeposits implements types.MsgServer.
func (s msgServer) ReleaseDeposits(ctx context.Context, msg *types.MsgReleaseDeposits) (*types.MsgReleaseDepositsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := takeItems(len(msg.Ranks), params); err != nil {
		return nil, err
	}
	released, err := s.releaseDeposits(ctx, msg.Contributor, msg.Ranks)
	return &types.MsgReleaseDepositsResponse{Released: released}, err
}
