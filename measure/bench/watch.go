package main

import (
	"context"

	sdkmath "cosmossdk.io/math"
)

// watchEvery is the number of pairs of which one is watched until it is paid.
const watchEvery = 720

// watch finds out in which block a pair is paid: the first one in which its account has earned more than before. All
// waiting pairs of an account are paid together.
type watch struct {
	world   *world
	arrived map[int][]int64 // account → heights
	earned  map[int]sdkmath.Int
}

func newWatch(w *world) watch {
	return watch{world: w, arrived: make(map[int][]int64), earned: make(map[int]sdkmath.Int)}
}

// arrive notes pairs of the next block.
func (w watch) arrive(pairs []pair) error {
	ctx := w.world.read()
	height := w.world.height + 1
	for i := 0; i < len(pairs); i += watchEvery {
		account := pairs[i].account
		if len(w.arrived[account]) == 0 {
			earned, err := w.contributed(ctx, account)
			if err != nil {
				return err
			}
			w.earned[account] = earned
		}
		w.arrived[account] = append(w.arrived[account], height)
	}
	return nil
}

// look returns, for the watched pairs that the last block paid, how many blocks they waited: 0 if they arrived in it.
func (w watch) look() (latencies []int, err error) {
	ctx := w.world.read()
	for account, heights := range w.arrived {
		earned, err := w.contributed(ctx, account)
		if err != nil {
			return nil, err
		}
		if earned.Equal(w.earned[account]) {
			continue
		}
		for _, height := range heights {
			latencies = append(latencies, int(w.world.height-height))
		}
		delete(w.arrived, account)
		delete(w.earned, account)
	}
	return latencies, nil
}

// contributed returns what an account has earned by contributing.
func (w watch) contributed(ctx context.Context, account int) (sdkmath.Int, error) {
	return w.world.app.RewardsKeeper.Contributed(ctx, w.world.address(account))
}
