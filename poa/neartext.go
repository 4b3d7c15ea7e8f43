package poa

import (
	"cmp"
	"slices"
	"sync"
)

// SamePPM is the part of a text from which on it says the same as the one that it derives from.
const SamePPM = 750_000

// maxNearTexts bounds the texts of which something is kept, some 4 KB each.
const maxNearTexts = 4096

// nearTexts keeps what a Search found out about its texts and about pairs of them, because many questions ask about the
// same ones. It is safe for concurrent use.
type nearTexts struct {
	pairs pairs

	mu    sync.RWMutex
	known map[int]*nearText // by place
}

// nearText bounds what a text gives others, and others give it.
type nearText struct {
	distinct []uint32 // its concepts, as those of an earlier text; in order
	worth    []Sense  // what each of its concepts gives at most, as those of a later text; in order
	toll     int32    // what an earlier text must be given at least
}

// same reports whether the later of two segments says the same as the earlier one, and derives from it.
func (s *Search) same(i, j int) bool {
	if compareSegments(s.segments[i], s.segments[j]) > 0 {
		i, j = j, i
	}
	if s.segments[i].Rank == s.segments[j].Rank {
		return false
	}
	same, known := s.near.pairs.get(i, j)
	if !known {
		same = s.derives(i, j)
		s.near.pairs.put(i, j, same)
	}
	return same
}

// derives reports whether segment j says the same as segment i, and derives from it.
func (s *Search) derives(i, j int) bool {
	if later := s.nearText(j); later.most(s.nearText(i)) < later.toll {
		return false // derivations finds the same, in ten times the time
	}
	earlier := Segment{Rank: s.segments[i].Rank, Index: s.segments[i].Index}
	earlier.Interpret(s.text(i))
	derived := s.subject(j).derivations(s.segments[j].Rank, []considered{{earlier, AskedBits}})
	return len(derived) > 0 && derived[0].PPM >= SamePPM
}

// subject returns the segment of a place as one whose sources are looked for.
func (s *Search) subject(place int) subject {
	out := newSubject(s.text(place), func(id TokenID, _ uint32) int32 {
		return rarestMatch(len(s.segments), s.own[id])
	})
	out.texts = min(len(s.segments), SourceTexts) // one text is no nearer by chance, however many there are
	return out
}

func (s *Search) nearText(place int) *nearText {
	s.near.mu.RLock()
	text := s.near.known[place]
	s.near.mu.RUnlock()
	if text != nil {
		return text
	}
	text = s.readNearText(place) // without the lock: concurrent callers may read the same one
	s.near.mu.Lock()
	defer s.near.mu.Unlock()
	if s.near.known == nil || len(s.near.known) >= maxNearTexts {
		s.near.known = make(map[int]*nearText)
	}
	s.near.known[place] = text
	return text
}

func (s *Search) readNearText(place int) *nearText {
	var segment Segment
	segment.Interpret(s.text(place))
	subject := s.subject(place)
	text := &nearText{toll: subject.toll()}
	senses := leastSenses(slices.Concat(segment.Concepts...))
	text.distinct = make([]uint32, len(senses))
	for i, sense := range senses {
		text.distinct[i] = sense.Concept
	}
	var worth []Sense
	for _, m := range subject.answer.Meanings {
		worth = append(worth, m.Senses...)
	}
	slices.SortFunc(worth,
		func(a, b Sense) int { return cmp.Or(cmp.Compare(a.Concept, b.Concept), cmp.Compare(b.Bits, a.Bits)) })
	worth = slices.CompactFunc(worth, func(a, b Sense) bool { return a.Concept == b.Concept })
	text.worth = slices.Clone(worth)
	return text
}

// most returns an upper bound of what the text gives an earlier one. Each concept of both counts once, as in
// derivations, and all of them count.
func (t *nearText) most(earlier *nearText) (bits int32) {
	other := earlier.distinct
	for _, sense := range t.worth {
		for len(other) > 0 && other[0] < sense.Concept {
			other = other[1:]
		}
		if len(other) == 0 {
			break
		}
		if other[0] == sense.Concept {
			bits += sense.Bits
		}
	}
	return bits
}
