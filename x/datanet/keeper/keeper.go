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

	"github.com/openledger/openledger/poa"
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
	statistics   *poa.Statistics

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
	Unheld             collections.KeySet[collections.Pair[int64, uint64]]

	NextValidator collections.Sequence
	Validators    collections.Map[uint64, types.DataValidator]
	ValidatorIDs  collections.Map[collections.Pair[sdk.AccAddress, uint64], uint64]
	Places        collections.Map[collections.Pair[uint64, uint64], uint64]
	Stake         collections.Map[stakeKey, types.StakeNode]
	Panels        collections.Map[uint64, uint64]
	Credentials   collections.Map[credentialKey, types.Credential]

	NextCohort collections.Sequence
	Cohorts    collections.Map[uint64, types.Cohort]
	CohortsBy  collections.KeySet[collections.Pair[uint64, uint64]]
	Filling    collections.Map[collections.Pair[uint64, uint64], uint64]
	Draws      collections.KeySet[collections.Pair[int64, uint64]]
	Ballots    collections.Map[collections.Pair[uint64, sdk.AccAddress], types.Ballot]
	Assigned   collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	OpenBy     collections.Map[sdk.AccAddress, uint64]

	Waiting  collections.KeySet[collections.Triple[uint64, uint64, uint64]]
	Held     collections.Map[collections.Pair[uint64, uint64], uint64]
	SetAside collections.KeySet[collections.Pair[int64, uint64]]
	Asks     collections.Map[collections.Pair[uint64, uint64], types.HoldAsk]

	Grace    collections.Item[types.Grace]
	PoolHeld collections.Item[math.Int]
	Timers   collections.KeySet[timerKey]
	TimerAt  collections.Map[collections.Pair[uint64, uint64], int64]
	Released collections.Map[sdk.AccAddress, math.Int]

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
		cdc: cdc, addressCodec: addressCodec, authority: authority, bank: bank, rewards: rewards, statistics: poa.ProtocolStatistics(),
		Params:             collections.NewItem(sb, types.ParamsKey, "params", codec.CollValue[types.Params](cdc)),
		NextDataNet:        collections.NewSequence(sb, types.NextDataNetKey, "next_datanet"),
		NextRank:           collections.NewSequence(sb, types.NextRankKey, "next_rank"),
		DataNets:           collections.NewMap(sb, types.DataNetsKey, "datanets", collections.Uint64Key, codec.CollValue[types.DataNet](cdc)),
		Commits:            collections.NewMap(sb, types.CommitsKey, "commits", collections.Uint64Key, codec.CollValue[types.Commit](cdc)),
		CommitsBy:          collections.NewKeySet(sb, types.CommitsByKey, "commits_by_contributor", byAccount),
		Expiries:           collections.NewKeySet(sb, types.ExpiriesKey, "expiries", collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		Contributions:      collections.NewMap(sb, types.ContributionsKey, "contributions", collections.Uint64Key, codec.CollValue[types.Contribution](cdc)),
		contributionPays:   collections.NewMap(collections.NewSchemaBuilder(store), types.ContributionsKey, "contributions", collections.Uint64Key, codec.CollValue[types.ContributionPay](cdc)),
		ByDataNet:          collections.NewKeySet(sb, types.ByDataNetKey, "contributions_by_datanet", collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)),
		ByContributor:      collections.NewKeySet(sb, types.ByContributorKey, "contributions_by_contributor", byAccount),
		Versions:           collections.NewMap(sb, types.VersionsKey, "versions", collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key), codec.CollValue[types.Version](cdc)),
		ContributionsRange: collections.NewMap(sb, types.ContributionMMR, "contributions_range", collections.Uint64Key, codec.CollValue[types.Accumulator](cdc)),
		StatisticsRange:    collections.NewMap(sb, types.StatisticsMMR, "statistics_range", collections.Uint64Key, codec.CollValue[types.Accumulator](cdc)),
		Unheld:             collections.NewKeySet(sb, types.UnheldKey, "unheld", collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),

		NextValidator: collections.NewSequence(sb, types.NextValidatorKey, "next_validator"),
		Validators:    collections.NewMap(sb, types.ValidatorsKey, "validators", collections.Uint64Key, codec.CollValue[types.DataValidator](cdc)),
		ValidatorIDs:  collections.NewMap(sb, types.ValidatorIDsKey, "validator_ids", byAccount, collections.Uint64Value),
		Places:        collections.NewMap(sb, types.PlacesKey, "places", pair, collections.Uint64Value),
		Stake:         collections.NewMap(sb, types.StakeKey, "stake", triple, types.StakeNodeCodec{}),
		Panels:        collections.NewMap(sb, types.PanelsKey, "panels", collections.Uint64Key, collections.Uint64Value),
		Credentials:   collections.NewMap(sb, types.CredentialsKey, "credentials", collections.TripleKeyCodec(collections.Uint64Key, sdk.AccAddressKey, collections.Uint64Key), codec.CollValue[types.Credential](cdc)),

		NextCohort: collections.NewSequence(sb, types.NextCohortKey, "next_cohort"),
		Cohorts:    collections.NewMap(sb, types.CohortsKey, "cohorts", collections.Uint64Key, codec.CollValue[types.Cohort](cdc)),
		CohortsBy:  collections.NewKeySet(sb, types.CohortsByKey, "cohorts_by_datanet", pair),
		Filling:    collections.NewMap(sb, types.FillingKey, "filling", pair, collections.Uint64Value),
		Draws:      collections.NewKeySet(sb, types.DrawsKey, "draws", collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		Ballots:    collections.NewMap(sb, types.BallotsKey, "ballots", accountsOf, codec.CollValue[types.Ballot](cdc)),
		Assigned:   collections.NewKeySet(sb, types.AssignedKey, "assigned", byAccount),
		OpenBy:     collections.NewMap(sb, types.OpenByKey, "open_by", sdk.AccAddressKey, collections.Uint64Value),

		Waiting:  collections.NewKeySet(sb, types.WaitingKey, "waiting", triple),
		Held:     collections.NewMap(sb, types.HeldKey, "held", pair, collections.Uint64Value),
		SetAside: collections.NewKeySet(sb, types.SetAsideKey, "set_aside", collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
		Asks:     collections.NewMap(sb, types.AsksKey, "asks", pair, codec.CollValue[types.HoldAsk](cdc)),

		Grace:    collections.NewItem(sb, types.GraceKey, "grace", codec.CollValue[types.Grace](cdc)),
		PoolHeld: collections.NewItem(sb, types.PoolHeldKey, "pool_held", sdk.IntValue),
		Timers:   collections.NewKeySet(sb, types.TimersKey, "timers", collections.TripleKeyCodec(collections.Int64Key, collections.Uint64Key, collections.Uint64Key)),
		TimerAt:  collections.NewMap(sb, types.TimerAtKey, "timer_at", pair, collections.Int64Value),
		Released: collections.NewMap(sb, types.ReleasedKey, "released", sdk.AccAddressKey, sdk.IntValue),

		Contributors: collections.NewKeySet(sb, types.ContributorsKey, "contributors", accountsOf),
		Stopped:      collections.NewKeySet(sb, types.StoppedKey, "stopped", triple),
		SegmentStops: collections.NewMap(sb, types.SegmentStopsKey, "segment_stops", triple, codec.CollValue[types.SegmentStop](cdc)),
		Royalties:    collections.NewMap(sb, types.RoyaltiesKey, "royalties", collections.PairKeyCodec(collections.Uint64Key, collections.Int64Key), codec.CollValue[types.Royalties](cdc)),

		NextBounty:   collections.NewSequence(sb, types.NextBountyKey, "next_bounty"),
		Bounties:     collections.NewMap(sb, types.BountiesKey, "bounties", collections.Uint64Key, codec.CollValue[types.Bounty](cdc)),
		BountiesBy:   collections.NewKeySet(sb, types.BountiesByKey, "bounties_by_datanet", pair),
		NextSnapshot: collections.NewSequence(sb, types.NextSnapshotKey, "next_snapshot"),
		Snapshots:    collections.NewMap(sb, types.SnapshotsKey, "snapshots", collections.Uint64Key, codec.CollValue[types.Snapshot](cdc)),
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

// takeItems checks the number of items of a message against the parameter.
func takeItems(n int, params types.Params) error {
	if n > int(params.MaxItemsPerMsg) {
		return errorsmod.Wrapf(types.ErrInvalidItems, "%d items, at most %d in one message: send several", n, params.MaxItemsPerMsg)
	}
	return nil
}

// pay sends aopen that the module holds to an account.
func (k Keeper) pay(ctx context.Context, to string, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, sdk.MustAccAddressFromBech32(to), coins(amount))
}

// take moves aopen from an account to the module.
func (k Keeper) take(ctx context.Context, from sdk.AccAddress, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.bank.SendCoinsFromAccountToModule(ctx, from, types.ModuleName, coins(amount))
}

// burn destroys aopen that the module holds.
func (k Keeper) burn(ctx context.Context, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.bank.BurnCoins(ctx, types.ModuleName, coins(amount))
}

// toPool gives aopen that the module holds to the bounty pool.
func (k Keeper) toPool(ctx context.Context, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	return k.rewards.FundBountyPool(ctx, types.ModuleName, amount)
}

func coins(amount math.Int) sdk.Coins { return sdk.NewCoins(sdk.NewCoin(rewardstypes.Denom, amount)) }

func (k Keeper) moduleBalance(ctx context.Context) math.Int {
	return k.bank.GetBalance(ctx, authtypes.NewModuleAddress(types.ModuleName), rewardstypes.Denom).Amount
}

// part returns floor(amount · ppm / 1,000,000).
func part(amount math.Int, ppm uint32) math.Int {
	return amount.MulRaw(int64(ppm)).QuoRaw(rewardstypes.PPM)
}
