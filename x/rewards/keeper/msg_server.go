package keeper

import (
	"context"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/rewards/types"
)

type msgServer struct{ Keeper }

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the transaction service.
func NewMsgServer(k Keeper) types.MsgServer { return msgServer{k} }

// active fails while the module is paused.
func (k Keeper) active(ctx context.Context) (types.Params, error) {
	params, err := k.Params.Get(ctx)
	if err == nil && params.Paused {
		err = errorsmod.Wrap(types.ErrPaused, "credits are kept; try again when governance has resumed the module")
	}
	return params, err
}

// Claim implements types.MsgServer.
func (s msgServer) Claim(ctx context.Context, msg *types.MsgClaim) (*types.MsgClaimResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	if _, err := s.active(ctx); err != nil {
		return nil, err
	}
	account := sdk.MustAccAddressFromBech32(msg.Account)
	recipient := account
	if msg.Recipient != "" {
		recipient = sdk.MustAccAddressFromBech32(msg.Recipient)
	}
	amount, err := s.claim(ctx, account, recipient)
	if err != nil {
		return nil, err
	}
	event := &types.EventClaimed{Account: account.String(), Recipient: recipient.String(), Amount: amount}
	return &types.MsgClaimResponse{Amount: amount}, sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}

// claim pays the balance of an account to a recipient.
func (k Keeper) claim(ctx context.Context, account, recipient sdk.AccAddress) (sdk.Coin, error) {
	id, row, ok, err := k.row(ctx, account)
	if err != nil {
		return sdk.Coin{}, err
	}
	if !ok || row.Balance.IsZero() {
		return sdk.Coin{}, errorsmod.Wrapf(types.ErrNothingToClaim, "%s has no balance in the ledger", account)
	}
	if k.bank.BlockedAddr(recipient) {
		return sdk.Coin{}, errorsmod.Wrapf(types.ErrRecipient, "%s is a module account: choose another recipient", recipient)
	}
	amount := types.IntOf(row.Balance)
	number, at := types.PageOf(id)
	page, err := k.page(ctx, number)
	if err != nil {
		return sdk.Coin{}, err
	}
	page.Rows[at].Balance = poa.Amount{}
	if err := k.Pages.Set(ctx, number, page); err != nil {
		return sdk.Coin{}, err
	}
	// What was credited in this block may not have been handed over yet.
	if err := k.collect(ctx); err != nil {
		return sdk.Coin{}, err
	}
	if err := k.countPaidOut(ctx, id, amount); err != nil {
		return sdk.Coin{}, err
	}
	return sdk.NewCoin(types.Denom, amount),
		k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, recipient, coins(amount))
}

// SetPayoutThreshold implements types.MsgServer.
func (s msgServer) SetPayoutThreshold(ctx context.Context,
	msg *types.MsgSetPayoutThreshold) (*types.MsgSetPayoutThresholdResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	params, err := s.active(ctx)
	if err != nil {
		return nil, err
	}
	account := sdk.MustAccAddressFromBech32(msg.Account)
	id, _, ok, err := s.row(ctx, account)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errorsmod.Wrapf(types.ErrNoLedgerAccount,
			"%s has never been credited: choose a threshold after the first earnings", account)
	}
	chosen, err := types.ParseThreshold(msg.Threshold)
	if err != nil {
		return nil, err
	}
	switch {
	case chosen == nil:
		err = s.Thresholds.Remove(ctx, id)
	case chosen.LT(params.PayoutThreshold):
		return nil, errorsmod.Wrapf(types.ErrThreshold, "%s is below the least threshold %s", chosen, params.PayoutThreshold)
	default:
		err = s.Thresholds.Set(ctx, id, *chosen)
	}
	if err != nil {
		return nil, err
	}
	number, at := types.PageOf(id)
	page, err := s.page(ctx, number)
	if err != nil {
		return nil, err
	}
	page.Rows[at].Threshold = chosen != nil
	return &types.MsgSetPayoutThresholdResponse{}, s.setPage(ctx, number, page, params)
}

// FundBountyPool implements types.MsgServer.
func (s msgServer) FundBountyPool(ctx context.Context,
	msg *types.MsgFundBountyPool) (*types.MsgFundBountyPoolResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	if _, err := s.active(ctx); err != nil {
		return nil, err
	}
	funder := sdk.MustAccAddressFromBech32(msg.Funder)
	if err := s.bank.SendCoinsFromAccountToModule(ctx, funder, types.BountyPoolName,
		sdk.NewCoins(msg.Amount)); err != nil {
		return nil, err
	}
	if err := add(ctx, s.BountyPool, msg.Amount.Amount); err != nil {
		return nil, err
	}
	event := &types.EventBountyPoolFunded{Funder: msg.Funder, Amount: msg.Amount}
	return &types.MsgFundBountyPoolResponse{}, sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}

// RetryDeadLetter implements types.MsgServer.
func (s msgServer) RetryDeadLetter(ctx context.Context,
	msg *types.MsgRetryDeadLetter) (*types.MsgRetryDeadLetterResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	if _, err := s.active(ctx); err != nil {
		return nil, err
	}
	amount, err := s.retryDeadLetter(ctx, msg.BatchId)
	return &types.MsgRetryDeadLetterResponse{Amount: amount}, err
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
	return &types.MsgUpdateParamsResponse{}, s.Params.Set(ctx, msg.Params)
}
