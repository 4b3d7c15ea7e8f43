package main

import (
	"errors"

	"cosmossdk.io/math"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// verdicts holds the verdicts of all validators. Those that are not alive give none.
type verdicts struct {
	say   [validatorCount]attributiontypes.Verdict
	alive [validatorCount]bool
}

func (v verdicts) of(i int) (attributiontypes.Verdict, bool) { return v.say[i], v.alive[i] }

// verdicts draws the verdicts of validators, of which some percent are alive.
func (d dice) verdicts(percent int, of ...attributiontypes.Verdict) verdicts {
	var v verdicts
	for i := range v.say {
		v.say[i], v.alive[i] = pick(d, of...), d.chance(percent)
	}
	return v
}

const (
	valid   = attributiontypes.VerdictValid
	invalid = attributiontypes.VerdictInvalid
	unknown = attributiontypes.VerdictUnknown
)

// drawAttested: validators say yes, and are paid for it after the dispute window.
func drawAttested(d dice, w *world) (*scene, script) {
	return d.attested(w, d.verdicts(90, valid), d.verdicts(100, valid))
}

// drawLapse: no verdict comes, so that only compute is paid; or it comes after the batch is submitted again.
func drawLapse(d dice, w *world) (*scene, script) {
	return d.attested(w, d.verdicts(70, unknown), d.verdicts(pick(d, 0, 100), unknown, valid))
}

// drawRefund: validators refuse, and the payers get their fees back.
func drawRefund(d dice, w *world) (*scene, script) {
	s, play := d.attested(w, d.verdicts(100, invalid), d.verdicts(100, invalid))
	// Only the provider's fee of submission is spent.
	s.coalition.members[s.market.provider.String()] = true
	s.attribution.SubmissionFee = s.attribution.SubmissionFee.AddRaw(1)
	return s, play
}

// attested draws a batch whose evidence validators fetch. It gets the first verdicts, and the other ones after it is
// submitted again.
func (d dice) attested(w *world, first, again verdicts) (*scene, script) {
	s := d.scene(w)
	s.attribution.Attestation = true
	t := d.talk(s)
	resubmits := d.chance(50)
	return s, script{wash: func(b *branch) error {
		fees, err := b.fees()
		if err != nil {
			return err
		}
		c, err := t.open(b, s)
		if err != nil {
			return err
		}
		b.verdict = first.of
		batch, err := c.submit(t.acknowledged, true)
		if err != nil {
			return err
		}
		if err := s.countSubmission(b, batch); err != nil {
			return err
		}
		if err := b.blocks(3 + int(s.attribution.AttestTicks)); err != nil {
			return err
		}
		if resubmits {
			b.verdict = again.of
			if err := b.resubmit(s, batch); err != nil {
				return err
			}
		}
		if err := b.endBatches(s); err != nil {
			return err
		}
		if err := c.close(); err != nil {
			return err
		}
		total, err := b.fees()
		if err != nil {
			return err
		}
		return b.spend(total.Sub(fees))
	}}
}

// countSubmission counts the fee of submission, if the coalition's provider paid it.
func (s *scene) countSubmission(b *branch, batch attributiontypes.Batch) error {
	if !s.coalition.members[s.market.provider.String()] {
		return nil
	}
	return b.spend(attributiontypes.Attestation{}.SubmissionFee(s.attribution, batch.Announced()))
}

// fees returns the fees of all receipts that became final or lapsed.
func (b *branch) fees() (math.Int, error) {
	totals, err := b.app().RewardsKeeper.Totals.Get(b.ctx)
	return totals.Fees, err
}

// resubmit submits a refused batch again, if that is still possible.
func (b *branch) resubmit(s *scene, batch attributiontypes.Batch) error {
	_, err := b.send(&attributiontypes.MsgResubmitBatch{Provider: s.market.provider.String(), BatchId: batch.Id})
	switch {
	case errors.Is(err, attributiontypes.ErrBatchStatus), errors.Is(err, modelstypes.ErrProviderFrozen):
		return nil // it was not refused, it is too late, or the provider is frozen
	case err != nil:
		return err
	}
	if err := s.countSubmission(b, batch); err != nil {
		return err
	}
	return b.blocks(3 + int(s.attribution.AttestTicks))
}

// endBatches lets all times pass that a batch may wait for.
func (b *branch) endBatches(s *scene) error {
	for range 2 {
		if err := errors.Join(b.wait(s.attribution.AttestLimit), b.wait(s.attribution.ResubmitWindow)); err != nil {
			return err
		}
	}
	return b.wait(s.attribution.DisputeWindow)
}
