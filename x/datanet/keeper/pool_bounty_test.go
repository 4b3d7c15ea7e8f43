package keeper_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// capture is a world with a bounty of the pool and somebody who holds a part of all bonds: junk for the bounty, and the seats of a
// panel that accept it.
type capture struct {
	*reviews
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
	r := newReviews(t, 0)
	r.quiet = true
	msg := createMsg(r.owner)
	msg.ReviewPolicy, msg.ReviewFee = types.REVIEW_POLICY_PANEL, open(2) // .2 OPEN: bonds of 100 OPEN are the least
	r.id = must(r.fixture, r.msgs.CreateDataNet, msg).DatanetId
	c := &capture{reviews: r, attackers: make(map[string]bool)}
	stake := math.ZeroInt()
	for i := range poolValidators {
		who := account(fmt.Sprint("pool-validator-", i))
		r.fund(who)
		must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(), DatanetId: r.id, Amount: open(1_000)})
		c.owners = append(c.owners, who.String())
		if i < attackers {
			c.attackers[who.String()] = true
		}
		stake = stake.Add(open(1_000))
	}
	c.attackers[r.alice.String()] = true // submits the junk
	amount := stake.QuoRaw(10)
	c.price = types.DefaultParams().MaxPoolPrice(open(2))
	require.Equal(t, open(200), c.price, "five bonds of 100 OPEN for 25 items")
	require.NoError(t, r.Bank.Add(r.Ctx, solo.ModuleAddress("bounty_pool"), open(0)))
	require.NoError(t, r.Rewards.FundBountyPool(r.Ctx, fundedModule(r, amount), amount))
	fund := &types.MsgFundPoolBounty{
		Authority: solo.Authority(), DatanetId: r.id, Amount: amount, Price: c.price, MinTokens: 50, Deadline: r.Ctx.BlockTime().Add(100 * 24 * time.Hour),
	}
	c.bounty = must(r.fixture, r.msgs.FundPoolBounty, fund).Id
	refuse(r.fixture, r.msgs.FundPoolBounty, &types.MsgFundPoolBounty{
		Authority: solo.Authority(), DatanetId: r.id, Amount: c.price, Price: c.price, Deadline: fund.Deadline,
	}, types.ErrBounty) // all open bounties together hold a tenth of the stake, not each
	return c
}

// wealth of the attackers in accounts and bonds.
func (c *capture) wealth() math.Int {
	sum := math.ZeroInt()
	for a := range c.attackers {
		sum = sum.Add(c.balance(a))
		if v, err := c.Keeper.GetValidator(c.Ctx, c.id, sdk.MustAccAddressFromBech32(a)); err == nil {
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
		cohort := c.cohort(id)
		if cohort.Phase == types.COHORT_PHASE_COMMIT {
			return cohort
		}
		require.Less(c.t, n, 100)
		c.Ctx = c.Ctx.WithHeaderHash(c.hashFor(cohort, len(cohort.Seats) < attackers))
		c.endBlock()
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
		v := c.validator(c.id, owner)
		free := v.Bond.Sub(v.Pledged).GTE(cohort.Pledge)
		return free && cohort.Seated(owner) < c.params().MaxSeatsOf() && c.attackers[owner] == attacker
	})
}

// hashThat returns a block hash whose first try for the next seat falls on somebody who suits.
func (c *capture) hashThat(cohort types.Cohort, suits func(owner string) bool) []byte {
	total := new(big.Int)
	ends := make([]*big.Int, len(c.owners))
	for i, owner := range c.owners {
		if v := c.validator(c.id, owner); v.Active {
			total.Add(total, v.Bond.BigInt())
		}
		ends[i] = new(big.Int).Set(total)
	}
	for n := 0; ; n++ {
		require.Less(c.t, n, 100_000)
		hash := salt(fmt.Sprint("block ", cohort.Id, n))
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
		gold = append(gold, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	}
	golds := []*types.MsgOpenGold{
		c.plant(types.GOLD_KIND_ALTERED, c.owner, gold[0]), c.plant(types.GOLD_KIND_ALTERED, c.owner, gold[1]),
		c.plant(types.GOLD_KIND_SOUND, c.owner, gold[2]), c.plant(types.GOLD_KIND_SOUND, c.owner, gold[3]),
	}
	for range poolJunk {
		junk = append(junk, c.contribute(c.alice, text(c.n), forBounty(c.bounty)))
	}
	c.endBlock()
	cohort := c.seatAs(c.contribution(junk[0]).Cohort, 5)
	require.Len(c.t, cohort.Seats, 7)
	mine := uint32(0)
	for a := range c.attackers {
		mine += cohort.Seated(a)
	}
	require.EqualValues(c.t, 5, mine)
	require.Equal(c.t, c.params().Pledge(c.price.MulRaw(20)), cohort.Pledge)
	isJunk := make(map[uint64]bool)
	for _, rank := range junk {
		isJunk[rank] = true
	}
	c.vote(cohort, func(seat types.Seat) opinion {
		mine := c.attackers[seat.Address]
		return func(item uint64) types.Vote {
			switch {
			case item == gold[0] || item == gold[1]:
				return no(types.REJECT_REASON_WRONG)
			case isJunk[item] && !mine:
				return no(types.REJECT_REASON_SPAM)
			}
			return yes(types.MaxScore)
		}
	})
	for _, open := range golds {
		must(c.fixture, c.msgs.OpenGold, open)
	}
	c.endBlock()
	for _, rank := range junk {
		require.True(c.t, c.contribution(rank).Earning())
	}
	require.True(c.t, c.reviews.bounty(c.bounty).Paid.LT(c.price), "nothing is paid at once, but for the panel that confirms")
	for _, rank := range gold[2:] {
		sound := c.contribution(rank)
		require.True(c.t, sound.Earning() && sound.Bounty == 0 && sound.Vesting.IsZero() && sound.Reserved.IsZero(), "the pool does not pay for gold")
	}
	return junk
}

// decided has a panel vote: attackers for the junk, others against it.
func (c *capture) decided(cohort types.Cohort) {
	c.vote(cohort, func(seat types.Seat) opinion {
		if c.attackers[seat.Address] {
			return func(uint64) types.Vote { return yes(types.MaxScore) }
		}
		return func(uint64) types.Vote { return no(types.REJECT_REASON_SPAM) }
	})
}

// watch has somebody appeal each item that stands, with panels as they are drawn.
func (c *capture) watch(junk []uint64) {
	for _, rank := range junk {
		if !c.contribution(rank).Earning() {
			continue
		}
		c.fund(c.bob)
		appeal := must(c.fixture, c.msgs.Appeal, &types.MsgAppeal{Appellant: c.bob.String(), Rank: rank, Reason: "junk"}).Cohort
		c.decided(c.draw(appeal))
	}
}

// settle lets everything be paid that will be, and returns what the attackers have gained, and how much junk still earns.
func (c *capture) settle(before math.Int, junk []uint64) (gain math.Int, standing int) {
	c.after(c.params().AppealWindow + time.Minute)
	c.endBlock()
	c.after(91 * 24 * time.Hour)
	for range 5 {
		c.endBlock()
	}
	require.NoError(c.t, c.Keeper.CheckInvariants(c.Ctx))
	for _, rank := range junk {
		if c.contribution(rank).Earning() {
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
	check := c.contribution(junk[0]).Check
	require.NotZero(t, check)
	var cohort types.Cohort
	if confirming < 0 {
		cohort = c.draw(check)
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
	tenths := amount.Quo(open(1)).Int64()
	return fmt.Sprintf("%.1f OPEN", float64(tenths)/10)
}

// TestPoolCapture: a panel that accepts a cohort of junk for a bounty of the pool loses more than all of it would have paid, whether
// somebody watches or not. Before, a third of the stake won 400 OPEN so, and 1,600 when nobody appealed.
func TestPoolCapture(t *testing.T) {
	for _, attackers := range []int{6, 12, 15, 20} {
		for _, watched := range []bool{false, true} {
			gain, standing := playCapture(t, attackers, -1, watched)
			worth := open(200).MulRaw(poolJunk)
			t.Logf("%d %% of the stake, watched %t: %s of %s to be won, %d items stand", 100*attackers/poolValidators, watched, inTenths(gain), inTenths(worth), standing)
			require.Zero(t, standing)
			require.True(t, gain.Neg().GTE(worth), "the panel loses %s", inTenths(gain))
		}
	}
}

// TestPoolCaptureByChance: whoever captures a panel may have the luck to capture the one that confirms too. Weighed by how
// likely that is, he loses; and when somebody watches, he loses even then.
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
			chance := math.LegacyNewDecFromBigInt(new(big.Int).Binomial(15, k)).Mul(stake.Power(uint64(k))).Mul(math.LegacyOneDec().Sub(stake).Power(uint64(15 - k)))
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
	c.quiet = false
	c.smallCohorts()
	good := c.contribute(c.bob, text(c.n), forBounty(c.bounty))
	held := c.reviews.bounty(c.bounty)
	require.Equal(t, c.price.Add(c.params().ConfirmFee(open(2))), held.Reserved)
	c.plant(types.GOLD_KIND_ALTERED, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.plant(types.GOLD_KIND_SOUND, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	cohort := c.draw(c.contribution(good).Cohort)
	seat := cohort.Seats[0]
	require.Equal(t, cohort.Pledge, seat.Pledged)
	require.Equal(t, cohort.Pledge.MulRaw(int64(cohort.Seated(seat.Address))), c.validator(c.id, seat.Address).Pledged)
	c.vote(cohort, all(accepting))
	c.after(c.params().GoldWindow)
	c.endBlock()
	item := c.contribution(good)
	require.True(t, item.Earning())
	require.Equal(t, c.price.MulRaw(8).QuoRaw(10), item.Vesting)
	refuse(c.fixture, c.msgs.Appeal, &types.MsgAppeal{Appellant: c.alice.String(), Rank: good, Reason: "no"}, types.ErrAppeal)

	before := c.balance(c.bob.String())
	confirm := c.draw(item.Check)
	require.Equal(t, types.COHORT_KIND_BOUNTY, confirm.Kind)
	exported := c.export() // with pledges, a promise and a confirmation under way
	require.NoError(t, exported.Validate())
	elsewhere, err := c.imported(exported)
	require.NoError(t, err)
	require.Equal(t, exported, elsewhere.export())
	require.NoError(t, elsewhere.Keeper.CheckInvariants(elsewhere.Ctx))
	for _, s := range confirm.Seats {
		require.Zero(t, cohort.Seated(s.Address), "who accepted does not confirm")
	}
	first := c.balance(confirm.Seats[0].Address)
	c.vote(confirm, all(accepting))
	require.Equal(t, confirm.Fee.QuoRaw(15*int64(len(confirm.Items))).MulRaw(int64(len(confirm.Items))*int64(confirm.Seated(confirm.Seats[0].Address))),
		c.balance(confirm.Seats[0].Address).Sub(first))
	require.Equal(t, before, c.balance(c.bob.String()))
	c.after(c.params().AppealWindow - time.Minute)
	c.endBlock()
	require.Equal(t, before, c.balance(c.bob.String()), "it may still be appealed")
	c.after(time.Minute)
	c.after(time.Minute)
	c.endBlock()
	require.Equal(t, before, c.balance(c.bob.String()), "validators were not asked about its text yet")
	c.hold()
	c.after(24 * time.Hour)
	c.endBlock()
	require.Equal(t, before.Add(item.Vesting.QuoRaw(2)), c.balance(c.bob.String()))
	c.after(90 * 24 * time.Hour)
	c.endBlock()
	c.endBlock()
	require.Equal(t, before.Add(item.Vesting), c.balance(c.bob.String()).Add(c.contribution(good).Vesting))
	require.True(t, c.validator(c.id, seat.Address).Pledged.IsZero(), "nobody answers any more")
}

// TestNoPanelNoPoolPay: what no full panel confirms stands in the DataNet, and the pool keeps its money.
func TestNoPanelNoPoolPay(t *testing.T) {
	c := newCapture(t, 0)
	c.quiet = false
	c.smallCohorts()
	good := c.contribute(c.bob, text(c.n), forBounty(c.bounty))
	c.plant(types.GOLD_KIND_ALTERED, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.plant(types.GOLD_KIND_SOUND, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.vote(c.draw(c.contribution(good).Cohort), all(accepting))
	c.after(c.params().GoldWindow)
	c.endBlock()
	check := c.contribution(good).Check
	require.NotZero(t, check)
	for range 4 { // two panels stay away
		c.draw(check)
		c.after(c.params().CommitWindow)
		c.endBlock()
		if c.cohort(check).Phase == types.COHORT_PHASE_DECIDED {
			break
		}
	}
	require.Equal(t, types.COHORT_PHASE_DECIDED, c.cohort(check).Phase)
	item, bounty := c.contribution(good), c.reviews.bounty(c.bounty)
	require.True(t, item.Earning() && item.Vesting.IsZero() && item.Reserved.IsZero())
	require.True(t, bounty.Vesting.IsZero() && bounty.Reserved.IsZero())
	must(c.fixture, c.msgs.Appeal, &types.MsgAppeal{Appellant: c.alice.String(), Rank: good, Reason: "it may be appealed"})
}

// TestPledgesAreNotShared: a bond answers for as many seats as it covers, and what is pledged does not leave.
func TestPledgesAreNotShared(t *testing.T) {
	c := newCapture(t, 1)
	junk := c.capturedSmall(1)
	cohort := c.cohortOf(junk)
	seat := cohort.Seats[0]
	require.True(t, c.attackers[seat.Address])
	v := c.validator(c.id, seat.Address)
	v.Pledged = v.Bond // all of it answers for seats elsewhere
	require.NoError(t, c.Keeper.Validators.Set(c.Ctx, v.Id, v))
	next := c.contribute(c.alice, text(c.n), forBounty(c.bounty))
	c.plant(types.GOLD_KIND_ALTERED, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.plant(types.GOLD_KIND_SOUND, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.endBlock()
	id := c.contribution(next).Cohort
	for c.cohort(id).Phase == types.COHORT_PHASE_DRAWING {
		c.Ctx = c.Ctx.WithHeaderHash(c.hashThat(c.cohort(id), func(owner string) bool { return owner == seat.Address }))
		c.endBlock()
	}
	require.Len(t, c.cohort(id).Seats, 7)
	require.Zero(t, c.cohort(id).Seated(seat.Address), "each draw fell on it, and passed over it")

	who := sdk.MustAccAddressFromBech32(seat.Address)
	must(c.fixture, c.msgs.UnbondValidator, &types.MsgUnbondValidator{Validator: seat.Address, DatanetId: c.id, Amount: v.Bond})
	c.after(c.params().Unbonding + time.Second)
	before := c.Bank.Of(c.Ctx, who)
	c.endBlock()
	require.Equal(t, before, c.Bank.Of(c.Ctx, who), "it waits until the seat answers no more")
}

// capturedSmall has a cohort of one item and two gold drawn, the first seats of which are attackers'.
func (c *capture) capturedSmall(seats int) uint64 {
	c.smallCohorts()
	item := c.contribute(c.alice, text(c.n), forBounty(c.bounty))
	c.plant(types.GOLD_KIND_ALTERED, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.plant(types.GOLD_KIND_SOUND, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.endBlock()
	c.seatAs(c.contribution(item).Cohort, seats)
	return item
}

// TestAppealsWinNoPoolBounty: a rejection that an appeal turns around enters the DataNet, but one panel alone does not open the pool.
func TestAppealsWinNoPoolBounty(t *testing.T) {
	c := newCapture(t, 0)
	c.quiet = false
	c.smallCohorts()
	item := c.contribute(c.bob, text(c.n), forBounty(c.bounty))
	c.plant(types.GOLD_KIND_ALTERED, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.plant(types.GOLD_KIND_SOUND, c.owner, c.contribute(c.owner, text(c.n), forBounty(c.bounty)))
	c.vote(c.draw(c.contribution(item).Cohort), all(rejecting))
	c.after(c.params().GoldWindow)
	c.endBlock()
	require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, c.contribution(item).Status)
	appeal := must(c.fixture, c.msgs.Appeal, &types.MsgAppeal{Appellant: c.bob.String(), Rank: item, Reason: "it is sound"}).Cohort
	c.vote(c.draw(appeal), all(accepting))
	got := c.contribution(item)
	require.True(t, got.Earning())
	require.True(t, got.Bounty == 0 && got.Vesting.IsZero())
}

// TestGoldIsPaidByWhoAgrees: a private bounty pays for sound gold if its funder said so.
func TestGoldIsPaidByWhoAgrees(t *testing.T) {
	for _, agrees := range []bool{false, true} {
		r := newReviews(t, 9)
		r.smallCohorts()
		id := must(r.fixture, r.msgs.FundBounty, &types.MsgFundBounty{
			Funder: r.bob.String(), DatanetId: r.id, Amount: open(300), Price: open(100), Panel: r.id,
			Deadline: r.Ctx.BlockTime().Add(24 * time.Hour), PaysGold: agrees,
		}).Id
		r.contribute(r.alice, text(r.n), forBounty(id))
		altered, sound := r.contribute(r.owner, text(r.n), forBounty(id)), r.contribute(r.owner, text(r.n), forBounty(id))
		golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, altered), r.plant(types.GOLD_KIND_SOUND, r.owner, sound)}
		r.vote(r.draw(r.contribution(sound).Cohort), all(accepting))
		r.open(golds...)
		require.True(t, r.contribution(sound).Earning())
		require.Equal(t, agrees, r.contribution(sound).Vesting.IsPositive())
		require.Equal(t, types.CONTRIBUTION_STATUS_REJECTED, r.contribution(altered).Status)
	}
}
