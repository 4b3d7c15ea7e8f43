package retrieval

import (
	"sync"

	"github.com/openledger/openledger/poa"
)

// maxReadings bounds the segments whose concepts are remembered: some 10 KB each.
const maxReadings = 1024

// readings remembers segments with the concepts of their words, which several answers in a row are compared with. It
// forgets all when there are too many. It is safe for concurrent use; the segments are not to be changed.
type readings struct {
	mu    sync.Mutex
	known map[int]poa.Segment // by place
}

// interpreted returns segments with the concepts of their words.
func (l *Library) interpreted(places []int) []poa.Segment {
	var out []poa.Segment
	for _, place := range places {
		out = append(out, l.readings.get(place, func() poa.Segment {
			s := l.canonical[place]
			s.Interpret(l.segments[place].Text)
			return s
		}))
	}
	return out
}

// get returns what is remembered of a place, or reads it.
func (r *readings) get(place int, read func() poa.Segment) poa.Segment {
	r.mu.Lock()
	segment, known := r.known[place]
	r.mu.Unlock()
	if known {
		return segment
	}
	segment = read() // by several at once, rather than one after another
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxReadings {
		r.known = make(map[int]poa.Segment)
	}
	r.known[place] = segment
	return segment
}
