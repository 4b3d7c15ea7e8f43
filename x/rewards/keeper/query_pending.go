package keeper

import (
	"context"
	"encoding/binary"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/rewards/types"
)

const (
	// maxPendingLists is how many credit lists one query looks into, by default too: of each it reads one chunk.
	maxPendingLists = 500
	// gasPerLook is what a look may cost: the largest list and chunk.
	gasPerLook = 300_000
)

// Pending implements types.QueryServer.
func (s queryServer) Pending(ctx context.Context, req *types.QueryPendingRequest) (*types.QueryPendingResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	account, err := sdk.AccAddressFromBech32(req.Address)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "address %q: %s", req.Address, err)
	}
	search, err := newPendingSearch(req.Pagination)
	if err != nil {
		return nil, err
	}
	search.keeper = s.Keeper
	var known bool
	if search.id, _, known, err = s.row(ctx, account); err != nil {
		return nil, err
	}
	search.page, _ = types.PageOf(search.id)
	if known {
		if err := search.run(ctx); err != nil {
			return nil, err
		}
	}
	total := math.ZeroInt()
	for _, credit := range search.found {
		total = total.Add(credit.Amount.Amount).Add(credit.Bonus.Amount)
	}
	return &types.QueryPendingResponse{
		Credits: search.found, Total: sdk.NewCoin(types.Denom, total), Pagination: &query.PageResponse{NextKey: search.next},
		Unreadable: search.unreadable,
	}, nil
}

// pendingSearch looks for an account in all lists that are not paid, stage by stage in the order in which lists go
// through them. A place in it is the stage and the number of a list.
type pendingSearch struct {
	keeper   Keeper
	id, page uint64 // of the account
	stage    types.PendingStage
	from     uint64 // list of the stage
	left     uint64 // lists to look into
	looked   bool   // into one at least

	found      []types.PendingCredit
	unreadable []uint64
	next       []byte
}

func newPendingSearch(page *query.PageRequest) (*pendingSearch, error) {
	s := &pendingSearch{stage: types.PENDING_STAGE_HELD, left: maxPendingLists}
	if page == nil {
		return s, nil
	}
	if page.Offset > 0 || page.CountTotal || page.Reverse {
		return nil, status.Error(codes.InvalidArgument,
			"lists are looked into in order: give a page key and a limit, no offset, count or reverse")
	}
	if page.Limit > maxPendingLists {
		return nil, status.Errorf(codes.InvalidArgument, "limit %d, at most %d lists are looked into at once", page.Limit,
			maxPendingLists)
	}
	if page.Limit > 0 {
		s.left = page.Limit
	}
	if len(page.Key) > 0 {
		if len(page.Key) != 9 {
			return nil, status.Errorf(codes.InvalidArgument, "a page key of %d bytes: use next_key of the page before",
				len(page.Key))
		}
		s.stage, s.from = types.PendingStage(page.Key[0]), binary.BigEndian.Uint64(page.Key[1:])
	}
	return s, nil
}

func (s *pendingSearch) run(ctx context.Context) error {
	k := s.keeper
	sweep, err := k.Sweep.Get(ctx)
	if err != nil {
		return err
	}
	asked := func(intake types.Intake) (types.CreditList, bool) {
		intake.List.BonusScale = types.FullScale
		return intake.List, true
	}
	for ; s.next == nil; s.stage, s.from = s.stage+1, 0 {
		switch s.stage {
		case types.PENDING_STAGE_HELD:
			err = lookInto(ctx, s, k.Escrowed, asked)
		case types.PENDING_STAGE_ARRIVED:
			err = lookInto(ctx, s, k.Arrived, asked)
		case types.PENDING_STAGE_SETTLING:
			err = lookInto(ctx, s, k.Lists, func(list types.CreditList) (types.CreditList, bool) {
				return list, list.Sequence >= sweep.NextList || !paid(list, sweep.Page, sweep.Cycle, s.page)
			})
		case types.PENDING_STAGE_DEAD_LETTER:
			err = lookInto(ctx, s, k.DeadLetters, func(letter types.DeadLetter) (types.CreditList, bool) {
				return letter.List, !paid(letter.List, letter.Page, letter.Cycle, s.page)
			})
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookInto looks for the account in the lists of the stage. list returns the list of a value, and whether the account's
// page of it is still owed.
func lookInto[V any](ctx context.Context, s *pendingSearch, lists collections.Map[uint64, V],
	list func(V) (types.CreditList, bool)) error {
	from := new(collections.Range[uint64]).StartInclusive(s.from)
	return lists.Walk(ctx, from, func(number uint64, value V) (bool, error) {
		if ctx.Err() != nil {
			return true, status.FromContextError(ctx.Err()).Err()
		}
		// A node that allows a query little gas answers in more pages.
		if s.left == 0 || s.looked && sdk.UnwrapSDKContext(ctx).GasMeter().GasRemaining() < gasPerLook {
			s.next = binary.BigEndian.AppendUint64([]byte{byte(s.stage)}, number)
			return true, nil
		}
		s.left--
		s.looked = true
		if list, owed := list(value); owed {
			s.look(ctx, list)
		}
		return false, nil
	})
}

// look adds the credit that a list has for the account.
func (s *pendingSearch) look(ctx context.Context, list types.CreditList) {
	credit, ok, err := s.keeper.creditOf(ctx, list, s.id)
	if err != nil {
		s.unreadable = append(s.unreadable, list.BatchId)
	}
	if err != nil || !ok {
		return
	}
	s.found = append(s.found, types.PendingCredit{
		BatchId: list.BatchId, Stage: s.stage, Height: list.Height,
		Amount: sdk.NewCoin(types.Denom, types.IntOf(credit.Amount)),
		Bonus:  sdk.NewCoin(types.Denom, types.IntOf(types.Scale(credit.Bonus, list.BonusScale))),
	})
}

// creditOf returns what a list credits an account, and whether it credits it anything.
func (k Keeper) creditOf(ctx context.Context, list types.CreditList, id uint64) (types.AccountCredit, bool, error) {
	page, _ := types.PageOf(id)
	if len(list.Firsts) == 0 || list.Firsts[0]/types.AccountsPerPage > page {
		return types.AccountCredit{}, false, nil
	}
	chunk, err := k.Chunks.Get(ctx, collections.Join(list.BatchId, uint32(types.ChunkOf(list.Firsts, page))))
	if err != nil {
		return types.AccountCredit{}, false, err
	}
	for r := chunk.Read(); !r.Done(); {
		credit, err := r.Next()
		if err != nil || credit.LedgerID >= id {
			return credit, err == nil && credit.LedgerID == id, err
		}
	}
	return types.AccountCredit{}, false, nil
}
