package poa

import "sync"

// maxPairs bounds what is remembered of pairs of segments: some 10 MB.
const maxPairs = 1 << 18

// pairs remembers what was found out about pairs of segments. It forgets all when there are too many. It is safe for
// concurrent use.
type pairs struct {
	mu    sync.RWMutex
	known map[uint64]bool
}

func pairKey(i, j int) uint64 { return uint64(uint32(i))<<32 | uint64(uint32(j)) }

func (p *pairs) get(i, j int) (is, known bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	is, known = p.known[pairKey(i, j)]
	return is, known
}

func (p *pairs) put(i, j int, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= maxPairs {
		p.known = make(map[uint64]bool)
	}
	p.known[pairKey(i, j)] = is
}
