package main

import (
	"fmt"
	"math"
	"time"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// poolRow is an attack on a bounty of the protocol's pool: somebody holds a part of all stake, gets the five seats that
// accept, and submits junk. Without stake it is a cohort of honest people, which shows what they earn.
type poolRow struct {
	percent int64 // of the stake of all data validators
	junk    int   // of 16 items
	watched bool  // each item of junk that is confirmed is appealed
}

// poolResult is the result of a poolRow, in OPEN.
type poolResult struct {
	poolRow
	net          float64 // what a captured panel brings the attacker, with the pay of his seats
	gain, se     float64 // net less what honesty brings him, with its standard error
	honest       float64 // what an honest seat, of review or confirmation, earns less slashes
	junkIn, paid int     // items of junk that the panel accepted, and that were paid for in the end
	cohorts      int
}

const poolName = "pool"

// poolRows returns the rows that are played. The claim is that each attack loses.
func poolRows() []poolRow {
	var all []poolRow
	for _, percent := range []int64{10, 20, 25, 33} {
		for _, watched := range []bool{false, true} {
			all = append(all, poolRow{percent, ordinaryItems, watched})
		}
	}
	for _, watched := range []bool{false, true} {
		all = append(all, poolRow{33, 4, watched}, poolRow{33, 1, watched})
	}
	return append(all, poolRow{})
}

func (r poolRow) String() string {
	watch := "unwatched"
	if r.watched {
		watch = "watched"
	}
	if r.percent == 0 {
		return "honest"
	}
	return fmt.Sprintf("%d%% %d items %s", r.percent, r.junk, watch)
}

// captureChance returns the probability that the attacker gets the seats that accept without choosing hashes.
func (r poolRow) captureChance(p types.ReviewParams) float64 {
	sum, share := 0.0, float64(r.percent)/100
	for k := p.AcceptSeats; k <= p.Seats; k++ {
		ways := 1.0
		for i := range k {
			ways *= float64(p.Seats-i) / float64(i+1)
		}
		sum += ways * math.Pow(share, float64(k)) * math.Pow(1-share, float64(p.Seats-k))
	}
	return sum
}

// play plays the cohorts of a row, each in a world of its own, so that bonds are whole again.
func (r poolRow) play(o options) (poolResult, error) {
	out := poolResult{poolRow: r}
	var gains []float64
	honestPay, honestSeats := 0.0, 0
	for n := range o.cohorts {
		attack, err := r.playCohort(o, n, &whale)
		if err == nil && r.percent > 0 {
			var sincere poolCohort // the same accounts in the same cohort
			if sincere, err = r.playCohort(o, n, &honest); err == nil {
				gains = append(gains, attack.net-sincere.net)
			}
		}
		if err != nil {
			return out, fmt.Errorf("%s %s: %w", poolName, r, err)
		}
		out.net += attack.net / float64(o.cohorts)
		out.junkIn, out.paid, out.cohorts = out.junkIn+attack.junkIn, out.paid+attack.paid, out.cohorts+1
		honestPay, honestSeats = honestPay+attack.honestPay, honestSeats+attack.honestSeats
	}
	out.honest = honestPay / float64(max(1, honestSeats))
	for _, gain := range gains {
		out.gain += gain / float64(len(gains))
	}
	for _, gain := range gains {
		out.se += (gain - out.gain) * (gain - out.gain)
	}
	out.se = math.Sqrt(out.se) / float64(max(1, len(gains)))
	return out, nil
}

// poolCohort is the result of one cohort.
type poolCohort struct {
	net, honestPay float64
	honestSeats    int
	junkIn, paid   int
}

// members returns honest validators with one bond each, and the attacker's accounts, which play a strategy.
func (r poolRow) members(o options, plays *strategy) []member {
	honestBonds := int64(validators + o.experts)
	var members []member
	for range honestBonds {
		members = append(members, member{bond: amount(bondFees), plays: &honest})
	}
	stake := amount(bondFees).MulRaw(honestBonds).MulRaw(r.percent).QuoRaw(100 - r.percent)
	accounts := stake.Quo(amount(bondFees)).Int64()
	for range accounts {
		members = append(members, member{bond: stake.QuoRaw(accounts), plays: plays, deviant: true})
	}
	return members
}

// playCohort plays one cohort, from its bounty to its last payment.
func (r poolRow) playCohort(o options, n int, plays *strategy) (out poolCohort, err error) {
	w, err := newWorld(o.set, luck{seed: o.seed, name: fmt.Sprint(poolName, "/", r, "/", n)}, r.members(o, plays), 0)
	if err != nil {
		return out, err
	}
	bounty, err := w.fundFromPool()
	if err != nil {
		return out, err
	}
	if r.percent > 0 {
		w.capturing = int(w.params.AcceptSeats)
	}
	junk := r.junk
	if !plays.keeps {
		junk = 0
	}
	items := w.batch(junkPi, junk)
	for _, it := range items {
		it.bounty = bounty
	}
	before := w.Bank.Of(w.Ctx, w.submitter.address)
	first, known, _, err := w.firstPanel(junkPi, items)
	if err != nil {
		return out, err
	}
	panels := []types.Cohort{first}
	confirmation, err := w.confirmation(items, known)
	if err != nil {
		return out, err
	}
	if confirmation != nil {
		panels = append(panels, *confirmation)
	}
	if r.watched {
		if err := w.appealAll(items); err != nil {
			return out, err
		}
	}
	if err := w.payOut(); err != nil {
		return out, err
	}
	for _, it := range items {
		c, err := w.contribution(it.rank)
		if err != nil {
			return out, err
		}
		if it.own && it.accepted {
			out.junkIn++
		}
		if it.own && c.HalfPaid {
			out.paid++
		}
	}
	out.net = inOpen(w.Bank.Of(w.Ctx, w.submitter.address).Sub(before))
	for _, a := range w.members {
		change := inOpen(w.wealth(a).Sub(a.wealth))
		if a.deviant {
			out.net += change
			continue
		}
		out.honestPay += change
		for _, panel := range panels {
			out.honestSeats += int(panel.Seated(a.text))
		}
	}
	return out, w.Keeper.CheckInvariants(w.Ctx)
}

// fundFromPool lets governance fund a bounty with a tenth of all stake, at the highest price.
func (w *world) fundFromPool() (uint64, error) {
	stake := amount(0)
	for _, a := range w.members {
		stake = stake.Add(a.bond)
	}
	params, err := w.Keeper.Params.Get(w.Ctx)
	if err != nil {
		return 0, err
	}
	sum := stake.QuoRaw(10)
	if err := w.Bank.Add(w.Ctx, solo.ModuleAddress(rewardstypes.BountyPoolName), sum); err != nil {
		return 0, err
	}
	response, err := w.msgs.FundPoolBounty(w.Ctx, &types.MsgFundPoolBounty{
		Authority: solo.Authority(), DatanetId: w.datanet, Amount: sum, Price: params.MaxPoolPrice(amount(1)),
		MinTokens: 50, Deadline: w.Ctx.BlockTime().Add(24 * time.Hour),
	})
	if err != nil {
		return 0, err
	}
	return response.Id, nil
}

// capturedHash returns a hash that gives the attacker the next seat of a review, until he has the seats that accept. It
// returns nil for other blocks.
func (w *world) capturedHash() ([]byte, error) {
	if w.capturing == 0 || len(w.pending) != 1 {
		return nil, nil
	}
	cohort, err := w.Keeper.Review.GetCohort(w.Ctx, w.pending[0].id)
	if err != nil || cohort.Kind != types.COHORT_KIND_REVIEW || cohort.Phase != types.COHORT_PHASE_DRAWING ||
		len(cohort.Seats) >= w.capturing || cohort.DrawHeight != w.Ctx.BlockHeight() {
		return nil, err
	}
	l, err := w.lottery(cohort.Panel)
	if err != nil {
		return nil, err
	}
	for {
		hash := randomHash(w.blocks)
		if who := w.byText[l.seat(hash, cohort, nil)]; who != nil && who.deviant {
			return hash, nil
		}
	}
}

// confirmation plays the panel that decides again about items accepted for a bounty of the pool. It returns nil if
// there is none.
func (w *world) confirmation(items []*item, known map[uint64]*item) (*types.Cohort, error) {
	for _, it := range items {
		c, err := w.contribution(it.rank)
		if err != nil {
			return nil, err
		}
		if c.Check == 0 || c.Bounty == 0 {
			continue
		}
		panels, err := w.draw([]draw{{id: c.Check}})
		if err != nil {
			return nil, err
		}
		w.stage("confirmation")
		_, err = w.vote(panels[0], junkPi, known)
		return &panels[0], err
	}
	return nil, nil
}

// appealAll lets a watcher appeal each item of junk that still stands, one after the other.
func (w *world) appealAll(items []*item) error {
	for _, it := range items {
		c, err := w.contribution(it.rank)
		if err != nil {
			return err
		}
		if !it.own || !c.Earning() {
			continue
		}
		response, err := w.msgs.Appeal(w.Ctx, &types.MsgAppeal{Appellant: w.watcher.text, Rank: it.rank, Reason: "junk"})
		if err != nil {
			return err
		}
		panels, err := w.draw([]draw{{id: response.Cohort}})
		if err != nil {
			return err
		}
		w.stage(fmt.Sprint("watch ", it.rank))
		if _, err := w.vote(panels[0], junkPi, map[uint64]*item{it.rank: it}); err != nil {
			return err
		}
	}
	return nil
}

// payOut lets time pass until the bounty has paid everything that it will pay.
func (w *world) payOut() error {
	params, err := w.Keeper.Params.Get(w.Ctx)
	if err != nil {
		return err
	}
	for _, wait := range []time.Duration{w.params.AppealWindow + time.Minute, params.Standing.Vesting, time.Minute,
		time.Minute} {
		w.Ctx = w.Ctx.WithBlockTime(w.Ctx.BlockTime().Add(wait))
		if err := w.next(); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether the attack loses.
func (r poolResult) holds() bool { return r.percent == 0 || r.gain < 0 }

// line returns the row of the table.
func (r poolResult) line(p types.ReviewParams) string {
	if r.percent == 0 {
		return fmt.Sprintf("%-24s %9s %9s %9s %8s %8s %8s %8.3f %7d", r.poolRow, "", "", "", "", "", "", r.honest, r.cohorts)
	}
	text := fmt.Sprintf("%-24s %9.5f %9.2f %9.2f %8.2f %8d %8d %8.3f %7d", r.poolRow, r.captureChance(p), r.net, r.gain,
		r.se, r.junkIn, r.paid, r.honest, r.cohorts)
	if !r.holds() {
		text += "  <- the attack gains"
	}
	return text
}
