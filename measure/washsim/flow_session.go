package main

import (
	"time"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// drawSessions: a session is opened, topped up, and closed by either side or left until it ends. No question is asked.
func drawSessions(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	more, end := d.amount(feeBits).AddRaw(1), d.IntN(3)
	t := talk{more: d.amount(feeBits)}
	return s, script{wash: func(b *branch) error {
		c, err := t.open(b, s)
		if err != nil {
			return err
		}
		if err := b.spend(c.session.Deposit.Add(more)); err != nil {
			return err
		}
		topUp := &attributiontypes.MsgTopUpSession{Payer: s.market.payer.String(), SessionId: c.session.Id,
			Amount: coin(more)}
		if _, err := b.send(topUp); err != nil {
			return err
		}
		switch end {
		case 0:
			err = c.close()
		case 1:
			_, err = b.send(&attributiontypes.MsgCloseSession{Signer: s.market.payer.String(), SessionId: c.session.Id})
		}
		if err != nil {
			return err
		}
		if err := b.wait(s.attribution.IdleExpiry + time.Second); err != nil {
			return err
		}
		return b.wait(s.attribution.ClaimWindow + time.Second)
	}}
}
