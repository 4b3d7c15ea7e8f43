package main

import (
	"cmp"
	"slices"
)

// bankSend is the name of the way with which x/rewards is compared first.
const bankSend = "bank send per payout"

// sampleBlocks of payments of an alternative are measured, after one to warm up.
const sampleBlocks = 3

// row is the cost of paying the pairs of a block in one way.
type row struct {
	accounts            int
	distribution, name  string
	measured            int // how many of the payments of a block are measured
	cpu, commit, wall   float64
	keys, bytes, events float64
}

// sample is the cost of some payments.
type sample struct {
	once        cost // not scaled
	run, commit cost
	wrote       writes
	events      int
}

// add adds the figures of a sample, scaled to all payments of a block and averaged over the samples. The cost of Commit
// has a scale of its own: an account that is paid twice is written once.
func (r *row) add(s sample, scale, committed float64) {
	scale, committed = scale/sampleBlocks, committed/sampleBlocks
	r.cpu += ms(s.once.cpu)/sampleBlocks + scale*ms(s.run.cpu) + committed*ms(s.commit.cpu)
	r.commit += committed * ms(s.commit.cpu)
	r.wall += ms(s.once.wall)/sampleBlocks + scale*ms(s.run.wall) + committed*ms(s.commit.wall)
	r.keys += committed * float64(s.wrote.keys)
	r.bytes += committed * float64(s.wrote.bytes)
	r.events += scale * float64(s.events)
}

// pay makes payments in a block of their own, and measures them.
func (w *world) pay(pay func(b *block) error) (sample, error) {
	var out sample
	var err error
	b := w.begin()
	if out.run, err = measure("alternative", func() error { return pay(b) }); err != nil {
		return out, err
	}
	out.events = len(b.events())
	out.commit, err = measure("alternative", b.commit)
	out.wrote = w.written()
	return out, err
}

// measureSamples measures the payments of some blocks, each with other pairs.
func measureSamples(w *world, o options, distribution, name string,
	pay func(pairs []pair) (s sample, scale, committed float64, err error)) ([]row, error) {
	out := row{accounts: w.accounts, distribution: distribution, name: name, measured: min(o.payments, o.load.pairs())}
	progress("%s, %d accounts drawn %s", name, w.accounts, distribution)
	from := newDraw(distribution, w.accounts, 2)
	awaitQuiet()
	for i := range sampleBlocks + 1 {
		s, scale, committed, err := pay(o.load.draw(from, o.load.pairs()))
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.add(s, scale, committed)
		}
	}
	return []row{out}, nil
}

// measureBank pays every pair with a bank send of its own.
func measureBank(w *world, o options, distribution string) ([]row, error) {
	return measureSamples(w, o, distribution, bankSend, func(pairs []pair) (sample, float64, float64, error) {
		some := pairs[:min(o.payments, len(pairs))]
		s, err := w.pay(func(b *block) error { return b.send(some) })
		return s, float64(len(pairs)) / float64(len(some)), float64(len(aggregate(pairs))) / float64(len(aggregate(some))),
			err
	})
}

// send makes a bank send of each pair.
func (b *block) send(pairs []pair) error {
	for _, p := range pairs {
		if err := b.world.app.BankKeeper.SendCoinsFromModuleToAccount(b.ctx, funder, b.world.address(p.account),
			coins(p.amount)); err != nil {
			return err
		}
	}
	return nil
}

// measureAggregate adds up what each account gets in a block, and pays the sum with one bank send.
func measureAggregate(w *world, o options, distribution string) ([]row, error) {
	const name = "aggregate, then bank send"
	return measureSamples(w, o, distribution, name, func(pairs []pair) (sample, float64, float64, error) {
		var sums []pair
		adding, err := measure("alternative", func() error { sums = aggregate(pairs); return nil })
		if err != nil {
			return sample{}, 0, 0, err
		}
		some := sums[:min(o.payments, len(sums))]
		s, err := w.pay(func(b *block) error { return b.send(some) })
		s.once = adding
		scale := float64(len(sums)) / float64(len(some))
		return s, scale, scale, err
	})
}

// aggregate adds up the payments of each account, by ledger id.
func aggregate(pairs []pair) []pair {
	sums := slices.Clone(pairs)
	slices.SortFunc(sums, func(a, b pair) int { return cmp.Compare(a.account, b.account) })
	n := 0
	for _, p := range sums {
		if n > 0 && sums[n-1].account == p.account {
			sums[n-1].amount = sums[n-1].amount.Add(p.amount)
			continue
		}
		sums[n] = p
		n++
	}
	return sums[:n]
}
