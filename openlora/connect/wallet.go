package connect

import (
	"context"
	"errors"
	"sync"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/session"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// wallet sends the transactions of the account, one after another.
type wallet struct {
	node  *chain.Client
	payer chain.Signer
	dir   string // of the sessions
	mu    sync.Mutex
}

const (
	// sequenceTries and sequencePause: another program may use the account at the same time.
	sequenceTries = 4
	sequencePause = 2 * time.Second
)

// repeat sends a transaction again if it collided with another one of the account.
func (w *wallet) repeat(ctx context.Context, send func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for try := 1; ; try++ {
		err := send()
		var refused *chain.RefusedError
		if err == nil || try == sequenceTries || !errors.As(err, &refused) || !refused.Is(sdkerrors.ErrWrongSequence) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(sequencePause):
		}
	}
}

// open opens a session on a route, if the price is still what it was.
func (w *wallet) open(
	ctx context.Context,
	market *market,
	route Route,
	deposit math.Int,
) (client *session.Client, err error) {
	info, err := market.confirm(ctx, route)
	if err != nil {
		return nil, err
	}
	most := attributiontypes.Price{
		Input: math.NewIntFromBigInt(
			route.Price.InputPer1K.Big(),
		), Output: math.NewIntFromBigInt(route.Price.OutputPer1K.Big()),
		Royalty: math.NewIntFromBigInt(route.Price.Royalty.Big()),
	}
	err = w.repeat(ctx, func() (err error) {
		client, err = session.Open(
			ctx,
			w.node,
			w.payer,
			route.Gateway,
			info,
			sdk.NewCoin(rewardstypes.Denom, deposit),
			w.dir,
			func(msg *attributiontypes.MsgOpenSession) { msg.MaxPrice = &most },
		)
		return err
	})
	return client, err
}

// topUp adds to the deposit of a session.
func (w *wallet) topUp(ctx context.Context, client *session.Client, sum math.Int) error {
	return w.repeat(ctx, func() error {
		_, err := w.node.Send(ctx, w.payer, &attributiontypes.MsgTopUpSession{
			Payer: w.payer.String(), SessionId: client.State.ID[:], Amount: sdk.NewCoin(rewardstypes.Denom, sum),
		})
		return err
	})
}

// close closes a session, which acknowledges its last answer.
func (w *wallet) close(ctx context.Context, client *session.Client) error {
	return w.repeat(ctx, func() error { return client.Close(ctx, w.node, w.payer) })
}

// finish completes an interrupted opening.
func (w *wallet) finish(ctx context.Context, opening *session.Opening) (client *session.Client, err error) {
	err = w.repeat(ctx, func() (err error) {
		client, err = opening.Finish(ctx, w.node)
		return err
	})
	return client, err
}
