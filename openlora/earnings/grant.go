package earnings

import (
	sdkmath "cosmossdk.io/math"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// payGranted pays the batches that x/rewards has processed, with the bonus that it granted: what each asked for times
// the scale of the block, rounded down. If these do not sum to the bonus of the event, the bonus is not known.
func (b *block) payGranted(event *rewardstypes.EventSupplyNetted) error {
	var batches []waiting
	for _, id := range event.Batches {
		w, known, err := b.find(id)
		if err != nil {
			return err
		}
		if known {
			batches = append(batches, w)
		}
	}
	grants, sum := make([][]sdkmath.Int, len(batches)), sdkmath.ZeroInt()
	for i, w := range batches {
		for _, credit := range w.Accounts {
			grant, err := scaled(credit.Bonus, event.BonusScale)
			if err != nil {
				return err
			}
			grants[i], sum = append(grants[i], grant), sum.Add(grant)
		}
	}
	known := sum.Equal(event.Bonus)
	for i, w := range batches {
		next := 0
		if err := b.pay(w, func(credit attributiontypes.AccountCredit) sdkmath.Int {
			next++
			if !known {
				return credit.Bonus
			}
			return grants[i][next-1]
		}, !known); err != nil {
			return err
		}
	}
	return nil
}

func scaled(asked sdkmath.Int, scale uint64) (sdkmath.Int, error) {
	packed, err := rewardstypes.AmountOf(asked)
	return rewardstypes.IntOf(rewardstypes.Scale(packed, min(scale, rewardstypes.FullScale))), err
}
