package keeper

import (
	"errors"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// source reads contributions and royalty tables once for a batch.
type source struct {
	ctx    sdk.Context
	keeper Keeper
	// versions are the models of the batch's sessions.
	versions []modelstypes.ModelVersion
	known    map[uint64]*knownContribution
	datanets map[uint64]*datanettypes.DataNet
	tables   map[uint64][]rewardstypes.Share
	// royalties by DataNet, of the one block that the source is asked about.
	royalties map[uint64][]rewardstypes.Share
	// failed is the first look-up that failed for another reason than that there is no such contribution. Package poa takes every
	// error of a source for a fault of what it verifies; whoever punishes somebody for the result looks here first.
	failed error
}

type knownContribution struct {
	contribution datanettypes.Contribution
	datanet      *datanettypes.DataNet
	// pay is what pays it, without a weight; made when it is first asked for.
	pay *rewardstypes.PayableEntry
}

var _ poa.ContributionSource = (*source)(nil)

func newSource(ctx sdk.Context, k Keeper, versions ...modelstypes.ModelVersion) *source {
	return &source{
		ctx: ctx, keeper: k, versions: versions,
		known: make(map[uint64]*knownContribution), datanets: make(map[uint64]*datanettypes.DataNet),
		tables: make(map[uint64][]rewardstypes.Share), royalties: make(map[uint64][]rewardstypes.Share),
	}
}

func (s *source) find(rank uint64) (*knownContribution, error) {
	if found, ok := s.known[rank]; ok {
		return found, nil
	}
	found := &knownContribution{}
	var err error
	found.contribution, err = s.keeper.datanets.GetContribution(s.ctx, rank)
	if errors.Is(err, datanettypes.ErrContributionNotFound) {
		return nil, errorsmod.Wrap(types.ErrManifest, err.Error())
	}
	if err != nil {
		return nil, s.fail(err)
	}
	if found.datanet, err = s.datanetOf(found.contribution.DatanetId); err != nil {
		return nil, s.fail(err)
	}
	s.known[rank] = found
	return found, nil
}

func (s *source) datanetOf(id uint64) (*datanettypes.DataNet, error) {
	if found, ok := s.datanets[id]; ok {
		return found, nil
	}
	datanet, err := s.keeper.datanets.GetDataNet(s.ctx, id)
	if err != nil {
		return nil, err
	}
	s.datanets[id] = &datanet
	return &datanet, nil
}

// fail keeps the first look-up that failed.
func (s *source) fail(err error) error {
	if s.failed == nil {
		s.failed = err
	}
	return err
}

// allow checks that a contribution is in a model's manifest. One that was stopped stays there, and keeps blocking.
func (s *source) allow(rank uint64, version modelstypes.ModelVersion) error {
	found, err := s.find(rank)
	if err != nil {
		return err
	}
	c := &found.contribution
	for _, entry := range version.Manifest {
		if entry.DatanetId == c.DatanetId && c.AcceptedVersion != 0 && c.AcceptedVersion <= entry.Version {
			return nil
		}
	}
	return errorsmod.Wrapf(types.ErrManifest, "contribution %d is not in version %d of model %d", rank, version.Version, version.ModelId)
}

// Contribution implements poa.ContributionSource for the manifests of all
// sessions of the batch. Entries are checked against their own session's
// manifest before; a segment whose contribution folds into the unattributed
// share has no entry.
func (s *source) Contribution(rank uint64) (poa.Contribution, error) {
	var err error
	for _, version := range s.versions {
		if err = s.allow(rank, version); err == nil {
			break
		}
	}
	if err != nil {
		return poa.Contribution{}, err
	}
	found := s.known[rank]
	proved, err := found.contribution.Proved(*found.datanet)
	if err != nil {
		return poa.Contribution{}, s.fail(err)
	}
	return proved, nil
}

// lineage returns the royalty table of a model with its owners.
func (s *source) lineage(modelID uint64) ([]rewardstypes.Share, error) {
	if table, ok := s.tables[modelID]; ok {
		return table, nil
	}
	table, err := s.keeper.models.RoyaltyOwners(s.ctx, modelID)
	s.tables[modelID] = table
	return table, err
}

// entry returns what pays a contribution for a weight in a batch of a block. Addresses are decoded once for each contribution.
func (s *source) entry(rank uint64, weightPPM uint32, height int64) (rewardstypes.PayableEntry, error) {
	found, err := s.find(rank)
	if err != nil {
		return rewardstypes.PayableEntry{}, err
	}
	if found.pay == nil {
		royalties, err := s.royaltiesOf(found.contribution.DatanetId, height)
		if err != nil {
			return rewardstypes.PayableEntry{}, err
		}
		pay, err := types.PayableEntry(found.contribution, royalties, height)
		if err != nil {
			return rewardstypes.PayableEntry{}, err
		}
		found.pay = &pay
	}
	entry := *found.pay
	entry.WeightPPM = weightPPM
	return entry, nil
}

// royaltiesOf returns who shares in what a DataNet's contributions earn in a block.
func (s *source) royaltiesOf(datanetID uint64, height int64) ([]rewardstypes.Share, error) {
	if found, ok := s.royalties[datanetID]; ok {
		return found, nil
	}
	royalties, err := s.keeper.datanets.RoyaltiesAt(s.ctx, datanetID, height)
	if err != nil {
		return nil, s.fail(err)
	}
	found, err := types.RoyaltyShares(royalties)
	if err != nil {
		return nil, err
	}
	s.royalties[datanetID] = found
	return found, nil
}
