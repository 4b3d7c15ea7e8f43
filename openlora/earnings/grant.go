package earnings

import (
	"encoding/json"
	"math/big"

	sdkmath "cosmossdk.io/math"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// maxGrants is the most lists that x/rewards grants a bonus to in one block.
const maxGrants = 1_000

// granted pays the batches that have arrived, with the bonus that the block has granted to all of them.
func (b *block) granted(bonus sdkmath.Int) error {
	var batches []waiting
	cursor := b.tx.Bucket(waitingBucket).Cursor()
	for key, value := cursor.First(); key != nil && len(batches) < maxGrants; key, value = cursor.Next() {
		var w waiting
		if err := json.Unmarshal(value, &w); err != nil {
			return err
		}
		if w.Arrived {
			batches = append(batches, w)
		}
	}
	var asked []*big.Int
	for _, w := range batches {
		for _, credit := range w.Accounts {
			asked = append(asked, credit.Bonus.BigInt())
		}
	}
	granted, known := scaledTo(asked, bonus.BigInt())
	next := 0
	for _, w := range batches {
		if err := b.pay(w, func(credit attributiontypes.AccountCredit) sdkmath.Int {
			next++
			return sdkmath.NewIntFromBigInt(granted[next-1])
		}, !known); err != nil {
			return err
		}
	}
	return nil
}

// scaledTo returns what was granted of each bonus, from what all were granted together.
//
// The chain takes each bonus times budget/sum, rounded down, when the sum is above the budget of the block, which no event names. The
// sum of the results grows with the budget, and so does each of them. So two budgets that give the same sum give the same results,
// and any budget that gives the sum that was granted will do: it is found by bisection. There is none if the events are not those
// of the chain's rules; then what was asked is returned, and false.
func scaledTo(asked []*big.Int, granted *big.Int) ([]*big.Int, bool) {
	sum := new(big.Int)
	for _, one := range asked {
		sum.Add(sum, one)
	}
	switch granted.Cmp(sum) {
	case 0:
		return asked, true
	case 1:
		return asked, false
	}
	low, high := new(big.Int).Set(granted), new(big.Int).Set(sum) // the least budget that gives enough is in between
	for low.Cmp(high) < 0 {
		middle := new(big.Int).Add(low, high)
		middle.Rsh(middle, 1)
		if _, total := scaled(asked, middle, sum); total.Cmp(granted) < 0 {
			low.Add(middle, big.NewInt(1))
		} else {
			high = middle
		}
	}
	out, total := scaled(asked, low, sum)
	if total.Cmp(granted) != 0 {
		return asked, false
	}
	return out, true
}

func scaled(asked []*big.Int, budget, sum *big.Int) (out []*big.Int, total *big.Int) {
	out, total = make([]*big.Int, len(asked)), new(big.Int)
	for i, one := range asked {
		out[i] = new(big.Int).Mul(one, budget)
		out[i].Quo(out[i], sum)
		total.Add(total, out[i])
	}
	return out, total
}

func sumBonus(w waiting) sdkmath.Int {
	sum := sdkmath.ZeroInt()
	for _, credit := range w.Accounts {
		sum = sum.Add(credit.Bonus)
	}
	return sum
}
