package app

import (
	"fmt"

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// proposalRouter runs the messages of proposals. x/gov keeps the text of the error of a message that fails in its
// state, which is hashed, and texts differ from build to build. It gets the code alone; the text is in the log of each
// node.
type proposalRouter struct{ baseapp.MessageRouter }

// Handler implements baseapp.MessageRouter.
func (r proposalRouter) Handler(msg sdk.Msg) baseapp.MsgServiceHandler {
	return codesOnly(r.MessageRouter.Handler(msg))
}

// HandlerByTypeURL implements baseapp.MessageRouter.
func (r proposalRouter) HandlerByTypeURL(url string) baseapp.MsgServiceHandler {
	return codesOnly(r.MessageRouter.HandlerByTypeURL(url))
}

func codesOnly(handle baseapp.MsgServiceHandler) baseapp.MsgServiceHandler {
	if handle == nil {
		return nil
	}
	return func(ctx sdk.Context, msg sdk.Msg) (result *sdk.Result, err error) {
		defer func() {
			if reason := recover(); reason != nil {
				err = errorsmod.Wrapf(sdkerrors.ErrPanic, "%v", reason)
			}
			if err != nil {
				ctx.Logger().Error("message of a proposal failed", "message", sdk.MsgTypeURL(msg), "err", err)
				codespace, code, _ := errorsmod.ABCIInfo(err, false)
				result, err = nil, fmt.Errorf("codespace %s code %d", codespace, code)
			}
		}()
		return handle(ctx, msg)
	}
}
