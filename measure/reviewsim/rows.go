package main

import "fmt"

// share is a number of deviators among the validators. times is the multiple of the options' cohorts in its rows.
type share struct {
	name     string
	deviants int
	times    int
}

// shares of deviators, with the multiples for deviations that lose much.
var shares = []share{
	{"one", 1, 2}, {"1/3", validators / 3, 2}, {"1/2", validators / 2, 2}, {"2/3", 2 * validators / 3, 2},
	{"all but one", validators - 1, 2},
}

// longer has the multiples, by share, for deviations with a small difference.
var longer = map[string][]int{
	"tool-lazy": {6, 4, 2, 2, 2}, "bribed": {50, 20, 5, 5, 5}, "bribed-result": {6, 6, 3, 3, 3},
	"leak+tool": {6, 5, 2, 2, 2},
}

// shared returns the rows of a deviation that any share of the validators plays.
func shared(s strategy, pi float64, extra bool) []row {
	var all []row
	for i, share := range shares {
		r := row{deviation: s.name, mix: share.name, pi: pi, members: equals(share.deviants), strategy: s, times: share.times,
			extra: extra}
		if times := longer[s.name]; times != nil {
			r.times = times[i]
		}
		all = append(all, r)
	}
	return all
}

// equals returns validators with one bond each, of whom the first ones deviate.
func equals(deviants int) []member {
	members := make([]member, validators)
	for i := range members {
		members[i] = member{bond: amount(bondFees), deviant: i < deviants}
	}
	return members
}

// whales returns equal validators, and accounts that share a part of all stake.
func whales(percent int64, accounts int) []member {
	members := equals(0)
	stake := amount(bondFees).MulRaw(validators).MulRaw(percent).QuoRaw(100 - percent)
	for range accounts {
		members = append(members, member{bond: stake.QuoRaw(int64(accounts)), deviant: true})
	}
	return members
}

// rows returns all rows: those of the claim, the extra ones, and those of reviewers who ask a model.
func rows() []row {
	var claim, extra, asking []row
	for _, pi := range []float64{0.85, 0.5} {
		times := 6
		if pi == junkPi {
			times = 28
		}
		claim = append(claim, row{deviation: honest.name, mix: "all", pi: pi, members: equals(0), times: times})
		for _, s := range deviations {
			claim = append(claim, shared(s, pi, false)...)
		}
		for _, s := range collusions {
			claim = append(claim, shared(s, pi, false)[:4]...)
		}
		for _, accounts := range []int{1, 10} {
			claim = append(claim, row{
				deviation: whale.name, mix: fmt.Sprintf("25%% in %d", accounts), pi: pi, members: whales(25, accounts),
				strategy: whale, against: true, times: 18,
			})
		}
		claim = append(claim, row{
			deviation: "grinding", mix: "20% in 10", pi: pi, members: whales(20, 10), strategy: whale, against: true,
			grinds: true, times: 18,
		})
		extra = append(extra, shared(conditional, pi, true)...)
		extra = append(extra, shared(leak, pi, true)[:4]...)
		for _, s := range machines {
			asking = append(asking, shared(s, pi, true)...)
		}
	}
	return append(append(claim, extra...), asking...)
}
