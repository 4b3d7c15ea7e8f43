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
	CustodyDueKey    = collections.NewPrefix(13) // (height to ask at, DataNet)

	NextValidatorKey   = collections.NewPrefix(14) // → uint64
	ValidatorsKey      = collections.NewPrefix(15) // id → DataValidator
	ValidatorIDsKey    = collections.NewPrefix(16) // (address, DataNet) → id
	PlacesKey          = collections.NewPrefix(17) // (DataNet, place) → id
	StakeKey           = collections.NewPrefix(18) // (DataNet or 0, level, index) → StakeNode
	ElectorateSizesKey = collections.NewPrefix(19) // DataNet or 0 → active data validators
	CredentialsKey     = collections.NewPrefix(20) // (DataNet, address) → Credential
	NextCohortKey      = collections.NewPrefix(21) // → uint64
	CohortsKey         = collections.NewPrefix(22) // id → Cohort
	CohortsByKey       = collections.NewPrefix(23) // (DataNet, cohort)
	FillingKey         = collections.NewPrefix(24) // (DataNet, electorate) → cohort
	DrawsKey           = collections.NewPrefix(25) // (height, cohort)
	BallotsKey         = collections.NewPrefix(26) // (cohort, address) → Ballot
	AssignedKey        = collections.NewPrefix(27) // (address, cohort)
	TimersKey          = collections.NewPrefix(28) // (time, kind, id)
	OpenByKey          = collections.NewPrefix(29) // contributor → contributions that wait for panels
	ContributorsKey    = collections.NewPrefix(30) // (DataNet, contributor) with accepted contributions
	StoppedKey         = collections.NewPrefix(31) // (DataNet, version of acceptance, rank)
	RoyaltiesKey       = collections.NewPrefix(32) // (DataNet, height) → Royalties
	ReleasedKey        = collections.NewPrefix(33) // contributor → Int
	NextBountyKey      = collections.NewPrefix(34) // → uint64
	BountiesKey        = collections.NewPrefix(35) // id → Bounty
	BountiesByKey      = collections.NewPrefix(36) // (DataNet, bounty)
	NextSnapshotKey    = collections.NewPrefix(37) // → uint64
	SnapshotsKey       = collections.NewPrefix(38) // id → Snapshot
	TimerAtKey         = collections.NewPrefix(39) // (kind, id) → time
	GraceKey           = collections.NewPrefix(40) // → Grace
	PoolBalanceKey     = collections.NewPrefix(41) // → Int
	SegmentStopsKey    = collections.NewPrefix(44) // (DataNet, rank, segment) → SegmentStop

	// (DataNet, version of acceptance, rank) that validators are to be asked about
	WaitingKey   = collections.NewPrefix(46)
	InCustodyKey = collections.NewPrefix(42) // (DataNet, index) → rank
	SetAsideKey  = collections.NewPrefix(43) // (height to ask at, rank)
	AsksKey      = collections.NewPrefix(45) // (DataNet, rank or 0) → HoldAsk
)
