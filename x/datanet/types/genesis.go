package types

import (
	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/poa"
)

// DefaultGenesis is the state of a new chain.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: DefaultParams(), NextDatanetId: 1, NextRank: 1, NextCohort: 1}
}

// Validate reports a state that cannot have come about.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return err
	}
	if g.NextDatanetId < 1 || g.NextRank < 1 {
		return errorsmod.Wrap(ErrInvalidGenesis, "next_datanet_id and next_rank start at 1")
	}
	datanets := make(map[uint64]DataNet, len(g.Datanets))
	for _, datanet := range g.Datanets {
		if datanet.Id < 1 || datanet.Id >= g.NextDatanetId {
			return errorsmod.Wrapf(ErrInvalidGenesis, "DataNet %d is not below the next id %d", datanet.Id,
				g.NextDatanetId)
		}
		if _, twice := datanets[datanet.Id]; twice {
			return errorsmod.Wrapf(ErrInvalidGenesis, "DataNet %d stands twice", datanet.Id)
		}
		if err := validateAddress("owner", datanet.Owner); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateAmounts(datanet.ReviewFee, datanet.NextReviewFee, datanet.ReviewFeePerThousand,
			datanet.NextReviewFeePerThousand, datanet.CheckFund); err != nil {
			return errorsmod.Wrapf(err, "DataNet %d", datanet.Id)
		}
		datanets[datanet.Id] = datanet
	}
	ranks := make(map[uint64]bool)
	for _, commit := range g.Commits {
		if err := g.validateRank(ranks, commit.Rank); err != nil {
			return err
		}
		if err := validateAddress("contributor", commit.Contributor); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateDeposit(commit.Deposit); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "commit %d: %s", commit.Rank, err)
		}
		if err := validateAmounts(commit.DepositPerToken, commit.MinDeposit); err != nil {
			return errorsmod.Wrapf(err, "commit %d", commit.Rank)
		}
	}
	for _, contribution := range g.Contributions {
		if err := g.validateRank(ranks, contribution.Rank); err != nil {
			return err
		}
		if _, known := datanets[contribution.DatanetId]; !known {
			return errorsmod.Wrapf(ErrInvalidGenesis, "contribution %d belongs to unknown DataNet %d",
				contribution.Rank, contribution.DatanetId)
		}
		if err := validateAddress("contributor", contribution.Contributor); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if contribution.NormVersion > poa.NormVersion {
			return errorsmod.Wrapf(ErrInvalidGenesis,
				"contribution %d has text of version %d, this program knows up to %d", contribution.Rank,
				contribution.NormVersion, poa.NormVersion)
		}
		if err := validateDeposit(contribution.Deposit); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "contribution %d: %s", contribution.Rank, err)
		}
		if err := validateAmounts(contribution.ReviewFee, contribution.FeePaid, contribution.AcceptedDeposit,
			contribution.BoundDeposit,
			contribution.Vesting, contribution.Reserved); err != nil {
			return errorsmod.Wrapf(err, "contribution %d", contribution.Rank)
		}
		if contribution.Recall != nil {
			if err := validateAmounts(contribution.Recall.Deposit); err != nil {
				return errorsmod.Wrapf(err, "recall of contribution %d", contribution.Rank)
			}
		}
		if contribution.Bounty > uint64(len(g.Bounties)) {
			return errorsmod.Wrapf(ErrInvalidGenesis, "contribution %d applies for unknown bounty %d",
				contribution.Rank, contribution.Bounty)
		}
		if err := ValidateDerivations(contribution.Rank, contribution.Segments, contribution.Derivations); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "contribution %d: %s", contribution.Rank, err)
		}
	}
	held, err := g.validateHolds(datanets)
	if err != nil {
		return err
	}
	if err := g.validateVersions(datanets, held); err != nil {
		return err
	}
	if err := g.validateStops(); err != nil {
		return err
	}
	return g.validateReview(datanets)
}

// validateStops checks stopped segments; how many each contribution has is an invariant.
func (g GenesisState) validateStops() error {
	contributions := make(map[uint64]*Contribution, len(g.Contributions))
	for i := range g.Contributions {
		contributions[g.Contributions[i].Rank] = &g.Contributions[i]
	}
	for i, stop := range g.SegmentStops {
		c, known := contributions[stop.Rank]
		if !known || c.DatanetId != stop.DatanetId || stop.Segment >= c.Segments || c.AcceptedVersion == 0 ||
			stop.StoppedHeight < 1 {
			return errorsmod.Wrapf(ErrInvalidGenesis, "stop of segment %d of contribution %d in DataNet %d",
				stop.Segment, stop.Rank, stop.DatanetId)
		}
		if before := g.SegmentStops[max(0, i-1)]; i > 0 && before.Rank == stop.Rank && before.Segment >= stop.Segment {
			return errorsmod.Wrapf(ErrInvalidGenesis,
				"stop of segment %d of contribution %d stands twice or out of order", stop.Segment, stop.Rank)
		}
		if stop.Author != "" {
			if err := validateAddress("author", stop.Author); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
		}
		if err := validateAmounts(stop.Bound); err != nil {
			return errorsmod.Wrapf(err, "stop of segment %d of contribution %d", stop.Segment, stop.Rank)
		}
	}
	for _, snapshot := range g.Snapshots {
		if snapshot.NormVersion > poa.NormVersion {
			return errorsmod.Wrapf(ErrInvalidGenesis, "snapshot %d has text of version %d, this program knows up to %d",
				snapshot.Id, snapshot.NormVersion, poa.NormVersion)
		}
		if snapshot.Author == "" {
			continue
		}
		if err := validateAddress("author", snapshot.Author); err != nil {
			return errorsmod.Wrapf(ErrInvalidGenesis, "snapshot %d: %s", snapshot.Id, err)
		}
	}
	return nil
}

func (g GenesisState) validateRank(seen map[uint64]bool, rank uint64) error {
	if rank < 1 || rank >= g.NextRank {
		return errorsmod.Wrapf(ErrInvalidGenesis, "rank %d is not below the next rank %d", rank, g.NextRank)
	}
	if seen[rank] {
		return errorsmod.Wrapf(ErrInvalidGenesis, "rank %d stands twice", rank)
	}
	seen[rank] = true
	return nil
}

// validateHolds checks what validators hold, are asked about and do not hold, and counts what they hold of each
// DataNet.
func (g GenesisState) validateHolds(datanets map[uint64]DataNet) (map[uint64]uint64, error) {
	held := make(map[uint64]uint64, len(datanets))
	places := make(map[[2]uint64]bool)
	asked := make(map[uint64]bool)
	for i, ask := range g.Asks {
		if _, known := datanets[ask.DatanetId]; !known || len(ask.Ranks) < 1 || len(ask.Ranks) > MaxAsked ||
			ask.Version == 0 {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "question %d is about %d contributions of DataNet %d", i,
				len(ask.Ranks), ask.DatanetId)
		}
		for _, rank := range ask.Ranks {
			if asked[rank] {
				return nil, errorsmod.Wrapf(ErrInvalidGenesis, "contribution %d is asked about twice", rank)
			}
			asked[rank] = true
		}
	}
	for _, c := range g.Contributions {
		if c.HeldHeight != 0 {
			place := [2]uint64{c.DatanetId, c.AcceptedIndex}
			if c.AcceptedVersion == 0 || c.Hold != nil || places[place] {
				return nil, errorsmod.Wrapf(ErrInvalidGenesis,
					"contribution %d is held in version %d at index %d, as another or set aside", c.Rank,
					c.AcceptedVersion, c.AcceptedIndex)
			}
			places[place] = true
			held[c.DatanetId]++
		}
		if c.Hold == nil {
			continue
		}
		if c.AcceptedVersion == 0 || c.Hold.Asked != asked[c.Rank] || c.Hold.Asked && c.Hold.AskHeight != 0 {
			return nil, errorsmod.Wrapf(ErrInvalidGenesis, "contribution %d is set aside; asked %t, waits until %d",
				c.Rank, c.Hold.Asked, c.Hold.AskHeight)
		}
		if err := validateAmounts(c.Hold.Deposit); err != nil {
			return nil, errorsmod.Wrapf(err, "proposal for contribution %d", c.Rank)
		}
		if c.Hold.Proposer != "" {
			if err := validateAddress("proposer", c.Hold.Proposer); err != nil {
				return nil, errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
		}
	}
	return held, nil
}

func (g GenesisState) validateVersions(datanets map[uint64]DataNet, held map[uint64]uint64) error {
	for _, version := range g.Versions {
		datanet, known := datanets[version.DatanetId]
		if !known || version.Version < 1 || version.Version > datanet.Version {
			return errorsmod.Wrapf(ErrInvalidGenesis, "version %d of DataNet %d does not exist", version.Version,
				version.DatanetId)
		}
	}
	ranges := make(map[uint64]bool, len(g.Accumulators))
	for _, accumulators := range g.Accumulators {
		datanet, known := datanets[accumulators.DatanetId]
		if !known || ranges[accumulators.DatanetId] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "accumulators of DataNet %d are unknown or stand twice",
				accumulators.DatanetId)
		}
		ranges[accumulators.DatanetId] = true
		for _, accumulator := range []Accumulator{accumulators.Contributions, accumulators.Statistics} {
			if _, err := accumulator.MMR(); err != nil {
				return errorsmod.Wrapf(ErrInvalidGenesis, "accumulators of DataNet %d: %s", datanet.Id, err)
			}
			if accumulator.Count != held[datanet.Id] {
				return errorsmod.Wrapf(ErrInvalidGenesis,
					"accumulators of DataNet %d count %d contributions, validators hold %d", datanet.Id,
					accumulator.Count, held[datanet.Id])
			}
		}
	}
	if len(ranges) != len(datanets) {
		return errorsmod.Wrap(ErrInvalidGenesis, "a DataNet has no accumulators")
	}
	return nil
}
