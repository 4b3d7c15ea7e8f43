package types

import errorsmod "cosmossdk.io/errors"

// Errors of x/rewards.
var (
	ErrPaused          = errorsmod.Register(ModuleName, 2, "rewards are paused")
	ErrInvalidParams   = errorsmod.Register(ModuleName, 3, "invalid parameters")
	ErrInvalidAmount   = errorsmod.Register(ModuleName, 4, "invalid amount")
	ErrInvalidAddress  = errorsmod.Register(ModuleName, 5, "invalid address")
	ErrUnauthorized    = errorsmod.Register(ModuleName, 6, "not authorised")
	ErrNothingToClaim  = errorsmod.Register(ModuleName, 7, "nothing to claim")
	ErrNoLedgerAccount = errorsmod.Register(ModuleName, 8, "no ledger account")
	ErrThreshold       = errorsmod.Register(ModuleName, 9, "invalid payout threshold")
	ErrRecipient       = errorsmod.Register(ModuleName, 10, "recipient cannot receive")
	ErrMint            = errorsmod.Register(ModuleName, 11, "minting refused")
	ErrInvalidPayable  = errorsmod.Register(ModuleName, 12, "invalid receipt to pay")
	ErrInvalidGenesis  = errorsmod.Register(ModuleName, 13, "invalid genesis")
	ErrNotHeld         = errorsmod.Register(ModuleName, 15, "credit list is not held")
	ErrBountyPool      = errorsmod.Register(ModuleName, 16, "bounty pool holds too little")
	ErrNoDeadLetter    = errorsmod.Register(ModuleName, 17, "no such dead letter")
	ErrDeadLetter      = errorsmod.Register(ModuleName, 18, "dead letter cannot be read")
	ErrInvariant       = errorsmod.Register(ModuleName, 14, "invariant broken")
)
