package app

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
)

// partyBank is the bank of this chain's own modules, in which module accounts are no party. A proposal could have
// x/gov's account pay for a session or a bond out of the deposits that it holds for others, and what the modules owe it
// then could never be paid back.
type partyBank struct{ bankkeeper.BaseKeeper }

// SendCoinsFromAccountToModule refuses what a module account would pay.
func (b partyBank) SendCoinsFromAccountToModule(ctx context.Context, sender sdk.AccAddress, module string,
	amount sdk.Coins) error {
	if b.BlockedAddr(sender) {
		return errorsmod.Wrapf(sdkerrors.ErrUnauthorized,
			"%s is a module account and holds what is owed to others: spend the community pool to an account that pays", sender)
	}
	return b.BaseKeeper.SendCoinsFromAccountToModule(ctx, sender, module, amount)
}
