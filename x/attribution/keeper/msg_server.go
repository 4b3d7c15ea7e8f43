package keeper

import (
	"context"
	"fmt"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

type msgServer struct{ Keeper }

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the transaction service.
func NewMsgServer(k Keeper) types.MsgServer { return msgServer{k} }

// begin validates a message and returns the parameters of an active module.
func (s msgServer) begin(ctx context.Context, msg sdk.HasValidateBasic) (types.Params, error) {
	return modulekit.Begin(ctx, msg, s.active)
}

// OpenSession implements types.MsgServer.
func (s msgServer) OpenSession(ctx context.Context, msg *types.MsgOpenSession) (*types.MsgOpenSessionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	session, err := s.openSession(sdkCtx, params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgOpenSessionResponse{SessionId: session.Id, ModelVersion: session.ModelVersion, Price: session.Price},
		sdkCtx.EventManager().EmitTypedEvent(&types.EventSessionOpened{
			SessionId: fmt.Sprintf("%x", session.Id), Payer: session.Payer, Provider: session.Provider, ModelId: session.ModelId,
			Deposit: msg.Deposit,
		})
}

// TopUpSession implements types.MsgServer.
func (s msgServer) TopUpSession(ctx context.Context,
	msg *types.MsgTopUpSession) (*types.MsgTopUpSessionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	if err := s.topUp(sdkCtx, params, msg); err != nil {
		return nil, err
	}
	return &types.MsgTopUpSessionResponse{},
		sdkCtx.EventManager().EmitTypedEvent(
			&types.EventSessionToppedUp{SessionId: fmt.Sprintf("%x", msg.SessionId), Amount: msg.Amount})
}

// CloseSession implements types.MsgServer.
func (s msgServer) CloseSession(ctx context.Context,
	msg *types.MsgCloseSession) (*types.MsgCloseSessionResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	session, err := s.GetSession(ctx, msg.SessionId)
	if err != nil {
		return nil, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	switch msg.Signer {
	case session.Payer:
		deadline, err := s.closeByPayer(sdkCtx, params, session, msg)
		if err != nil {
			return nil, err
		}
		return &types.MsgCloseSessionResponse{ClaimDeadline: deadline},
			sdkCtx.EventManager().EmitTypedEvent(&types.EventSessionClosing{SessionId: fmt.Sprintf("%x", session.Id)})
	case session.Provider:
		if session.Status == types.SESSION_STATUS_CLOSED {
			return nil, errorsmod.Wrap(types.ErrSessionClosed, "nothing is left to close")
		}
		return &types.MsgCloseSessionResponse{ClaimDeadline: sdkCtx.BlockTime().UTC()}, s.end(sdkCtx, session)
	default:
		return nil, errorsmod.Wrapf(types.ErrUnauthorized, "only payer %s and provider %s close the session", session.Payer,
			session.Provider)
	}
}

// SubmitReceipts implements types.MsgServer.
func (s msgServer) SubmitReceipts(ctx context.Context,
	msg *types.MsgSubmitReceipts) (*types.MsgSubmitReceiptsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	id, err := s.submit(sdk.UnwrapSDKContext(ctx), params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgSubmitReceiptsResponse{BatchId: id}, nil
}

// ResubmitBatch implements types.MsgServer.
func (s msgServer) ResubmitBatch(ctx context.Context,
	msg *types.MsgResubmitBatch) (*types.MsgResubmitBatchResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	item, err := s.resubmit(sdk.UnwrapSDKContext(ctx), params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgResubmitBatchResponse{Item: item}, nil
}

// CommitDispute implements types.MsgServer.
func (s msgServer) CommitDispute(ctx context.Context,
	msg *types.MsgCommitDispute) (*types.MsgCommitDisputeResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	dispute, err := s.commitDispute(sdkCtx, params, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgCommitDisputeResponse{RevealUntil: dispute.RevealUntil},
		sdkCtx.EventManager().EmitTypedEvent(&types.EventDisputeCommitted{
			Commitment: fmt.Sprintf("%x", dispute.Commitment), Challenger: dispute.Challenger, RevealUntil: dispute.RevealUntil,
		})
}

// RevealDispute implements types.MsgServer.
func (s msgServer) RevealDispute(ctx context.Context,
	msg *types.MsgRevealDispute) (*types.MsgRevealDisputeResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return s.revealDispute(sdk.UnwrapSDKContext(ctx), params, msg)
}

// UpdateParams implements types.MsgServer.
func (s msgServer) UpdateParams(ctx context.Context,
	msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if err := modulekit.CheckAuthority(ctx, s.authority, msg.Authority, types.ErrUnauthorized); err != nil {
		return nil, err
	}
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	before, err := s.Params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if before.Paused && !msg.Params.Paused {
		if err := s.grantGrace(sdk.UnwrapSDKContext(ctx), msg.Params); err != nil {
			return nil, err
		}
	}
	return &types.MsgUpdateParamsResponse{}, s.Params.Set(ctx, msg.Params)
}
