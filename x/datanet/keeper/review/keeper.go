// Package review decides about contributions by panels of data validators: bonds, credentials, cohorts, the drawing of
// seats, ballots, gold, pay, slashes, appeals, checks and confirmations. Its collections are part of the schema of
// x/datanet. The registry carries out its decisions; package review knows it as the interface Registry.
package review

import (
	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/keeper/internal/funds"
	"github.com/openledger/openledger/x/datanet/keeper/internal/pause"
	"github.com/openledger/openledger/x/datanet/keeper/internal/timer"
	"github.com/openledger/openledger/x/datanet/types"
)

// Keeper of the state of review.
type Keeper struct {
	authority string
	registry  Registry
	funds     funds.Funds
	timers    timer.Queue
	windows   pause.Windows

	NextValidator   collections.Sequence
	Validators      collections.Map[uint64, types.DataValidator]
	ValidatorIDs    collections.Map[collections.Pair[sdk.AccAddress, uint64], uint64]
	Places          collections.Map[collections.Pair[uint64, uint64], uint64]
	Stake           collections.Map[stakeKey, types.StakeNode]
	ElectorateSizes collections.Map[uint64, uint64]
	Credentials     collections.Map[credentialKey, types.Credential]

	NextCohort collections.Sequence
	Cohorts    collections.Map[uint64, types.Cohort]
	CohortsBy  collections.KeySet[collections.Pair[uint64, uint64]]
	Filling    collections.Map[collections.Pair[uint64, uint64], uint64]
	Draws      collections.KeySet[collections.Pair[int64, uint64]]
	Ballots    collections.Map[collections.Pair[uint64, sdk.AccAddress], types.Ballot]
	Assigned   collections.KeySet[collections.Pair[sdk.AccAddress, uint64]]
	OpenBy     collections.Map[sdk.AccAddress, uint64]
}

// NewKeeper returns the keeper of review with its collections in a schema. Timers, windows and funds are those of the
// module; the timers of the kinds Cohort and Unbonding are review's.
func NewKeeper(
	sb *collections.SchemaBuilder, cdc codec.BinaryCodec, authority string, registry Registry,
	account funds.Funds, timers timer.Queue, windows pause.Windows,
) Keeper {
	byAccount := collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key)
	pair := collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)
	triple := collections.TripleKeyCodec(collections.Uint64Key, collections.Uint64Key, collections.Uint64Key)
	byCredential := collections.TripleKeyCodec(collections.Uint64Key, sdk.AccAddressKey, collections.Uint64Key)
	byHeight := collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)
	accountsOf := collections.PairKeyCodec(collections.Uint64Key, sdk.AccAddressKey)
	number := collections.Uint64Key
	return Keeper{
		authority: authority, registry: registry, funds: account, timers: timers, windows: windows,

		NextValidator: collections.NewSequence(sb, types.NextValidatorKey, "next_validator"),
		Validators: collections.NewMap(sb, types.ValidatorsKey, "validators", number,
			codec.CollValue[types.DataValidator](cdc)),
		ValidatorIDs: collections.NewMap(sb, types.ValidatorIDsKey, "validator_ids", byAccount,
			collections.Uint64Value),
		Places:          collections.NewMap(sb, types.PlacesKey, "places", pair, collections.Uint64Value),
		Stake:           collections.NewMap(sb, types.StakeKey, "stake", triple, types.StakeNodeCodec{}),
		ElectorateSizes: collections.NewMap(sb, types.ElectorateSizesKey, "panels", number, collections.Uint64Value),
		Credentials: collections.NewMap(sb, types.CredentialsKey, "credentials", byCredential,
			codec.CollValue[types.Credential](cdc)),

		NextCohort: collections.NewSequence(sb, types.NextCohortKey, "next_cohort"),
		Cohorts:    collections.NewMap(sb, types.CohortsKey, "cohorts", number, codec.CollValue[types.Cohort](cdc)),
		CohortsBy:  collections.NewKeySet(sb, types.CohortsByKey, "cohorts_by_datanet", pair),
		Filling:    collections.NewMap(sb, types.FillingKey, "filling", pair, collections.Uint64Value),
		Draws:      collections.NewKeySet(sb, types.DrawsKey, "draws", byHeight),
		Ballots:    collections.NewMap(sb, types.BallotsKey, "ballots", accountsOf, codec.CollValue[types.Ballot](cdc)),
		Assigned:   collections.NewKeySet(sb, types.AssignedKey, "assigned", byAccount),
		OpenBy:     collections.NewMap(sb, types.OpenByKey, "open_by", sdk.AccAddressKey, collections.Uint64Value),
	}
}
