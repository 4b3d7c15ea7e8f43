package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/session"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	depositOpen  = 100
	maxFeeAopen  = "2000000000000000000"
	recordLimit  = 30 * time.Second
	recordPoll   = 100 * time.Millisecond
	payoutBlocks = 1
)

// converse opens a session, asks, waits for the rewards, and reports.
func (w *world) converse(ctx context.Context) error {
	client, err := w.openSession(ctx)
	if err != nil {
		return err
	}
	for i := range w.authors {
		if w.authors[i].before, err = w.wealth(ctx, w.authors[i]); err != nil {
			return err
		}
	}
	supplyBefore, err := w.supply(ctx)
	if err != nil {
		return err
	}
	var exchanges []exchange
	var silent string
	for _, question := range w.opts.questions(w.source.questions) {
		e, err := w.ask(ctx, client, question)
		if err != nil {
			return fmt.Errorf("ask %q: %w", question, err)
		}
		if e.proof.Gap {
			silent = e.answer
			w.progress("silent    %s Nothing is charged, and nobody is paid.", e.answer)
			continue
		}
		exchanges = append(exchanges, e)
	}
	if len(exchanges) == 0 { // there is nothing to report
		if !w.opts.json {
			return nil
		}
		result := newResult(nil, supplyBefore.Supply, supplyBefore.Supply, true)
		result.Answer, result.Review, result.Running = silent, w.review.result(), w.running()
		return json.NewEncoder(w.opts.result).Encode(result)
	}
	for i := range exchanges {
		if err := w.awaitReward(ctx, client, &exchanges[i]); err != nil {
			return err
		}
	}
	return w.report(ctx, client, exchanges, supplyBefore.Supply)
}

func (w *world) openSession(ctx context.Context) (*session.Client, error) {
	list, err := session.Models(ctx, w.gatewayURL())
	if err != nil {
		return nil, err
	}
	client, err := session.Open(ctx, w.chain, w.payer, w.gatewayURL(), *list.Data[0].OpenLedger, coin(open(depositOpen)),
		"")
	if err != nil {
		return nil, err
	}
	if client.MaxFee, err = outbox.ParseAmount(maxFeeAopen); err != nil {
		return nil, err
	}
	w.progress("session   %s opened with %d OPEN", client.State.ID.String()[:16], depositOpen)
	return client, nil
}

// ask asks through the OpenAI-compatible endpoint and acknowledges the answer.
func (w *world) ask(ctx context.Context, client *session.Client, question string) (exchange, error) {
	answer, err := client.Ask(ctx, question, nil)
	if err != nil {
		return exchange{}, err
	}
	height, err := w.chain.Height(ctx)
	if err != nil {
		return exchange{}, err
	}
	if err := client.Acknowledge(ctx); err != nil {
		return exchange{}, err
	}
	w.progress("answered  %q", clip(question, 60))
	return exchange{question: question, answer: answer.Text, proof: answer.Proof, answered: height}, nil
}

// awaitReward waits until the chain has recorded and settled a receipt.
func (w *world) awaitReward(ctx context.Context, client *session.Client, e *exchange) error {
	ctx, cancel := context.WithTimeout(ctx, recordLimit)
	defer cancel()
	for {
		status, err := client.Receipt(ctx, e.proof.ReceiptID)
		if err != nil {
			return err
		}
		switch status.Status {
		case "refused":
			return fmt.Errorf("the chain refused receipt %s: %s", e.proof.ReceiptID, status.Error)
		case "final":
			e.tx = status.TxHash
			found, err := w.chain.Attribution.Receipt(ctx, &attributiontypes.QueryReceiptRequest{Id: e.proof.ReceiptID})
			if err != nil {
				return err
			}
			e.receipt, e.payout = found.Receipt, found.Payout
			if w.attests() {
				w.progress("recorded  receipt %s… in block %d, attested and paid", e.proof.ReceiptID[:16], e.receipt.Height)
			} else {
				w.progress("recorded  receipt %s… in block %d, paid in the same block", e.proof.ReceiptID[:16], e.receipt.Height)
			}
			return w.awaitSettlement(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("receipt %s is %s: %w\n%s", e.proof.ReceiptID, status.Status, ctx.Err(), tail(w.gateway.log, 2048))
		case <-time.After(recordPoll):
		}
	}
}

// awaitSettlement waits until no credit list waits for the sweep.
func (w *world) awaitSettlement(ctx context.Context) error {
	for {
		settlement, err := w.chain.Rewards.Settlement(ctx, &rewardstypes.QuerySettlementRequest{})
		if err != nil || len(settlement.Lists) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(recordPoll):
		}
	}
}

// wealth is what an author has: at the bank and in the ledger.
func (w *world) wealth(ctx context.Context, a author) (sdkmath.Int, error) {
	earnings, err := w.chain.Rewards.Earnings(ctx, &rewardstypes.QueryEarningsRequest{Address: a.account.String()})
	if err != nil {
		return sdkmath.Int{}, err
	}
	balance, err := w.balance(ctx, a.account.String())
	return balance.Add(earnings.Claimable.Amount), err
}

func (w *world) supply(ctx context.Context) (*rewardstypes.QuerySupplyResponse, error) {
	return w.chain.Rewards.Supply(ctx, &rewardstypes.QuerySupplyRequest{})
}
