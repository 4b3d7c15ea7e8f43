package poa

// Append appends what another builder holds, as if its answers were added here one after another, without computing
// anything again. The other builder is not changed, and shares memory with this one.
func (b *EvidenceBuilder) Append(other *EvidenceBuilder) {
	if b.place == nil {
		b.place = make(map[segmentKey]uint32)
	}
	b.size += other.size
	places := make([]uint32, len(other.segments)) // by place in other: place in b
	for i, s := range other.segments {
		key := segmentKey{s.Rank, s.Index}
		place, held := b.place[key]
		if held {
			b.size -= len(appendSegmentProof(nil, &s))
		} else {
			place = uint32(len(b.segments))
			b.place[key] = place
			b.segments = append(b.segments, s)
		}
		places[i] = place
	}
	for _, a := range other.answers {
		a.Segments, a.Windows = renamed(a.Segments, places), renamed(a.Windows, places)
		b.answers = append(b.answers, a)
	}
}

func renamed(segments, places []uint32) []uint32 {
	if segments == nil {
		return nil
	}
	out := make([]uint32, len(segments))
	for i, at := range segments {
		out[i] = places[at]
	}
	return out
}
