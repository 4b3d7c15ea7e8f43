package main

import (
	"math/rand/v2"

	"github.com/openledger/openledger/x/datanet/types"
)

// strategy is how an account votes, and what else its group does.
type strategy struct {
	name   string
	effort bool
	// machine says that a language model does the work. Such rows are beyond the claim, and shown after it.
	machine bool
	// vote reports whether to accept an item.
	vote func(r *rand.Rand, pi float64, it *item) bool
	// junk is the number of junk items that the group submits in each cohort.
	junk int
	// keeps says that the group pays for its junk, and gets the value of what is accepted.
	keeps bool
	// bribe is paid by somebody else for each seat that accepts the junk.
	bribe float64
	// ifAccepted says that the bribe is only paid if the junk was accepted.
	ifAccepted bool
}

var honest = strategy{name: "honest", effort: true,
	vote: func(r *rand.Rand, _ float64, it *item) bool { return it.opinion(r) }}

// deviations of single accounts: any share of the validators may play each.
var deviations = []strategy{
	{name: "lazy", vote: func(r *rand.Rand, pi float64, _ *item) bool { return r.Float64() < pi }},
	{name: "always-accept", vote: func(*rand.Rand, float64, *item) bool { return true }},
	{name: "always-reject", vote: func(*rand.Rand, float64, *item) bool { return false }},
	{name: "random", vote: func(r *rand.Rand, _ float64, _ *item) bool { return r.IntN(2) == 0 }},
	{name: "shared-coin", vote: func(_ *rand.Rand, _ float64, it *item) bool { return it.coin }},
	{name: "inverted", effort: true, vote: func(r *rand.Rand, _ float64, it *item) bool { return !it.opinion(r) }},
	{name: "tool-lazy", vote: func(_ *rand.Rand, _ float64,
		it *item) bool {
		return it.gold != types.GOLD_KIND_DUPLICATE
	}},
	{name: "bribed", effort: true, vote: ownOrHonest, junk: 1, bribe: value / 5},
}

// conditional is a bribe for acceptance instead of for the vote.
var conditional = strategy{name: "bribed-result", effort: true, vote: ownOrHonest, junk: 1, bribe: value / 5,
	ifAccepted: true}

// collusions are deviations of reviewers together with the owner.
var collusions = []strategy{
	{name: "collusion", junk: 4, keeps: true,
		vote: func(_ *rand.Rand, _ float64, it *item) bool { return it.gold != types.GOLD_KIND_ALTERED }},
	{name: "collusion+tool", junk: 4, keeps: true, vote: leaked},
}

// leak is collusion without junk: the owner saves friends the work.
var leak = strategy{name: "leak+tool", vote: leaked}

// machines ask a language model instead of looking, and find copies with the tool. The model is right about so many of
// the clear items, and about the others as often as people.
var machines = []strategy{machine("model-85", .85), machine("model-92", .92), machine("model-97", .97)}

func machine(name string, right float64) strategy {
	return strategy{name: name, machine: true, vote: func(r *rand.Rand, _ float64, it *item) bool {
		luck := r.Float64()
		if it.gold == types.GOLD_KIND_DUPLICATE {
			return false
		}
		if it.clear {
			return (luck < right) == it.good
		}
		return (luck < borderlineRight) == it.good
	}}
}

var whale = strategy{name: "whale", effort: true, vote: ownOrHonest, junk: 1, keeps: true}

func ownOrHonest(r *rand.Rand, _ float64, it *item) bool { return it.opinion(r) || it.own }

// leaked rejects the bad gold of the owner, which it knows, and copies, which the tool finds.
func leaked(_ *rand.Rand, _ float64, it *item) bool { return !it.gold.Bad() }
