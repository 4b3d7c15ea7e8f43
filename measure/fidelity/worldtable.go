package main

import (
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/rules"
	"github.com/openledger/openledger/measure/fidelity/worlds"
)

// spanName names the rule of package poa in tables.
const spanName = "alignment >= 100 bits, earliest"

// worldCounts is the outcome of the search by rule.
type worldCounts struct {
	span     worlds.Counts
	rejected map[string]worlds.Counts
	// index counts the worlds in which poa.Index differs from poa.Attribute, written those in which Attribute differs from
	// the rule.
	index, written int
}

// measureWorlds searches counter-examples for every rule and prints the counts.
func measureWorlds(o options) (worldCounts, error) {
	out := worldCounts{rejected: map[string]worlds.Counts{}}
	stats, weight, err := worlds.Statistics()
	if err != nil {
		return out, err
	}
	t := newTable(fmt.Sprintf("Random worlds on four tokens, %d per rule", o.worlds),
		"rule", "theft or grief", "copy gains", "split gains", "renamed", "unrelated", "later order",
		"implementations disagree")
	line := func(name string, c worlds.Counts) {
		t.add(name, fmt.Sprint(c.Theft), fmt.Sprint(c.Copy), fmt.Sprint(c.Split), fmt.Sprint(c.Rename),
			fmt.Sprint(c.Unrelated), fmt.Sprint(c.Later), fmt.Sprint(c.Disagree))
	}
	for _, r := range rules.Rejected {
		progress("worlds: %s", r.Name)
		c := worlds.Search(o.worlds, o.seed, worlds.SmallSize, weight, worlds.Rejected(r, weight), nil)
		out.rejected[r.Name] = c
		line(r.Name, c)
	}
	progress("worlds: %s", spanName)
	out.span = worlds.Search(o.worlds, o.seed, worlds.RealSize, weight, worlds.Span(stats), worlds.AgreesWithIndex(stats))
	out.index = out.span.Disagree
	line(spanName+" (Attribute, Index)", out.span)
	rule := worlds.Search(o.worlds, o.seed+1, worlds.RealSize, weight, worlds.Span(stats),
		worlds.AgreesWithRule(stats, weight))
	out.written = rule.Disagree
	line(spanName+" (Attribute, written rule)", rule)
	out.span.Theft += rule.Theft
	out.span.Copy += rule.Copy
	out.span.Split += rule.Split
	out.span.Rename += rule.Rename
	out.span.Unrelated += rule.Unrelated
	out.span.Later += rule.Later
	out.span.Disagree += rule.Disagree
	out.span.Worlds += rule.Worlds
	t.note("Rejected rules have their thresholds scaled to short texts: grams of 3 (long 6), a cap of 2 segments, runs " +
		"of 24 and alignments of 40 bits, a window of 3.")
	t.print()
	return out, nil
}

// searchWorlds searches counter-examples to the rule of package poa alone and fails if there is one.
func searchWorlds(o options) error {
	stats, weight, err := worlds.Statistics()
	if err != nil {
		return err
	}
	progress("worlds: %d by %s", o.worlds, spanName)
	c := worlds.Search(o.worlds, o.seed, worlds.RealSize, weight, worlds.Span(stats), worlds.AgreesWithRule(stats, weight))
	if n := c.Violations(); n > 0 {
		return fmt.Errorf("%d violations in %d worlds: %+v", n, c.Worlds, c)
	}
	fmt.Printf("no violation in %d worlds\n", c.Worlds)
	return nil
}
