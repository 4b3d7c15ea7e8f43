package review_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// capture is a world with a bounty of the pool and somebody who holds a part of all bonds: junk for the bounty, and the
// seats of a panel that accept it.
type capture struct {
	*datanettest.Reviews
	bounty    uint64
	price     math.Int
	attackers map[string]bool
	owners    []string // of places in the draw, all as wide as one bond
}

const (
	poolValidators = 60
	poolJunk       = 16
)

func newCapture(t *testing.T, attackers int) *capture {
	r := datanettest.NewReviews(t, 0)
	r.Quiet = true
	msg := datanettest.CreateMsg(r.Owner)
	// .2 OPEN: bonds of 100 OPEN are the least
	msg.ReviewPolicy, msg.ReviewFee = types.REVIEW_POLICY_PANEL, datanettest.Open(2)
	r.ID = datanettest.Must(r.Fixture, r.Msgs.CreateDataNet, msg).DatanetId
	c := &capture{Reviews: r, attackers: make(map[string]bool)}
	stake := math.ZeroInt()
	for i := range poolValidators {
		who := datanettest.Account(fmt.Sprint("pool-validator-", i))
		r.Fund(who)
		datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(),
			DatanetId: r.ID, Amount: datanettest.Open(1_000)})
		c.owners = append(c.owners, who.String())
		if i < attackers {
			c.attackers[who.String()] = true
		}
		stake = stake.Add(datanettest.Open(1_000))
	}
	c.attackers[r.Alice.String()] = true // submits the junk
	amount := stake.QuoRaw(10)
	c.price = types.DefaultParams().MaxPoolPrice(datanettest.Open(2))
	require.Equal(t, datanettest.Open(200), c.price, "five bonds of 100 OPEN for 25 items")
	require.NoError(t, r.Bank.Add(r.Ctx, solo.ModuleAddress("bounty_pool"), datanettest.Open(0)))
	require.NoError(t, r.Rewards.FundBountyPool(r.Ctx, datanettest.FundedModule(r, amount), amount))
	fund := &types.MsgFundPoolBounty{
		Authority: solo.Authority(), DatanetId: r.ID, Amount: amount, Price: c.price, MinTokens: 50,
		Deadline: r.Ctx.BlockTime().Add(100 * 24 * time.Hour),
	}
	c.bounty = datanettest.Must(r.Fixture, r.Msgs.FundPoolBounty, fund).Id
	datanettest.Refuse(r.Fixture, r.Msgs.FundPoolBounty, &types.MsgFundPoolBounty{
		Authority: solo.Authority(), DatanetId: r.ID, Amount: c.price, Price: c.price, Deadline: fund.Deadline,
	}, types.ErrBounty) // all open bounties together hold a tenth of the stake, not each
	return c
}

// wealth of the attackers in accounts and bonds.
func (c *capture) wealth() math.Int {
	sum := math.ZeroInt()
	for a := range c.attackers {
		sum = sum.Add(c.Balance(a))
		if v, err := c.Keeper.Review.GetValidator(c.Ctx, c.ID, sdk.MustAccAddressFromBech32(a)); err == nil {
			sum = sum.Add(v.Bond)
			for _, u := range v.Unbonding {
				sum = sum.Add(u.Amount)
			}
		}
	}
	return sum
}

// seatAs passes blocks until a panel is drawn of which so many seats are the attackers'.
func (c *capture) seatAs(id uint64, attackers int) types.Cohort {
	for n := 0; ; n++ {
		cohort := c.Cohort(id)
		if cohort.Phase == types.COHORT_PHASE_COMMIT {
			return cohort
		}
		require.Less(c.T, n, 100)
		c.Ctx = c.Ctx.WithHeaderHash(c.hashFor(cohort, len(cohort.Seats) < attackers))
		c.EndBlock()
	}
}

// hashFor returns a block hash that gives the next seat of a review to an attacker, or to somebody honest.
func (c *capture) hashFor(cohort types.Cohort, attacker bool) []byte {
	return c.hashThat(cohort, func(owner string) bool {
		for _, account := range cohort.Excluded {
			if sdk.AccAddress(account).String() == owner {
				return false
			}
		}
		v := c.Validator(c.ID, owner)
		free := v.Bond.Sub(v.Pledged).GTE(cohort.Pledge)
		return free && cohort.Seated(owner) < c.Params().MaxSeatsOf() && c.attackers[owner] == attacker
	})
}

// hashThat returns a block hash whose first try for the next seat falls on somebody who suits.
func (c *capture) hashThat(cohort types.Cohort, suits func(owner string) bool) []byte {
	total := new(big.Int)
	ends := make([]*big.Int, len(c.owners))
	for i, owner := range c.owners {
		if v := c.Validator(c.ID, owner); v.Active {
			total.Add(total, v.Bond.BigInt())
		}
		ends[i] = new(big.Int).Set(total)
	}
	for n := 0; ; n++ {
		require.Less(c.T, n, 100_000)
		hash := datanettest.Salt(fmt.Sprint("block ", cohort.Id, n))
		number := new(big.Int).SetBytes(types.SeatHash(hash, cohort.Id, cohort.Round, uint32(len(cohort.Seats)), 0))
		number.Mod(number, total)
		at := 0
		for number.Cmp(ends[at]) >= 0 {
			at++
		}
		if suits(c.owners[at]) {
			return hash
		}
	}
}

// capturedPanel has the attackers accept their junk with five of seven seats, and returns the items of the junk.
func (c *capture) capturedPanel() []uint64 {
	var junk []uint64
	var gold []uint64
	for range 4 { // of the honest owner, who applies to the bounty too: gold may not be told by that it does not
		gold = append(gold, c.Contribute(c.Owner, datanettest.Text(c.N), datanettest.ForBounty(c.bounty)))
	}
	golds := []*types.MsgOpenGold{
		c.Plant(types.GOLD_KIND_ALTERED, c.Owner, gold[0]), c.Plant(types.GOLD_KIND_ALTERED, c.Owner, gold[1]),
		c.Plant(types.GOLD_KIND_SOUND, c.Owner, gold[2]), c.Plant(types.GOLD_KIND_SOUND, c.Owner, gold[3]),
	}
	for range poolJunk {
		junk = append(junk, c.Contribute(c.Alice, datanettest.Text(c.N), datanettest.ForBounty(c.bounty)))
	}
	c.EndBlock()
	cohort := c.seatAs(c.Contribution(junk[0]).Cohort, 5)
	require.Len(c.T, cohort.Seats, 7)
	mine := uint32(0)
	for a := range c.attackers {
		mine += cohort.Seated(a)
	}
	require.EqualValues(c.T, 5, mine)
	require.Equal(c.T, c.Params().Pledge(c.price.MulRaw(20)), cohort.Pledge)
	isJunk := make(map[uint64]bool)
	for _, rank := range junk {
		isJunk[rank] = true
	}
	c.Vote(cohort, func(seat types.Seat) datanettest.Opinion {
		mine := c.attackers[seat.Address]
		return func(item uint64) types.Vote {
			switch {
			case item == gold[0] || item == gold[1]:
				return datanettest.No(types.REJECT_REASON_WRONG)
			case isJunk[item] && !mine:
				return datanettest.No(types.REJECT_REASON_SPAM)
			}
			return datanettest.Yes(types.MaxScore)
		}
	})
	for _, open := range golds {
		datanettest.Must(c.Fixture, c.Msgs.OpenGold, open)
	}
	c.EndBlock()
	for _, rank := range junk {
		require.True(c.T, c.Contribution(rank).Earning())
	}
	require.True(c.T, c.Reviews.Bounty(c.bounty).Paid.LT(c.price),
		"nothing is paid at once, but for the panel that confirms")
	for _, rank := range gold[2:] {
		sound := c.Contribution(rank)
		require.True(c.T, sound.Earning() && sound.Bounty == 0 && sound.Vesting.IsZero() && sound.Reserved.IsZero(),
			"the pool does not pay for gold")
	}
	return junk
}

// decided has a panel vote: attackers for the junk, others against it.
func (c *capture) decided(cohort types.Cohort) {
	c.Vote(cohort, func(seat types.Seat) datanettest.Opinion {
		if c.attackers[seat.Address] {
			return func(uint64) types.Vote { return datanettest.Yes(types.MaxScore) }
		}
		return func(uint64) types.Vote { return datanettest.No(types.REJECT_REASON_SPAM) }
	})
}

// watch has somebody appeal each item that stands, with panels as they are drawn.
func (c *capture) watch(junk []uint64) {
	for _, rank := range junk {
		if !c.Contribution(rank).Earning() {
			continue
		}
		c.Fund(c.Bob)
		appeal := datanettest.Must(c.Fixture, c.Msgs.Appeal,
			&types.MsgAppeal{Appellant: c.Bob.String(), Rank: rank, Reason: "junk"}).Cohort
		c.decided(c.Draw(appeal))
	}
}

// settle lets everything be paid that will be, and returns what the attackers have gained, and how much junk still
// earns.
func (c *capture) settle(before math.Int, junk []uint64) (gain math.Int, standing int) {
	c.After(c.Params().AppealWindow + time.Minute)
	c.EndBlock()
	c.After(91 * 24 * time.Hour)
	for range 5 {
		c.EndBlock()
	}
	require.NoError(c.T, c.Keeper.CheckInvariants(c.Ctx))
	for _, rank := range junk {
		if c.Contribution(rank).Earning() {
			standing++
		}
	}
	return c.wealth().Sub(before), standing
}

// play captures a panel; of the one that confirms so many seats are the attackers', or as many as chance gives them.
func playCapture(t *testing.T, attackers, confirming int, watched bool) (gain math.Int, standing int) {
	c := newCapture(t, attackers)
	before := c.wealth()
	junk := c.capturedPanel()
	check := c.Contribution(junk[0]).Check
	require.NotZero(t, check)
	var cohort types.Cohort
	if confirming < 0 {
		cohort = c.Draw(check)
	} else {
		cohort = c.seatAs(check, confirming)
	}
	require.Len(t, cohort.Seats, 15)
	c.decided(cohort)
	if watched {
		c.watch(junk)
	}
	return c.settle(before, junk)
}

func inTenths(amount math.Int) string {
	tenths := amount.Quo(datanettest.Open(1)).Int64()
	return fmt.Sprintf("%.1f OPEN", float64(tenths)/10)
}

// TestPoolCapture: a panel that accepts a cohort of junk for a bounty of the pool loses more than all of it would have
// paid, whether somebody watches or not. Before, a third of the stake won 400 OPEN so, and 1,600 when nobody appealed.
func TestPoolCapture(t *testing.T) {
	for _, attackers := range []int{6, 12, 15, 20} {
		for _, watched := range []bool{false, true} {
			gain, standing := playCapture(t, attackers, -1, watched)
			worth := datanettest.Open(200).MulRaw(poolJunk)
			t.Logf("%d %% of the stake, watched %t: %s of %s to be won, %d items stand", 100*attackers/poolValidators,
				watched, inTenths(gain), inTenths(worth), standing)
			require.Zero(t, standing)
			require.True(t, gain.Neg().GTE(worth), "the panel loses %s", inTenths(gain))
		}
	}
}

// TestPoolCaptureByChance: whoever captures a panel may have the luck to capture the one that confirms too. Weighed by
// how likely that is, he loses; and when somebody watches, he loses even then.
func TestPoolCaptureByChance(t *testing.T) {
	gain := make(map[int]math.Int) // by seats of the confirming panel
	for _, seats := range []int{8, 7, 6} {
		var standing int
		gain[seats], standing = playCapture(t, 20, seats, false)
		require.Equal(t, seats == 8, standing == poolJunk)
		t.Logf("%d of 15 seats confirm: %s", seats, inTenths(gain[seats]))
	}
	require.True(t, gain[8].IsPositive(), "two captured panels are what is left to win by")
	for _, percent := range []int64{10, 20, 25, 33} {
		expected := math.LegacyZeroDec()
		stake := math.LegacyNewDec(percent).QuoInt64(100)
		for k := int64(0); k <= 15; k++ {
			chance := math.LegacyNewDecFromBigInt(new(big.Int).Binomial(15,
				k)).Mul(stake.Power(uint64(k))).Mul(math.LegacyOneDec().Sub(stake).Power(uint64(15 - k)))
			expected = expected.Add(chance.MulInt(gain[int(min(max(k, 6), 8))]))
		}
		t.Logf("%d %% of the stake, a captured panel: %s on average", percent, inTenths(expected.TruncateInt()))
		require.True(t, expected.IsNegative())
	}
	watched, _ := playCapture(t, 20, 8, true)
	t.Logf("8 of 15 seats confirm, and somebody appeals: %s", inTenths(watched))
	require.True(t, watched.IsNegative())
}

// TestPoolBountyPaysWhatIsConfirmed: half when the verdict is final, half after vesting; the bounty pays who confirms.
func TestPoolBountyPaysWhatIsConfirmed(t *testing.T) {
	c := newCapture(t, 0)
	c.Quiet = false
	c.SmallCohorts()
	good := c.Contribute(c.Bob, datanettest.Text(c.N), datanettest.ForBounty(c.bounty))
	held := c.Reviews.Bounty(c.bounty)
	require.Equal(t, c.price.Add(c.Params().ConfirmFee(datanettest.Open(2))), held.Reserved)
	c.Plant(types.GOLD_KIND_ALTERED, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Plant(types.GOLD_KIND_SOUND, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	cohort := c.Draw(c.Contribution(good).Cohort)
	seat := cohort.Seats[0]
	require.Equal(t, cohort.Pledge, seat.Pledged)
	require.Equal(t, cohort.Pledge.MulRaw(int64(cohort.Seated(seat.Address))), c.Validator(c.ID, seat.Address).Pledged)
	c.Vote(cohort, datanettest.All(datanettest.Accepting))
	c.After(c.Params().GoldWindow)
	c.EndBlock()
	item := c.Contribution(good)
	require.True(t, item.Earning())
	require.Equal(t, c.price.MulRaw(8).QuoRaw(10), item.Vesting)
	datanettest.Refuse(c.Fixture, c.Msgs.Appeal, &types.MsgAppeal{Appellant: c.Alice.String(), Rank: good,
		Reason: "no"}, types.ErrAppeal)

	before := c.Balance(c.Bob.String())
	confirm := c.Draw(item.Check)
	require.Equal(t, types.COHORT_KIND_BOUNTY, confirm.Kind)
	exported := c.Export() // with pledges, a promise and a confirmation under way
	require.NoError(t, exported.Validate())
	elsewhere, err := c.Imported(exported)
	require.NoError(t, err)
	require.Equal(t, exported, elsewhere.Export())
	require.NoError(t, elsewhere.Keeper.CheckInvariants(elsewhere.Ctx))
	for _, s := range confirm.Seats {
		require.Zero(t, cohort.Seated(s.Address), "who accepted does not confirm")
	}
	first := c.Balance(confirm.Seats[0].Address)
	c.Vote(confirm, datanettest.All(datanettest.Accepting))
	require.Equal(
		t, confirm.Fee.QuoRaw(15*int64(len(confirm.Items))).MulRaw(
			int64(len(confirm.Items))*int64(confirm.Seated(confirm.Seats[0].Address))),
		c.Balance(confirm.Seats[0].Address).Sub(first))
	require.Equal(t, before, c.Balance(c.Bob.String()))
	c.After(c.Params().AppealWindow - time.Minute)
	c.EndBlock()
	require.Equal(t, before, c.Balance(c.Bob.String()), "it may still be appealed")
	c.After(time.Minute)
	c.After(time.Minute)
	c.EndBlock()
	require.Equal(t, before, c.Balance(c.Bob.String()), "validators were not asked about its text yet")
	c.Hold()
	c.After(24 * time.Hour)
	c.EndBlock()
	require.Equal(t, before.Add(item.Vesting.QuoRaw(2)), c.Balance(c.Bob.String()))
	c.After(90 * 24 * time.Hour)
	c.EndBlock()
	c.EndBlock()
	require.Equal(t, before.Add(item.Vesting), c.Balance(c.Bob.String()).Add(c.Contribution(good).Vesting))
	require.True(t, c.Validator(c.ID, seat.Address).Pledged.IsZero(), "nobody answers any more")
}

// TestNoPanelNoPoolPay: what no full panel confirms stands in the DataNet, and the pool keeps its money.
func TestNoPanelNoPoolPay(t *testing.T) {
	c := newCapture(t, 0)
	c.Quiet = false
	c.SmallCohorts()
	good := c.Contribute(c.Bob, datanettest.Text(c.N), datanettest.ForBounty(c.bounty))
	c.Plant(types.GOLD_KIND_ALTERED, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Plant(types.GOLD_KIND_SOUND, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Vote(c.Draw(c.Contribution(good).Cohort), datanettest.All(datanettest.Accepting))
	c.After(c.Params().GoldWindow)
	c.EndBlock()
	check := c.Contribution(good).Check
	require.NotZero(t, check)
	for range 4 { // two panels stay away
		c.Draw(check)
		c.After(c.Params().CommitWindow)
		c.EndBlock()
		if c.Cohort(check).Phase == types.COHORT_PHASE_DECIDED {
			break
		}
	}
	require.Equal(t, types.COHORT_PHASE_DECIDED, c.Cohort(check).Phase)
	item, bounty := c.Contribution(good), c.Reviews.Bounty(c.bounty)
	require.True(t, item.Earning() && item.Vesting.IsZero() && item.Reserved.IsZero())
	require.True(t, bounty.Vesting.IsZero() && bounty.Reserved.IsZero())
	datanettest.Must(c.Fixture, c.Msgs.Appeal, &types.MsgAppeal{Appellant: c.Alice.String(), Rank: good,
		Reason: "it may be appealed"})
}

// TestPledgesAreNotShared: a bond answers for as many seats as it covers, and what is pledged does not leave.
func TestPledgesAreNotShared(t *testing.T) {
	c := newCapture(t, 1)
	junk := c.capturedSmall(1)
	cohort := c.CohortOf(junk)
	seat := cohort.Seats[0]
	require.True(t, c.attackers[seat.Address])
	v := c.Validator(c.ID, seat.Address)
	v.Pledged = v.Bond // all of it answers for seats elsewhere
	require.NoError(t, c.Keeper.Review.Validators.Set(c.Ctx, v.Id, v))
	next := c.Contribute(c.Alice, datanettest.Text(c.N), datanettest.ForBounty(c.bounty))
	c.Plant(types.GOLD_KIND_ALTERED, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Plant(types.GOLD_KIND_SOUND, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.EndBlock()
	id := c.Contribution(next).Cohort
	for c.Cohort(id).Phase == types.COHORT_PHASE_DRAWING {
		c.Ctx = c.Ctx.WithHeaderHash(c.hashThat(c.Cohort(id), func(owner string) bool { return owner == seat.Address }))
		c.EndBlock()
	}
	require.Len(t, c.Cohort(id).Seats, 7)
	require.Zero(t, c.Cohort(id).Seated(seat.Address), "each draw fell on it, and passed over it")

	who := sdk.MustAccAddressFromBech32(seat.Address)
	datanettest.Must(c.Fixture, c.Msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: seat.Address,
		DatanetId: c.ID, Amount: v.Bond})
	c.After(c.Params().Unbonding + time.Second)
	before := c.Bank.Of(c.Ctx, who)
	c.EndBlock()
	require.Equal(t, before, c.Bank.Of(c.Ctx, who), "it waits until the seat answers no more")
}

// capturedSmall has a cohort of one item and two gold drawn, the first seats of which are attackers'.
func (c *capture) capturedSmall(seats int) uint64 {
	c.SmallCohorts()
	item := c.Contribute(c.Alice, datanettest.Text(c.N), datanettest.ForBounty(c.bounty))
	c.Plant(types.GOLD_KIND_ALTERED, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Plant(types.GOLD_KIND_SOUND, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.EndBlock()
	c.seatAs(c.Contribution(item).Cohort, seats)
	return item
}

// TestAppealsWinNoPoolBounty: a rejection that an appeal turns around enters the DataNet, but one panel alone does not
// open the pool.
func TestAppealsWinNoPoolBounty(t *testing.T) {
	c := newCapture(t, 0)
	c.Quiet = false
	c.SmallCohorts()
	item := c.Contribute(c.Bob, datanettest.Text(c.N), datanettest.ForBounty(c.bounty))
	c.Plant(types.GOLD_KIND_ALTERED, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Plant(types.GOLD_KIND_SOUND, c.Owner, c.Contribute(c.Owner, datanettest.Text(c.N),
		datanettest.ForBounty(c.bounty)))
	c.Vote(c.Draw(c.Contribution(item).Cohort), datanettest.All(datanettest.Rejecting))
	c.After(c.Params().GoldWindow)
	c.EndBlock()
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, c.Contribution(item).Status)
	appeal := datanettest.Must(c.Fixture, c.Msgs.Appeal, &types.MsgAppeal{Appellant: c.Bob.String(), Rank: item,
		Reason: "it is sound"}).Cohort
	c.Vote(c.Draw(appeal), datanettest.All(datanettest.Accepting))
	got := c.Contribution(item)
	require.True(t, got.Earning())
	require.True(t, got.Bounty == 0 && got.Vesting.IsZero())
}

// TestGoldIsPaidByWhoAgrees: a private bounty pays for sound gold if its funder said so.
func TestGoldIsPaidByWhoAgrees(t *testing.T) {
	for _, agrees := range []bool{false, true} {
		r := datanettest.NewReviews(t, 9)
		r.SmallCohorts()
		id := datanettest.Must(r.Fixture, r.Msgs.FundBounty, &types.MsgFundBounty{
			Funder: r.Bob.String(), DatanetId: r.ID, Amount: datanettest.Open(300), Price: datanettest.Open(100), Panel: r.ID,
			Deadline: r.Ctx.BlockTime().Add(24 * time.Hour), PaysGold: agrees,
		}).Id
		r.Contribute(r.Alice, datanettest.Text(r.N), datanettest.ForBounty(id))
		altered, sound := r.Contribute(r.Owner, datanettest.Text(r.N), datanettest.ForBounty(id)), r.Contribute(r.Owner,
			datanettest.Text(r.N), datanettest.ForBounty(id))
		golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered),
			r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)}
		r.Vote(r.Draw(r.Contribution(sound).Cohort), datanettest.All(datanettest.Accepting))
		r.Open(golds...)
		require.True(t, r.Contribution(sound).Earning())
		require.Equal(t, agrees, r.Contribution(sound).Vesting.IsPositive())
		require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.Contribution(altered).Status)
	}
}
