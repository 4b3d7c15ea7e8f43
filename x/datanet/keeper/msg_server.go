package keeper

import (
	"context"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
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
	if err := modulekit.CheckAuthority(ctx, s.authority, authority, types.ErrUnauthorized); err != nil {
		return types.Params{}, err
	}
	return s.begin(ctx, msg)
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
