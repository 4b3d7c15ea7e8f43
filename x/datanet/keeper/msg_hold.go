package keeper

import (
	"context"

	"github.com/openledger/openledger/x/datanet/types"
)

// AskHeld implements types.MsgServer.
func (s msgServer) AskHeld(ctx context.Context, msg *types.MsgAskHeld) (*types.MsgAskHeldResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgAskHeldResponse{}, s.askAgain(ctx, params, msg)
}

// ProposeDerivations implements types.MsgServer.
func (s msgServer) ProposeDerivations(ctx context.Context, msg *types.MsgProposeDerivations) (*types.MsgProposeDerivationsResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgProposeDerivationsResponse{}, s.proposeDerivations(ctx, params, msg)
}
