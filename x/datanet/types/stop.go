package types

import "github.com/openledger/openledger/poa"

// Holds reports whether the stop holds for batches that are weighed as of a block.
func (s SegmentStop) Holds(height int64) bool {
	return s.StoppedHeight <= height && (s.ResumedHeight == 0 || height < s.ResumedHeight)
}

// PaysTo returns the contribution that has what the stopped segment earns in batches that are weighed as of a block,
// poa.Nobody for none. It earns in models that use it: inManifest knows them.
func (s SegmentStop) PaysTo(height int64, inManifest func(rank uint64) bool) uint64 {
	if s.Beneficiary == 0 || height < s.BeneficiaryHeight || !inManifest(s.Beneficiary) {
		return poa.Nobody
	}
	return s.Beneficiary
}

// StoppedNow is how many segments of the contribution are stopped.
func (c Contribution) StoppedNow() uint32 { return c.Stops - c.Resumed }

// StoppedAll says that none of its segments earns any more.
func (c Contribution) StoppedAll() bool { return c.StoppedNow() == c.Segments }
