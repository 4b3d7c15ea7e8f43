package keeper

import (
	"container/heap"
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

// maxMerged bounds the lists that the sweep merges, and with it what a block
// reads. Later lists wait until it has finished earlier ones.
const maxMerged = 4_096

// settle pays waiting credits into the ledger. A cursor walks the pages in
// order and round again; each block takes the next pages that have credits, up
// to PagesPerBlock, merges what all lists hold for each, and writes it once. A
// list is done when the cursor is back at the page where it was taken up, one
// cycle later; so every credit is paid within one cycle whatever the load.
//
// A list that cannot be read, or whose credit does not fit, leaves the sweep as
// a dead letter; the others go on.
func (k Keeper) settle(ctx context.Context, params types.Params) error {
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return err
	}
	accounts, err := k.NextAccount.Peek(ctx)
	if err != nil {
		return err
	}
	s := settlement{keeper: k, ctx: ctx, params: params, sweep: sweep, accounts: accounts}
	if err := s.open(); err != nil {
		return err
	}
	if err := s.run(); err != nil || s.sweep == sweep {
		return err
	}
	if err := k.Sweep.Set(ctx, s.sweep); err != nil || s.pages == 0 {
		return err
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventSettled{
		Pages: s.pages, Credits: s.credits, Amount: types.IntOf(s.amount), CompletedBatches: s.completed,
	})
}

// settlement is the work of one block.
type settlement struct {
	keeper   Keeper
	ctx      context.Context
	params   types.Params
	accounts uint64 // of the ledger
	sweep    types.Sweep
	waiting  walk          // lists with credits due on this walk
	next     []*listReader // lists that go on with the next walk

	paying []paidRow // of one list and page

	pages, credits uint32
	amount         poa.Amount
	completed      []uint64
}

// open takes up new lists while there is room and places a reader of each list
// at the cursor.
func (s *settlement) open() error {
	known := s.sweep.NextList
	var lists []types.CreditList
	if err := s.keeper.Lists.Walk(s.ctx, nil, func(sequence uint64, list types.CreditList) (bool, error) {
		if sequence >= known {
			if s.sweep.TakenUp == maxMerged {
				return true, nil
			}
			list.StartPage, list.StartCycle = s.sweep.Page, s.sweep.Cycle
			s.sweep.NextList, s.sweep.TakenUp = sequence+1, s.sweep.TakenUp+1
		}
		lists = append(lists, list)
		return false, nil
	}); err != nil {
		return err
	}
	for _, list := range lists {
		if list.Sequence >= known {
			if err := s.keeper.Lists.Set(s.ctx, list.Sequence, list); err != nil {
				return err
			}
		}
		if err := s.place(&listReader{list: list, accounts: s.accounts}); err != nil {
			return err
		}
	}
	heap.Init(&s.waiting)
	return nil
}

// place seeks the cursor in a list and puts it where it belongs: with those due
// on this walk, with those due on the next, or away when it is paid.
func (s *settlement) place(reader *listReader) error {
	if err := reader.seek(s.ctx, s.keeper, s.sweep.Page); err != nil {
		return s.fail(reader, s.sweep.Page, reasonList, err)
	}
	if reader.due(s.sweep.Cycle) {
		s.waiting = append(s.waiting, reader)
		return nil
	}
	return s.park(reader)
}

// park takes a list off this walk.
func (s *settlement) park(reader *listReader) error {
	if reader.done(s.sweep.Cycle) {
		s.completed = append(s.completed, reader.list.BatchId)
		return s.remove(reader.list)
	}
	s.next = append(s.next, reader)
	return nil
}

func (s *settlement) run() error {
	for {
		if len(s.waiting) == 0 {
			if len(s.next) == 0 {
				return nil
			}
			// Nothing is left on this walk: go round. A list that was taken up
			// at the cursor is then at its start again at the latest.
			s.sweep.Cycle++
			s.sweep.Page = 0
			readers := s.next
			s.next = nil
			for _, reader := range readers {
				if err := s.place(reader); err != nil {
					return err
				}
			}
			heap.Init(&s.waiting)
			continue
		}
		page := s.waiting[0].page
		if s.pages == s.params.PagesPerBlock {
			s.sweep.Page = page
			return nil
		}
		if err := s.writePage(page); err != nil {
			return err
		}
		s.sweep.Page = page + 1
	}
}

// writePage pays what all lists hold for a page.
func (s *settlement) writePage(number uint64) error {
	page, broken := s.keeper.page(s.ctx, number)
	for len(s.waiting) > 0 && s.waiting[0].page == number {
		reader := s.waiting[0]
		err := broken
		if err == nil {
			err = s.payPage(reader, &page)
		}
		switch {
		case err != nil:
			heap.Pop(&s.waiting)
			if err := s.fail(reader, number, reasonOf(err, broken), err); err != nil {
				return err
			}
		case reader.due(s.sweep.Cycle):
			heap.Fix(&s.waiting, 0)
		default:
			heap.Pop(&s.waiting)
			if err := s.park(reader); err != nil {
				return err
			}
		}
	}
	s.pages++
	if broken != nil {
		return nil
	}
	return s.keeper.setPage(s.ctx, number, page, s.params)
}

// payPage pays what one list holds for a page and moves its reader on. The page
// changes only when all of it can be paid.
func (s *settlement) payPage(reader *listReader, page *types.Page) error {
	number, total := reader.page, s.amount
	s.paying = s.paying[:0]
	for !reader.end && reader.page == number {
		credit := &reader.credit
		bonus := types.Scale(credit.Bonus, reader.list.BonusScale)
		amount, err := credit.Amount.Add(bonus)
		if err != nil {
			return err
		}
		contributed, err := credit.Contributed.Add(bonus)
		if err != nil {
			return err
		}
		_, at := types.PageOf(credit.LedgerID)
		// No account stands twice in a list, so that rows do not depend on one another.
		row := page.Rows[at]
		if err := errors.Join(creditRow(&row, amount, amount, contributed), addTo(&total, amount)); err != nil {
			return err
		}
		s.paying = append(s.paying, paidRow{at, row})
		if err := reader.advance(s.ctx, s.keeper); err != nil {
			return err
		}
	}
	for _, paid := range s.paying {
		page.Rows[paid.at] = paid.row
	}
	s.credits += uint32(len(s.paying))
	s.amount = total
	return nil
}

// paidRow is a row of a page with what a list pays it.
type paidRow struct {
	at  int
	row types.Row
}

// fail makes a dead letter of a list that is paid up to a page.
func (s *settlement) fail(reader *listReader, page uint64, reason string, cause error) error {
	if err := s.keeper.Lists.Remove(s.ctx, reader.list.Sequence); err != nil {
		return err
	}
	s.sweep.TakenUp--
	return s.keeper.addDeadLetter(s.ctx, reader.list, page, s.sweep.Cycle, reason, cause)
}

func reasonOf(err, broken error) string {
	switch {
	case broken != nil:
		return reasonPage
	case errors.Is(err, poa.ErrAmountRange):
		return reasonFull
	}
	return reasonList
}

// remove forgets a list that has been paid in full.
func (s *settlement) remove(list types.CreditList) error {
	s.sweep.TakenUp--
	return errors.Join(s.keeper.removeCredits(s.ctx, list), s.keeper.Lists.Remove(s.ctx, list.Sequence))
}

// walk orders readers by the page that they stand at.
type walk []*listReader

func (w walk) Len() int { return len(w) }
func (w walk) Less(i, j int) bool {
	return w[i].page < w[j].page || w[i].page == w[j].page && w[i].list.Sequence < w[j].list.Sequence
}
func (w walk) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

// Push implements heap.Interface.
func (w *walk) Push(reader any) { *w = append(*w, reader.(*listReader)) }

// Pop implements heap.Interface.
func (w *walk) Pop() any {
	last := len(*w) - 1
	reader := (*w)[last]
	*w = (*w)[:last]
	return reader
}
