package keeper

import (
	"context"

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
	return modulekit.Begin(ctx, msg, s.active)
}

// govern validates a message of governance and returns the parameters of an active module.
func (s msgServer) govern(ctx context.Context, msg sdk.HasValidateBasic, authority string) (types.Params, error) {
	return modulekit.Govern(ctx, msg, s.authority, authority, types.ErrUnauthorized, s.active)
}
