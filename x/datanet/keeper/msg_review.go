package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// bonded tells about a bond.
func bonded(ctx context.Context, v types.DataValidator) error {
	return emit(ctx, &types.EventValidatorBonded{DatanetId: v.DatanetId, Address: v.Address, Bond: v.Bond, Active: v.Active})
}

// BondValidator implements types.MsgServer.
func (s msgServer) BondValidator(ctx context.Context, msg *types.MsgBondValidator) (*types.MsgBondValidatorResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.GetDataNet(ctx, msg.DatanetId)
	if err != nil {
		return nil, err
	}
	v, err := s.bond(ctx, params, datanet, sdk.MustAccAddressFromBech32(msg.Validator), msg.Amount)
	if err != nil {
		return nil, err
	}
	return &types.MsgBondValidatorResponse{}, bonded(ctx, v)
}

// UnbondValidator implements types.MsgServer.
func (s msgServer) UnbondValidator(ctx context.Context, msg *types.MsgUnbondValidator) (*types.MsgUnbondValidatorResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.GetDataNet(ctx, msg.DatanetId)
	if err != nil {
		return nil, err
	}
	v, err := s.unbond(ctx, params, datanet, sdk.MustAccAddressFromBech32(msg.Validator), msg.Amount)
	if err != nil {
		return nil, err
	}
	return &types.MsgUnbondValidatorResponse{}, bonded(ctx, v)
}

// ActivateValidator implements types.MsgServer.
func (s msgServer) ActivateValidator(ctx context.Context, msg *types.MsgActivateValidator) (*types.MsgActivateValidatorResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.GetDataNet(ctx, msg.DatanetId)
	if err != nil {
		return nil, err
	}
	v, err := s.activate(ctx, params, datanet, sdk.MustAccAddressFromBech32(msg.Validator))
	if err != nil {
		return nil, err
	}
	return &types.MsgActivateValidatorResponse{}, bonded(ctx, v)
}

// SetCredentialPolicy implements types.MsgServer.
func (s msgServer) SetCredentialPolicy(ctx context.Context, msg *types.MsgSetCredentialPolicy) (*types.MsgSetCredentialPolicyResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := s.ownedDataNet(ctx, msg.DatanetId, msg.Owner)
	if err != nil {
		return nil, err
	}
	if err := s.setCredentialPolicy(ctx, params, datanet, msg.Kind, msg.Issuer); err != nil {
		return nil, err
	}
	return &types.MsgSetCredentialPolicyResponse{}, emit(ctx, &types.EventCredentialsChanged{DatanetId: datanet.Id})
}

// GrantCredentials implements types.MsgServer.
func (s msgServer) GrantCredentials(ctx context.Context, msg *types.MsgGrantCredentials) (*types.MsgGrantCredentialsResponse, error) {
	params, datanet, err := s.credentialsOf(ctx, msg, msg.DatanetId, len(msg.Addresses))
	if err != nil {
		return nil, err
	}
	if err := s.grantCredentials(ctx, params, datanet, msg); err != nil {
		return nil, err
	}
	return &types.MsgGrantCredentialsResponse{},
		emit(ctx, &types.EventCredentialsChanged{DatanetId: datanet.Id, Addresses: msg.Addresses, Granted: true})
}

// RevokeCredentials implements types.MsgServer.
func (s msgServer) RevokeCredentials(ctx context.Context, msg *types.MsgRevokeCredentials) (*types.MsgRevokeCredentialsResponse, error) {
	params, datanet, err := s.credentialsOf(ctx, msg, msg.DatanetId, len(msg.Addresses))
	if err != nil {
		return nil, err
	}
	if err := s.revokeCredentials(ctx, params, datanet, msg); err != nil {
		return nil, err
	}
	return &types.MsgRevokeCredentialsResponse{},
		emit(ctx, &types.EventCredentialsChanged{DatanetId: datanet.Id, Addresses: msg.Addresses})
}

func (s msgServer) credentialsOf(ctx context.Context, msg sdk.HasValidateBasic, datanetID uint64, items int) (types.Params, types.DataNet, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return params, types.DataNet{}, err
	}
	if err := takeItems(items, params); err != nil {
		return params, types.DataNet{}, err
	}
	datanet, err := s.GetDataNet(ctx, datanetID)
	return params, datanet, err
}

// SealGold implements types.MsgServer.
func (s msgServer) SealGold(ctx context.Context, msg *types.MsgSealGold) (*types.MsgSealGoldResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.sealGold(ctx, params, msg); err != nil {
		return nil, err
	}
	return &types.MsgSealGoldResponse{}, emit(ctx, &types.EventGoldSealed{Cohort: msg.Cohort, Kind: msg.Kind, Count: uint32(len(msg.Hashes))})
}

// OpenGold implements types.MsgServer.
func (s msgServer) OpenGold(ctx context.Context, msg *types.MsgOpenGold) (*types.MsgOpenGoldResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	kind, err := s.openGold(ctx, params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgOpenGoldResponse{}, emit(ctx, &types.EventGoldOpened{Cohort: msg.Cohort, Rank: msg.Rank, Kind: kind})
}

// CommitBallot implements types.MsgServer.
func (s msgServer) CommitBallot(ctx context.Context, msg *types.MsgCommitBallot) (*types.MsgCommitBallotResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	return &types.MsgCommitBallotResponse{}, s.commitBallot(ctx, msg)
}

// RevealBallot implements types.MsgServer.
func (s msgServer) RevealBallot(ctx context.Context, msg *types.MsgRevealBallot) (*types.MsgRevealBallotResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	return &types.MsgRevealBallotResponse{}, s.revealBallot(ctx, msg)
}

// Appeal implements types.MsgServer.
func (s msgServer) Appeal(ctx context.Context, msg *types.MsgAppeal) (*types.MsgAppealResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	cohort, err := s.appeal(ctx, params, msg)
	return &types.MsgAppealResponse{Cohort: cohort}, err
}

// ResolveContribution implements types.MsgServer.
func (s msgServer) ResolveContribution(ctx context.Context, msg *types.MsgResolveContribution) (*types.MsgResolveContributionResponse, error) {
	params, err := s.govern(ctx, msg, msg.Authority)
	if err != nil {
		return nil, err
	}
	return &types.MsgResolveContributionResponse{}, s.resolve(ctx, params, msg)
}
