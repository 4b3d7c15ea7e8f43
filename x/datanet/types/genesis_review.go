package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// validateReview checks validators, reviews and bounties.
func (g GenesisState) validateReview(datanets map[uint64]DataNet) error {
	if g.NextCohort < 1 {
		return errorsmod.Wrap(ErrInvalidGenesis, "next_cohort starts at 1")
	}
	if err := g.validateValidators(datanets); err != nil {
		return err
	}
	if err := g.validateCohorts(datanets); err != nil {
		return err
	}
	for i, bounty := range g.Bounties {
		if _, known := datanets[bounty.DatanetId]; !known || bounty.Id != uint64(i)+1 {
			return errorsmod.Wrapf(ErrInvalidGenesis, "bounty %d at place %d for DataNet %d", bounty.Id, i,
				bounty.DatanetId)
		}
		if bounty.Funder != "" {
			if err := validateAddress("funder", bounty.Funder); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
		}
		if err := validateAmounts(bounty.Amount, bounty.Price, bounty.Left, bounty.Reserved, bounty.Vesting,
			bounty.Paid); err != nil {
			return errorsmod.Wrapf(err, "bounty %d", bounty.Id)
		}
	}
	for i, snapshot := range g.Snapshots {
		if snapshot.Id != uint64(i)+1 || len(snapshot.Root) != hashSize || snapshot.Segments < 1 {
			return errorsmod.Wrapf(ErrInvalidGenesis, "snapshot %d at place %d", snapshot.Id, i)
		}
	}
	for _, entry := range g.Royalties {
		if _, known := datanets[entry.DatanetId]; !known {
			return errorsmod.Wrapf(ErrInvalidGenesis, "royalties of unknown DataNet %d", entry.DatanetId)
		}
		if err := validateRoyalties(0, entry.Royalties.Shares); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	for _, entry := range g.Released {
		if err := validateAddress("contributor", entry.Contributor); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		if err := validateAmounts(entry.Amount); err != nil {
			return errorsmod.Wrapf(err, "released to %s", entry.Contributor)
		}
	}
	return nil
}

func (g GenesisState) validateValidators(datanets map[uint64]DataNet) error {
	places := make(map[uint64]uint64)
	for i, v := range g.Validators {
		if _, known := datanets[v.DatanetId]; !known || v.Id != uint64(i)+1 || v.Place != places[v.DatanetId] {
			return errorsmod.Wrapf(ErrInvalidGenesis, "data validator %d at place %d of DataNet %d", v.Id, v.Place,
				v.DatanetId)
		}
		places[v.DatanetId]++
		if err := validateAddress("data validator", v.Address); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		amounts := []math.Int{v.Bond, v.Pledged, v.Record.Earned, v.Record.Slashed}
		for _, unbonding := range v.Unbonding {
			amounts = append(amounts, unbonding.Amount)
		}
		if err := validateAmounts(amounts...); err != nil {
			return errorsmod.Wrapf(err, "data validator %d", v.Id)
		}
	}
	for _, credential := range g.Credentials {
		if _, known := datanets[credential.DatanetId]; !known {
			return errorsmod.Wrapf(ErrInvalidGenesis, "credential for unknown DataNet %d", credential.DatanetId)
		}
		if err := validateAddress("credential", credential.Address); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	return nil
}

func (g GenesisState) validateCohorts(datanets map[uint64]DataNet) error {
	cohorts := make(map[uint64]int, len(g.Cohorts)) // items
	for _, cohort := range g.Cohorts {
		if _, known := datanets[cohort.DatanetId]; !known || cohort.Id < 1 || cohort.Id >= g.NextCohort ||
			cohorts[cohort.Id] != 0 || len(cohort.Items) == 0 {
			return errorsmod.Wrapf(ErrInvalidGenesis, "cohort %d of DataNet %d", cohort.Id, cohort.DatanetId)
		}
		if cohort.Phase < COHORT_PHASE_FILLING || cohort.Phase > COHORT_PHASE_DECIDED ||
			cohort.Kind < COHORT_KIND_REVIEW || cohort.Kind > COHORT_KIND_BOUNTY {
			return errorsmod.Wrapf(ErrInvalidGenesis, "cohort %d is %s in %s", cohort.Id, cohort.Kind, cohort.Phase)
		}
		cohorts[cohort.Id] = len(cohort.Items)
		amounts := []math.Int{cohort.Fee, cohort.Deposit, cohort.Fees, cohort.Pledge}
		for _, gold := range cohort.Gold {
			if err := validateAddress("planter", gold.Planter); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
			amounts = append(amounts, gold.Deposit)
		}
		for _, seat := range cohort.Seats {
			if err := validateAddress("seat", seat.Address); err != nil {
				return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
			}
			if seat.Validator < 1 || seat.Validator > uint64(len(g.Validators)) {
				return errorsmod.Wrapf(ErrInvalidGenesis, "cohort %d: seat of unknown data validator %d", cohort.Id,
					seat.Validator)
			}
			amounts = append(amounts, seat.Stake, seat.Pledged)
		}
		if err := validateAmounts(amounts...); err != nil {
			return errorsmod.Wrapf(err, "cohort %d", cohort.Id)
		}
	}
	for _, ballot := range g.Ballots {
		if err := validateAddress("ballot", ballot.Address); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
		items := cohorts[ballot.Cohort]
		if items == 0 || len(ballot.Hash) != hashSize || len(ballot.Votes) != 0 && len(ballot.Votes) != items {
			return errorsmod.Wrapf(ErrInvalidGenesis, "ballot of %s for cohort %d", ballot.Address, ballot.Cohort)
		}
		if err := ValidateVotes(ballot.Votes); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	return nil
}

func validateAmounts(amounts ...math.Int) error {
	for _, amount := range amounts {
		if amount.IsNil() || amount.IsNegative() || amount.GT(rewardstypes.MaxSupply) {
			return errorsmod.Wrapf(ErrInvalidGenesis, "amount %s is not between 0 and the maximum supply", amount)
		}
	}
	return nil
}
