package main

import (
	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
)

// notice is appended to each answer. No other text has its words.
const notice = "This answer was prepared with particular care by the proprietors of the present service who remind " +
	"all readers that questions " +
	"of their own health belong to a physician of their confidence and that nothing in these lines replaces an " +
	"examination in person by somebody who is licensed to make it."

// drawRecapture: the owner or the provider of the model registers a notice, and puts it at the end of every answer that
// somebody else pays. In the other branch the same calls are answered without it.
func drawRecapture(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.market = w.markets[0]
	m := s.market
	s.royalty = s.royalty.AddRaw(1)
	s.states = [4]contributionState{}
	s.coalition = coalition{
		members: map[string]bool{m.modelOwner.String(): true, m.baseOwner.String(): true, m.provider.String(): true,
			m.owner.String(): true},
		text: "owners of model, base and DataNet, and the provider",
	}
	by := pick(d, m.modelOwner, m.baseOwner, m.provider)
	calls := make([]call, d.between(1, 6))
	for i := range calls {
		calls[i] = call{answer: d.IntN(5), compute: math.ZeroInt()}
	}
	noticed := make(map[*branch]*market)
	return s, script{
		before: func(b *branch) error { return b.give(by, s.datanet.MinDeposit.AddRaw(1)) },
		wash: func(b *branch) error {
			it, err := m.offer(b, s, by, notice)
			if err != nil {
				return err
			}
			if err := b.blocks(2); err != nil {
				return err
			}
			if noticed[b], err = m.withNotice(it); err != nil {
				return err
			}
			return s.pin(b)
		},
		after: func(b *branch) error {
			own := *s
			if with := noticed[b]; with != nil {
				own.market = with
			}
			spent := b.spent
			err := talk{calls: calls, acknowledged: true, more: math.ZeroInt()}.play(b, &own)
			b.spent = spent // somebody else has paid
			return err
		},
	}
}

// withNotice returns the market with the notice at the end of each answer.
func (m *market) withNotice(it *item) (*market, error) {
	out := *m
	out.data = append(append([]contribution{}, m.data...),
		contribution{it.rank, it.by, poa.SegmentFile{Segments: [][]byte{[]byte(notice)}}})
	index := poa.NewIndex(poa.ProtocolStatistics())
	for _, c := range out.data {
		for i, segment := range c.file.Segments {
			if err := index.Add(poa.NewSegment(c.rank, uint32(i), segment)); err != nil {
				return nil, err
			}
		}
	}
	out.answers = nil
	for _, a := range m.answers {
		text := a.text + " " + notice
		tokens := poa.TokenIDs([]byte(text))
		honest, err := index.Attribute(poa.Answer{Tokens: tokens})
		if err != nil {
			return nil, err
		}
		out.answers = append(out.answers, answer{text: text, tokens: tokens, honest: honest, lies: honest})
	}
	return &out, nil
}
