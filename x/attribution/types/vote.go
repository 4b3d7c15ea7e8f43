package types

import sdk "github.com/cosmos/cosmos-sdk/types"

// AttestVote is a validator's vote on the block before, as the tally sees it.
type AttestVote struct {
	// Validator is the consensus address.
	Validator sdk.ConsAddress
	// Power in that block.
	Power int64
	// Extension of the vote; nil when none was included.
	Extension []byte
}
