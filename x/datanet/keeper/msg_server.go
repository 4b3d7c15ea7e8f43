package keeper

import (
	"context"

	"github.com/cosmos/gogoproto/proto"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// msgServer serves the messages of the module: its own, and those of review.
type msgServer struct {
	Keeper
	review.Messages
}

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the transaction service.
func NewMsgServer(k Keeper) types.MsgServer { return msgServer{k, review.NewMessages(k.Review)} }

// begin validates a message and returns the parameters of an active module.
func (s msgServer) begin(ctx context.Context, msg sdk.HasValidateBasic) (types.Params, error) {
	if err := msg.ValidateBasic(); err != nil {
		return types.Params{}, err
	}
	return s.active(ctx)
}

// govern validates a message of governance and returns the parameters of an active module.
func (s msgServer) govern(ctx context.Context, msg sdk.HasValidateBasic, authority string) (types.Params, error) {
	if authority != s.authority {
		return types.Params{}, errorsmod.Wrapf(types.ErrUnauthorized, "%s is not the governance account %s: submit a proposal", authority, s.authority)
	}
	return s.begin(ctx, msg)
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
