package main

import (
	"time"

	"cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// drawBucket: more bonus is asked for than the bucket holds, also by others; or everything arrives while x/rewards is
// paused.
func drawBucket(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.rewards.BonusPerSecond = pick(d, math.ZeroInt(), math.OneInt(), d.amount(60), rewardstypes.MaxSupply)
	talks := []talk{d.talk(s), d.talk(s), d.talk(s)}
	crowd, paused := d.noise(), d.chance(50)
	elapsed := pick(d, time.Second, time.Minute, 24*time.Hour)
	pause := func(b *branch, paused bool) error {
		params := s.rewards
		params.Paused = paused
		_, err := b.send(&rewardstypes.MsgUpdateParams{Authority: authority, Params: params})
		return err
	}
	return s, script{
		before: func(b *branch) error {
			if err := b.block(elapsed); err != nil {
				return err
			}
			if err := crowd.play(b); err != nil {
				return err
			}
			return pause(b, paused)
		},
		wash: s.talks(talks),
		after: func(b *branch) error {
			if err := b.blocks(1); err != nil {
				return err
			}
			return pause(b, false)
		},
	}
}

// drawEmission: all of the reserve is emitted in a year, some of it to the bounty pool, with receipts meanwhile.
// Without them the emission must be the same, which is checked after every case of every flow.
func drawEmission(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.rewards.EmissionPpmPerYear, s.rewards.MaxBlockSeconds = ppm, 3_600
	talks := []talk{d.talk(s), d.talk(s), d.talk(s)}
	waits := []time.Duration{d.window(), d.window(), d.window()}
	return s, script{wash: func(b *branch) error {
		for i, t := range talks {
			if err := t.play(b, s); err != nil {
				return err
			}
			if err := b.wait(waits[i]); err != nil {
				return err
			}
		}
		return nil
	}}
}
