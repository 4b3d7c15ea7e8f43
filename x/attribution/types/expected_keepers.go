package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

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

// DatanetKeeper knows contributions, and which of them validators hold.
type DatanetKeeper interface {
	GetDataNet(ctx context.Context, id uint64) (datanettypes.DataNet, error)
	GetContribution(ctx context.Context, rank uint64) (datanettypes.Contribution, error)
	GetContributionPay(ctx context.Context, rank uint64) (datanettypes.ContributionPay, error)
	SegmentStop(ctx context.Context, datanetID, rank uint64, segment uint32) (datanettypes.SegmentStop, bool, error)
	StoppedSegments(ctx context.Context, datanetID, rank uint64, height int64) (uint32, error)
	GetVersion(ctx context.Context, datanetID, version uint64) (datanettypes.Version, error)
	RoyaltiesAt(ctx context.Context, datanetID uint64, height int64) ([]datanettypes.Royalty, error)
	AskCustody(ctx context.Context, limit, setAside int) ([]datanettypes.HoldAsk, error)
	SettleCustody(ctx context.Context, datanetID, rank uint64, verdict datanettypes.HoldVerdict,
		retry datanettypes.HoldRetry) (heldVersion uint64, err error)
	OpenAsks(ctx context.Context) ([]datanettypes.HoldAsk, error)
}

// ModelsKeeper knows models and what providers answer with.
type ModelsKeeper interface {
	GetModel(ctx context.Context, id uint64) (modelstypes.Model, error)
	GetModelVersion(ctx context.Context, id uint64, version uint32) (modelstypes.ModelVersion, error)
	GetProvider(ctx context.Context, addr sdk.AccAddress) (modelstypes.Provider, error)
	GetOffer(ctx context.Context, modelID uint64, provider sdk.AccAddress) (modelstypes.Offer, error)
	RoyaltyOwners(ctx context.Context, modelID uint64) ([]rewardstypes.Share, error)
	RecordBatch(ctx context.Context, provider sdk.AccAddress, liability math.Int,
		batch modelstypes.RecordedBatch) (modelstypes.Provider, error)
	CountOpenBatch(ctx context.Context, provider sdk.AccAddress, opened bool) (modelstypes.Provider, error)
	ReleaseLiability(ctx context.Context, provider sdk.AccAddress, amount math.Int) error
	Freeze(ctx context.Context, provider sdk.AccAddress) error
	Slash(ctx context.Context, provider sdk.AccAddress, amount math.Int, toModule string) error
}

// RewardsKeeper pays.
type RewardsKeeper interface {
	Terms(ctx context.Context) (rewardstypes.Terms, error)
	Prepare(ctx context.Context, terms rewardstypes.Terms, payables []rewardstypes.Payable) (rewardstypes.Prepared, error)
	Enqueue(ctx context.Context, fromModule string, batchID uint64, p rewardstypes.Prepared) error
	Credit(ctx context.Context, fromModule string, to sdk.AccAddress, amount math.Int) error
	Escrow(ctx context.Context, fromModule string, batchID uint64, p rewardstypes.Prepared) error
	EscrowedFees(ctx context.Context, batchID uint64) (fees math.Int, escrowed bool, err error)
	Release(ctx context.Context, batchID uint64) (math.Int, error)
	Refund(ctx context.Context, batchID uint64, refunds []rewardstypes.Refund) error
	Lapse(ctx context.Context, batchID uint64, provider sdk.AccAddress) (math.Int, error)
	SettleAttestPay(ctx context.Context, share, earned math.Int) error
	ForfeitAttestPay(ctx context.Context, share math.Int) error
	PayOperators(ctx context.Context, pays []rewardstypes.OperatorPay) (math.Int, error)
	AttestEscrowed(ctx context.Context) (math.Int, error)
	OwedBy(ctx context.Context, module string) (math.Int, error)
}

// StakingKeeper knows who votes.
type StakingKeeper interface {
	GetValidatorByConsAddr(ctx context.Context, address sdk.ConsAddress) (stakingtypes.Validator, error)
}
