package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// BankKeeper takes deposits and burns the bonds of lost disputes.
type BankKeeper interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, sender sdk.AccAddress, recipient string, amt sdk.Coins) error
	BurnCoins(ctx context.Context, module string, amt sdk.Coins) error
}

// DatanetKeeper knows contributions.
type DatanetKeeper interface {
	GetDataNet(ctx context.Context, id uint64) (datanettypes.DataNet, error)
	GetContribution(ctx context.Context, rank uint64) (datanettypes.Contribution, error)
}

// ModelsKeeper knows models and what providers answer with.
type ModelsKeeper interface {
	GetModel(ctx context.Context, id uint64) (modelstypes.Model, error)
	GetModelVersion(ctx context.Context, id uint64, version uint32) (modelstypes.ModelVersion, error)
	GetProvider(ctx context.Context, addr sdk.AccAddress) (modelstypes.Provider, error)
	GetOffer(ctx context.Context, modelID uint64, provider sdk.AccAddress) (modelstypes.Offer, error)
	RoyaltyOwners(ctx context.Context, modelID uint64) ([]rewardstypes.Share, error)
	AddLiability(ctx context.Context, provider sdk.AccAddress, amount math.Int) error
	ReleaseLiability(ctx context.Context, provider sdk.AccAddress, amount math.Int) error
	Slash(ctx context.Context, provider sdk.AccAddress, amount math.Int) error
	Burn(ctx context.Context, amount math.Int) error
}

// RewardsKeeper pays.
type RewardsKeeper interface {
	Terms(ctx context.Context) (rewardstypes.Terms, error)
	Prepare(ctx context.Context, terms rewardstypes.Terms, payables []rewardstypes.Payable) (rewardstypes.Prepared, error)
	Enqueue(ctx context.Context, fromModule string, batchID uint64, p rewardstypes.Prepared) error
	Credit(ctx context.Context, fromModule string, to sdk.AccAddress, amount math.Int) error
}
