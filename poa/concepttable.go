package poa

import (
	"cmp"
	_ "embed"
	"encoding/binary"
	"slices"
)

// meaningData is the table of meaning that is frozen with MethodMeaning, written by internal/genmeaning: for a concept
// what a match of it is worth, and what else the word may mean, in its own language or, for words of other languages,
// in English.
//
//	"OLMEAN1\n" ‖ be32 entries ‖ be32 neighbours ‖ entries × be32 concept, increasing ‖
//	entries × (byte gain ‖ byte neighbours, plus 128 if foreign) ‖ one in 32 entries × be24 first neighbour ‖
//	neighbours × (be24 place of an entry ‖ byte gain)
//
// A gain is in sixteenths of a bit, and may be negative.
//
//go:embed meaning_v1.bin
var meaningData string

const (
	conceptMagic   = "OLMEAN1\n"
	conceptBytes   = 4
	detailBytes    = 2
	neighbourBytes = 4
	blockBytes     = 3
	blockEntries   = 32
	foreignFlag    = 128
)

// conceptTable reads the table where it lies: nothing is loaded before it is asked.
type conceptTable struct {
	entries                          int
	keys, details, blocks, adjacency string
}

// meaningTable returns the embedded table; one that is malformed is empty.
func meaningTable() *conceptTable { return parseConcepts(meaningData) }

func parseConcepts(data string) *conceptTable {
	t := &conceptTable{}
	const head = len(conceptMagic) + 8
	if len(data) < head || data[:len(conceptMagic)] != conceptMagic {
		return t
	}
	entries, neighbours := int(be32At(data, 8)), int(be32At(data, 12))
	blocks := (entries + blockEntries - 1) / blockEntries
	if uint64(len(data)) != uint64(head)+uint64(entries)*(conceptBytes+detailBytes)+uint64(blocks)*blockBytes+
		uint64(neighbours)*neighbourBytes {
		return t
	}
	next := func(n int) string {
		part := data[:n]
		data = data[n:]
		return part
	}
	next(head)
	t.entries = entries
	t.keys, t.details, t.blocks, t.adjacency = next(entries*conceptBytes), next(entries*detailBytes),
		next(blocks*blockBytes), data
	return t
}

func be32At(s string, i int) uint32 {
	_ = s[i+3]
	return uint32(s[i])<<24 | uint32(s[i+1])<<16 | uint32(s[i+2])<<8 | uint32(s[i+3])
}

func be24At(s string, i int) int { return int(s[i])<<16 | int(s[i+1])<<8 | int(s[i+2]) }

func (t *conceptTable) key(i int) uint32 { return be32At(t.keys, i*conceptBytes) }

// conceptEntry is what the table says of one concept; the zero value says nothing.
type conceptEntry struct {
	table *conceptTable
	place int
}

// find returns the entry of a concept. Concepts are uniform, so the search starts near the place.
func (t *conceptTable) find(concept uint32) (conceptEntry, bool) {
	lo, hi := 0, t.entries
	if t.entries > 1024 {
		guess, reach := int(uint64(concept)*uint64(t.entries)>>32), 1024
		for lo = max(0, guess-reach); lo > 0 && t.key(lo) > concept; lo = max(0, lo-reach) {
		}
		for hi = min(t.entries, guess+reach); hi < t.entries && t.key(hi) <= concept; hi = min(t.entries, hi+reach) {
		}
	}
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if t.key(m) < concept {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < t.entries && t.key(lo) == concept {
		return conceptEntry{t, lo}, true
	}
	return conceptEntry{}, false
}

// first returns the number of neighbours of the entries before.
func (e conceptEntry) first() int {
	from := e.place / blockEntries
	n := be24At(e.table.blocks, from*blockBytes)
	for i := from * blockEntries; i < e.place; i++ {
		n += conceptEntry{e.table, i}.count()
	}
	return n
}

// count returns the number of neighbours.
func (e conceptEntry) count() int {
	if e.table == nil {
		return 0
	}
	return int(e.table.details[e.place*detailBytes+1] &^ foreignFlag)
}

// gain returns what a match is worth, in sixteenths of a bit.
func (e conceptEntry) gain() int32 { return int32(int8(e.table.details[e.place*detailBytes])) }

// foreign reports whether the neighbours are translations.
func (e conceptEntry) foreign() bool { return e.table.details[e.place*detailBytes+1]&foreignFlag != 0 }

// appendNeighbours appends the neighbours, with what a match of each is worth.
func (e conceptEntry) appendNeighbours(out []Sense) []Sense {
	n := e.count()
	if n == 0 {
		return out
	}
	for at := e.first() * neighbourBytes; n > 0; n, at = n-1, at+neighbourBytes {
		out = append(out, Sense{e.table.key(be24At(e.table.adjacency, at)), int32(int8(e.table.adjacency[at+3]))})
	}
	return out
}

// Neighbour is a row of a table of meaning in the making: a concept by name, and what a match is worth in sixteenths of
// a bit.
type Neighbour struct {
	Name string
	Bits int8
}

// ConceptRow is a concept of a table of meaning in the making.
type ConceptRow struct {
	Name       string
	Bits       int8
	Foreign    bool
	Neighbours []Neighbour
}

// AppendConcepts appends the encoded table of the rows, of which two with one concept, or a neighbour without a row,
// are left out.
func AppendConcepts(b []byte, rows []ConceptRow) []byte {
	type keyed struct {
		concept uint32
		row     *ConceptRow
	}
	list := make([]keyed, len(rows))
	for i := range rows {
		list[i] = keyed{conceptOf([]byte(rows[i].Name)), &rows[i]}
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return cmp.Compare(a.concept, b.concept) })
	list = slices.CompactFunc(list, func(a, b keyed) bool { return a.concept == b.concept })
	var details, blocks, adjacency []byte
	for i, k := range list {
		before := len(adjacency) / neighbourBytes
		if i%blockEntries == 0 {
			blocks = append(blocks, byte(before>>16), byte(before>>8), byte(before))
		}
		count := byte(0)
		for _, other := range k.row.Neighbours {
			concept := conceptOf([]byte(other.Name))
			at, ok := slices.BinarySearchFunc(list, concept, func(e keyed, c uint32) int { return cmp.Compare(e.concept, c) })
			if ok && count < foreignFlag-1 {
				adjacency = append(adjacency, byte(at>>16), byte(at>>8), byte(at), byte(other.Bits))
				count++
			}
		}
		if k.row.Foreign {
			count |= foreignFlag
		}
		details = append(details, byte(k.row.Bits), count)
	}
	b = append(b, conceptMagic...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(list)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(adjacency)/neighbourBytes))
	for _, k := range list {
		b = binary.BigEndian.AppendUint32(b, k.concept)
	}
	return append(append(append(b, details...), blocks...), adjacency...)
}

// leastSenses sorts senses by concept and keeps the one of each that takes least off.
func leastSenses(senses []Sense) []Sense {
	slices.SortFunc(
		senses, func(a, b Sense) int { return cmp.Or(cmp.Compare(a.Concept, b.Concept), cmp.Compare(a.Bits, b.Bits)) })
	return slices.CompactFunc(senses, func(a, b Sense) bool { return a.Concept == b.Concept })
}
