package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/model"
)

// resident is an adapter in memory. Its weights are mapped from its file, in the file's own type. They take as many
// bytes as the file, outside the heap, and the system may drop pages that nobody reads.
type resident struct {
	file    *adapter.Adapter
	weights *model.Adapter
	users   int  // answers in flight
	gone    bool // unloaded: the last user closes it
}

// residents are the loaded adapters. An answer chooses its adapter by a pointer, so a switch costs nothing.
type residents struct {
	mu     sync.Mutex
	byName map[string]*resident
}

// open maps an adapter for a model of the configuration.
func open(path string, config checkpoint.Config) (_ *resident, err error) {
	file, err := adapter.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAdapter, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%w: %w", ErrAdapter, err), file.Close())
		}
	}()
	targets, err := file.For(config)
	if err != nil {
		return nil, err
	}
	changes := make([]model.LowRank, len(targets))
	for i, t := range targets {
		changes[i] = model.LowRank{Layer: t.Layer, Projection: t.Projection, A: t.A, B: t.B}
	}
	weights, err := model.NewAdapter(config, file.Scale, changes)
	return &resident{file: file, weights: weights}, err
}

// load makes an adapter ready, once.
func (r *residents) load(a *Adapter, config checkpoint.Config) error {
	r.mu.Lock()
	_, there := r.byName[a.Name]
	r.mu.Unlock()
	if there {
		return nil
	}
	opened, err := open(a.File, config)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[a.Name] != nil {
		return opened.file.Close()
	}
	if r.byName == nil {
		r.byName = make(map[string]*resident)
	}
	r.byName[a.Name] = opened
	return nil
}

// unload removes an adapter. Its memory is freed when the last answer that uses it has ended.
func (r *residents) unload(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.byName[name]
	if found == nil {
		return nil
	}
	delete(r.byName, name)
	if found.gone = true; found.users > 0 {
		return nil
	}
	return found.file.Close()
}

// use returns an adapter's weights, which stay until release is called.
func (r *residents) use(name string) (weights *model.Adapter, release func(), err error) {
	found, release, err := r.hold(name)
	if err != nil {
		return nil, nil, err
	}
	return found.weights, release, nil
}

// open returns an adapter's file, which stays open until release is called.
func (r *residents) open(name string) (file *adapter.Adapter, release func(), err error) {
	found, release, err := r.hold(name)
	if err != nil {
		return nil, nil, err
	}
	return found.file, release, nil
}

// hold returns an adapter, which stays until release is called.
func (r *residents) hold(name string) (found *resident, release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found = r.byName[name]
	if found == nil {
		return nil, nil, fmt.Errorf("adapter %s is not loaded", name)
	}
	found.users++
	return found, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if found.users--; found.gone && found.users == 0 {
			_ = found.file.Close()
		}
	}, nil
}

func (r *residents) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.byName))
}

// close frees all memory. No answer may be in flight.
func (r *residents) close() error {
	var errs []error
	for _, name := range r.names() {
		errs = append(errs, r.unload(name))
	}
	return errors.Join(errs...)
}

var (
	_ Host  = (*Embedded)(nil)
	_ Based = (*Embedded)(nil)
)

// Load implements Host.
func (e *Embedded) Load(_ context.Context, a *Adapter) error {
	return e.residents.load(a, e.model.Checkpoint.Config)
}

// Unload implements Host.
func (e *Embedded) Unload(_ context.Context, name string) error { return e.residents.unload(name) }

// Loaded implements Host.
func (e *Embedded) Loaded(context.Context) ([]string, error) { return e.residents.names(), nil }

// Config implements Based.
func (e *Embedded) Config() checkpoint.Config { return e.model.Checkpoint.Config }

// BaseDigest implements Based. The first call reads the whole base.
func (e *Embedded) BaseDigest() ([32]byte, error) { return e.digest() }
