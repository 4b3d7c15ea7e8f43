package main

import (
	"crypto/ed25519"
	"slices"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// drawDispute: the coalition lies to itself, and disputes the lie. It has the roles of provider and challenger, and
// often that of the contributor whom the lie harmed. Some of its disputes prove nothing, or are never revealed.
func drawDispute(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	for _, who := range []party{s.market.provider, s.market.copier} {
		s.coalition.members[who.String()] = true
	}
	t := d.talk(s)
	t.closes = false
	for i := range t.calls {
		t.calls[i].answer, t.calls[i].lie = pick(d, 0, 1, 3), true
	}
	prove := pick(d, earlier, earlier, wrongAnswer, frivolous)
	revealed := d.chance(85)
	return s, script{wash: func(b *branch) error {
		c, err := t.open(b, s)
		if err != nil {
			return err
		}
		batch, err := c.submit(t.acknowledged, false)
		if err != nil {
			return err
		}
		if err := b.spend(batch.Fees); err != nil {
			return err
		}
		told := c.receipts[0]
		proof := poa.Dispute{QueryHash: told.QueryHash, AnswerRoot: told.AnswerRoot, EvidenceRoot: told.EvidenceRoot}
		if err := prove(c, &proof); err != nil {
			return err
		}
		if err := b.dispute(s, batch, proof, revealed); err != nil {
			return err
		}
		if err := b.wait(s.attribution.DisputeWindow); err != nil {
			return err
		}
		return c.close()
	}}
}

// dispute commits and reveals a proof about the first receipt of a batch.
func (b *branch) dispute(s *scene, batch attributiontypes.Batch, proof poa.Dispute, revealed bool) error {
	encoded, err := proof.MarshalBinary()
	if err != nil {
		return err
	}
	who, salt := s.market.challenger, label("salt")
	hash := poa.DisputeCommitment(who.Address, batch.Id, 0, encoded, salt)
	if _, err := b.send(&attributiontypes.MsgCommitDispute{Challenger: who.String(), Commitment: hash[:]}); err != nil {
		return err
	}
	if err := b.blocks(1); err != nil {
		return err
	}
	if !revealed {
		if err := b.blocks(int(s.attribution.DisputeRevealBlocks) + 1); err != nil {
			return err
		}
		return b.spend(s.attribution.DisputeBond)
	}
	verdict, err := ask[*attributiontypes.MsgRevealDisputeResponse](b, &attributiontypes.MsgRevealDispute{
		Challenger: who.String(), BatchId: batch.Id, Proof: encoded, Salt: salt,
	})
	if err != nil {
		return err
	}
	if !verdict.Upheld {
		return b.spend(s.attribution.DisputeBond)
	}
	return b.spend(verdict.Slashed)
}

// earlier proves that the first contributor's segment is older than the copy that was paid.
func earlier(c *conversation, d *poa.Dispute) error {
	copied := c.m.data[len(c.m.data)-1].rank
	i := slices.IndexFunc(c.told[0].Rows, func(r poa.Row) bool { return r.Rank == copied })
	row, err := poa.NewRowProof(c.told[0], i)
	if err != nil {
		return err
	}
	segment, err := c.m.proof(c.m.data[0].rank, row.Row.Segment)
	if err != nil {
		return err
	}
	var positions []uint32
	for p := row.Row.Position; p < row.Row.Position+row.Row.Length; p++ {
		positions = append(positions, p)
	}
	opened, err := poa.Narrow(c.evidence.Answers[0], positions)
	d.EarlierSegment = &poa.EarlierSegment{Row: row, Segment: segment, Opened: opened}
	return err
}

// wrongAnswer proves that the provider signed another answer.
func wrongAnswer(c *conversation, d *poa.Dispute) error {
	told := c.receipts[0]
	shown := poa.Outcome{AnswerRoot: told.AnswerRoot, InputTokens: told.InputTokens, OutputTokens: told.OutputTokens,
		Fee: told.Fee}
	shown.AnswerRoot[0] ^= 1
	statement := poa.SignedAnswer{ChainID: chain.ID, Session: poa.Hash(c.session.Id), N: told.N, Outcome: shown}
	d.WrongAnswer = &poa.SignedOutcome{Outcome: shown}
	copy(d.WrongAnswer.Signature[:], ed25519.Sign(c.m.answerKey, statement.SignBytes()))
	return nil
}

// frivolous claims that right weights are wrong.
func frivolous(c *conversation, d *poa.Dispute) error {
	d.WrongWeights = &poa.WrongWeights{Rows: c.told[0].Rows, TotalBits: c.told[0].TotalBits}
	return nil
}
