// Package keeper holds the state of x/datanet: DataNets, sealed and revealed
// contributions, and versions.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/address"
	corestore "cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Keeper of x/datanet.
type Keeper struct {
	cdc          codec.BinaryCodec
	addressCodec address.Codec
	authority    string
	bank         types.BankKeeper
	rewards      types.RewardsKeeper

	Schema             collections.Schema
	Params             collections.Item[types.Params]
	NextDataNet        collections.Sequence
	NextRank           collections.Sequence
	DataNets           collections.Map[uint64, types.DataNet]
	Commits            collections.Map[uint64, types.Commit]
	CommitsBy          collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	Expiries           collections.KeySet[collections.Pair[int64, uint64]]
	Contributions      collections.Map[uint64, types.Contribution]
	ByDataNet          collections.KeySet[collections.Pair[uint64, uint64]]
	ByContributor      collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	Versions           collections.Map[collections.Pair[uint64, uint64], types.Version]
	ContributionsRange collections.Map[uint64, types.Accumulator]
	StatisticsRange    collections.Map[uint64, types.Accumulator]
	Unheld             collections.KeySet[collections.Pair[int64, uint64]]
}

// NewKeeper returns the keeper.
func NewKeeper(
	cdc codec.BinaryCodec, store corestore.KVStoreService, addressCodec address.Codec, authority string,
	bank types.BankKeeper, rewards types.RewardsKeeper,
) Keeper {
	sb := collections.NewSchemaBuilder(store)
	byAccount := collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key)
	k := Keeper{
		cdc: cdc, addressCodec: addressCodec, authority: authority, bank: bank, rewards: rewards,
		Params:             collections.NewItem(sb, types.ParamsKey, "params", codec.CollValue[types.Params](cdc)),
		NextDataNet:        collections.NewSequence(sb, types.NextDataNetKey, "next_datanet"),
		NextRank:           collections.NewSequence(sb, types.NextRankKey, "next_rank"),
		DataNets:           collections.NewMap(sb, types.DataNetsKey, "datanets", collections.Uint64Key, codec.CollValue[types.DataNet](cdc)),
		Commits:            collections.NewMap(sb, types.CommitsKey, "commits", collections.Uint64Key, codec.CollValue[types.Commit](cdc)),
		CommitsBy:          collections.NewKeySet(sb, types.CommitsByKey, "commits_by_contributor", byAccount),
		Expiries:           collections.NewKeySet(sb, types.ExpiriesKey, "expiries", collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		Contributions:      collections.NewMap(sb, types.ContributionsKey, "contributions", collections.Uint64Key, codec.CollValue[types.Contribution](cdc)),
		ByDataNet:          collections.NewKeySet(sb, types.ByDataNetKey, "contributions_by_datanet", collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)),
		ByContributor:      collections.NewKeySet(sb, types.ByContributorKey, "contributions_by_contributor", byAccount),
		Versions:           collections.NewMap(sb, types.VersionsKey, "versions", collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key), codec.CollValue[types.Version](cdc)),
		ContributionsRange: collections.NewMap(sb, types.ContributionMMR, "contributions_range", collections.Uint64Key, codec.CollValue[types.Accumulator](cdc)),
		StatisticsRange:    collections.NewMap(sb, types.StatisticsMMR, "statistics_range", collections.Uint64Key, codec.CollValue[types.Accumulator](cdc)),
		Unheld:             collections.NewKeySet(sb, types.UnheldKey, "unheld", collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// GetDataNet returns a DataNet, or ErrDataNetNotFound.
func (k Keeper) GetDataNet(ctx context.Context, id uint64) (types.DataNet, error) {
	datanet, err := k.DataNets.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrDataNetNotFound, "no DataNet %d: see `openledgerd query datanet datanets`", id)
	}
	return datanet, err
}

// GetVersion returns a version of a DataNet, or ErrVersionNotFound.
func (k Keeper) GetVersion(ctx context.Context, datanetID, version uint64) (types.Version, error) {
	found, err := k.Versions.Get(ctx, collections.Join(datanetID, version))
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrVersionNotFound, "DataNet %d has no version %d", datanetID, version)
	}
	return found, err
}

// GetContribution returns a revealed contribution, or ErrContributionNotFound.
func (k Keeper) GetContribution(ctx context.Context, rank uint64) (types.Contribution, error) {
	contribution, err := k.Contributions.Get(ctx, rank)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrContributionNotFound, "no contribution %d", rank)
	}
	return contribution, err
}

// GetCommit returns a commit that has not been revealed, or ErrCommitNotFound.
func (k Keeper) GetCommit(ctx context.Context, rank uint64) (types.Commit, error) {
	commit, err := k.Commits.Get(ctx, rank)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrCommitNotFound, "commit %d was revealed, has expired, or never was", rank)
	}
	return commit, err
}

// active fails while the module is paused.
func (k Keeper) active(ctx context.Context) (types.Params, error) {
	params, err := k.Params.Get(ctx)
	if err == nil && params.Paused {
		err = errorsmod.Wrap(types.ErrPaused, "try again when governance has resumed the module")
	}
	return params, err
}

// ownedDataNet returns a DataNet when owner owns it.
func (k Keeper) ownedDataNet(ctx context.Context, id uint64, owner string) (types.DataNet, error) {
	datanet, err := k.GetDataNet(ctx, id)
	if err == nil && datanet.Owner != owner {
		err = errorsmod.Wrapf(types.ErrUnauthorized, "DataNet %d belongs to %s", id, datanet.Owner)
	}
	return datanet, err
}

// takeItems checks the number of items of a message against the parameter.
func takeItems(n int, params types.Params) error {
	if n > int(params.MaxItemsPerMsg) {
		return errorsmod.Wrapf(types.ErrInvalidItems, "%d items, at most %d in one message: send several", n, params.MaxItemsPerMsg)
	}
	return nil
}

// returnDeposit sends a deposit back.
func (k Keeper) returnDeposit(ctx context.Context, to string, deposit sdk.Coin) error {
	if !deposit.IsPositive() {
		return nil
	}
	return k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, sdk.MustAccAddressFromBech32(to), sdk.NewCoins(deposit))
}

func (k Keeper) moduleBalance(ctx context.Context) math.Int {
	return k.bank.GetBalance(ctx, authtypes.NewModuleAddress(types.ModuleName), rewardstypes.Denom).Amount
}
