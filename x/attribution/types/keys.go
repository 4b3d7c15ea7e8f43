package types

import "cosmossdk.io/collections"

const (
	// ModuleName of x/attribution; also the account that holds session deposits.
	ModuleName = "attribution"
	// StoreKey of its state.
	StoreKey = ModuleName
)

// Prefixes of state; numbers are never used again.
var (
	ParamsKey          = collections.NewPrefix(0)  // → Params
	SessionsKey        = collections.NewPrefix(1)  // session id → Session
	SessionsByPayerKey = collections.NewPrefix(2)  // (payer, session id)
	DeadlinesKey       = collections.NewPrefix(3)  // (deadline, session id), open and closing sessions
	NextBatchKey       = collections.NewPrefix(4)  // → uint64
	BatchesKey         = collections.NewPrefix(5)  // batch id → Batch
	PagesKey           = collections.NewPrefix(6)  // (batch id, page) → packed records
	BatchBySeqKey      = collections.NewPrefix(7)  // (provider, provider seq) → batch id
	LastSeqKey         = collections.NewPrefix(8)  // provider → last provider seq
	BatchDeadlinesKey  = collections.NewPrefix(9)  // (deadline, batch id)
	AccumulatorKey     = collections.NewPrefix(10) // → Accumulator

	DisputesKey         = collections.NewPrefix(11) // commitment → Dispute
	DisputeDeadlinesKey = collections.NewPrefix(12) // (reveal until, commitment)

	AttestationKey    = collections.NewPrefix(13) // → Attestation
	ItemsKey          = collections.NewPrefix(14) // number → Item
	OpenByProviderKey = collections.NewPrefix(15) // (provider, batch id), open batches
	NextSlotKey       = collections.NewPrefix(16) // → uint64
	SlotsKey          = collections.NewPrefix(17) // operator → slot
	AttestorPagesKey  = collections.NewPrefix(18) // slot / 32 → AttestorPage
	PowersKey         = collections.NewPrefix(19) // height → Powers

	GraceKey = collections.NewPrefix(20) // → Grace
)
