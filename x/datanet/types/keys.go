package types

import "cosmossdk.io/collections"

const (
	// ModuleName of x/datanet; also the account that holds deposits.
	ModuleName = "datanet"
	// StoreKey of its state.
	StoreKey = ModuleName
)

// Prefixes of state; numbers are never used again.
var (
	ParamsKey        = collections.NewPrefix(0)  // → Params
	NextDataNetKey   = collections.NewPrefix(1)  // → uint64
	NextRankKey      = collections.NewPrefix(2)  // → uint64
	DataNetsKey      = collections.NewPrefix(3)  // id → DataNet
	CommitsKey       = collections.NewPrefix(4)  // rank → Commit
	CommitsByKey     = collections.NewPrefix(5)  // (contributor, rank)
	ExpiriesKey      = collections.NewPrefix(6)  // (last height of the reveal window, rank)
	ContributionsKey = collections.NewPrefix(7)  // rank → Contribution
	ByDataNetKey     = collections.NewPrefix(8)  // (DataNet, rank)
	ByContributorKey = collections.NewPrefix(9)  // (contributor, rank)
	VersionsKey      = collections.NewPrefix(10) // (DataNet, version) → Version
	ContributionMMR  = collections.NewPrefix(11) // DataNet → Accumulator
	StatisticsMMR    = collections.NewPrefix(12) // DataNet → Accumulator
	UnheldKey        = collections.NewPrefix(13) // (height to ask at, DataNet)
)
