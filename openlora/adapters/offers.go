package adapters

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	// offerAge is the time after which a known offer is read again, and absentAge the time after which a missing one is.
	offerAge, absentAge = time.Minute, 5 * time.Second
	// maxAbsent bounds the models that are remembered as not offered.
	maxAbsent = 4096
	// round is the interval between two rounds of Look. roundOffers is the number of models whose offers are read in one
	// round, and roundModels the number of new models that are read in one query.
	round       = 15 * time.Second
	roundOffers = 256
	roundModels = 500
)

// Info describes a model that is served without being configured.
type Info struct {
	Model   modelstypes.Model
	Version modelstypes.ModelVersion // the latest
}

// offers holds the models with adapters that the provider offers on chain, and those that the operator added.
type offers struct {
	mu     sync.Mutex
	known  map[uint64]offered
	kinds  map[uint64]relation // of all models on chain, by id
	cursor uint64              // the last model whose offer was read
}

// offered is what is known about the offer of a model.
type offered struct {
	info   Info
	there  bool
	failed *Error // why a model that is offered is not served
	until  time.Time
}

// relation is a model's place in the tree of models.
type relation struct {
	kind   modelstypes.ModelKind
	parent uint64
}

// Offered returns a model with an adapter that is served here, because the provider offers it or the operator added it.
// It returns false for other models. It asks the chain about models that it does not know, so that an offer is served
// as soon as it is made. For a model that is offered, but stands on another base than the engine's, it returns an
// *Error.
func (s *Shelf) Offered(ctx context.Context, id uint64) (Info, bool, error) {
	if s.memory.removed(id) {
		return Info{}, false, nil
	}
	s.offers.mu.Lock()
	found, ok := s.offers.known[id]
	s.offers.mu.Unlock()
	if !ok || !time.Now().Before(found.until) {
		var err error
		if found, err = s.readOffer(ctx, id); err != nil {
			return Info{}, false, err
		}
		s.learn(id, found)
	}
	if found.failed != nil {
		return Info{}, false, found.failed
	}
	return found.info, found.there, nil
}

// learn stores what is known about the offer of a model.
func (s *Shelf) learn(id uint64, found offered) {
	age := offerAge
	if !found.there && found.failed == nil {
		age = absentAge
	}
	found.until = time.Now().Add(age)
	s.offers.mu.Lock()
	defer s.offers.mu.Unlock()
	if s.offers.known == nil {
		s.offers.known = make(map[uint64]offered)
	}
	if !found.there && len(s.offers.known) > maxAbsent {
		maps.DeleteFunc(s.offers.known, func(_ uint64, o offered) bool { return !o.there && o.failed == nil })
	}
	if found.failed != nil && s.offers.known[id].failed == nil {
		s.Log.Error("an offered adapter cannot be served", "model", id, "version", found.info.Version.Version, "code",
			found.failed.Code, "err", found.failed)
	}
	s.offers.known[id] = found
}

// readOffer reads an offer from the chain.
func (s *Shelf) readOffer(ctx context.Context, id uint64) (offered, error) {
	if !s.memory.isAdded(id) {
		_, err := s.Models.Offer(ctx, &modelstypes.QueryOfferRequest{ModelId: id, Provider: s.Provider})
		if absent(err) {
			return offered{}, nil
		}
		if err != nil {
			return offered{}, err
		}
	}
	l, err := s.lineage(ctx, version{Model: id})
	if absent(err) || err == nil && len(l.adapters) == 0 {
		return offered{}, nil
	}
	if err != nil {
		return offered{}, err
	}
	found := offered{info: Info{l.model, l.version}}
	if err := s.checkBase(l); err != nil && !errors.As(err, &found.failed) {
		return offered{}, err
	}
	found.there = found.failed == nil
	return found, nil
}

func absent(err error) bool {
	code := status.Code(err)
	return err != nil && (code == codes.NotFound || code == codes.InvalidArgument)
}

// Served returns the models that are known to be served, sorted by id.
func (s *Shelf) Served() []Info {
	s.offers.mu.Lock()
	defer s.offers.mu.Unlock()
	var all []Info
	for _, id := range slices.Sorted(maps.Keys(s.offers.known)) {
		if o := s.offers.known[id]; o.there && !s.memory.removed(id) {
			all = append(all, o.info)
		}
	}
	return all
}

// misfits returns the models that are offered and cannot be served, as rows for the operator.
func (s *Shelf) misfits() []Row {
	s.offers.mu.Lock()
	defer s.offers.mu.Unlock()
	var all []Row
	for id, o := range s.offers.known {
		if o.failed != nil && !s.memory.removed(id) {
			all = append(all, Row{Model: id, Version: o.info.Version.Version, Name: o.info.Model.Name, State: "failed",
				Code: o.failed.Code, Error: o.failed.Message})
		}
	}
	return all
}

// Run first loads what was in memory when the process last ended. Then it looks for offers, and saves what was used for
// the next start, until ctx ends.
func (s *Shelf) Run(ctx context.Context) {
	s.Warm(ctx)
	ticker := time.NewTicker(round)
	defer ticker.Stop()
	for {
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("the node does not say which adapters are offered", "err", err)
		}
		if err := s.memory.save(); err != nil {
			s.Log.Error("the list of used adapters cannot be saved for the next start", "err", err)
		}
		select {
		case <-ctx.Done():
			if err := s.memory.save(); err != nil {
				s.Log.Error("the list of used adapters cannot be saved for the next start", "err", err)
			}
			return
		case <-ticker.C:
		}
	}
}

// Warm loads what is pinned, and what was used last, as long as there is free memory.
func (s *Shelf) Warm(ctx context.Context) {
	loaded := 0
	for _, id := range s.memory.wanted() {
		if err := s.Add(ctx, id); err == nil {
			loaded++
		} else {
			s.Log.Error("a wanted adapter cannot be loaded", "model", id, "err", err)
		}
	}
	for _, of := range s.memory.warm() {
		if ctx.Err() != nil || s.full() {
			break
		}
		if lease, err := s.Use(ctx, of.Model, of.Version); err == nil {
			lease.Release()
			loaded++
		}
	}
	if loaded > 0 {
		s.Log.Info("adapters are warm", "adapters", loaded, "bytes", s.Used())
	}
}

// full reports whether memory has no room for another adapter of the mean size of those that are loaded.
func (s *Shelf) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ready := int64(0)
	for _, e := range s.entries {
		if e.ready {
			ready++
		}
	}
	return ready > 0 && s.used+s.used/ready > s.Memory
}

// Look reads models that are new on chain, and reads the offers of some models that have adapters.
func (s *Shelf) Look(ctx context.Context) error {
	if err := s.readModels(ctx); err != nil {
		return err
	}
	for _, id := range s.turn() {
		found, err := s.readOffer(ctx, id)
		if err != nil {
			return err
		}
		s.learn(id, found)
	}
	return nil
}

// readModels reads the models that were registered since the last call. Ids are consecutive, and no model is ever
// removed.
func (s *Shelf) readModels(ctx context.Context) error {
	for {
		s.offers.mu.Lock()
		known := len(s.offers.kinds)
		s.offers.mu.Unlock()
		found, err := s.Models.Models(ctx, &modelstypes.QueryModelsRequest{
			Pagination: &query.PageRequest{Offset: uint64(known), Limit: roundModels},
		})
		if err != nil {
			return fmt.Errorf("models: %w", err)
		}
		s.offers.mu.Lock()
		if s.offers.kinds == nil {
			s.offers.kinds = make(map[uint64]relation)
		}
		for _, m := range found.Models {
			s.offers.kinds[m.Id] = relation{m.Kind, m.ParentId}
		}
		more := len(s.offers.kinds) > known && len(found.Models) == roundModels
		s.offers.mu.Unlock()
		if !more {
			return nil
		}
	}
}

// turn returns the models with adapters whose offers are read in this round: the next ones by id.
func (s *Shelf) turn() []uint64 {
	s.offers.mu.Lock()
	defer s.offers.mu.Unlock()
	var all []uint64
	for id := range s.offers.kinds {
		if s.offers.adapted(id) {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	from, _ := slices.BinarySearch(all, s.offers.cursor+1)
	next := append(slices.Clone(all[from:]), all[:from]...)
	next = next[:min(len(next), roundOffers)]
	if len(next) > 0 {
		s.offers.cursor = next[len(next)-1]
	}
	return next
}

// adapted reports whether a model has an adapter in its lineage. The caller holds the lock.
func (o *offers) adapted(id uint64) bool {
	for range modelstypes.MaxDepth {
		r, ok := o.kinds[id]
		if !ok || r.kind == modelstypes.MODEL_KIND_BASE {
			return false
		}
		if r.kind == modelstypes.MODEL_KIND_ADAPTER {
			return true
		}
		id = r.parent
	}
	return false
}
