package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestBountyPaysTwice(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	r.Seed()
	funder := r.Bank.Of(r.Ctx, r.Bob)
	id := r.FundBounty(datanettest.Open(250), datanettest.Open(100), r.ID)
	before := r.Bank.Of(r.Ctx, r.Alice)
	first := r.Decide(r.Alice, datanettest.Text(930), datanettest.Accepting, datanettest.ForBounty(id))
	rejected := r.Decide(r.Alice, datanettest.Text(931), datanettest.Rejecting, datanettest.ForBounty(id))
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(rejected).Status)
	c := r.Contribution(first)
	spent := c.Deposit.Amount.Add(datanettest.Fee.MulRaw(2))
	require.Equal(t, before, r.Bank.Of(r.Ctx, r.Alice).Add(spent), "nothing while it may be appealed")
	require.Equal(t, datanettest.Open(80), c.Vesting, "80 % of the price")
	second := r.Decide(r.Alice, datanettest.Text(932), datanettest.Accepting, datanettest.ForBounty(id))
	b := r.Bounty(id)
	require.Equal(t, datanettest.Open(90), b.Left, "250 less two prices of 80 %")
	items := r.Commit(r.Alice, datanettest.Open(20), r.Sealed(r.Alice, "x"))
	items[0].Bounty = id
	r.Blocks(2)
	datanettest.Refuse(r.Fixture, r.Msgs.RevealContributions, datanettest.RevealMsg(r.Alice, items...), types.ErrBounty)

	datanettest.Must(r.Fixture, r.Msgs.RecallContribution, datanettest.RecallMsg(r.Alice.String(), second))
	require.Equal(t, datanettest.Open(170), r.Bounty(id).Left, "what is recalled is not paid")
	before = r.Bank.Of(r.Ctx, r.Alice)
	r.After(r.Params().AppealWindow + time.Minute)
	r.EndBlock()
	require.Equal(t, datanettest.Open(40), r.Bank.Of(r.Ctx, r.Alice).Sub(before), "half")
	require.Equal(t, datanettest.Open(40), r.Contribution(first).Vesting)
	r.After(60 * 24 * time.Hour)
	r.EndBlock()
	require.True(t, r.Bounty(id).Closed)
	require.Equal(t, datanettest.Open(80), funder.Sub(r.Bank.Of(r.Ctx, r.Bob)),
		"one half paid, one vests, the rest is back")
	before = r.Bank.Of(r.Ctx, r.Alice)
	r.After(90 * 24 * time.Hour)
	r.EndBlock()
	require.Equal(t, datanettest.Open(40), r.Bank.Of(r.Ctx, r.Alice).Sub(before))
	require.True(t, r.Bounty(id).Vesting.IsZero())
}

func TestBountyChoosesItsReviewers(t *testing.T) {
	r := datanettest.NewReviews(t, 5)
	other := r.Elsewhere(5)
	r.SmallCohorts()
	datanettest.Refuse(r.Fixture, r.Msgs.FundBounty, &types.MsgFundBounty{
		Funder: r.Bob.String(), DatanetId: r.ID, Amount: datanettest.Open(1_000), Price: datanettest.Open(100),
		Deadline: r.Ctx.BlockTime().Add(time.Hour), Panel: other,
	}, types.ErrBounty)
	datanettest.Must(r.Fixture, r.Msgs.UpdateDataNet, &types.MsgUpdateDataNet{
		Owner: r.Owner.String(), DatanetId: r.ID, Name: "Skin", RoyaltyFloor: math.ZeroInt(), ReviewFee: datanettest.Fee,
		BountyPanels: true,
	})
	id := r.FundBounty(datanettest.Open(1_000), datanettest.Open(100), other)
	rank := r.Contribute(r.Alice, datanettest.Text(940), datanettest.ForBounty(id))
	ranks := []uint64{r.Contribute(r.Owner, datanettest.Text(941), datanettest.ForBounty(id)),
		r.Contribute(r.Owner, datanettest.Text(942), datanettest.ForBounty(id))}
	require.NotEqual(t, r.Contribution(r.Fresh(r.Alice, 1)[0]).Cohort, r.Contribution(rank).Cohort,
		"without the bounty its own validators review")
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, ranks[0])
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, ranks[1])
	cohort := r.Draw(r.Contribution(rank).Cohort)
	for _, seat := range cohort.Seats {
		require.Equal(t, other, r.MustValidator(seat.Validator).DatanetId)
	}
}

func TestBountyIsRefused(t *testing.T) {
	r := datanettest.NewReviews(t, 21)
	msg := func(change func(*types.MsgFundBounty)) *types.MsgFundBounty {
		m := &types.MsgFundBounty{Funder: r.Bob.String(), DatanetId: r.ID, Amount: datanettest.Open(100),
			Price: datanettest.Open(10), Deadline: r.Ctx.BlockTime().Add(time.Hour), Panel: r.ID}
		change(m)
		return m
	}
	for name, test := range map[string]struct {
		change func(*types.MsgFundBounty)
		want   error
	}{
		"price above amount": {func(m *types.MsgFundBounty) { m.Price = datanettest.Open(101) }, types.ErrBounty},
		"nothing":            {func(m *types.MsgFundBounty) { m.Amount = math.ZeroInt() }, types.ErrBounty},
		"no DataNet":         {func(m *types.MsgFundBounty) { m.DatanetId = 9 }, types.ErrDataNetNotFound},
		"no panel":           {func(m *types.MsgFundBounty) { m.Panel = 9 }, types.ErrDataNetNotFound},
		"over":               {func(m *types.MsgFundBounty) { m.Deadline = r.Ctx.BlockTime() }, types.ErrBounty},
		"in two years": {func(m *types.MsgFundBounty) { m.Deadline = r.Ctx.BlockTime().AddDate(2, 0, 0) },
			types.ErrBounty},
		"poor":          {func(m *types.MsgFundBounty) { m.Funder = r.Poor.String() }, solo.ErrFunds},
		"below the fee": {func(m *types.MsgFundBounty) { m.Price = datanettest.Open(9) }, types.ErrBounty},
		"own DataNet":   {func(m *types.MsgFundBounty) { m.DatanetId = r.Create() }, types.ErrReviewPolicy},
	} {
		t.Run(name, func(t *testing.T) {
			datanettest.Refuse(r.Fixture, r.Msgs.FundBounty, msg(test.change),
				test.want)
		})
	}
	// The pool's bounties are bounded by the stake of all validators: 22 bonds, a panel of seven and one of 15.
	require.NoError(t, r.Bank.Add(r.Ctx, solo.ModuleAddress("bounty_pool"), datanettest.Open(0)))
	pool := &types.MsgFundPoolBounty{Authority: solo.Authority(), DatanetId: r.ID, Amount: datanettest.Open(10),
		Price: datanettest.Open(10), Deadline: r.Ctx.BlockTime().Add(time.Hour)}
	datanettest.Refuse(r.Fixture, r.Msgs.FundPoolBounty, pool, types.ErrBounty)
	r.Bonded("one more", r.ID)
	pool.Amount = datanettest.Bond.MulRaw(22).QuoRaw(10).AddRaw(1)
	datanettest.Refuse(r.Fixture, r.Msgs.FundPoolBounty, pool, types.ErrBounty)
	pool.Amount = datanettest.Bond.MulRaw(22).QuoRaw(10)
	datanettest.Refuse(r.Fixture, r.Msgs.FundPoolBounty, pool, solo.ErrFunds)
	dear := *pool
	dear.Price = datanettest.Open(201) // a panel answers for 25 items with five bonds of 100 OPEN
	datanettest.Refuse(r.Fixture, r.Msgs.FundPoolBounty, &dear, types.ErrBounty)
	foreign := *pool
	foreign.Authority = r.Alice.String()
	datanettest.Refuse(r.Fixture, r.Msgs.FundPoolBounty, &foreign, types.ErrUnauthorized)
	require.NoError(t, r.Rewards.FundBountyPool(r.Ctx, datanettest.FundedModule(r, pool.Amount), pool.Amount))
	id := datanettest.Must(r.Fixture, r.Msgs.FundPoolBounty, pool).Id
	r.After(time.Hour)
	r.EndBlock()
	require.True(t, r.Bounty(id).Closed)
	require.Equal(t, pool.Amount, r.Pool(), "what nobody earned is back in the pool")
}
