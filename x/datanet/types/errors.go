package types

import errorsmod "cosmossdk.io/errors"

// Errors of x/datanet.
var (
	ErrPaused               = errorsmod.Register(ModuleName, 2, "DataNets are paused")
	ErrInvalidParams        = errorsmod.Register(ModuleName, 3, "invalid parameters")
	ErrInvalidAddress       = errorsmod.Register(ModuleName, 4, "invalid address")
	ErrUnauthorized         = errorsmod.Register(ModuleName, 5, "not authorised")
	ErrInvalidDataNet       = errorsmod.Register(ModuleName, 6, "invalid DataNet")
	ErrDataNetNotFound      = errorsmod.Register(ModuleName, 7, "DataNet not found")
	ErrReviewPolicy         = errorsmod.Register(ModuleName, 8, "review policy not available")
	ErrInvalidItems         = errorsmod.Register(ModuleName, 9, "invalid items")
	ErrInvalidDeposit       = errorsmod.Register(ModuleName, 10, "invalid deposit")
	ErrCommitNotFound       = errorsmod.Register(ModuleName, 11, "commit not found")
	ErrRevealWindow         = errorsmod.Register(ModuleName, 12, "outside the reveal window")
	ErrRevealMismatch       = errorsmod.Register(ModuleName, 13, "reveal does not match the commit")
	ErrInvalidContribution  = errorsmod.Register(ModuleName, 14, "invalid contribution")
	ErrDataNetClosed        = errorsmod.Register(ModuleName, 15, "DataNet takes no contributions")
	ErrContributionNotFound = errorsmod.Register(ModuleName, 16, "contribution not found")
	ErrContributionStatus   = errorsmod.Register(ModuleName, 17, "contribution is not in this state")
	ErrVersionNotFound      = errorsmod.Register(ModuleName, 18, "version not found")
	ErrInvalidGenesis       = errorsmod.Register(ModuleName, 19, "invalid genesis")
	ErrInvariant            = errorsmod.Register(ModuleName, 20, "invariant broken")
	ErrDerivation           = errorsmod.Register(ModuleName, 21, "invalid derivation")
)
