package main

import (
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// panel returns the market's DataNet as a panel; its owner decides.
func (m *market) panel() panel { return panel{id: m.datanet, owner: m.owner} }

// offer contributes a text to the market's DataNet, whose owner accepts it.
func (m *market) offer(b *branch, s *scene, by party, text string) (*item, error) {
	it := &item{by: by, text: text, salt: label("mark")}
	if err := b.contribute(m.panel(), s, []*item{it}); err != nil {
		return it, err
	}
	_, err := b.send(
		&datanettypes.MsgAcceptContributions{Owner: m.owner.String(), DatanetId: m.datanet, Ranks: []uint64{it.rank}})
	return it, err
}

// drawDeposits: a contribution expires, is withdrawn, rejected, or recalled.
func drawDeposits(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	m := s.market
	by := m.contributors[0]
	s.coalition.members[by.String()] = true
	end := d.IntN(5)
	return s, script{wash: func(b *branch) error {
		it := &item{by: by, text: b.text(), salt: label("mark")}
		if end == 0 { // never revealed
			hash := b.fresh("hash")
			if _, err := b.pay(by, &datanettypes.MsgCommitContributions{
				Contributor: by.String(), Items: []datanettypes.CommitItem{
					{Hash: hash[:], Deposit: coin(s.datanet.RequiredDeposit(itemTokens))}},
			}); err != nil {
				return err
			}
			return b.blocks(int(s.datanet.RevealMaxBlocks) + 2)
		}
		if end > 2 {
			var err error
			if it, err = m.offer(b, s, by, it.text); err != nil {
				return err
			}
		} else if err := b.contribute(m.panel(), s, []*item{it}); err != nil {
			return err
		}
		var msg sdk.Msg
		switch end {
		case 1:
			msg = &datanettypes.MsgWithdrawContribution{Contributor: by.String(), Rank: it.rank}
		case 2:
			msg = &datanettypes.MsgRejectContributions{Owner: m.owner.String(), DatanetId: m.datanet, Ranks: []uint64{it.rank},
				Reason: "no"}
		case 3:
			msg = &datanettypes.MsgRecallContribution{Signer: by.String(), Rank: it.rank, Reason: "mine"}
		case 4:
			if m.owner.String() == by.String() {
				return nil // the contributor's own recall needs no deposit
			}
			if _, err := b.pay(
				m.owner, &datanettypes.MsgRecallContribution{Signer: m.owner.String(), Rank: it.rank,
					Reason: "not wanted"}); err != nil {
				return err
			}
			return b.wait(s.datanet.Standing.RecallDelay + time.Second)
		}
		_, err := b.send(msg)
		return err
	}}
}

// drawChallenge: the coalition contributes a copy, or text of a snapshot, and shows that itself. Receipts come first:
// only text of a DataNet that earns can be shown to be copied.
func drawChallenge(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	m := s.market
	s.coalition.members[m.copier.String()] = true
	duplicate := d.chance(50) && s.states[1] == accepted
	original := m.data[1]
	first := d.talk(s)
	first.acknowledged = true
	first.calls[0].answer = 2 // it quotes that contributor and another one
	return s, script{wash: func(b *branch) error {
		if err := s.talks([]talk{first})(b); err != nil {
			return err
		}
		if err := b.blocks(2); err != nil {
			return err
		}
		earned, royalties, err := b.app().RewardsKeeper.DataNetEarned(b.ctx, m.datanet)
		if err != nil {
			return err
		}
		// Under some terms or scores nobody earns. Then nothing can be shown to be a copy.
		duplicate := duplicate && earned.Add(royalties).IsPositive()
		text := string(original.file.Segments[0])
		if !duplicate {
			text = third + " " + b.text()
		}
		it, err := m.offer(b, s, m.copier, text)
		if err != nil {
			return err
		}
		later := datanettypes.SegmentProof{Text: []byte(text)}
		if !duplicate {
			return s.proveInSnapshot(b, it.rank, later, []byte(text))
		}
		earlier, err := m.segment(original.rank, 0)
		if err != nil {
			return err
		}
		_, err = b.send(&datanettypes.MsgChallengeDuplicate{
			Challenger: m.challenger.String(), Rank: it.rank, Segment: later, Original: original.rank, OriginalSegment: earlier,
			PinnedVersion: m.version,
		})
		return err
	}}
}

// drawRelease: a contributor makes a deposit that would decay, and releases it by receipts of the coalition. These
// bring back nothing else.
func drawRelease(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.datanet.MinDeposit = math.MaxInt(math.OneInt(), s.datanet.MinDeposit)
	by := s.market.contributors[0]
	s.coalition.members[by.String()] = true
	talks := []talk{d.talk(s), d.talk(s)}
	for i := range talks {
		talks[i].calls[0].answer = 0 // it quotes the contributor
	}
	return s, script{wash: func(b *branch) error {
		it, err := s.market.offer(b, s, by, b.text())
		if err != nil {
			return err
		}
		b.spent = math.ZeroInt() // a deposit is not spent
		if err := s.talks(talks)(b); err != nil {
			return err
		}
		if err := b.blocks(2); err != nil {
			return err
		}
		_, err = b.send(&datanettypes.MsgReleaseDeposits{Contributor: by.String(), Ranks: []uint64{it.rank}})
		return err
	}}
}
