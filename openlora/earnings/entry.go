package earnings

import (
	"encoding/binary"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Kind is the kind of an entry.
type Kind string

const (
	// KindBatch is what a batch of receipts credited.
	KindBatch Kind = "batch"
	// KindPayout is a payout that the chain made by itself.
	KindPayout Kind = "payout"
	// KindClaim is a payout that the account claimed.
	KindClaim Kind = "claim"
)

// Entry is one line of an account's history. Amounts are in aopen.
type Entry struct {
	Kind   Kind  `json:"kind"`
	Height int64 `json:"height"` // of the block in which the batch was paid, or the payout made
	// Time of that block, if the node knows it.
	Time *time.Time `json:"time,omitempty"`

	// Of a batch.
	Batch           uint64       `json:"batch,omitempty"`
	SubmittedHeight int64        `json:"submitted_height,omitempty"`
	Contributed     *sdkmath.Int `json:"contributed,omitempty"` // part of Amount
	Bonus           *sdkmath.Int `json:"bonus,omitempty"`       // granted, on top of Amount
	BonusAsked      *sdkmath.Int `json:"bonus_asked,omitempty"`
	// BonusUnknown says that the events do not tell the granted bonus. Bonus is then what was asked for.
	BonusUnknown bool   `json:"bonus_unknown,omitempty"`
	Parts        []Part `json:"parts,omitempty"`

	// Recipient of a claim.
	Recipient string `json:"recipient,omitempty"`

	// Amount from fees, or paid out.
	Amount sdkmath.Int `json:"amount"`
}

// Part is what a batch credited to an account in one role.
type Part struct {
	Role       string      `json:"role"` // contributor, datanet, lineage or provider
	Model      uint64      `json:"model"`
	DataNet    uint64      `json:"datanet,omitempty"`
	Receipts   uint32      `json:"receipts"`
	Amount     sdkmath.Int `json:"amount"`
	BonusAsked sdkmath.Int `json:"bonus_asked"`
}

// Totals of an account since the first block indexed.
type Totals struct {
	Batches     uint64      `json:"batches"`
	Earned      sdkmath.Int `json:"earned"`
	Contributed sdkmath.Int `json:"contributed"` // part of Earned, bonus included
	Bonus       sdkmath.Int `json:"bonus"`       // part of Contributed
	PaidOut     sdkmath.Int `json:"paid_out"`    // refunds included, which are not earned
}

func newTotals() Totals {
	zero := sdkmath.ZeroInt()
	return Totals{Earned: zero, Contributed: zero, Bonus: zero, PaidOut: zero}
}

// add counts an entry.
func (t Totals) add(e Entry) Totals {
	if e.Kind != KindBatch {
		t.PaidOut = t.PaidOut.Add(e.Amount)
		return t
	}
	t.Batches++
	t.Earned = t.Earned.Add(e.Amount).Add(*e.Bonus)
	t.Contributed = t.Contributed.Add(*e.Contributed).Add(*e.Bonus)
	t.Bonus = t.Bonus.Add(*e.Bonus)
	return t
}

var roles = map[attributiontypes.CreditRole]string{
	attributiontypes.CREDIT_ROLE_CONTRIBUTOR: "contributor",
	attributiontypes.CREDIT_ROLE_DATANET:     "datanet",
	attributiontypes.CREDIT_ROLE_LINEAGE:     "lineage",
	attributiontypes.CREDIT_ROLE_PROVIDER:    "provider",
}

// batchEntry is what a batch credits to an account, with the bonus granted.
func batchEntry(w waiting, credit attributiontypes.AccountCredit, granted sdkmath.Int, unknown bool,
	height int64) Entry {
	entry := Entry{
		Kind: KindBatch, Height: height, Batch: w.Batch, SubmittedHeight: w.Submitted,
		Amount: credit.Amount, Contributed: &credit.Contributed, Bonus: &granted, BonusAsked: &credit.Bonus,
		BonusUnknown: unknown,
	}
	for _, part := range credit.Parts {
		entry.Parts = append(entry.Parts, Part{
			Role: roles[part.Role], Model: part.ModelId, DataNet: part.DatanetId, Receipts: part.Receipts, Amount: part.Amount,
			BonusAsked: part.Bonus,
		})
	}
	return entry
}

// accountKey begins the keys of an account: no address is the beginning of another.
func accountKey(account sdk.AccAddress) []byte {
	return append([]byte{byte(len(account))}, account...)
}

// addEntry stores an entry of an account and counts it.
func addEntry(tx *bolt.Tx, address string, number uint32, entry Entry) error {
	account, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return err
	}
	totals, err := totalsOf(tx, account)
	if err != nil {
		return err
	}
	key := accountKey(account)
	if err := put(tx.Bucket(accountsBucket), key, totals.add(entry)); err != nil {
		return err
	}
	key = binary.BigEndian.AppendUint64(key, uint64(entry.Height))
	return put(tx.Bucket(entriesBucket), binary.BigEndian.AppendUint32(key, number), entry)
}

func totalsOf(tx *bolt.Tx, account sdk.AccAddress) (Totals, error) {
	stored := tx.Bucket(accountsBucket).Get(accountKey(account))
	if stored == nil {
		return newTotals(), nil
	}
	var totals Totals
	return totals, json.Unmarshal(stored, &totals)
}
