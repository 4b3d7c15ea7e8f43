package main

import (
	"cosmossdk.io/math"
)

// noise is traffic of others. It fills the bounty pool, and takes its part of the bonus.
type noise struct {
	royalty, compute math.Int
	answers          []int
}

func (d dice) noise() noise {
	n := noise{royalty: d.amount(feeBits), compute: d.amount(feeBits)}
	for range d.between(1, 3) {
		n.answers = append(n.answers, d.IntN(5))
	}
	return n
}

// play asks, pays and submits in the market of others.
func (n noise) play(b *branch) error {
	model, err := b.serve(b.others, n.royalty, n.compute, 0)
	if err != nil {
		return err
	}
	params, err := b.app().AttributionKeeper.Params.Get(b.ctx)
	if err != nil {
		return err
	}
	deposit := n.royalty.Add(n.compute).MulRaw(int64(len(n.answers)))
	c, err := b.converse(b.others, model, b.others.payer,
		math.MaxInt(math.OneInt(), math.MaxInt(params.MinDeposit, deposit)))
	if err != nil {
		return err
	}
	for _, answer := range n.answers {
		if err := c.ask(call{answer: answer, compute: n.compute}); err != nil {
			return err
		}
	}
	if _, err := c.submit(true, false); err != nil {
		return err
	}
	return c.close()
}
