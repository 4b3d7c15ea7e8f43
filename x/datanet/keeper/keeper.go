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

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/keeper/internal/funds"
	"github.com/openledger/openledger/x/datanet/keeper/internal/pause"
	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/keeper/review"
	"github.com/openledger/openledger/x/datanet/types"
)

// Keeper of x/datanet.
type Keeper struct {
	cdc          codec.BinaryCodec
	addressCodec address.Codec
	authority    string
	bank         types.BankKeeper
	rewards      types.RewardsKeeper
	statistics   *poa.Statistics
	funds        funds.Funds
	windows      pause.Windows

	// Review decides for DataNets under panel review.
	Review review.Keeper

	Schema             collections.Schema
	Params             collections.Item[types.Params]
	NextDataNet        collections.Sequence
	NextRank           collections.Sequence
	DataNets           collections.Map[uint64, types.DataNet]
	Commits            collections.Map[uint64, types.Commit]
	CommitsBy          collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	Expiries           collections.KeySet[collections.Pair[int64, uint64]]
	Contributions      collections.Map[uint64, types.Contribution]
	contributionPays   collections.Map[uint64, types.ContributionPay] // the same values; only for reading
	ByDataNet          collections.KeySet[collections.Pair[uint64, uint64]]
	ByContributor      collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	Versions           collections.Map[collections.Pair[uint64, uint64], types.Version]
	ContributionsRange collections.Map[uint64, types.Accumulator]
	StatisticsRange    collections.Map[uint64, types.Accumulator]
	CustodyDue         collections.KeySet[collections.Pair[int64, uint64]]

	Waiting   collections.KeySet[collections.Triple[uint64, uint64, uint64]]
	InCustody collections.Map[collections.Pair[uint64, uint64], uint64]
	SetAside  collections.KeySet[collections.Pair[int64, uint64]]
	Asks      collections.Map[collections.Pair[uint64, uint64], types.HoldAsk]

	PoolBalance collections.Item[math.Int]
	Timers      timer.Queue
	Released    collections.Map[sdk.AccAddress, math.Int]

	Contributors collections.KeySet[collections.Pair[uint64, sdk.AccAddress]]
	Stopped      collections.KeySet[collections.Triple[uint64, uint64, uint64]]
	SegmentStops collections.Map[collections.Triple[uint64, uint64, uint64], types.SegmentStop]
	Royalties    collections.Map[collections.Pair[uint64, int64], types.Royalties]

	NextBounty   collections.Sequence
	Bounties     collections.Map[uint64, types.Bounty]
	BountiesBy   collections.KeySet[collections.Pair[uint64, uint64]]
	NextSnapshot collections.Sequence
	Snapshots    collections.Map[uint64, types.Snapshot]
}

// NewKeeper returns the keeper.
func NewKeeper(
	cdc codec.BinaryCodec, store corestore.KVStoreService, addressCodec address.Codec, authority string,
	bank types.BankKeeper, rewards types.RewardsKeeper,
) Keeper {
	sb := collections.NewSchemaBuilder(store)
	byAccount := collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key)
	accountsOf := collections.PairKeyCodec(collections.Uint64Key, sdk.AccAddressKey)
	pair := collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)
	triple := collections.TripleKeyCodec(collections.Uint64Key, collections.Uint64Key, collections.Uint64Key)
	k := Keeper{
		cdc: cdc, addressCodec: addressCodec, authority: authority, bank: bank, rewards: rewards,
		statistics: poa.ProtocolStatistics(),
		funds:      funds.New(bank, rewards), windows: pause.NewWindows(sb, cdc),

		Params:      collections.NewItem(sb, types.ParamsKey, "params", codec.CollValue[types.Params](cdc)),
		NextDataNet: collections.NewSequence(sb, types.NextDataNetKey, "next_datanet"),
		NextRank:    collections.NewSequence(sb, types.NextRankKey, "next_rank"),
		DataNets: collections.NewMap(sb, types.DataNetsKey, "datanets", collections.Uint64Key,
			codec.CollValue[types.DataNet](cdc)),
		Commits: collections.NewMap(sb, types.CommitsKey, "commits", collections.Uint64Key,
			codec.CollValue[types.Commit](cdc)),
		CommitsBy: collections.NewKeySet(sb, types.CommitsByKey, "commits_by_contributor", byAccount),
		Expiries: collections.NewKeySet(sb, types.ExpiriesKey, "expiries",
			collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		Contributions: collections.NewMap(sb, types.ContributionsKey, "contributions", collections.Uint64Key,
			codec.CollValue[types.Contribution](cdc)),
		contributionPays: collections.NewMap(collections.NewSchemaBuilder(store), types.ContributionsKey,
			"contributions", collections.Uint64Key, codec.CollValue[types.ContributionPay](cdc)),
		ByDataNet: collections.NewKeySet(sb, types.ByDataNetKey, "contributions_by_datanet",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)),
		ByContributor: collections.NewKeySet(sb, types.ByContributorKey, "contributions_by_contributor",
			byAccount),
		Versions: collections.NewMap(sb, types.VersionsKey, "versions",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key),
			codec.CollValue[types.Version](cdc)),
		ContributionsRange: collections.NewMap(sb, types.ContributionMMR, "contributions_range", collections.Uint64Key,
			codec.CollValue[types.Accumulator](cdc)),
		StatisticsRange: collections.NewMap(sb, types.StatisticsMMR, "statistics_range", collections.Uint64Key,
			codec.CollValue[types.Accumulator](cdc)),
		CustodyDue: collections.NewKeySet(sb, types.CustodyDueKey, "unheld",
			collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),

		Waiting:   collections.NewKeySet(sb, types.WaitingKey, "waiting", triple),
		InCustody: collections.NewMap(sb, types.InCustodyKey, "held", pair, collections.Uint64Value),
		SetAside: collections.NewKeySet(sb, types.SetAsideKey, "set_aside",
			collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		Asks: collections.NewMap(sb, types.AsksKey, "asks", pair, codec.CollValue[types.HoldAsk](cdc)),

		PoolBalance: collections.NewItem(sb, types.PoolBalanceKey, "pool_held", sdk.IntValue),
		Timers:      timer.NewQueue(sb),
		Released:    collections.NewMap(sb, types.ReleasedKey, "released", sdk.AccAddressKey, sdk.IntValue),

		Contributors: collections.NewKeySet(sb, types.ContributorsKey, "contributors", accountsOf),
		Stopped:      collections.NewKeySet(sb, types.StoppedKey, "stopped", triple),
		SegmentStops: collections.NewMap(sb, types.SegmentStopsKey, "segment_stops", triple,
			codec.CollValue[types.SegmentStop](cdc)),
		Royalties: collections.NewMap(sb, types.RoyaltiesKey, "royalties",
			collections.PairKeyCodec(collections.Uint64Key, collections.Int64Key),
			codec.CollValue[types.Royalties](cdc)),

		NextBounty: collections.NewSequence(sb, types.NextBountyKey, "next_bounty"),
		Bounties: collections.NewMap(sb, types.BountiesKey, "bounties", collections.Uint64Key,
			codec.CollValue[types.Bounty](cdc)),
		BountiesBy:   collections.NewKeySet(sb, types.BountiesByKey, "bounties_by_datanet", pair),
		NextSnapshot: collections.NewSequence(sb, types.NextSnapshotKey, "next_snapshot"),
		Snapshots: collections.NewMap(sb, types.SnapshotsKey, "snapshots", collections.Uint64Key,
			codec.CollValue[types.Snapshot](cdc)),
	}
	k.Review = review.NewKeeper(sb, cdc, authority, registry{&k}, k.funds, k.Timers, k.windows)
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

// GetContributionPay returns what of a contribution decides about pay, or ErrContributionNotFound.
func (k Keeper) GetContributionPay(ctx context.Context, rank uint64) (types.ContributionPay, error) {
	pay, err := k.contributionPays.Get(ctx, rank)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrContributionNotFound, "no contribution %d", rank)
	}
	return pay, err
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
