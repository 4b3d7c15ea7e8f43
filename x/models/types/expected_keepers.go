package types

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// BankKeeper holds bonds and burns registration fees.
type BankKeeper interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, sender sdk.AccAddress, recipient string, amt sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, sender string, recipient sdk.AccAddress, amt sdk.Coins) error
	SendCoinsFromModuleToModule(ctx context.Context, sender, recipient string, amt sdk.Coins) error
	BurnCoins(ctx context.Context, module string, amt sdk.Coins) error
}

// DatanetKeeper knows what manifests may pin.
type DatanetKeeper interface {
	GetDataNet(ctx context.Context, id uint64) (datanettypes.DataNet, error)
	GetVersion(ctx context.Context, datanetID, version uint64) (datanettypes.Version, error)
	PinVersion(ctx context.Context, datanetID, version uint64) error
	TaintedVersion(ctx context.Context, datanetID uint64) (uint64, error)
}
