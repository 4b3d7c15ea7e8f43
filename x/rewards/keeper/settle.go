package keeper

import (
	"context"
	"errors"
	"sort"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// settle pays waiting credits into the ledger. A cursor walks the pages in
// order and round again; each block takes the next pages that have credits, up
// to PagesPerBlock, merges what all lists hold for each, and writes it once. A
// list is done when the cursor is back at the page where it arrived, one cycle
// later; so every credit is paid within one cycle whatever the load.
func (k Keeper) settle(ctx context.Context, params types.Params) error {
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return err
	}
	readers, err := k.waiting(ctx)
	if err != nil || len(readers) == 0 {
		return err
	}
	s := settlement{keeper: k, ctx: ctx, params: params, sweep: sweep, readers: readers, amount: math.ZeroInt()}
	if err := s.run(); err != nil {
		return err
	}
	if err := k.Sweep.Set(ctx, s.sweep); err != nil {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventSettled{
		Pages: s.pages, Credits: s.credits, Amount: s.amount, CompletedBatches: s.completed,
	})
}

// waiting opens a reader for each list whose bonus has been granted.
func (k Keeper) waiting(ctx context.Context) ([]*listReader, error) {
	iterator, err := k.Lists.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	lists, err := iterator.Values()
	if err != nil {
		return nil, err
	}
	var readers []*listReader
	for _, list := range lists {
		arrived, err := k.Arrived.Has(ctx, list.Id)
		if err != nil {
			return nil, err
		}
		if arrived {
			continue
		}
		reader, err := k.read(ctx, list)
		if err != nil {
			return nil, err
		}
		readers = append(readers, reader)
	}
	return readers, nil
}

// settlement is the work of one block.
type settlement struct {
	keeper  Keeper
	ctx     context.Context
	params  types.Params
	sweep   types.Sweep
	readers []*listReader

	pages     uint32
	credits   uint32
	amount    math.Int
	completed []uint64
}

func (s *settlement) run() error {
	if err := s.seek(); err != nil {
		return err
	}
	for len(s.readers) > 0 {
		page, ok := s.next()
		if !ok {
			// Nothing is left on this walk: go round. A list that arrived at the
			// cursor is then at its start again at the latest.
			s.sweep.Cycle++
			s.sweep.Page = 0
			if err := s.seek(); err != nil {
				return err
			}
			continue
		}
		if s.pages == s.params.PagesPerBlock {
			s.sweep.Page = page
			return nil
		}
		if err := s.writePage(page); err != nil {
			return err
		}
		s.sweep.Page = page + 1
		if err := s.dropDone(); err != nil {
			return err
		}
	}
	return nil
}

// seek places every reader at the first credit at or after the cursor and
// drops the lists that have none left.
func (s *settlement) seek() error {
	for _, reader := range s.readers {
		if err := reader.seek(s.ctx, s.keeper, s.sweep.Page); err != nil {
			return err
		}
	}
	return s.dropDone()
}

// next returns the lowest page at or after the cursor with a credit due on this walk.
func (s *settlement) next() (uint64, bool) {
	best, found := uint64(0), false
	for _, reader := range s.readers {
		if page, ok := reader.page(s.sweep.Cycle); ok && (!found || page < best) {
			best, found = page, true
		}
	}
	return best, found
}

func (s *settlement) writePage(number uint64) error {
	page, err := s.keeper.page(s.ctx, number)
	if err != nil {
		return err
	}
	due := false
	for _, reader := range s.readers {
		for {
			if at, ok := reader.page(s.sweep.Cycle); !ok || at != number {
				break
			}
			credit := reader.credit()
			_, row := types.PageOf(credit.LedgerId)
			amount := credit.Amount.Add(credit.Bonus)
			if err := creditRow(&page[row], amount, amount, credit.Contributed.Add(credit.Bonus)); err != nil {
				return err
			}
			s.credits++
			s.amount = s.amount.Add(amount)
			isDue, err := s.keeper.due(s.ctx, credit.LedgerId, page[row], s.params)
			if err != nil {
				return err
			}
			due = due || isDue
			if err := reader.advance(s.ctx, s.keeper); err != nil {
				return err
			}
		}
	}
	s.pages++
	if due {
		if err := s.keeper.DuePages.Set(s.ctx, number); err != nil {
			return err
		}
	}
	return s.keeper.Pages.Set(s.ctx, number, page)
}

// dropDone removes the lists that have been paid in full.
func (s *settlement) dropDone() error {
	kept := s.readers[:0]
	for _, reader := range s.readers {
		if !reader.done(s.sweep.Cycle) {
			kept = append(kept, reader)
			continue
		}
		if err := s.keeper.removeList(s.ctx, reader.list); err != nil {
			return err
		}
		s.completed = append(s.completed, reader.list.BatchId)
	}
	s.readers = kept
	return nil
}

func (k Keeper) removeList(ctx context.Context, list types.CreditList) error {
	for n := range list.Chunks {
		if err := k.Chunks.Remove(ctx, collections.Join(list.Id, n)); err != nil {
			return err
		}
	}
	return k.Lists.Remove(ctx, list.Id)
}

// listReader walks the credits of a list in ledger order.
type listReader struct {
	list  types.CreditList
	chunk types.CreditChunk // at number
	n     uint32
	at    int
	end   bool   // past the last credit
	first uint64 // page of the first credit
}

func (k Keeper) read(ctx context.Context, list types.CreditList) (*listReader, error) {
	reader := &listReader{list: list, end: list.Chunks == 0}
	if reader.end {
		return reader, nil
	}
	chunk, err := k.Chunks.Get(ctx, collections.Join(list.Id, uint32(0)))
	if err != nil {
		return nil, err
	}
	reader.chunk = chunk
	reader.first, _ = types.PageOf(chunk.Credits[0].LedgerId)
	return reader, nil
}

// page returns the page of the current credit when it is due on the walk of a
// cycle: from its start page on the walk on which it arrived, before its start
// page on the next.
func (r *listReader) page(cycle uint64) (uint64, bool) {
	if r.end {
		return 0, false
	}
	page, _ := types.PageOf(r.credit().LedgerId)
	if cycle != r.list.StartCycle && page >= r.list.StartPage {
		return 0, false
	}
	return page, true
}

func (r *listReader) credit() types.Credit { return r.chunk.Credits[r.at] }

// seek goes to the first credit on or after a page.
func (r *listReader) seek(ctx context.Context, k Keeper, page uint64) error {
	var failed error
	chunk := func(n uint32) types.CreditChunk {
		chunk, err := k.Chunks.Get(ctx, collections.Join(r.list.Id, n))
		failed = errors.Join(failed, err)
		return chunk
	}
	before := func(credit types.Credit) bool {
		at, _ := types.PageOf(credit.LedgerId)
		return at < page
	}
	// The first chunk whose last credit is not before the page.
	n := sort.Search(int(r.list.Chunks), func(n int) bool {
		credits := chunk(uint32(n)).Credits
		return failed != nil || len(credits) == 0 || !before(credits[len(credits)-1])
	})
	r.end = n == int(r.list.Chunks)
	if r.end || failed != nil {
		return failed
	}
	r.n, r.chunk = uint32(n), chunk(uint32(n))
	r.at = sort.Search(len(r.chunk.Credits), func(i int) bool { return !before(r.chunk.Credits[i]) })
	r.end = r.at == len(r.chunk.Credits)
	return failed
}

// advance goes to the next credit.
func (r *listReader) advance(ctx context.Context, k Keeper) error {
	if r.at++; r.at < len(r.chunk.Credits) {
		return nil
	}
	if r.n++; r.n == r.list.Chunks {
		r.end = true
		return nil
	}
	var err error
	r.chunk, err = k.Chunks.Get(ctx, collections.Join(r.list.Id, r.n))
	r.at = 0
	return err
}

// done says whether nothing of the list is left to pay: it has been paid from
// its start page to the end of the ledger, and from the beginning up to it.
func (r *listReader) done(cycle uint64) bool {
	if cycle != r.list.StartCycle {
		_, left := r.page(cycle)
		return !left
	}
	return r.end && (r.list.Chunks == 0 || r.first >= r.list.StartPage)
}
