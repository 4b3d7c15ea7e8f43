package session

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
)

// ErrPending reports that an earlier question of the session must be settled first, by Again, Recover or Settle.
var ErrPending = errors.New("an earlier question of this session has no answer yet")

// Complete sends the body of a request to POST /v1/chat/completions. It passes pieces of the answer to take as they
// come; without take it asks for the answer in one piece. The answer is checked before it is returned; the next voucher
// acknowledges it. If an error leaves a question pending, Again asks for the same answer.
func (c *Client) Complete(ctx context.Context, body []byte, label string, take func(Piece)) (*Answer, error) {
	if c.State.Pending != nil {
		return nil, ErrPending
	}
	if err := c.prepare(body, label, take == nil); err != nil {
		return nil, err
	}
	return c.Again(ctx, take)
}

// Again sends the pending question again under its voucher, which pays once. The pieces begin with the first one. After
// an error, nothing is pending if the gateway certainly did not record the call, or recorded it as failed.
func (c *Client) Again(ctx context.Context, take func(Piece)) (*Answer, error) {
	fresh := c.State.Pending.fresh
	answer, err := c.attempt(ctx, take)
	var refused *GatewayError
	switch {
	case err == nil:
		return answer, nil
	case fresh && neverSent(err):
		return nil, errors.Join(err, c.withdraw())
	case !errors.As(err, &refused) || refused.Body.Code == codeUnknown:
		return nil, err
	case refused.Body.Gap:
		return nil, errors.Join(err, c.settle(poa.Outcome{}))
	case fresh: // refused before it was recorded: the voucher was not used
		return nil, errors.Join(err, c.withdraw())
	case refused.Passing() || refused.Body.Code == api.CodeFenced:
		return nil, err
	}
	return nil, errors.Join(err, c.refused(ctx, err))
}

// neverSent reports whether an error means that there was no connection, so that nothing was sent.
func neverSent(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

// Settle finds out the state of a pending question that nobody waits for any more. It returns the answer of a question
// that was answered. It removes a question that the gateway did not record if it is so old that it cannot still be on
// its way; before that it returns ErrPending. It never causes a new answer.
func (c *Client) Settle(ctx context.Context, old time.Duration) (*Answer, error) {
	asked := c.State.Pending
	if asked == nil {
		return nil, nil
	}
	status, recorded, err := c.status(ctx)
	if err != nil {
		return nil, err
	}
	if !recorded || status.N < asked.Call.N {
		if time.Since(asked.Asked) < old {
			return nil, ErrPending
		}
		return nil, c.withdraw()
	}
	receipt, err := c.Receipt(ctx, asked.receipt())
	if err != nil {
		return nil, err
	}
	if receipt.Status == "gap" {
		return nil, c.settle(poa.Outcome{})
	}
	return c.Recover(ctx)
}
