package earnings

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/internal/database"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// waiting is a batch that is not yet paid.
type waiting struct {
	Batch     uint64                           `json:"batch"`
	Submitted int64                            `json:"submitted"`
	Receipts  uint32                           `json:"receipts"`
	Arrived   bool                             `json:"arrived"` // the batch is decided, and waits for x/rewards
	Accounts  []attributiontypes.AccountCredit `json:"accounts"`
}

// blockEvent is an event, with the answers to the queries that it required.
type blockEvent struct {
	typed   proto.Message // nil for a transfer
	send    transfer
	credits *attributiontypes.QueryBatchCreditsResponse
	time    time.Time // of the block; zero if the node does not know it
}

// transfer is a transfer out of the account of x/rewards.
type transfer struct {
	to     string
	amount sdkmath.Int
}

// readBlock returns the relevant events of a block.
func (x *Index) readBlock(ctx context.Context, height int64) ([]blockEvent, error) {
	events, err := x.node.Events(ctx, height)
	if err != nil {
		return nil, fmt.Errorf("events of block %d: %w", height, err)
	}
	var out []blockEvent
	for _, event := range events {
		if event.Type == banktypes.EventTypeTransfer {
			if send, ok := payout(event); ok {
				out = append(out, blockEvent{send: send})
			}
			continue
		}
		if !strings.HasPrefix(event.Type, "openledger.") {
			continue
		}
		// The SDK adds attributes, with which a typed event cannot be parsed.
		bare := abci.Event{Type: event.Type}
		for _, attribute := range event.Attributes {
			if attribute.Key != "mode" && attribute.Key != "msg_index" {
				bare.Attributes = append(bare.Attributes, attribute)
			}
		}
		typed, err := sdk.ParseTypedEvent(bare)
		if err != nil {
			continue // not a typed event
		}
		r := blockEvent{typed: typed}
		if submitted, ok := typed.(*attributiontypes.EventReceiptsSubmitted); ok {
			if r.credits, err = x.credits(ctx, height, submitted.BatchId); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, nil
	}
	made, err := x.node.BlockTime(ctx, height)
	if err != nil {
		x.log.Warn("the node does not know the time of a block; its entries have none", "height", height, "err", err)
		return out, nil
	}
	for i := range out {
		out[i].time = made.UTC()
	}
	return out, nil
}

// credits queries the credits of a batch in the state of its block. A node that pruned that state can return them from
// its current state, unless models have changed hands since.
func (x *Index) credits(ctx context.Context, height int64,
	batch uint64) (*attributiontypes.QueryBatchCreditsResponse, error) {
	credits, err := x.node.BatchCredits(ctx, height, batch)
	if err == nil {
		return credits, nil
	}
	latest, again := x.node.BatchCredits(ctx, 0, batch)
	if again != nil {
		return nil, fmt.Errorf("credits of batch %d at height %d: %w; follow a node that keeps the state of that block",
			batch, height, err)
	}
	x.log.Warn("the node has pruned the state of a batch; its models are credited to their present owners",
		"batch", batch, "height", height)
	return latest, nil
}

// payout returns the transfer of an event, and whether it is one of OPEN out of the account of x/rewards.
func payout(event abci.Event) (transfer, bool) {
	var sender, amount string
	var out transfer
	for _, attribute := range event.Attributes {
		switch attribute.Key {
		case banktypes.AttributeKeyRecipient:
			out.to = attribute.Value
		case banktypes.AttributeKeySender:
			sender = attribute.Value
		case sdk.AttributeKeyAmount:
			amount = attribute.Value
		}
	}
	if sender != authtypes.NewModuleAddress(rewardstypes.ModuleName).String() {
		return out, false
	}
	coins, err := sdk.ParseCoinsNormalized(amount)
	out.amount = coins.AmountOf(rewardstypes.Denom)
	return out, err == nil
}

// block is a block while it is indexed.
type block struct {
	tx      *bolt.Tx
	height  int64
	time    time.Time
	sends   []transfer // out of the account of x/rewards, so far
	entries uint32     // stored for the block
}

// apply indexes an event.
func (b *block) apply(r blockEvent) error {
	b.time = r.time
	switch event := r.typed.(type) {
	case nil:
		b.sends = append(b.sends, r.send)
	case *attributiontypes.EventReceiptsSubmitted:
		return b.keepCredits(event, r.credits)
	case *attributiontypes.EventBatchAttested:
		return b.markArrived(event.BatchId)
	case *attributiontypes.EventBatchSettled:
		return b.dropRefused(event)
	case *attributiontypes.EventDisputeUpheld:
		return b.dropDisproven(event.BatchId)
	case *rewardstypes.EventSupplyNetted:
		return b.payGranted(event)
	case *rewardstypes.EventPayouts:
		return b.addPayouts(event)
	case *rewardstypes.EventClaimed:
		return b.add(
			event.Account, Entry{Kind: KindClaim, Height: b.height, Amount: event.Amount.Amount, Recipient: event.Recipient})
	}
	return nil
}

// add stores an entry of an account, and counts it for the day.
func (b *block) add(address string, entry Entry) error {
	b.entries++
	if !b.time.IsZero() {
		entry.Time = &b.time
	}
	if err := b.updateDay(func(d *Day) { d.add(entry) }); err != nil {
		return err
	}
	return addEntry(b.tx, address, b.entries, entry)
}

// keepCredits stores the credits of a batch until it is paid. A batch with inline evidence arrives at once.
func (b *block) keepCredits(event *attributiontypes.EventReceiptsSubmitted,
	credits *attributiontypes.QueryBatchCreditsResponse) error {
	if len(credits.Accounts) == 0 {
		return nil // free answers
	}
	w := waiting{Batch: event.BatchId, Submitted: b.height, Receipts: event.Receipts, Accounts: credits.Accounts}
	if err := b.keep(w); err != nil || credits.SettledHeight != b.height {
		return err
	}
	return b.markArrived(event.BatchId)
}

// markArrived records that a batch is paid as soon as x/rewards processes it: in the same block, or after a pause.
func (b *block) markArrived(batch uint64) error {
	w, ok, err := b.find(batch)
	if err != nil || !ok {
		return err
	}
	w.Arrived = true
	return b.keep(w)
}

// dropRefused drops a batch whose payers got their fees back. For an expired batch, compute is paid.
func (b *block) dropRefused(event *attributiontypes.EventBatchSettled) error {
	w, ok, err := b.find(event.BatchId)
	if err != nil || !ok {
		return err
	}
	if event.Status != attributiontypes.BATCH_STATUS_LAPSED {
		return b.drop(w)
	}
	w.Accounts = computeOnly(w.Accounts)
	return b.pay(w, func(attributiontypes.AccountCredit) sdkmath.Int { return sdkmath.ZeroInt() }, false)
}

// computeOnly returns only the credits of providers.
func computeOnly(accounts []attributiontypes.AccountCredit) []attributiontypes.AccountCredit {
	var out []attributiontypes.AccountCredit
	for _, account := range accounts {
		left := attributiontypes.AccountCredit{Address: account.Address, Amount: sdkmath.ZeroInt(),
			Contributed: sdkmath.ZeroInt(), Bonus: sdkmath.ZeroInt()}
		for _, part := range account.Parts {
			if part.Role == attributiontypes.CREDIT_ROLE_PROVIDER {
				left.Amount, left.Parts = left.Amount.Add(part.Amount), append(left.Parts, part)
			}
		}
		if len(left.Parts) > 0 {
			out = append(out, left)
		}
	}
	return out
}

// dropDisproven drops a batch in which a lie was proven before it was decided. What is paid stays paid.
func (b *block) dropDisproven(batch uint64) error {
	w, ok, err := b.find(batch)
	if err != nil || !ok || w.Arrived {
		return err
	}
	return b.drop(w)
}

// addPayouts stores the payouts of a block: the last transfers before the event.
func (b *block) addPayouts(event *rewardstypes.EventPayouts) error {
	if int(event.Count) > len(b.sends) {
		return fmt.Errorf("the chain reports %d payouts, but the block has %d transfers", event.Count, len(b.sends))
	}
	sum := sdkmath.ZeroInt()
	sends := b.sends[len(b.sends)-int(event.Count):]
	for _, send := range sends {
		sum = sum.Add(send.amount)
	}
	if !sum.Equal(event.Amount) {
		return fmt.Errorf("the chain reports payouts of %s aopen, but the transfers sum to %s", event.Amount, sum)
	}
	for _, send := range sends {
		if err := b.add(send.to, Entry{Kind: KindPayout, Height: b.height, Amount: send.amount}); err != nil {
			return err
		}
	}
	return nil
}

// pay stores an entry for each account of a batch, and removes the batch.
func (b *block) pay(w waiting, bonus func(attributiontypes.AccountCredit) sdkmath.Int, unknown bool) error {
	if err := b.updateDay(func(d *Day) {
		d.Batches++
		d.Receipts += uint64(w.Receipts)
	}); err != nil {
		return err
	}
	for _, credit := range w.Accounts {
		if err := b.add(credit.Address, batchEntry(w, credit, bonus(credit), unknown, b.height)); err != nil {
			return err
		}
	}
	return b.drop(w)
}

func (b *block) keep(w waiting) error {
	return put(b.tx.Bucket(waitingBucket), database.Key(w.Batch), w)
}

func (b *block) drop(w waiting) error {
	return b.tx.Bucket(waitingBucket).Delete(database.Key(w.Batch))
}

func (b *block) find(batch uint64) (waiting, bool, error) {
	stored := b.tx.Bucket(waitingBucket).Get(database.Key(batch))
	if stored == nil {
		return waiting{}, false, nil
	}
	var w waiting
	return w, true, json.Unmarshal(stored, &w)
}
