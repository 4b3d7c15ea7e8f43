package keeper_test

import (
	"testing"

	"cosmossdk.io/math"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/x/rewards/types"
)

// TestPendingFollowsACredit: from the verdict that it waits for, through a pause and the sweep, to the ledger.
func TestPendingFollowsACredit(t *testing.T) {
	const pages = 6
	f := newFixture(t, slow(2))
	f.register((pages + 1) * types.AccountsPerPage)
	accounts := each(1, pages)
	last := accounts[pages-1]
	stages := func(n int) (found []types.PendingStage) {
		for _, credit := range f.pending(n) {
			found = append(found, credit.Stage)
		}
		return found
	}
	f.batch++
	require.NoError(t, f.Keeper.Escrow(f.Ctx, payer, f.batch, f.prepare(accounts...)))
	f.block()
	require.Equal(t, []types.PendingStage{types.PENDING_STAGE_HELD}, stages(last))
	require.Empty(t, stages(last+1), "a neighbour that the batch does not credit")
	require.Empty(t, stages(1_000_000), "nobody")

	f.setParams(func(p *types.Params) { p.Paused = true })
	_, err := f.Keeper.Release(f.Ctx, f.batch)
	require.NoError(t, err)
	f.block()
	require.Equal(t, []types.PendingStage{types.PENDING_STAGE_ARRIVED}, stages(last))

	f.setParams(func(p *types.Params) { p.Paused = false })
	f.block() // two of seven pages are paid
	require.Equal(t, []types.PendingStage{types.PENDING_STAGE_SETTLING}, stages(last))
	credit := f.pending(last)[0]
	require.Equal(t, f.batch, credit.BatchId)
	require.Equal(t, share(t, last, 1), credit.Amount.Amount.Add(credit.Bonus.Amount))
	require.True(t, credit.Bonus.IsPositive())
	require.Empty(t, stages(accounts[0]), "paid")
	require.Equal(t, share(t, accounts[0], 1), f.earned(accounts[0]))

	f.breakPage(uint64(pages))
	for range 3 { // the provider has a page, too
		f.Ctx = f.Ctx.WithBlockHeight(f.Ctx.BlockHeight() + 1)
		require.NoError(t, f.Keeper.EndBlock(f.Ctx))
	}
	require.NoError(t, f.Keeper.Pages.Set(f.Ctx, pages, types.Page{}))
	require.Equal(t, []types.PendingStage{types.PENDING_STAGE_DEAD_LETTER}, stages(last))
	require.Empty(t, stages(accounts[pages-2]), "paid before the list failed")

	_, err = f.msgs.RetryDeadLetter(f.Ctx, &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: f.batch})
	require.NoError(t, err)
	require.Equal(t, []types.PendingStage{types.PENDING_STAGE_SETTLING}, stages(last))
	f.block()
	require.Empty(t, stages(last))
	require.Equal(t, share(t, last, 1), f.earned(last))
}

// TestPendingWhatCannotBeRead: a list that cannot be read hides no other, and is named.
func TestPendingWhatCannotBeRead(t *testing.T) {
	f := newFixture(t, slow(1))
	f.register(4 * types.AccountsPerPage)
	accounts := each(1, 3)
	f.enqueue(accounts...)
	f.enqueue(accounts...)
	f.block()
	require.NoError(t, f.Keeper.Chunks.Set(f.Ctx, chunkKey(1, 0), types.Chunk{0xff}))
	response, err := f.queries.Pending(f.Ctx, &types.QueryPendingRequest{Address: account(accounts[2]).String()})
	require.NoError(t, err)
	require.Equal(t, []uint64{1}, response.Unreadable)
	require.Len(t, response.Credits, 1)
	require.EqualValues(t, 2, response.Credits[0].BatchId)
}

// TestPendingWithLittleGas: a node that allows queries little gas answers in more pages.
func TestPendingWithLittleGas(t *testing.T) {
	f := newFixture(t, slow(1))
	f.register(4 * types.AccountsPerPage)
	accounts := each(1, 3)
	for range 20 {
		f.enqueue(accounts...)
	}
	f.block()
	request := &types.QueryPendingRequest{Address: account(accounts[2]).String(), Pagination: &query.PageRequest{}}
	found, pages := 0, 0
	for ; pages == 0 || len(request.Pagination.Key) > 0; pages++ {
		response, err := f.queries.Pending(f.Ctx.WithGasMeter(storetypes.NewGasMeter(320_000)), request)
		require.NoError(t, err)
		found += len(response.Credits)
		request.Pagination.Key = response.Pagination.NextKey
	}
	require.Equal(t, 20, found)
	require.Greater(t, pages, 1)
}

// TestPendingAfterABonusWasScaled: the bonus shown of a list that waits for the sweep is the one that will be paid.
func TestPendingAfterABonusWasScaled(t *testing.T) {
	f := newFixture(t, slow(1), func(p *types.Params) { p.BonusPerSecond = math.NewInt(1e15) })
	f.register(4 * types.AccountsPerPage)
	accounts := each(1, 3)
	f.enqueue(accounts...)
	f.block()
	pending := f.pending(accounts[2])
	require.Len(t, pending, 1)
	f.blocks(3)
	require.Equal(t, pending[0].Amount.Amount.Add(pending[0].Bonus.Amount), f.earned(accounts[2]))
	require.True(t, f.earned(accounts[2]).LT(share(t, accounts[2], 1)))
}

// TestPendingInPages looks into one list after another, across stages.
func TestPendingInPages(t *testing.T) {
	f := newFixture(t, slow(1))
	f.register(4 * types.AccountsPerPage)
	accounts := each(1, 3)
	for range 3 {
		f.enqueue(accounts...)
	}
	f.block()
	f.batch++
	require.NoError(t, f.Keeper.Escrow(f.Ctx, payer, f.batch, f.prepare(accounts[2])))
	whole := f.pending(accounts[2])
	require.Len(t, whole, 4)

	var parts []types.PendingCredit
	request := &types.QueryPendingRequest{Address: account(accounts[2]).String(), Pagination: &query.PageRequest{Limit: 1}}
	for asked := 0; ; asked++ {
		require.Less(t, asked, 10)
		response, err := f.queries.Pending(f.Ctx, request)
		require.NoError(t, err)
		sum := math.ZeroInt()
		for _, credit := range response.Credits {
			sum = sum.Add(credit.Amount.Amount).Add(credit.Bonus.Amount)
		}
		require.Equal(t, sum, response.Total.Amount)
		parts = append(parts, response.Credits...)
		if request.Pagination.Key = response.Pagination.NextKey; request.Pagination.Key == nil {
			break
		}
	}
	require.Equal(t, whole, parts)

	for name, page := range map[string]*query.PageRequest{
		"offset": {Offset: 1}, "count": {CountTotal: true}, "reverse": {Reverse: true}, "limit": {Limit: 501},
		"key": {Key: []byte{1}},
	} {
		_, err := f.queries.Pending(f.Ctx, &types.QueryPendingRequest{Address: request.Address, Pagination: page})
		require.Equal(t, codes.InvalidArgument, status.Code(err), name)
	}
	strange, err := f.queries.Pending(f.Ctx,
		&types.QueryPendingRequest{Address: request.Address,
			Pagination: &query.PageRequest{Key: []byte{200, 0, 0, 0, 0, 0, 0, 0, 0}}})
	require.NoError(t, err)
	require.Empty(t, strange.Credits)
}
