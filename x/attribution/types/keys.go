package types

import "cosmossdk.io/collections"

const (
	// ModuleName of x/attribution; also the account that holds session deposits.
	ModuleName = "attribution"
	// StoreKey of its state.
	StoreKey = ModuleName
)

// Prefixes of state; numbers are never used again. 4, 8, 10, 13 and 15 are gone.
var (
	ParamsKey          = collections.NewPrefix(0) // → Params
	SessionsKey        = collections.NewPrefix(1) // session id → Session
	SessionsByPayerKey = collections.NewPrefix(2) // (payer, session id)
	DeadlinesKey       = collections.NewPrefix(3) // (queued, session id), open and closing sessions
	BatchesKey         = collections.NewPrefix(5) // batch id → Batch
	PagesKey           = collections.NewPrefix(6) // (batch id, page) → packed records
	BatchBySeqKey      = collections.NewPrefix(7) // (provider, provider seq) → batch id, where no later batch leads to it
	BatchDeadlinesKey  = collections.NewPrefix(9) // (deadline, batch id)

	DisputesKey         = collections.NewPrefix(11) // commitment → Dispute
	DisputeDeadlinesKey = collections.NewPrefix(12) // (reveal until, commitment)

	ItemsKey         = collections.NewPrefix(14) // number → Item
	NextSlotKey      = collections.NewPrefix(16) // → uint64
	SlotsKey         = collections.NewPrefix(17) // operator → slot
	AttestorPagesKey = collections.NewPrefix(18) // slot / 32 → AttestorPage
	PowersKey        = collections.NewPrefix(19) // height → Powers

	GraceKey = collections.NewPrefix(20) // → Grace
	HeadKey  = collections.NewPrefix(21) // → Head

	ReductionsKey      = collections.NewPrefix(22) // batch id → Reductions, of batches that have any
	NextDisputeKey     = collections.NewPrefix(23) // → uint64
	DisputeOrderKey    = collections.NewPrefix(24) // number of a dispute → commitment
	ConvictionsKey     = collections.NewPrefix(25) // batch id → Conviction
	ConvictionOrderKey = collections.NewPrefix(26) // (number of the dispute, batch id)
)
