package keeper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// sessionTag separates session ids from other hashes.
const sessionTag = "openledger/session/v1"

// sessionID is SHA-256(tag ‖ len8 chain id ‖ chain id ‖ len8 payer ‖ payer ‖
// be64 height ‖ session key ‖ SHA-256(transaction)). It does not repeat on
// forks, restarted networks or exports, as a counter would.
func sessionID(ctx sdk.Context, payer sdk.AccAddress, sessionKey []byte) []byte {
	tx := sha256.Sum256(ctx.TxBytes())
	data := append([]byte(sessionTag), byte(len(ctx.ChainID())))
	data = append(data, ctx.ChainID()...)
	data = append(data, byte(len(payer)))
	data = append(data, payer...)
	data = binary.BigEndian.AppendUint64(data, uint64(ctx.BlockHeight()))
	data = append(data, sessionKey...)
	data = append(data, tx[:]...)
	id := sha256.Sum256(data)
	return id[:]
}

// openSession takes the deposit and pins model version, prices and keys.
func (k Keeper) openSession(ctx sdk.Context, params types.Params, msg *types.MsgOpenSession) (types.Session, error) {
	if msg.Deposit.Amount.LT(params.MinDeposit) {
		return types.Session{}, errorsmod.Wrapf(types.ErrInvalidDeposit, "deposit %s is below the minimum %saopen",
			msg.Deposit, params.MinDeposit)
	}
	payer := sdk.MustAccAddressFromBech32(msg.Payer)
	session, err := k.quote(ctx, msg)
	if err != nil {
		return types.Session{}, err
	}
	session.Id = sessionID(ctx, payer, msg.SessionKey)
	if exists, err := k.Sessions.Has(ctx, session.Id); err != nil {
		return types.Session{}, err
	} else if exists {
		return types.Session{}, errorsmod.Wrap(types.ErrSessionExists, "use a fresh session key for each session")
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, payer, types.ModuleName, sdk.NewCoins(msg.Deposit)); err != nil {
		return types.Session{}, err
	}
	session.Deposit = msg.Deposit.Amount
	session.Deadline = ctx.BlockTime().Add(params.IdleExpiry).UTC()
	session.Queued = session.Deadline
	return session, k.addSession(ctx, session)
}

// quote returns a session with what it pins at opening.
func (k Keeper) quote(ctx sdk.Context, msg *types.MsgOpenSession) (types.Session, error) {
	model, err := k.models.GetModel(ctx, msg.ModelId)
	if err != nil {
		return types.Session{}, err
	}
	if model.Retired {
		return types.Session{}, errorsmod.Wrapf(types.ErrUnavailable, "model %d is retired", model.Id)
	}
	version, err := k.models.GetModelVersion(ctx, model.Id, model.Version)
	if err != nil {
		return types.Session{}, err
	}
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	provider, err := k.models.GetProvider(ctx, address)
	if err != nil {
		return types.Session{}, err
	}
	if provider.Frozen {
		return types.Session{}, errorsmod.Wrapf(types.ErrUnavailable, "provider %s is frozen", address)
	}
	if len(msg.Fence) != 0 && !bytes.Equal(msg.Fence, provider.Fence) {
		return types.Session{}, errorsmod.Wrapf(modelstypes.ErrFence,
			"%s answers with another gateway by now: ask which one it is", address)
	}
	offer, err := k.models.GetOffer(ctx, model.Id, address)
	if err != nil {
		return types.Session{}, err
	}
	price := types.Price{Input: offer.InputPrice, Output: offer.OutputPrice, Royalty: version.Royalty}
	if most := msg.MaxPrice; most != nil {
		if price.Input.GT(most.Input) || price.Output.GT(most.Output) || price.Royalty.GT(most.Royalty) {
			return types.Session{}, errorsmod.Wrapf(types.ErrPrice, "input %s, output %s, royalty %s aopen: above your limit",
				price.Input, price.Output, price.Royalty)
		}
	}
	return types.Session{
		Payer: msg.Payer, Provider: msg.Provider, ModelId: model.Id, ModelVersion: version.Version,
		SessionKey: msg.SessionKey, AnswerKey: provider.AnswerKey, Fence: provider.Fence, Price: price,
		Spent: math.ZeroInt(), Head: make([]byte, len(poa.Hash{})), Last: types.NewOutcome(poa.Outcome{}),
		Status: types.SESSION_STATUS_OPEN, OpenedHeight: ctx.BlockHeight(),
	}, nil
}

// addSession stores a new session with its indexes.
func (k Keeper) addSession(ctx context.Context, session types.Session) error {
	if err := k.Sessions.Set(ctx, session.Id, session); err != nil {
		return err
	}
	if err := k.SessionsByPayer.Set(
		ctx, collections.Join(sdk.MustAccAddressFromBech32(session.Payer), session.Id)); err != nil {
		return err
	}
	if session.Status == types.SESSION_STATUS_CLOSED {
		return nil
	}
	return k.Deadlines.Set(ctx, collections.Join(session.Queued, session.Id))
}

// moveDeadline stores a session with another deadline. In the queue it only moves forward: one that is queued too early
// is put back when its turn comes, so that a batch does not move the sessions it touches.
func (k Keeper) moveDeadline(ctx context.Context, session types.Session, deadline time.Time) error {
	session.Deadline = deadline.UTC()
	if session.Deadline.Before(session.Queued) {
		return k.requeue(ctx, session, deadline)
	}
	return k.Sessions.Set(ctx, session.Id, session)
}

// requeue stores a session with a deadline and queues it for that.
func (k Keeper) requeue(ctx context.Context, session types.Session, deadline time.Time) error {
	if err := k.Deadlines.Remove(ctx, collections.Join(session.Queued, session.Id)); err != nil {
		return err
	}
	session.Deadline = deadline.UTC()
	session.Queued = session.Deadline
	if err := k.Deadlines.Set(ctx, collections.Join(session.Queued, session.Id)); err != nil {
		return err
	}
	return k.Sessions.Set(ctx, session.Id, session)
}

// topUp adds to the deposit of an open session.
func (k Keeper) topUp(ctx sdk.Context, params types.Params, msg *types.MsgTopUpSession) error {
	session, err := k.GetSession(ctx, msg.SessionId)
	if err != nil {
		return err
	}
	if session.Status != types.SESSION_STATUS_OPEN {
		return errorsmod.Wrap(types.ErrSessionClosed, "only open sessions take deposits: open another")
	}
	if session.Deposit.Add(msg.Amount.Amount).GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrap(types.ErrInvalidDeposit, "deposit would be above the maximum supply")
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, sdk.MustAccAddressFromBech32(msg.Payer), types.ModuleName,
		sdk.NewCoins(msg.Amount)); err != nil {
		return err
	}
	session.Deposit = session.Deposit.Add(msg.Amount.Amount)
	return k.moveDeadline(ctx, session, ctx.BlockTime().Add(params.IdleExpiry))
}

// closeByPayer starts the claim window, or adds the closing leaf to it.
func (k Keeper) closeByPayer(ctx sdk.Context, params types.Params, session types.Session,
	msg *types.MsgCloseSession) (time.Time, error) {
	if msg.Calls != 0 && msg.Calls <= session.Calls {
		return time.Time{}, errorsmod.Wrapf(types.ErrInvalidSession, "closing leaf %d: %d calls are recorded already",
			msg.Calls, session.Calls)
	}
	switch session.Status {
	case types.SESSION_STATUS_OPEN:
		session.Status = types.SESSION_STATUS_CLOSING
		session.CloseCalls, session.CloseHead = msg.Calls, msg.Head
		deadline := ctx.BlockTime().Add(params.ClaimWindow).UTC()
		return deadline, k.moveDeadline(ctx, session, deadline)
	case types.SESSION_STATUS_CLOSING:
		if len(session.CloseHead) != 0 || len(msg.Head) == 0 {
			return time.Time{}, errorsmod.Wrapf(types.ErrSessionClosed, "session is closing until %s", session.Deadline)
		}
		session.CloseCalls, session.CloseHead = msg.Calls, msg.Head
		return session.Deadline, k.Sessions.Set(ctx, session.Id, session)
	default:
		return time.Time{}, errorsmod.Wrap(types.ErrSessionClosed, "nothing is left to close")
	}
}

// end closes a session for good and credits what is left to the payer.
func (k Keeper) end(ctx sdk.Context, session types.Session) error {
	refund := session.Deposit
	if err := k.Deadlines.Remove(ctx, collections.Join(session.Queued, session.Id)); err != nil {
		return err
	}
	payer := sdk.MustAccAddressFromBech32(session.Payer)
	if err := k.rewards.Credit(ctx, types.ModuleName, payer, refund); err != nil {
		return err
	}
	session.Deposit = math.ZeroInt()
	session.Status = types.SESSION_STATUS_CLOSED
	session.Deadline = ctx.BlockTime().UTC()
	session.Queued = session.Deadline
	if session.Batches == 0 {
		if err := k.removeSession(ctx, session); err != nil {
			return err
		}
	} else if err := k.Sessions.Set(ctx, session.Id, session); err != nil {
		return err
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventSessionClosed{
		SessionId: fmt.Sprintf("%x", session.Id), Payer: session.Payer, Refund: sdk.NewCoin(rewardstypes.Denom, refund),
	})
}

func (k Keeper) removeSession(ctx context.Context, session types.Session) error {
	if err := k.SessionsByPayer.Remove(
		ctx, collections.Join(sdk.MustAccAddressFromBech32(session.Payer), session.Id)); err != nil {
		return err
	}
	return k.Sessions.Remove(ctx, session.Id)
}
