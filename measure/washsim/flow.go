package main

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"cosmossdk.io/math"
)

// flow is a way in which OPEN could be farmed.
type flow struct {
	name  string
	about string
	// passes says that what is put in is a deposit, or goes from one pocket to another.
	passes bool
	// weight is its share of the cases.
	weight int
	// draw draws a case: the same one for the same dice.
	draw func(d dice, w *world) (*scene, script)
}

// script is what is played after the scene is set. A nil part plays nothing.
type script struct {
	before, after func(*branch) error // in both branches
	wash          func(*branch) error // the coalition's traffic; in the other branch only the same time passes
}

func (f flow) title() string {
	if f.passes {
		return f.name + " *"
	}
	return f.name
}

func flowOf(name string) *flow {
	for i := range flows {
		if flows[i].name == name {
			return &flows[i]
		}
	}
	return nil
}

func flowNames() (names []string) {
	for _, f := range flows {
		names = append(names, f.name)
	}
	return names
}

// result is the result of a case.
type result struct {
	n           int
	spent, gain math.LegacyDec
	lost        math.LegacyDec // by the victims
	about       string
}

// ratio returns the return, or zero if nothing was spent.
func (r result) ratio() *big.Rat {
	if !r.spent.IsPositive() {
		return new(big.Rat)
	}
	return new(big.Rat).SetFrac(r.spent.Add(r.gain).BigInt(), r.spent.BigInt())
}

// harmed reports whether the victims have less than without the coalition's traffic.
func (r result) harmed() bool { return r.lost.IsPositive() }

// farmed reports whether the coalition has more than without its traffic.
func (r result) farmed() bool { return r.gain.IsPositive() }

// measure plays a case with and without the coalition's traffic.
func (f flow) measure(w *world, seed uint64, n int, hole leak) (result, error) {
	r, err := f.play(w, seed, n, hole)
	if err != nil {
		err = fmt.Errorf("flow %s, case %d (%s): %w", f.name, n, r.about, err)
	}
	return r, err
}

func (f flow) play(w *world, seed uint64, n int, hole leak) (result, error) {
	s, play := f.draw(newDice(seed, f.name, n), w)
	r := result{n: n, about: s.String()}
	start := &branch{world: w, ctx: w.root, spent: math.ZeroInt(), leak: hole}
	start = start.fork()
	if err := s.set(start); err != nil {
		return r, fmt.Errorf("scene: %w", err)
	}
	with, without := start.fork(), start.fork()
	passed, err := play.run(s, with, func() error { return do(play.wash, with) })
	if err != nil {
		return r, err
	}
	if _, err := play.run(s, without, func() error { return without.pass(passed) }); err != nil {
		return r, fmt.Errorf("without the traffic: %w", err)
	}
	if err := with.app().CheckInvariants(with.ctx); err != nil {
		return r, err
	}
	got, err := with.outcome()
	if err != nil {
		return r, err
	}
	control, err := without.outcome()
	if err != nil {
		return r, err
	}
	r.spent = with.spent.ToLegacyDec()
	r.gain = s.coalition.total(got.accounts).Sub(s.coalition.total(control.accounts))
	r.lost = s.victims.total(control.accounts).Sub(s.victims.total(got.accounts))
	if s.victims.members[poolName] {
		r.lost = r.lost.Add(control.pool).Sub(got.pool)
	}
	return r, got.compare(control)
}

// run plays a script in a branch, with between as its middle part, and returns the times of the blocks of that part.
func (p script) run(s *scene, b *branch, between func() error) ([]time.Duration, error) {
	if err := do(p.before, b); err != nil {
		return nil, err
	}
	b.passed = nil
	if err := between(); err != nil {
		return nil, err
	}
	passed := slices.Clone(b.passed)
	if err := do(p.after, b); err != nil {
		return nil, err
	}
	return passed, s.flush(b)
}

// do plays a part of a script.
func do(part func(*branch) error, b *branch) error {
	if part == nil {
		return nil
	}
	return part(b)
}
