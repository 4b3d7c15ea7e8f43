package retrieval

import (
	"sync"

	"github.com/openledger/openledger/poa"
)

// maxReadings bounds the number of segments whose concepts are kept, some 10 KB each.
const maxReadings = 1024

// readings keeps segments with the concepts of their words, because answers in a row are often compared with the same
// segments. It drops all of them when there are too many. It is safe for concurrent use. The segments must not be
// changed.
type readings struct {
	mu    sync.Mutex
	known map[int]poa.Segment // by place
}

// interpreted returns segments with the concepts of their words.
func (t *Text) interpreted(places []int) []poa.Segment {
	var out []poa.Segment
	for _, place := range places {
		out = append(out, t.readings.get(place, func() poa.Segment {
			s := t.canonical[place]
			s.Interpret(t.segments[place].Text)
			return s
		}))
	}
	return out
}

// get returns the segment of a place, and reads it if it is not kept.
func (r *readings) get(place int, read func() poa.Segment) poa.Segment {
	r.mu.Lock()
	segment, known := r.known[place]
	r.mu.Unlock()
	if known {
		return segment
	}
	segment = read() // without the lock: concurrent callers may read the same segment
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxReadings {
		r.known = make(map[int]poa.Segment)
	}
	r.known[place] = segment
	return segment
}
