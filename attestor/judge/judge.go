// Package judge recomputes a batch from its bundle. It does no I/O.
package judge

import (
	"errors"
	"fmt"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// These errors mean that the batch cannot be judged, not that it is wrong: other bytes were served, or text is missing
// here.
var (
	ErrNotTheBundle = errors.New("these bytes are not the bundle of the batch")
	ErrMissing      = errors.New("something to judge by is missing")
)

// errAnnounced reports that a bundle is larger or takes more work than its provider announced and paid for.
var errAnnounced = errors.New("more than was announced")

// Model is one version of a model with the text of its manifest.
type Model struct {
	modelstypes.ModelVersion
	Index *poa.Index
	// Influence has the rows of its influence file, for method LORA.
	Influence []poa.InfluenceRow
}

// Library knows what the chain says and what the attestor holds.
type Library interface {
	// Model returns a version of a model; errors wrap ErrMissing.
	Model(id uint64, version uint32) (*Model, error)
	// Contribution returns a contribution with its DataNet; errors wrap ErrMissing when the chain could not be asked.
	Contribution(rank uint64) (datanettypes.Contribution, datanettypes.DataNet, error)
	// Stop returns the stop of a segment, if it was ever stopped; errors wrap ErrMissing when the chain could not be
	// asked.
	Stop(rank uint64, segment uint32) (datanettypes.SegmentStop, bool, error)
}

// Case is what is judged.
type Case struct {
	Root    poa.Hash
	Records []poa.Record
	Bundle  []byte
	// StopsHeight is the block as of which the batch leaves stopped segments out.
	StopsHeight int64
	// Bytes and Work are the announced size and work of the bundle. A bundle that exceeds them is invalid. 0 means no
	// bound.
	Bytes, Work uint64
	// Stop, if not nil, is called repeatedly; an error ends the judgement without a verdict.
	Stop func() error
}

// Judge returns the verdict on a batch, and why. The verdict is valid if the records follow from the bundle and the
// evidence leaves nothing of the manifest out. It is invalid if the bundle is the batch's and does not show that, or if
// it is more than was announced. It is unknown if the batch cannot be judged.
func Judge(c Case, library Library) (verdict attributiontypes.Verdict, why error) {
	defer func() {
		if reason := recover(); reason != nil {
			verdict, why = attributiontypes.VerdictUnknown, fmt.Errorf("%w: the judge panicked: %v", ErrMissing, reason)
		}
	}()
	err := judge(c, library)
	switch {
	case err == nil:
		return attributiontypes.VerdictValid, nil
	case errors.Is(err, ErrNotTheBundle), errors.Is(err, ErrMissing), errors.Is(err, poa.ErrStopped):
		return attributiontypes.VerdictUnknown, err
	}
	return attributiontypes.VerdictInvalid, err
}

func judge(c Case, library Library) error {
	bundle, err := poa.UnmarshalBundle(c.Bundle, maxReceipts)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotTheBundle, err)
	}
	if err := bundle.Matches(c.Root, c.Records); err != nil {
		return fmt.Errorf("%w: %w", ErrNotTheBundle, err)
	}
	if size := uint64(len(c.Bundle)); c.Bytes > 0 && size > c.Bytes {
		return fmt.Errorf("%w: the bundle has %d bytes instead of %d", errAnnounced, size, c.Bytes)
	}
	models, err := modelsOf(bundle.Receipts, c.Records, library)
	if err != nil {
		return err
	}
	answer := 0
	for i := range bundle.Receipts {
		r := &bundle.Receipts[i]
		if r.Gap {
			continue
		}
		r.Method = uint8(models[i].Method)
		if answer == len(bundle.Evidence.Answers) {
			return errors.New("fewer answers than receipts")
		}
		if count := bundle.Evidence.Answers[answer].Count; count != r.OutputTokens {
			return fmt.Errorf("call %d bills %d output tokens, its answer has %d", r.N, r.OutputTokens, count)
		}
		answer++
	}
	stats := poa.ProtocolStatistics()
	src := &source{library: library, models: models, stopsHeight: c.StopsHeight, proved: make(map[uint64]poa.Contribution),
		stopped: make(map[uint64]uint32)}
	work := &poa.Work{Limit: c.Work, Stop: c.Stop}
	return work.VerifyHeld(bundle.Receipts, bundle.Evidence, src, stats,
		func(i int) (*poa.Index, error) { return models[i].Index, nil },
		func(i int) ([]poa.InfluenceRow, error) { return models[i].Influence, nil })
}

// maxReceipts of a batch; the chain's parameter is at most this.
const maxReceipts = 10_000

// modelsOf returns the model of each receipt; nil for gaps.
func modelsOf(receipts []poa.Receipt, records []poa.Record, library Library) ([]*Model, error) {
	models := make([]*Model, len(receipts))
	next := 0
	for i, r := range receipts {
		if r.Gap {
			continue
		}
		record := records[next]
		next++
		if i > 0 && models[i-1] != nil && models[i-1].ModelId == record.ModelID &&
			models[i-1].Version == record.ModelVersion {
			models[i] = models[i-1]
			continue
		}
		model, err := library.Model(record.ModelID, record.ModelVersion)
		if err != nil {
			return nil, err
		}
		models[i] = model
	}
	return models, nil
}

// source answers for the manifests of the batch's models, as the chain does for inline evidence.
type source struct {
	library     Library
	models      []*Model // by receipt
	stopsHeight int64
	proved      map[uint64]poa.Contribution // that were asked for
	stopped     map[uint64]uint32           // segments of contributions that were asked for
}

var _ poa.ContributionSource = (*source)(nil)

// Contribution implements poa.ContributionSource.
func (s *source) Contribution(rank uint64) (poa.Contribution, error) {
	if c, known := s.proved[rank]; known {
		return c, nil
	}
	c, datanet, err := s.library.Contribution(rank)
	if err != nil {
		return poa.Contribution{}, err
	}
	if !s.payable(c, s.models...) {
		return poa.Contribution{}, fmt.Errorf("contribution %d is in no manifest of the batch", rank)
	}
	proved, err := c.Proved(datanet)
	if err == nil {
		s.proved[rank] = proved
	}
	return proved, err
}

// Stopped implements poa.ContributionSource.
func (s *source) Stopped(receipt int, rank uint64, segment uint32) (bool, uint64, error) {
	stop, known, err := s.library.Stop(rank, segment)
	if err != nil || !known || !stop.Holds(s.stopsHeight) {
		return false, 0, err
	}
	to := stop.PaysTo(s.stopsHeight, func(rank uint64) bool {
		c, _, missing := s.library.Contribution(rank)
		if errors.Is(missing, ErrMissing) {
			err = missing
		}
		return missing == nil && s.payable(c, s.models[receipt])
	})
	return true, to, err
}

// Standing implements poa.ContributionSource.
func (s *source) Standing(receipt int, rank uint64) (poa.Standing, error) {
	c, _, err := s.library.Contribution(rank)
	if errors.Is(err, ErrMissing) {
		return poa.Standing{}, err
	}
	if err != nil || !s.payable(c, s.models[receipt]) {
		return poa.Standing{}, nil
	}
	standing := poa.Standing{Segments: c.Segments}
	if c.Stops == 0 {
		return standing, nil
	}
	stopped, known := s.stopped[rank]
	for i := uint32(0); i < c.Segments && !known; i++ {
		stop, found, err := s.library.Stop(rank, i)
		if err != nil {
			return poa.Standing{}, err
		}
		if found && stop.Holds(s.stopsHeight) {
			stopped++
		}
	}
	s.stopped[rank] = stopped
	standing.Stopped = stopped
	return standing, nil
}

// payable reports whether a contribution is in the manifest of one of the models.
func (s *source) payable(c datanettypes.Contribution, models ...*Model) bool {
	since := c.Version()
	if since == 0 {
		return false
	}
	for _, model := range models {
		if model == nil {
			continue
		}
		for _, entry := range model.Manifest {
			if entry.DatanetId == c.DatanetId && since <= entry.Version {
				return true
			}
		}
	}
	return false
}
