package main

import (
	"math/rand/v2"
	"sync"

	"github.com/openledger/openledger/x/datanet/types"
)

// estimateCapture estimates how often somebody with a part of the stake gets all seats that accept, if he proposes some
// blocks and picks their hashes. He has as many accounts as he needs.
func estimateCapture(o options, percent int64) float64 {
	params := types.DefaultReviewParams()
	o.set.apply(&params)
	caught := make([]int, o.workers)
	var done sync.WaitGroup
	for worker := range o.workers {
		done.Go(func() {
			c := newCapturer(whales(percent, 1), rand.New(rand.NewPCG(o.seed, uint64(1_000_000+worker))))
			for panel := worker; panel < o.panels; panel += o.workers {
				if c.seats(uint64(panel), params) >= int(params.AcceptSeats) {
					caught[worker]++
				}
			}
		})
	}
	done.Wait()
	sum := 0
	for _, n := range caught {
		sum += n
	}
	return float64(sum) / float64(o.panels)
}

// capturer draws panels as the chain does.
type capturer struct {
	lottery lottery
	mine    []bool
	rand    *rand.Rand
}

func newCapturer(members []member, r *rand.Rand) *capturer {
	c := &capturer{rand: r}
	for _, m := range members {
		c.lottery.add("", m.bond.BigInt())
		c.mine = append(c.mine, m.deviant)
	}
	return c
}

// seats returns how many seats of a panel the attacker gets.
func (c *capturer) seats(cohort uint64, params types.ReviewParams) int {
	got := 0
	for seat := range params.Seats {
		tries := 1
		if c.rand.Float64() < blockShare {
			tries = grindHashes
		}
		for range tries {
			if c.mine[c.lottery.owner(types.SeatHash(randomHash(c.rand), cohort, 1, seat, 0))] {
				got++
				break
			}
		}
	}
	return got
}
