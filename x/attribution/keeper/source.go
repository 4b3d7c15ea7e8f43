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
	// versionOf is the model of a receipt, by its place in the batch; nil if there is one.
	versionOf []modelstypes.ModelVersion
	// height of the block that decides about pay, and of the one as of which segments are stopped.
	height, stopsHeight int64
	stops               map[segmentKey]knownStop
	known               map[uint64]*knownContribution
	proved              map[uint64]poa.Contribution // those that evidence quotes
	datanets            map[uint64]*datanettypes.DataNet
	tables              map[uint64][]rewardstypes.Share
	// owners of a model and of those that it descends from.
	owners map[uint64][]string
	// reductions of the batch: entries that earn less than their weight.
	reductions map[textOfModel]types.Reduction
	// royalties by DataNet, of the block of the batch.
	royalties map[uint64][]rewardstypes.Share
	// failed is the first look-up that failed for another reason than that there is no such contribution. Package poa
	// takes every error of a source for a fault of what it verifies. Code that punishes an account for the result checks
	// failed first.
	failed error
}

type segmentKey struct {
	rank    uint64
	segment uint32
}

// knownStop is the stop of a segment, if it was ever stopped.
type knownStop struct {
	stop  datanettypes.SegmentStop
	known bool
}

// knownContribution is what a batch needs of a contribution. There may be thousands, so fields that only proofs need
// are read when a proof asks for them.
type knownContribution struct {
	datanet, acceptedVersion, tokens uint64
	// stops says that a segment of it was stopped at some time.
	stops bool
	// pay is what pays it in the block, without a weight.
	pay rewardstypes.PayableEntry
}

var _ poa.ContributionSource = (*source)(nil)

// newSource reads for a batch that is submitted in a block of some height, which decides about pay. What is stopped is
// read as of that block too, unless the batch was weighed as of an earlier one.
func newSource(ctx sdk.Context, k Keeper, height int64, versions ...modelstypes.ModelVersion) *source {
	return &source{
		ctx: ctx, keeper: k, height: height, stopsHeight: height, versions: versions, stops: make(map[segmentKey]knownStop),
		known: make(map[uint64]*knownContribution), proved: make(map[uint64]poa.Contribution),
		datanets: make(map[uint64]*datanettypes.DataNet),
		tables:   make(map[uint64][]rewardstypes.Share), owners: make(map[uint64][]string),
		royalties: make(map[uint64][]rewardstypes.Share),
	}
}

func (s *source) find(rank uint64) (*knownContribution, error) {
	if found, ok := s.known[rank]; ok {
		return found, nil
	}
	c, err := s.keeper.datanets.GetContributionPay(s.ctx, rank)
	if err != nil {
		return nil, s.missing(err)
	}
	royalties, err := s.royaltiesOf(c.DatanetId)
	if err != nil {
		return nil, s.fail(err)
	}
	found := &knownContribution{datanet: c.DatanetId, acceptedVersion: c.Version(), tokens: c.Tokens, stops: c.Stops > 0}
	if found.pay, err = types.PayableEntry(c, royalties, s.height); err != nil {
		return nil, s.fail(err)
	}
	s.known[rank] = found
	return found, nil
}

// missing translates the error of looking up a contribution. The message that names the contribution is at fault only
// if the contribution does not exist.
func (s *source) missing(err error) error {
	if errors.Is(err, datanettypes.ErrContributionNotFound) {
		return errorsmod.Wrap(types.ErrManifest, err.Error())
	}
	return s.fail(err)
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

// allow checks that a contribution is in a model's manifest. A stopped contribution stays in the manifest, and still
// keeps later copies from earning.
func (s *source) allow(rank uint64, version modelstypes.ModelVersion) error {
	found, err := s.find(rank)
	if err != nil {
		return err
	}
	for _, entry := range version.Manifest {
		if entry.DatanetId == found.datanet && found.acceptedVersion != 0 && found.acceptedVersion <= entry.Version {
			return nil
		}
	}
	return errorsmod.Wrapf(types.ErrManifest, "contribution %d is not in version %d of model %d", rank, version.Version,
		version.ModelId)
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
	if proved, ok := s.proved[rank]; ok {
		return proved, nil
	}
	contribution, err := s.keeper.datanets.GetContribution(s.ctx, rank)
	if err != nil {
		return poa.Contribution{}, s.missing(err)
	}
	datanet, err := s.datanetOf(contribution.DatanetId)
	if err != nil {
		return poa.Contribution{}, s.fail(err)
	}
	proved, err := contribution.Proved(*datanet)
	if err != nil {
		return poa.Contribution{}, s.fail(err)
	}
	s.proved[rank] = proved
	return proved, nil
}

// Stopped implements poa.ContributionSource: who a stopped segment pays instead must be in the manifest of the
// receipt's own session.
func (s *source) Stopped(receipt int, rank uint64, segment uint32) (bool, uint64, error) {
	found, err := s.find(rank)
	if err != nil || !found.stops {
		return false, 0, err
	}
	key := segmentKey{rank, segment}
	looked, ok := s.stops[key]
	if !ok {
		if looked.stop, looked.known, err = s.keeper.datanets.SegmentStop(s.ctx, found.datanet, rank, segment); err != nil {
			return false, 0, s.fail(err)
		}
		s.stops[key] = looked
	}
	if !looked.known || !looked.stop.Holds(s.stopsHeight) {
		return false, 0, nil
	}
	version := s.versions[0]
	if s.versionOf != nil {
		version = s.versionOf[receipt]
	}
	return true, looked.stop.PaysTo(s.stopsHeight, func(rank uint64) bool { return s.allow(rank, version) == nil }), nil
}

// Standing implements poa.ContributionSource.
func (s *source) Standing(receipt int, rank uint64) (poa.Standing, error) {
	version := s.versions[0]
	if s.versionOf != nil {
		version = s.versionOf[receipt]
	}
	if err := s.allow(rank, version); errors.Is(err, types.ErrManifest) {
		return poa.Standing{}, nil
	} else if err != nil {
		return poa.Standing{}, err
	}
	contribution, err := s.keeper.datanets.GetContribution(s.ctx, rank)
	if err != nil {
		return poa.Standing{}, s.fail(err)
	}
	standing := poa.Standing{Segments: contribution.Segments}
	if contribution.Stops > 0 {
		if standing.Stopped, err = s.keeper.datanets.StoppedSegments(s.ctx, contribution.DatanetId, rank,
			s.stopsHeight); err != nil {
			return poa.Standing{}, s.fail(err)
		}
	}
	return standing, nil
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

// entry returns what pays a contribution for its weight in an answer of a model. The part that a reduction takes away
// is not earned, like the part that low quality takes away.
func (s *source) entry(of modelVersion, weighed poa.Entry) (rewardstypes.PayableEntry, error) {
	found, err := s.find(weighed.Rank)
	if err != nil {
		return rewardstypes.PayableEntry{}, err
	}
	entry := found.pay
	entry.WeightPPM, entry.LoraPPM = weighed.WeightPPM, weighed.LoraPPM
	if reduction, reduced := s.reductions[textOfModel{of, weighed.Rank}]; reduced {
		entry.QualityPPM = uint32(uint64(entry.QualityPPM) * uint64(reduction.KeptPpm) / rewardstypes.PPM)
	}
	return entry, nil
}

// royaltiesOf returns the shares in the earnings of a DataNet's contributions in the block.
func (s *source) royaltiesOf(datanetID uint64) ([]rewardstypes.Share, error) {
	if found, ok := s.royalties[datanetID]; ok {
		return found, nil
	}
	royalties, err := s.keeper.datanets.RoyaltiesAt(s.ctx, datanetID, s.height)
	if err != nil {
		return nil, err
	}
	found, err := types.RoyaltyShares(royalties)
	if err != nil {
		return nil, err
	}
	s.royalties[datanetID] = found
	return found, nil
}
