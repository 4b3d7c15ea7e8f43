package session

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Pending is a question without a complete answer. It is kept so that it can be asked again, under the voucher that
// already pays for it.
type Pending struct {
	// Body is the body of the request, without the payment and the form of delivery.
	Body   json.RawMessage `json:"body"`
	Call   api.Call        `json:"call"`
	MaxFee poa.Amount      `json:"max_fee"`
	// Label says for whom it is asked, in words of the calling program. Asked is the time.
	Label string    `json:"label,omitempty"`
	Asked time.Time `json:"asked"`
	// Whole asks for the answer in one piece. A lost connection ends a stream, but not an answer in one piece.
	Whole bool `json:"whole,omitempty"`
	// Head and Last are those of the session before the question.
	Head poa.Hash    `json:"head"`
	Last poa.Outcome `json:"last"`
	// Shown is the part of the answer that was shown.
	Shown string `json:"shown,omitempty"`

	fresh bool // whether it was never sent
}

// Piece is a piece of an answer.
type Piece struct {
	Content   string
	ToolCalls []api.ToolCall
}

// ErrQuestion reports a question without a word.
var ErrQuestion = errors.New("the question is empty: ask something")

// CheckQuestion returns an error for a question that no gateway answers.
func CheckQuestion(question string) error {
	if strings.TrimSpace(question) == "" {
		return ErrQuestion
	}
	return nil
}

// Ask asks a question, passing pieces of the answer on as they come. The answer is checked before it is returned; the
// next voucher acknowledges it. If the connection is lost, Ask asks for the answer once more, which costs nothing.
func (c *Client) Ask(ctx context.Context, question string, piece func(string)) (*Answer, error) {
	err := CheckQuestion(question)
	if err != nil {
		return nil, err
	}
	if c.Late, err = c.Recover(ctx); err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{"messages": []api.Message{{Role: "user", Content: question}}})
	if err != nil {
		return nil, err
	}
	if err := c.prepare(body, "", false); err != nil {
		return nil, err
	}
	answer, err := c.attempt(ctx, func(p Piece) {
		if piece != nil && p.Content != "" {
			piece(p.Content)
		}
	})
	var refused *GatewayError
	switch {
	case err == nil:
		return answer, nil
	case errors.As(err, &refused) && refused.Body.Gap:
		return nil, errors.Join(err, c.settle(poa.Outcome{}))
	case errors.As(err, &refused):
		// Refused before it was recorded: the voucher was not used.
		if err := errors.Join(err, c.withdraw()); refused.Body.Code != codeOutOfOrder {
			return nil, err
		}
		if known, lost := c.catchUp(ctx); lost != nil || !known {
			return nil, errors.Join(err, lost)
		}
		return c.Ask(ctx, question, piece)
	case errors.Is(err, ErrAnswer), ctx.Err() != nil:
		return nil, err
	}
	again, failed := c.Recover(ctx)
	if failed != nil || again == nil {
		return nil, errors.Join(err, failed)
	}
	return again, nil
}

// codeOutOfOrder is the gateway's code for a call that is not the next one.
const codeOutOfOrder = "call_out_of_order"

// prepare signs the voucher for a question and remembers both before they are sent.
func (c *Client) prepare(body []byte, label string, whole bool) error {
	var key poa.Hash
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	query, err := api.Query(body)
	if err != nil {
		return err
	}
	n, hash := c.State.N+1, poa.Call{QueryHash: api.QueryHash(key, query), MaxFee: c.MaxFee}.Hash()
	head := poa.NextHash(c.State.Head, hash, c.State.Last)
	cumulative, err := c.State.Spent.Add(c.MaxFee)
	if err != nil {
		return err
	}
	signature, err := c.sign(n, head, cumulative)
	if err != nil {
		return err
	}
	c.State.Pending = &Pending{
		Body: body, MaxFee: c.MaxFee, Label: label, Asked: time.Now(), Whole: whole, Head: c.State.Head, Last: c.State.Last,
		fresh: true,
		Call: api.Call{
			Session: c.State.ID, CallKey: key, N: n, MaxFee: c.MaxFee.String(), CumulativeMax: cumulative.String(), Head: head,
			Signature: signature,
		},
	}
	c.State.N, c.State.Head, c.State.Last = n, head, poa.Outcome{}
	return c.save()
}

// attempt sends the pending question and takes its answer, if it is one.
func (c *Client) attempt(ctx context.Context, take func(Piece)) (*Answer, error) {
	asked := c.State.Pending
	request, err := api.ParseChat(asked.Body)
	if err != nil {
		return nil, err
	}
	body, err := asked.paid()
	if err != nil {
		return nil, err
	}
	var shown strings.Builder
	asked.fresh = false
	answer, err := c.post(ctx, body, func(piece Piece) {
		shown.WriteString(piece.Content)
		if take != nil {
			take(piece)
		}
	})
	if err != nil {
		if shown.Len() > len(asked.Shown) {
			asked.Shown = shown.String()
		}
		return nil, errors.Join(err, c.save())
	}
	answer.Question = request.Question()
	answer.cut()
	if err := c.check(answer, asked, request); err != nil {
		return nil, err
	}
	// What was shown may be longer than what is signed.
	if said := answer.Text + answer.Unproved; !strings.HasPrefix(said, asked.Shown) &&
		!strings.HasPrefix(asked.Shown, said) {
		return nil, fmt.Errorf("%w: it is not the one that was shown before the connection was lost", ErrAnswer)
	}
	if c.Said != nil {
		c.Said(answer)
	}
	if c.Note != nil {
		if err := c.Note(*asked, answer); err != nil {
			return nil, err
		}
	}
	return answer, c.settle(outcomeOf(answer.Proof))
}

// paid returns the body with the voucher.
func (p *Pending) paid() ([]byte, error) {
	fields := make(map[string]any)
	var asked map[string]json.RawMessage
	if err := json.Unmarshal(p.Body, &asked); err != nil {
		return nil, err
	}
	for name, value := range asked {
		fields[name] = value
	}
	fields["stream"], fields["openledger"] = !p.Whole, p.Call
	return json.Marshal(fields)
}

// settle stores the outcome of the pending question; the zero Outcome for a gap.
func (c *Client) settle(outcome poa.Outcome) error {
	spent, err := c.State.Spent.Add(outcome.Fee)
	if err != nil {
		return err
	}
	c.State.Last, c.State.Spent, c.State.Pending = outcome, spent, nil
	if c.Later {
		c.late = true
		return nil
	}
	return c.save()
}

// withdraw removes the pending question, which the gateway did not record.
func (c *Client) withdraw() error {
	asked := c.State.Pending
	c.State.N, c.State.Head, c.State.Last, c.State.Pending = asked.Call.N-1, asked.Head, asked.Last, nil
	return c.save()
}

// Recover asks again for the answer to a question whose answer did not arrive completely. The gateway returns the same
// answer at the same price; a question that it never got, it answers now. Recover returns nil if nothing is pending, or
// if the call has failed.
func (c *Client) Recover(ctx context.Context) (*Answer, error) {
	asked := c.State.Pending
	if asked == nil {
		return nil, nil
	}
	answer, err := c.attempt(ctx, nil)
	var refused *GatewayError
	switch {
	case !errors.As(err, &refused):
		return answer, err
	case refused.Body.Gap:
		return nil, c.settle(poa.Outcome{})
	case refused.Passing(), refused.Body.Code == api.CodeFenced:
		return nil, err // the call may have been recorded, and may have an answer later
	}
	return nil, c.refused(ctx, err)
}

// refused finds out the state of a pending question that was sent before and is refused now.
func (c *Client) refused(ctx context.Context, err error) error {
	asked := c.State.Pending
	status, recorded, lost := c.status(ctx)
	switch {
	case lost != nil:
		return errors.Join(err, lost)
	case !recorded || status.N < asked.Call.N:
		return errors.Join(err, c.withdraw())
	case status.N == asked.Call.N && status.Head == asked.Call.Head && status.Gap:
		return c.settle(poa.Outcome{})
	}
	return fmt.Errorf(
		"%w: call %d was answered and the answer is lost: close the session and open another; it is paid without "+
			"acknowledgement", ErrAnswer, asked.Call.N)
}

// status asks the gateway for the state of the session, which the gateway may not know.
func (c *Client) status(ctx context.Context) (status api.SessionStatus, known bool, err error) {
	err = c.get(ctx, "/v1/openledger/sessions/"+c.State.ID.String(), &status)
	var refused *GatewayError
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return status, false, nil
	}
	return status, err == nil, err
}

// catchUp adopts an acknowledgement that the gateway got, but whose confirmation was lost.
func (c *Client) catchUp(ctx context.Context) (bool, error) {
	if c.State.Last == (poa.Outcome{}) {
		return false, nil
	}
	status, known, err := c.status(ctx)
	n, head := c.acknowledged()
	if err != nil || !known || status.N != n || status.Head != head {
		return false, err
	}
	c.State.N, c.State.Head, c.State.Last = n, head, poa.Outcome{}
	return true, c.save()
}

// Over reports whether an error means that the session cannot continue: Reopen it.
func Over(err error) bool {
	var refused *GatewayError
	return errors.As(err, &refused) && !refused.Body.Gap &&
		slices.Contains([]string{api.CodeFenced, api.CodeBroken, api.CodeClosed, api.CodeAnswerKey, api.CodeTooManyGap},
			refused.Body.Code)
}

// Reopen closes a session that is over, and opens another for the same model at the same address. It is safe: a call
// that is refused with such an error was not recorded, and the close acknowledges the answer before it.
func (c *Client) Reopen(ctx context.Context, node *chain.Client, payer chain.Signer, deposit sdk.Coin,
	dir string) (*Client, error) {
	if err := c.Close(ctx, node, payer); err != nil {
		return nil, err
	}
	list, err := Models(ctx, c.State.Gateway)
	if err != nil {
		return nil, err
	}
	for _, model := range list.Data {
		if model.OpenLedger != nil && model.OpenLedger.ModelID == c.State.ModelID {
			opened, err := Open(ctx, node, payer, c.State.Gateway, *model.OpenLedger, deposit, dir)
			if err == nil {
				opened.MaxFee = c.MaxFee
			}
			return opened, err
		}
	}
	return nil, fmt.Errorf("the gateway does not serve model %d any more", c.State.ModelID)
}

// receipt returns the id of the call's receipt.
func (p *Pending) receipt() string { return attributiontypes.ReceiptID(p.Call.Session[:], p.Call.N) }
