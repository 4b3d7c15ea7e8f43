package keeper

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

const (
	defaultTop = 10
	maxTop     = 100

	// gasPerPage is what a page of a walk over the ledger costs a query. Reading page after page is some hundred times
	// cheaper than the price of bytes says, which is that of single reads: by it no node would answer beyond 300,000
	// accounts. At this price the limit of a node's queries still bounds the walk, by default at 3.2 million accounts.
	gasPerPage = 1_000
	// pagesPerCheck is how often a walk looks whether its caller is still there.
	pagesPerCheck = 256
)

// Concentration implements types.QueryServer.
func (s queryServer) Concentration(ctx context.Context,
	req *types.QueryConcentrationRequest) (*types.QueryConcentrationResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	if req.Top > maxTop {
		return nil, status.Errorf(codes.InvalidArgument, "top %d accounts, at most %d; `ledger` lists all of them", req.Top,
			maxTop)
	}
	top := int(req.Top)
	if top == 0 {
		top = defaultTop
	}
	accounts, err := s.NextAccount.Peek(ctx)
	if err != nil {
		return nil, err
	}
	contributed, earned := ranking{size: top}, ranking{size: top}
	if err := s.walkLedger(ctx, func(id uint64, row types.Row) error {
		if err := contributed.add(id, row.Contributed); err != nil {
			return err
		}
		return earned.add(id, row.Earned)
	}); err != nil {
		return nil, err
	}
	response := &types.QueryConcentrationResponse{Accounts: accounts}
	if response.Contributed, err = s.concentration(ctx, contributed); err != nil {
		return nil, err
	}
	response.Earned, err = s.concentration(ctx, earned)
	return response, err
}

// walkLedger calls with every row of the ledger, in order. It is for queries only.
func (k Keeper) walkLedger(ctx context.Context, each func(id uint64, row types.Row) error) error {
	payer := sdk.UnwrapSDKContext(ctx).GasMeter()
	reader := sdk.UnwrapSDKContext(ctx).WithGasMeter(storetypes.NewInfiniteGasMeter())
	pages := 0
	return k.Pages.Walk(reader, nil, func(number uint64, page types.Page) (bool, error) {
		if payer.GasRemaining() < gasPerPage {
			return true, status.Errorf(codes.ResourceExhausted,
				"the ledger has more than the %d accounts that this node may read for one query: raise query-gas-limit in its "+
					"app.toml, or ask another node", pages*types.AccountsPerPage)
		}
		payer.ConsumeGas(gasPerPage, "page of the ledger")
		if pages++; pages%pagesPerCheck == 0 && ctx.Err() != nil {
			return true, status.FromContextError(ctx.Err()).Err()
		}
		for i, row := range page.Rows {
			if err := each(number*types.AccountsPerPage+uint64(i), row); err != nil {
				return true, err
			}
		}
		return false, nil
	})
}

// concentration gives a ranking addresses and shares.
func (k Keeper) concentration(ctx context.Context, r ranking) (types.Concentration, error) {
	total, sum := types.IntOf(r.total), math.ZeroInt()
	out := types.Concentration{Earners: r.earners, Total: types.NewFigureAlone(total)}
	slices.SortFunc(r.best, func(a, b ranked) int { return -a.compare(b) })
	for _, one := range r.best {
		address, err := k.Accounts.Get(ctx, one.id)
		if err != nil {
			return out, err
		}
		income := types.IntOf(one.income)
		sum = sum.Add(income)
		out.Top = append(out.Top, types.TopAccount{Address: address.String(), Income: types.NewFigure(income, total)})
	}
	out.TopTotal = types.NewFigure(sum, total)
	return out, nil
}

// ranked is an account in a ranking.
type ranked struct {
	id     uint64
	income poa.Amount
}

// compare returns a positive number if a ranks above b: by income, and of equal incomes the one that was credited
// first.
func (a ranked) compare(b ranked) int {
	if order := a.income.Cmp(b.income); order != 0 {
		return order
	}
	return cmp.Compare(b.id, a.id)
}

// ranking keeps the accounts with the most income in a heap whose root is the least of them, and counts all.
type ranking struct {
	size    int
	best    []ranked
	earners uint64
	total   poa.Amount
}

var _ heap.Interface = (*ranking)(nil)

func (r *ranking) add(id uint64, income poa.Amount) error {
	if income.IsZero() {
		return nil
	}
	r.earners++
	var err error
	if r.total, err = r.total.Add(income); err != nil {
		return err
	}
	one := ranked{id, income}
	if len(r.best) < r.size {
		heap.Push(r, one)
	} else if one.compare(r.best[0]) > 0 {
		r.best[0] = one
		heap.Fix(r, 0)
	}
	return nil
}

// Len implements heap.Interface.
func (r *ranking) Len() int { return len(r.best) }

// Less implements heap.Interface.
func (r *ranking) Less(i, j int) bool { return r.best[i].compare(r.best[j]) < 0 }

// Swap implements heap.Interface.
func (r *ranking) Swap(i, j int) { r.best[i], r.best[j] = r.best[j], r.best[i] }

// Push implements heap.Interface.
func (r *ranking) Push(one any) { r.best = append(r.best, one.(ranked)) }

// Pop implements heap.Interface.
func (r *ranking) Pop() any {
	last := r.best[len(r.best)-1]
	r.best = r.best[:len(r.best)-1]
	return last
}
