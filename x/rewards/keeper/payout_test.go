package keeper_test

import (
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/rewards/types"
)

// TestPayoutsOneByOne: with one payout a block every account is paid in turn,
// also behind one that the bank refuses, on one page and on many.
func TestPayoutsOneByOne(t *testing.T) {
	f := newFixture(t, func(p *types.Params) { p.PayoutsPerBlock, p.PayoutThreshold = 1, math.NewInt(5) })
	f.register(5 * types.AccountsPerPage)
	blocked := solo.ModuleAddress(types.BountyPoolName)
	accounts := []int{1, 2, 3, types.AccountsPerPage + 7, 4*types.AccountsPerPage + 1}
	require.NoError(t, f.Keeper.Credit(f.Ctx, payer, blocked, math.NewInt(100)))
	for _, n := range accounts {
		require.NoError(t, f.Keeper.Credit(f.Ctx, payer, account(n), math.NewInt(int64(100+n))))
	}
	f.blocks(4 * (len(accounts) + 1))
	for _, n := range accounts {
		require.Equal(t, int64(100+n), f.Bank.Of(f.Ctx, account(n)).Int64(), "account %d", n)
	}
	response, err := f.queries.Earnings(f.Ctx, &types.QueryEarningsRequest{Address: blocked.String()})
	require.NoError(t, err)
	require.EqualValues(t, 100, response.Claimable.Amount.Int64())
	// Pages are not visited for ever because of it.
	due := 0
	require.NoError(t, f.Keeper.DuePages.Walk(f.Ctx, nil, func(uint64) (bool, error) { due++; return false, nil }))
	require.Zero(t, due)
}

// TestChosenThresholdsDelayNobody: accounts that chose to be paid later are not
// paid before, and take no payouts from others.
func TestChosenThresholdsDelayNobody(t *testing.T) {
	f := newFixture(t, func(p *types.Params) { p.PayoutsPerBlock, p.PayoutThreshold = 3, math.NewInt(5) })
	f.register(20 * types.AccountsPerPage)
	patient := each(1, 18)
	for _, n := range patient {
		_, err := f.msgs.SetPayoutThreshold(f.Ctx,
			&types.MsgSetPayoutThreshold{Account: account(n).String(), Threshold: "1000"})
		require.NoError(t, err)
		require.NoError(t, f.Keeper.Credit(f.Ctx, payer, account(n), math.NewInt(999)))
	}
	last := each(19, 1)[0]
	require.NoError(t, f.Keeper.Credit(f.Ctx, payer, account(last), math.NewInt(5)))
	f.block()
	require.EqualValues(t, 5, f.Bank.Of(f.Ctx, account(last)).Int64())
	f.blocks(10)
	for _, n := range patient {
		require.True(t, f.Bank.Of(f.Ctx, account(n)).IsZero())
		require.NoError(t, f.Keeper.Credit(f.Ctx, payer, account(n), math.NewInt(1)))
	}
	f.blocks(6)
	for _, n := range patient {
		require.EqualValues(t, 1_000, f.Bank.Of(f.Ctx, account(n)).Int64())
	}
}

// TestPaidOutIsRightAfterRefunds: what was paid is not guessed from what was earned.
func TestPaidOutIsRightAfterRefunds(t *testing.T) {
	f := newFixture(t, slow(100))
	f.register(3 * types.AccountsPerPage)
	f.enqueue(1)
	require.NoError(t, f.Keeper.Credit(f.Ctx, payer, account(1), math.NewInt(777)))
	f.block()
	response, err := f.queries.Earnings(f.Ctx, &types.QueryEarningsRequest{Address: account(1).String()})
	require.NoError(t, err)
	require.True(t, response.PaidOut.IsZero())
	require.Equal(t, response.Earned.Amount.AddRaw(777).String(), response.Claimable.Amount.String())
	_, err = f.msgs.Claim(f.Ctx, &types.MsgClaim{Account: account(1).String(), Recipient: account(2).String()})
	require.NoError(t, err)
	after, err := f.queries.Earnings(f.Ctx, &types.QueryEarningsRequest{Address: account(1).String()})
	require.NoError(t, err)
	require.Equal(t, response.Claimable.String(), after.PaidOut.String())
	require.Equal(t, response.Claimable.Amount.String(), f.Bank.Of(f.Ctx, account(2)).String())
}

// TestClaimInTheBlockOfARefund: a claim brings in what is owed to the ledger, though the block has not ended.
func TestClaimInTheBlockOfARefund(t *testing.T) {
	f := newFixture(t, slow(100))
	require.NoError(t, f.Keeper.Credit(f.Ctx, payer, account(1), math.NewInt(50)))
	response, err := f.msgs.Claim(f.Ctx, &types.MsgClaim{Account: account(1).String()})
	require.NoError(t, err)
	require.EqualValues(t, 50, response.Amount.Amount.Int64())
	f.block()
}
