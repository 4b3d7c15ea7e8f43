package attestor

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// provenances compute what accepted text derives from. The text that has entered each DataNet stays in memory, up to a
// number of bytes for all of them.
type provenances struct {
	chain *chain
	text  *content.Store
	max   int

	mu    sync.Mutex
	known map[uint64]*entered // by DataNet
	// that were computed, by subject: a question that was too large is asked again in parts
	tables map[poa.Hash][]datanettypes.Derivation
}

// maxTables that are remembered.
const maxTables = 4096

// entered is text of a DataNet in the order in which it entered.
type entered struct {
	*poa.Provenance
	marks []mark // by contribution
	used  time.Time
}

// mark is how far text reaches.
type mark struct {
	segments int
	ranks    poa.Hash // of all contributions so far, in their order
}

// after returns the mark behind a contribution of so many segments.
func (m mark) after(rank uint64, segments int) mark {
	return mark{segments, sha256.Sum256(binary.BigEndian.AppendUint64(m.ranks[:], rank))}
}

// until returns the mark behind the first n contributions.
func (e *entered) until(n uint64) mark {
	if n == 0 {
		return mark{}
	}
	return e.marks[n-1]
}

func newProvenances(c *chain, text *content.Store, max int) *provenances {
	return &provenances{chain: c, text: text, max: max, known: make(map[uint64]*entered),
		tables: make(map[poa.Hash][]datanettypes.Derivation)}
}

// check compares the derivations of the contributions that an ask names with what their text gives. It returns how the
// first differs, or an error if that cannot be said. It lets others go first between segments.
func (p *provenances) check(ctx context.Context, turn *ticket, ask datanettypes.HoldAsk,
	asked []datanettypes.Contribution) (differs, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, err := p.enter(ctx, ask.DatanetId, ask.Sources)
	if err != nil {
		return nil, err
	}
	if len(asked) > 1 && uint64(len(known.marks)) > ask.Sources { // something has entered since the question was put
		known.Truncate(known.until(ask.Sources).segments)
		known.marks = known.marks[:ask.Sources]
	}
	from := known.until(ask.Sources)
	defer known.Truncate(known.Len())
	for i, c := range asked {
		file, err := p.read(ctx, c)
		if err != nil {
			return nil, err
		}
		behind := from.after(c.Rank, from.segments+len(file.Segments))
		table, ready := p.tables[behind.ranks]
		if !ready {
			if table, err = manifest.Derivations(known.Provenance, c.Rank, file, from.segments,
				func() error { return turn.pause(ctx) }); err != nil {
				return nil, fmt.Errorf("contribution %d: %w", c.Rank, err)
			}
			p.remember(behind.ranks, table)
		}
		if differs := compareDerivations(c, table); differs != nil {
			return differs, nil
		}
		if i == len(asked)-1 {
			break
		}
		if err := known.AddFile(c.Rank, file, manifest.Passed(c.Derivations)); err != nil {
			return nil, err
		}
		from = behind
	}
	return nil, nil
}

// remember keeps a table, as far as a contribution could have it.
func (p *provenances) remember(subject poa.Hash, table []datanettypes.Derivation) {
	if len(p.tables) >= maxTables {
		clear(p.tables)
	}
	p.tables[subject] = slices.Clone(table[:min(len(table), datanettypes.MaxDerivations+1)])
}

// compareDerivations says how the derivations of a contribution differ from those of its text.
func compareDerivations(c datanettypes.Contribution, table []datanettypes.Derivation) error {
	if slices.Equal(c.Derivations, table) {
		return nil
	}
	first := 0
	for first < min(len(table), len(c.Derivations)) && c.Derivations[first] == table[first] {
		first++
	}
	describe := func(list []datanettypes.Derivation) string {
		if first == len(list) {
			return "nothing"
		}
		d := list[first]
		return fmt.Sprintf("%d ppm of segment %d to contribution %d", d.Ppm, d.Segment, d.Rank)
	}
	return fmt.Errorf(
		"contribution %d has %d derivations, its text gives %d: after %d that are equal it passes on %s instead of %s",
		c.Rank, len(c.Derivations), len(table), first, describe(c.Derivations), describe(table))
}

// enter adds what has entered a DataNet, up to a number of contributions, and makes room. The caller holds the lock.
func (p *provenances) enter(ctx context.Context, id, until uint64) (*entered, error) {
	known := p.known[id]
	if known == nil {
		known = &entered{Provenance: poa.NewProvenance()}
		p.known[id] = known
	}
	known.used = time.Now()
	if have := uint64(len(known.marks)); have < until {
		contributions, err := manifest.Held(ctx, p.chain.datanets, id, have, until)
		if err != nil {
			return nil, err
		}
		for _, c := range contributions {
			file, err := p.read(ctx, c)
			if err != nil {
				return nil, err
			}
			if err := known.AddFile(c.Rank, file, manifest.Passed(c.Derivations)); err != nil {
				return nil, fmt.Errorf("contribution %d: %w", c.Rank, err)
			}
			known.marks = append(known.marks, known.until(uint64(len(known.marks))).after(c.Rank, known.Len()))
		}
	}
	p.makeRoom(id)
	return known, nil
}

// makeRoom drops DataNets that were not asked about for longest, but never one.
func (p *provenances) makeRoom(but uint64) {
	for {
		bytes, oldest := 0, but
		for id, e := range p.known {
			bytes += e.Bytes()
			if id != but && (oldest == but || e.used.Before(p.known[oldest].used)) {
				oldest = id
			}
		}
		if bytes <= p.max || oldest == but {
			return
		}
		delete(p.known, oldest)
	}
}

// read returns text that is held here.
func (p *provenances) read(ctx context.Context, c datanettypes.Contribution) (poa.SegmentFile, error) {
	if err := ctx.Err(); err != nil {
		return poa.SegmentFile{}, err
	}
	hash, err := poa.HashFromBytes(c.ContentHash)
	if err != nil {
		return poa.SegmentFile{}, err
	}
	encoded, err := p.text.Get(ctx, hash)
	if err != nil {
		return poa.SegmentFile{}, fmt.Errorf("contribution %d: %w", c.Rank, err)
	}
	return poa.ParseSegmentFile(encoded)
}
