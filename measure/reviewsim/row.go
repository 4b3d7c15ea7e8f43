package main

import (
	"fmt"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

// row is a population to be played.
type row struct {
	deviation, mix string
	pi             float64
	members        []member
	strategy       strategy // of the deviators
	grinds         bool
	times          int // multiple of the cohorts of the options
	// against compares the deviators with the same accounts if they are honest. Otherwise they are compared with the
	// honest reviewers of the same cohorts.
	against bool
	// extra says that the row is beyond the claim, and shows what a rule is for.
	extra bool
}

// result is the result of a row.
type result struct {
	row
	honest, deviant  float64
	diff, se         float64
	junk, junkIn     int // items, and those accepted by panels
	good, goodOut    int // items, and those rejected by panels
	junkStands       int // accepted after appeals
	cohorts, appeals int
}

// lost reports whether the deviation is above honesty by more than two standard errors.
func (r result) lost() bool { return r.strategy.vote != nil && r.diff < -2*r.se }

// holds reports whether honesty is above the deviation.
func (r result) holds() bool { return !(r.diff <= 0) || r.strategy.vote == nil }

// length returns the number of cohorts to play, as a multiple of those of the options.
func (r row) length() int {
	if r.against {
		return 2 * r.times
	}
	return r.times
}

// tally is what is counted while a world is played.
type tally struct {
	honest, deviant group
	result
}

// play plays a row and compares its groups.
func (r row) play(o options) (result, error) {
	t, err := r.run(o, r.strategy)
	if err != nil {
		return t.result, fmt.Errorf("%s, %s, pi %.2f: %w", r.deviation, r.mix, r.pi, err)
	}
	out := t.result
	out.row = r
	if !r.against {
		out.honest, _ = t.honest.mean()
		out.deviant, _ = t.deviant.mean()
		out.diff, out.se = difference(t.honest, t.deviant)
		return out, nil
	}
	sincere, err := r.run(o, honest)
	if err != nil {
		return out, err
	}
	out.honest, _ = sincere.deviant.mean()
	out.deviant, _ = t.deviant.mean()
	out.diff, out.se = difference(sincere.deviant, t.deviant)
	return out, nil
}

// run plays the cohorts of a row with a strategy of the deviators.
func (r row) run(o options, plays strategy) (tally, error) {
	var t tally
	members := make([]member, len(r.members))
	for i, m := range r.members {
		members[i] = m
		members[i].plays = &honest
		if m.deviant {
			members[i].plays = &plays
		}
	}
	for first := 0; first < o.cohorts*r.times; first += cohortsPerWorld {
		if err := r.runInWorld(o, plays, members, first, &t); err != nil {
			return t, err
		}
	}
	return t, nil
}

// runInWorld plays some of the cohorts of a row in a new world: a world with a long history is slow.
func (r row) runInWorld(o options, plays strategy, members []member, first int, t *tally) error {
	name := fmt.Sprint(r.deviation, "/", r.mix, "/", r.pi)
	w, err := newWorld(o.set, luck{seed: o.seed, name: name}, members, o.experts)
	if err != nil {
		return err
	}
	if !plays.keeps && !r.against { // a group that keeps its junk pays for it even without a seat
		w.lone = loner(w.members)
	}
	if r.grinds && plays.keeps {
		w.grinder = &grinder{proposes: blockShare, hashes: grindHashes}
	}
	for n := first; n < min(first+cohortsPerWorld, o.cohorts*r.times); n++ {
		if err := w.beginCohort(n + 1); err != nil {
			return err
		}
		if err := t.playCohort(w, r.pi, plays); err != nil {
			return err
		}
	}
	return w.Keeper.CheckInvariants(w.Ctx)
}

// beginCohort begins a cohort. Its ids, and the seats that are drawn with them, do not depend on the number of appeals
// before.
func (w *world) beginCohort(cohort int) error {
	w.begin(cohort)
	w.loneSeat = w.numbers("seat").IntN(int(w.params.Seats))
	return w.Keeper.Review.NextCohort.Set(w.Ctx, uint64(cohort)*idsPerCohort)
}

// playCohort plays one cohort, and counts its results.
func (t *tally) playCohort(w *world, pi float64, plays strategy) error {
	before := w.Bank.Of(w.Ctx, w.submitter.address)
	items := w.batch(pi, plays.junk)
	if _, err := w.review(pi, items); err != nil {
		return err
	}
	t.cohorts++
	var groups [2]sample
	for _, a := range w.members {
		wealth := w.wealth(a)
		s := &groups[0]
		if a.deviant {
			s = &groups[1]
		}
		s.pay += inOpen(wealth.Sub(a.wealth)) + a.gain
		s.seats += float64(a.seats)
		a.wealth, a.gain, a.seats = wealth, 0, 0
	}
	own := w.Bank.Of(w.Ctx, w.submitter.address).Sub(before)
	for _, it := range items {
		held, err := t.count(w, it)
		if err != nil {
			return err
		}
		if it.own {
			own = own.Add(held)
		}
		if it.own && it.stands && plays.keeps {
			groups[1].pay += value
		}
	}
	if plays.keeps {
		groups[1].pay += inOpen(own)
	}
	t.honest, t.deviant = append(t.honest, groups[0]), append(t.deviant, groups[1])
	return w.topUp()
}

// count counts an item and returns the deposit that the chain still holds for it.
func (t *tally) count(w *world, it *item) (math.Int, error) {
	if it.gold == types.GOLD_KIND_UNSPECIFIED && !it.good {
		t.junk++
		if it.accepted {
			t.junkIn++
		}
		if it.stands {
			t.junkStands++
		}
	}
	if it.gold == types.GOLD_KIND_UNSPECIFIED && it.good {
		t.good++
		if !it.accepted {
			t.goodOut++
		}
	}
	if it.appealed != 0 {
		t.appeals++
	}
	if !it.own {
		return math.ZeroInt(), nil
	}
	c, err := w.contribution(it.rank)
	return c.Deposit.Amount, err
}
