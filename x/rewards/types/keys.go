package types

import "cosmossdk.io/collections"

const (
	// ModuleName of x/rewards; also the account of ledger, waiting lists and validators' pot.
	ModuleName = "rewards"
	// StoreKey of its state.
	StoreKey = ModuleName
	// BountyPoolName is the module account of the bounty pool.
	BountyPoolName = "bounty_pool"
)

// Prefixes of state; numbers are never used again.
var (
	ParamsKey        = collections.NewPrefix(0)  // → Params
	ReserveKey       = collections.NewPrefix(1)  // → Int, aopen
	NextAccountKey   = collections.NewPrefix(2)  // → uint64
	AccountIDsKey    = collections.NewPrefix(3)  // address → ledger id
	AccountsKey      = collections.NewPrefix(4)  // ledger id → address
	PagesKey         = collections.NewPrefix(5)  // page → Page
	ThresholdsKey    = collections.NewPrefix(6)  // ledger id → Int, aopen
	NextListKey      = collections.NewPrefix(7)  // → uint64, sequence of lists
	ListsKey         = collections.NewPrefix(8)  // sequence → CreditList
	ChunksKey        = collections.NewPrefix(9)  // (batch id, chunk) → Chunk
	SweepKey         = collections.NewPrefix(10) // → Sweep
	DuePagesKey      = collections.NewPrefix(11) // page
	TotalsKey        = collections.NewPrefix(12) // → Totals
	ValidatorsPotKey = collections.NewPrefix(13) // → Int, aopen
	BountyPoolKey    = collections.NewPrefix(14) // → Int, aopen
	ClockKey         = collections.NewPrefix(15) // → Clock
	PendingBurnKey   = collections.NewPrefix(16) // → Int, aopen of the running block
	ArrivedKey       = collections.NewPrefix(17) // batch id → Intake of the running block
	PendingBountyKey = collections.NewPrefix(18) // → Int, aopen of the running block
	EscrowedKey      = collections.NewPrefix(19) // batch id → Intake
	AttestEscrowKey  = collections.NewPrefix(20) // → Int, aopen
	DeadLettersKey   = collections.NewPrefix(21) // batch id → DeadLetter
	DataNetTotalsKey = collections.NewPrefix(22) // DataNet id → DataNetTotals
	ModelTotalsKey   = collections.NewPrefix(23) // model id → ModelTotals
	OwedKey          = collections.NewPrefix(24) // module → Int, aopen of the running block
	PaidOutKey       = collections.NewPrefix(25) // ledger id → Int, aopen
)
