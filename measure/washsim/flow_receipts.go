package main

import (
	"cosmossdk.io/math"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// talk is a list of calls that a coalition makes to itself in one session.
type talk struct {
	calls        []call
	acknowledged bool
	closes       bool // the payer's closing of the session authorises the calls, not a voucher
	// more is added to the deposit.
	more math.Int
}

// talk draws calls of a scene.
func (d dice) talk(s *scene) talk {
	t := talk{acknowledged: d.chance(85), closes: d.chance(15), more: d.amount(70)}
	for range d.between(1, 3) {
		t.calls = append(t.calls, call{answer: d.IntN(5), compute: d.part(s.compute)})
	}
	return t
}

// open opens a session with a deposit for the calls, and makes them.
func (t talk) open(b *branch, s *scene) (*conversation, error) {
	deposit := math.MaxInt(t.more.AddRaw(1), s.attribution.MinDeposit)
	for _, call := range t.calls {
		deposit = deposit.Add(call.compute).Add(s.royalty)
	}
	c, err := b.converse(s.market, s.model, s.market.payer, deposit)
	if err != nil {
		return nil, err
	}
	for _, call := range t.calls {
		if err := c.ask(call); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// play makes the calls, submits their receipts and closes the session.
func (t talk) play(b *branch, s *scene) error {
	c, err := t.open(b, s)
	if err != nil {
		return err
	}
	var batch attributiontypes.Batch
	if t.closes {
		batch, err = c.closeAndClaim(s.market.payer)
	} else {
		batch, err = c.submit(t.acknowledged, false)
	}
	if err != nil {
		return err
	}
	if err := b.spend(batch.Fees); err != nil {
		return err
	}
	return c.close()
}

// spend counts what the coalition paid.
func (b *branch) spend(amount math.Int) error {
	b.spent = b.spent.Add(amount)
	if b.leak == nil {
		return nil
	}
	return b.leak(b, amount)
}

// drawReceipts: receipts with inline evidence; others trade in the same block
// and ask for the same bonus.
func drawReceipts(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	talks := []talk{d.talk(s)}
	if d.chance(30) {
		talks = append(talks, d.talk(s))
	}
	play := script{wash: s.talks(talks)}
	if d.chance(30) {
		play.before = d.noise().play
	}
	return s, play
}

// drawUnacknowledged: the last answer is paid, although the payer does not acknowledge it.
func drawUnacknowledged(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	t := d.talk(s)
	t.acknowledged, t.closes = false, false
	return s, script{wash: s.talks([]talk{t})}
}

// talks returns a function that plays conversations one after the other.
func (s *scene) talks(talks []talk) func(*branch) error {
	return func(b *branch) error {
		for _, t := range talks {
			if err := t.play(b, s); err != nil {
				return err
			}
		}
		return nil
	}
}
