package main

import (
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/measure/fidelity/rules"
	"github.com/openledger/openledger/measure/fidelity/worlds"
)

// gramRule is the plain baseline: the earliest owner of each 5-gram.
func gramRule() rules.Rule { return rules.Rejected[0] }

// compareRules pays the same planted answers by every rule and prints one table with the violations of the worlds.
func compareRules(benches []*bench, names []string, counts worldCounts, answers int) error {
	head := []string{"rule"}
	for _, name := range names {
		head = append(head, name+" 0% reached/recall@3/TV", name+" 20% reached/recall@3/TV")
	}
	head = append(head, "violations")
	t := newTable("Rules compared, registries without duplicates, rightful owners", head...)
	line := func(name string, c worlds.Counts, own func(b *bench) func() owner) error {
		cells := []string{name}
		for i, b := range benches {
			progress("rules: %s on %s", name, names[i])
			for _, noise := range []plant.Noise{{Percent: 0}, {Percent: 20}} {
				q, err := b.measure(noise, answers, own(b))
				if err != nil {
					return err
				}
				cells = append(cells, cell(q.reached)+"/"+cell(q.recall)+"/"+cell(q.tv))
			}
		}
		t.add(append(cells, describeViolations(c))...)
		return nil
	}
	candidates := make(map[*bench]func([]uint32) []int)
	for _, b := range benches {
		candidates[b] = rules.Candidates(b.grams.Texts, b.registry.Weight)
	}
	for _, r := range rules.Rejected {
		err := line(r.Name, counts.rejected[r.Name], func(b *bench) func() owner {
			return func() owner { return b.rule(r, candidates[b]) }
		})
		if err != nil {
			return err
		}
	}
	if err := line(
		spanName, counts.span, func(b *bench) func() owner { return func() owner { return b.span } }); err != nil {
		return err
	}
	t.print()
	return nil
}

// describeViolations sums a rule's violations up in a few words.
func describeViolations(c worlds.Counts) string {
	if c.Worlds == 0 {
		return "not searched"
	}
	if c.Violations() == 0 {
		return "0"
	}
	out := ""
	for _, kind := range []struct {
		name string
		n    int
	}{{"theft", c.Theft}, {"copy", c.Copy}, {"split", c.Split}, {"invariance", c.Rename + c.Unrelated + c.Later},
		{"index", c.Disagree}} {
		if kind.n > 0 {
			if out != "" {
				out += ", "
			}
			out += fmt.Sprintf("%d %s", kind.n, kind.name)
		}
	}
	return out
}
