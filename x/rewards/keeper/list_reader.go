package keeper

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"

	"github.com/openledger/openledger/x/rewards/types"
)

// listReader walks the credits of a list in ledger order.
type listReader struct {
	list     types.CreditList
	accounts uint64 // of the ledger
	chunk    types.CreditReader
	n        int // number of the chunk
	credit   types.AccountCredit
	page     uint64 // of credit
	end      bool   // past the last credit
}

// seek goes to the first credit on or after a page.
func (r *listReader) seek(ctx context.Context, k Keeper, page uint64) error {
	r.n, r.end = types.ChunkOf(r.list.Firsts, page), len(r.list.Firsts) == 0
	if r.end {
		return nil
	}
	if err := r.open(ctx, k); err != nil {
		return err
	}
	for {
		if err := r.advance(ctx, k); err != nil || r.end || r.page >= page {
			return err
		}
	}
}

func (r *listReader) open(ctx context.Context, k Keeper) error {
	chunk, err := k.Chunks.Get(ctx, collections.Join(r.list.BatchId, uint32(r.n)))
	r.chunk = chunk.Read()
	return err
}

// advance goes to the next credit.
func (r *listReader) advance(ctx context.Context, k Keeper) error {
	for r.chunk.Done() {
		if r.n++; r.n == len(r.list.Firsts) {
			r.end = true
			return nil
		}
		if err := r.open(ctx, k); err != nil {
			return err
		}
	}
	var err error
	if r.credit, err = r.chunk.Next(); err != nil {
		return err
	}
	r.page, _ = types.PageOf(r.credit.LedgerID)
	return known(r.credit, r.accounts)
}

// known reports a credit of an account that the ledger does not have.
func known(credit types.AccountCredit, accounts uint64) error {
	if credit.LedgerID >= accounts {
		return fmt.Errorf("credit of account %d, the ledger has %d", credit.LedgerID, accounts)
	}
	return nil
}

// due reports whether the current credit is to be paid on the walk of a cycle: from the start page on the walk on which
// the list was taken up, before the start page on the next.
func (r *listReader) due(cycle uint64) bool {
	return !r.end && (cycle == r.list.StartCycle || r.page < r.list.StartPage)
}

// done reports whether nothing of a list that is not due is left to pay: it has been paid from its start page to the
// end of the ledger, and from the beginning up to it.
func (r *listReader) done(cycle uint64) bool {
	if cycle != r.list.StartCycle {
		return true
	}
	if len(r.list.Firsts) == 0 {
		return true
	}
	first, _ := types.PageOf(r.list.Firsts[0])
	return first >= r.list.StartPage
}

// paid reports whether a list at a position of the sweep has been paid for a page.
func paid(list types.CreditList, cursor, cycle, page uint64) bool {
	if cycle == list.StartCycle {
		return page >= list.StartPage && page < cursor
	}
	return page >= list.StartPage || page < cursor
}
