package keeper_test

import (
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

// each returns n accounts, one on each of n pages from a page on.
func each(page, n int) []int {
	var accounts []int
	for i := range n {
		accounts = append(accounts, (page+i)*types.AccountsPerPage+1)
	}
	return accounts
}

// slow settles few pages a block and pays nobody out.
func slow(pages uint32) func(*types.Params) {
	return func(p *types.Params) {
		p.PagesPerBlock = pages
		p.PayoutThreshold = math.NewIntWithDecimal(1, 24)
	}
}

// share of account n in receipts, bonus included, when the bucket grants all of it.
func share(t require.TestingT, n int, receipts int64) math.Int {
	payout, err := types.Split(types.DefaultTerms(), receipt(n))
	require.NoError(t, err)
	return payout.Entries[0].Amount.Add(payout.Entries[0].Bonus).MulRaw(receipts)
}

// TestIdleBlocksPayAtOnce: what arrives alone is credited in its block, wherever the cursor stands.
func TestIdleBlocksPayAtOnce(t *testing.T) {
	const pages = 30
	f := newFixture(t, slow(100))
	f.register(pages * types.AccountsPerPage)
	for start := 1; start < pages; start++ {
		f.enqueue(each(start, pages-start)...)
		f.enqueue(each(1, start)...)
		f.block()
		require.Zero(t, f.waiting())
	}
}

// TestManySmallListsAreTakenInAtOnce: more than validators can decide about, or transactions bring in, in one block.
func TestManySmallListsAreTakenInAtOnce(t *testing.T) {
	f := newFixture(t, slow(100))
	f.register(10 * types.AccountsPerPage)
	const lists = 999
	prepared := f.prepare(each(1, 1)...)
	for range lists {
		f.batch++
		require.NoError(t, f.Keeper.Enqueue(f.Ctx, payer, f.batch, prepared))
	}
	f.block()
	require.Zero(t, f.waiting())
	require.Equal(t, share(t, each(1, 1)[0], lists), f.earned(each(1, 1)[0]))
}

// TestCreditsArePaidWithinACycle: under a load above what a block can write,
// a list is paid when the cursor has passed every page once.
func TestCreditsArePaidWithinACycle(t *testing.T) {
	const pages, perBlock, blocks = 40, 7, 60
	const cycle = (pages + perBlock - 1) / perBlock
	f := newFixture(t, slow(perBlock))
	f.register((pages + 1) * types.AccountsPerPage)
	for range blocks {
		f.enqueue(each(1, pages)...)
		f.block()
		require.NoError(t, f.Keeper.Lists.Walk(f.Ctx, nil, func(_ uint64, list types.CreditList) (bool, error) {
			require.LessOrEqual(t, f.Ctx.BlockHeight()-list.Height, int64(cycle))
			return false, nil
		}))
	}
	f.blocks(cycle)
	require.Zero(t, f.waiting())
	for _, n := range each(1, pages) {
		require.Equal(t, share(t, n, blocks), f.earned(n))
	}
}

// TestBatchOfSixteenThousandAccounts: as many accounts as a batch can credit,
// more than a block may write.
func TestBatchOfSixteenThousandAccounts(t *testing.T) {
	const receipts, entries = 1_000, 16
	f := newFixture(t, slow(64))
	var payables []types.Payable
	want := make(map[int]math.Int)
	for r := range receipts {
		payable := receipt(r)
		payable.Entries = nil
		payable.UnattributedPPM = types.PPM - entries*62_500
		for e := range entries {
			// Neighbours in a receipt are far from one another in the ledger.
			payable.Entries = append(payable.Entries, types.PayableEntry{
				Rank: uint64(e), Contributor: account(1 + (r+e*receipts)*7%(receipts*entries)), WeightPPM: 62_500,
				QualityPPM: types.PPM - uint32(e),
			})
		}
		payout, err := types.Split(types.DefaultTerms(), payable)
		require.NoError(t, err)
		for e, paid := range payout.Entries {
			want[1+(r+e*receipts)*7%(receipts*entries)] = paid.Amount.Add(paid.Bonus)
		}
		payables = append(payables, payable)
	}
	require.Len(t, want, receipts*entries)
	prepared, err := f.Keeper.Prepare(f.Ctx, types.DefaultTerms(), payables)
	require.NoError(t, err)
	require.Len(t, prepared.Credits, receipts*entries+1)
	require.NoError(t, f.Keeper.Enqueue(f.Ctx, payer, 1, prepared))
	blocks := 0
	for ; blocks == 0 || f.waiting() > 0; blocks++ {
		f.block()
	}
	require.Equal(t, (receipts*entries/types.AccountsPerPage+64)/64, blocks)
	for n, amount := range want {
		require.Equal(t, amount, f.earned(n), "account %d", n)
	}
}

// TestTheSweepMergesABoundedNumberOfLists: after a long pause lists are taken
// in and taken up by and by, and all are paid.
func TestTheSweepMergesABoundedNumberOfLists(t *testing.T) {
	const lists = 5_500
	f := newFixture(t, slow(1))
	f.register(4 * types.AccountsPerPage)
	f.setParams(func(p *types.Params) { p.Paused = true })
	prepared := f.prepare(each(1, 2)...)
	for f.batch < lists {
		f.batch++
		require.NoError(t, f.Keeper.Enqueue(f.Ctx, payer, f.batch, prepared))
	}
	f.block()
	require.Zero(t, f.waiting())
	f.setParams(func(p *types.Params) { p.Paused = false })
	most := 0
	for i := 0; i == 0 || f.waiting() > 0; i++ {
		// Invariants read every list: not in every block.
		f.Ctx = f.Ctx.WithBlockHeight(f.Ctx.BlockHeight() + 1)
		require.NoError(t, f.Keeper.EndBlock(f.Ctx))
		sweep, err := f.Keeper.Sweep.Get(f.Ctx)
		require.NoError(t, err)
		most = max(most, int(sweep.TakenUp))
		require.Less(t, i, 100)
	}
	require.LessOrEqual(t, most, 4_096)
	require.NoError(t, f.Keeper.CheckInvariants(f.Ctx))
	// No time passed while lists were taken in, so that the bucket granted nothing.
	for _, n := range each(1, 2) {
		payout, err := types.Split(types.DefaultTerms(), receipt(n))
		require.NoError(t, err)
		require.Equal(t, payout.Entries[0].Amount.MulRaw(lists), f.earned(n))
	}
}

// TestBonusIsScaledAlike: above the bucket every account gets the same part of
// its bonus, rounded down; nothing is carried over.
func TestBonusIsScaledAlike(t *testing.T) {
	budget := math.NewIntWithDecimal(1, 17)
	f := newFixture(t, slow(2), func(p *types.Params) { p.BonusPerSecond = budget })
	f.register(5 * types.AccountsPerPage)
	first, second := f.enqueue(each(1, 3)...), f.enqueue(each(2, 3)...)
	asked := first.Bonus.Add(second.Bonus)
	require.True(t, asked.GT(budget))
	f.blocks(5)
	require.Zero(t, f.waiting())
	granted := math.ZeroInt()
	for _, n := range each(1, 4) {
		payout, err := types.Split(types.DefaultTerms(), receipt(n))
		require.NoError(t, err)
		amount, bonus := payout.Entries[0].Amount, payout.Entries[0].Bonus
		got := f.earned(n)
		lists := int64(1)
		if got.GT(amount.MulRaw(2)) {
			lists = 2
		}
		scaled := bonus.Mul(budget).Quo(asked)
		rest := got.Sub(amount.MulRaw(lists)).Sub(scaled.MulRaw(lists))
		require.True(t, rest.LTE(math.ZeroInt()) && rest.GTE(math.NewInt(-lists)), "account %d is %s off", n, rest)
		granted = granted.Add(got).Sub(amount.MulRaw(lists))
	}
	totals, err := f.Keeper.Totals.Get(f.Ctx)
	require.NoError(t, err)
	require.Equal(t, granted.String(), totals.Bonus.String())
	require.True(t, granted.LTE(budget) && granted.GTE(budget.SubRaw(7)))
}

// TestCreditThatDoesNotFitHoldsUpNobody: an account that can hold no more makes
// dead letters of its lists; what they owe to others is paid after a retry.
func TestCreditThatDoesNotFitHoldsUpNobody(t *testing.T) {
	f := newFixture(t, slow(100))
	f.register(5 * types.AccountsPerPage)
	accounts := each(1, 3)
	number, at := types.PageOf(uint64(accounts[1]))
	full := types.Page{}
	full.Rows[at].Earned = poa.Amount{Hi: ^uint64(0), Lo: ^uint64(0)}
	require.NoError(t, f.Keeper.Pages.Set(f.Ctx, number, full))
	f.enqueue(accounts...)
	f.enqueue(accounts[0], accounts[2])
	f.Ctx = f.Ctx.WithBlockTime(f.Ctx.BlockTime().Add(1e9))
	require.NoError(t, f.Keeper.EndBlock(f.Ctx))
	require.Zero(t, f.waiting())
	require.Equal(t, share(t, accounts[0], 2), f.earned(accounts[0]), "before the account that is full")
	require.Equal(t, share(t, accounts[2], 1), f.earned(accounts[2]), "behind it, the other list's")
	letters, err := f.queries.DeadLetters(f.Ctx, &types.QueryDeadLettersRequest{})
	require.NoError(t, err)
	require.Len(t, letters.DeadLetters, 1)
	require.Equal(t, "an account can hold no more", letters.DeadLetters[0].Reason)

	require.NoError(t, f.Keeper.Pages.Set(f.Ctx, number, types.Page{}))
	f = f.reimported()
	_, err = f.msgs.RetryDeadLetter(
		f.Ctx, &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: letters.DeadLetters[0].List.BatchId})
	require.NoError(t, err)
	f.block()
	for _, n := range accounts[1:] {
		require.Equal(t, share(t, n, int64(n-accounts[0])/types.AccountsPerPage), f.earned(n))
	}
	_, err = f.msgs.RetryDeadLetter(
		f.Ctx, &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: letters.DeadLetters[0].List.BatchId})
	require.ErrorIs(t, err, types.ErrNoDeadLetter)
}

// TestListThatCannotBeReadIsADeadLetter: what its walk has passed is paid, the
// rest is owed until it can be read.
func TestListThatCannotBeReadIsADeadLetter(t *testing.T) {
	f := newFixture(t, slow(10))
	const pages = types.CreditsPerChunk + 60
	f.register((pages + 1) * types.AccountsPerPage)
	accounts := each(1, pages)
	f.enqueue(accounts...)
	f.enqueue(accounts...)
	f.block()
	// The second chunk of the first list.
	key := chunkKey(1, 1)
	chunk, err := f.Keeper.Chunks.Get(f.Ctx, key)
	require.NoError(t, err)
	require.NoError(t, f.Keeper.Chunks.Set(f.Ctx, key, append(types.Chunk{0xff}, chunk...)))
	for range pages/10 + 2 {
		f.Ctx = f.Ctx.WithBlockHeight(f.Ctx.BlockHeight() + 1)
		require.NoError(t, f.Keeper.EndBlock(f.Ctx))
	}
	require.Zero(t, f.waiting())
	retry := &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: 1}
	_, err = f.msgs.RetryDeadLetter(f.Ctx, retry)
	require.ErrorIs(t, err, types.ErrDeadLetter)
	require.Equal(t, share(t, accounts[0], 2), f.earned(accounts[0]))
	require.Equal(t, share(t, accounts[pages-1], 1), f.earned(accounts[pages-1]))

	f = f.reimported() // an export carries what cannot be read as it is
	require.NoError(t, f.Keeper.Chunks.Set(f.Ctx, key, chunk))
	require.NoError(t, f.Keeper.CheckInvariants(f.Ctx))
	_, err = f.msgs.RetryDeadLetter(f.Ctx, retry)
	require.NoError(t, err)
	f.blocks(pages/10 + 2)
	for _, n := range accounts {
		require.Equal(t, share(t, n, 2), f.earned(n), "account %d", n)
	}
}

// TestBrokenPageHoldsUpNoOther: lists with a credit on a page that cannot be
// read are put aside there.
func TestBrokenPageHoldsUpNoOther(t *testing.T) {
	f := newFixture(t, slow(100))
	f.register(5 * types.AccountsPerPage)
	f.enqueue(each(1, 2)...)
	f.enqueue(each(2, 2)...)
	f.enqueue(each(3, 1)...)
	f.breakPage(2)
	f.Ctx = f.Ctx.WithBlockTime(f.Ctx.BlockTime().Add(1e9))
	require.NoError(t, f.Keeper.EndBlock(f.Ctx))
	require.Zero(t, f.waiting())
	require.Equal(t, share(t, each(1, 1)[0], 1), f.earned(each(1, 1)[0]))
	require.Equal(t, share(t, each(3, 1)[0], 1), f.earned(each(3, 1)[0]))
	require.NoError(t, f.Keeper.Pages.Set(f.Ctx, 2, types.Page{}))
	for id := uint64(1); id <= 2; id++ {
		_, err := f.msgs.RetryDeadLetter(f.Ctx, &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: id})
		require.NoError(t, err)
	}
	f.block()
	require.Equal(t, share(t, each(2, 1)[0], 2), f.earned(each(2, 1)[0]))
	require.Equal(t, share(t, each(3, 1)[0], 2), f.earned(each(3, 1)[0]))
}

// TestBonusThatCannotBeComputedIsLost: the fees of the list are counted and
// paid after a retry, and other lists get their bonus.
func TestBonusThatCannotBeComputedIsLost(t *testing.T) {
	f := newFixture(t, slow(100), func(p *types.Params) { p.BonusPerSecond = math.NewIntWithDecimal(1, 15) })
	f.register(4 * types.AccountsPerPage)
	accounts := each(1, 2)
	f.enqueue(accounts[0])
	other := f.enqueue(accounts[1])
	chunk, err := f.Keeper.Chunks.Get(f.Ctx, chunkKey(1, 0))
	require.NoError(t, err)
	require.NoError(t, f.Keeper.Chunks.Set(f.Ctx, chunkKey(1, 0), types.Chunk{0xff}))
	f.Ctx = f.Ctx.WithBlockTime(f.Ctx.BlockTime().Add(1e9))
	require.NoError(t, f.Keeper.EndBlock(f.Ctx))
	require.Zero(t, f.waiting())
	require.Equal(t, 1, f.earned(accounts[1]).BigInt().Cmp(other.Contributors.BigInt()), "with a bonus")
	require.NoError(t, f.Keeper.Chunks.Set(f.Ctx, chunkKey(1, 0), chunk))
	_, err = f.msgs.RetryDeadLetter(f.Ctx, &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: 1})
	require.NoError(t, err)
	f.block()
	payout, err := types.Split(types.DefaultTerms(), receipt(accounts[0]))
	require.NoError(t, err)
	require.Equal(t, payout.Entries[0].Amount, f.earned(accounts[0]))
}
