package main

import (
	"fmt"
	"strings"

	"cosmossdk.io/math"
)

// coalition is a set of accounts that share what they have.
type coalition struct {
	members map[string]bool
	text    string
}

// role is a role in a market, and the accounts that have it.
type role struct {
	name string
	who  []party
}

// coalition draws the members of a coalition: always the payer, and any mix of the others.
func (d dice) coalition(w *world, m *market) coalition {
	c := coalition{members: map[string]bool{m.payer.String(): true, m.funder.String(): true, m.challenger.String(): true}}
	roles := []role{
		{"provider", []party{m.provider}}, {"model owner", []party{m.modelOwner}}, {"base owner", []party{m.baseOwner}},
		{"DataNet owner", []party{m.owner}},
		{"curators", m.curators}, {"contributor 0", m.contributors[:1]}, {"contributor 1", m.contributors[1:2]},
		{"contributor 2", m.contributors[2:]},
		{"copier", []party{m.copier}},
	}
	for i, v := range w.validators {
		roles = append(roles, role{fmt.Sprint("validator ", i), []party{v.operator}})
	}
	for i, r := range w.reviewers {
		roles = append(roles, role{fmt.Sprint("reviewer ", i), []party{r}})
	}
	in := pick(d, 100, 100, 90, 70, 40, 0) // percent
	var without []string
	for _, r := range roles {
		if !d.chance(in) {
			without = append(without, r.name)
			continue
		}
		for _, who := range r.who {
			c.members[who.String()] = true
		}
	}
	switch {
	case m.name == "one":
		c.text = fmt.Sprintf("one account in all roles, %d of %d validators", count(c, w), validatorCount)
	case len(without) == 0:
		c.text = "everybody"
	default:
		c.text = "without " + strings.Join(without, ", ")
	}
	return c
}

// count returns the number of validators in a coalition.
func count(c coalition, w *world) (n int) {
	for _, v := range w.validators {
		if c.members[v.operator.String()] {
			n++
		}
	}
	return n
}

// total returns the sum of what the members have.
func (c coalition) total(a accounts) math.LegacyDec {
	sum := math.LegacyZeroDec()
	for member := range c.members { // a sum does not depend on the order
		sum = sum.Add(a.of(member))
	}
	return sum
}
