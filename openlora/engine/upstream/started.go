package upstream

import "github.com/openledger/openledger/openlora/engine"

var _ engine.Started = (*Fleet)(nil)

// Started implements engine.Started: all servers of the fleet were started with the adapter of a model.
func (f *Fleet) Started(model uint64) bool {
	for _, m := range f.members {
		if _, ok := m.Names[model]; !ok {
			return false
		}
	}
	return true
}
