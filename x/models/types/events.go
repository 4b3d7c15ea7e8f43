package types

// EventUnbondingPostponed is the type of the flat event of a matured unbonding
// entry that could not be paid out and is tried again later.
const EventUnbondingPostponed = "unbonding_postponed"

// Attributes of EventUnbondingPostponed.
const (
	// AttributeProvider is the bech32 address of the provider.
	AttributeProvider = "provider"
	// AttributeUnbondingID is the id of the entry.
	AttributeUnbondingID = "unbonding_id"
	// AttributeAmount is the coin that is owed.
	AttributeAmount = "amount"
	// AttributeCompletionTime is the time of the next attempt, in RFC 3339.
	AttributeCompletionTime = "completion_time"
)
