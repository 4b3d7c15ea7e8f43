package types

import errorsmod "cosmossdk.io/errors"

// Errors of x/models.
var (
	ErrPaused           = errorsmod.Register(ModuleName, 2, "models are paused")
	ErrInvalidParams    = errorsmod.Register(ModuleName, 3, "invalid parameters")
	ErrInvalidAddress   = errorsmod.Register(ModuleName, 4, "invalid address")
	ErrUnauthorized     = errorsmod.Register(ModuleName, 5, "not authorised")
	ErrInvalidModel     = errorsmod.Register(ModuleName, 6, "invalid model")
	ErrModelNotFound    = errorsmod.Register(ModuleName, 7, "model not found")
	ErrInvalidManifest  = errorsmod.Register(ModuleName, 8, "invalid manifest")
	ErrRoyalty          = errorsmod.Register(ModuleName, 9, "invalid royalty")
	ErrLineage          = errorsmod.Register(ModuleName, 10, "invalid lineage")
	ErrModelRetired     = errorsmod.Register(ModuleName, 11, "model is retired")
	ErrInvalidProvider  = errorsmod.Register(ModuleName, 12, "invalid provider")
	ErrProviderExists   = errorsmod.Register(ModuleName, 13, "provider is registered already")
	ErrProviderNotFound = errorsmod.Register(ModuleName, 14, "provider not found")
	ErrProviderFrozen   = errorsmod.Register(ModuleName, 15, "provider is frozen")
	ErrInvalidBond      = errorsmod.Register(ModuleName, 16, "invalid bond")
	ErrInsufficientBond = errorsmod.Register(ModuleName, 17, "bond is not enough")
	ErrUnbonding        = errorsmod.Register(ModuleName, 18, "cannot unbond")
	ErrLiability        = errorsmod.Register(ModuleName, 19, "invalid liability")
	ErrInvalidOffer     = errorsmod.Register(ModuleName, 20, "invalid offer")
	ErrOfferNotFound    = errorsmod.Register(ModuleName, 21, "offer not found")
	ErrInvalidGenesis   = errorsmod.Register(ModuleName, 22, "invalid genesis")
	ErrInvariant        = errorsmod.Register(ModuleName, 23, "invariant broken")
	ErrNotHeld          = errorsmod.Register(ModuleName, 24, "DataNet version is not held by validators")
	ErrFence            = errorsmod.Register(ModuleName, 25, "fence is not the one that stands")
	ErrTraining         = errorsmod.Register(ModuleName, 26, "invalid training record")
	ErrReproduction     = errorsmod.Register(ModuleName, 27, "invalid reproduction")
)
