package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math/big"
	"strings"
	"sync"
	"testing"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/testutil/chain"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

var sharedWorld = sync.OnceValues(newWorld)

func testWorld(t *testing.T) *world {
	t.Helper()
	w, err := sharedWorld()
	require.NoError(t, err)
	return w
}

// TestNobodyGainsBySelfDealing plays some cases of every flow.
func TestNobodyGainsBySelfDealing(t *testing.T) {
	w := testWorld(t)
	for _, f := range flows {
		spent := false
		for n := range 4 {
			r, err := f.measure(w, 1, n, nil)
			require.NoError(t, err)
			require.False(t, r.harmed(), "%s, case %d: others lose %s: %s", f.name, n, r.lost, r.about)
			require.False(t, r.farmed(), "%s, case %d: %s for %s spent: %s", f.name, n, r.gain, r.spent, r.about)
			require.True(t, f.passes || r.ratio().Cmp(big.NewRat(1, 1)) < 0, "%s, case %d: all of %s comes back: %s", f.name, n,
				r.spent, r.about)
			spent = spent || r.spent.IsPositive()
		}
		require.True(t, spent, "%s spends nothing", f.name)
	}
}

// everybody draws a coalition with all roles, under terms by which nothing goes to the bounty pool. All but the margin
// comes back to it.
func everybody(d dice, w *world) (*scene, script) {
	s, _ := drawReceipts(d, w)
	for _, who := range w.everyone {
		s.coalition.members[who.String()] = true
	}
	s.rewards.Terms = rewardstypes.Terms{LineagePpm: 850_000, BurnPpm: 150_000, BonusPpm: 666_666}
	s.rewards.BonusPerSecond = rewardstypes.MaxSupply
	s.royalty, s.compute = chain.Open(3), math.ZeroInt()
	s.scores, s.states = [4]uint32{1_000, 1_000, 1_000, 1_000}, [4]contributionState{}
	return s, script{
		wash: s.talks(
			[]talk{{calls: []call{{answer: 0, compute: math.ZeroInt()}}, acknowledged: true, more: math.ZeroInt()}})}
}

// TestHolesAreFound: the measurement finds a bonus of everything that was burned, emission that follows traffic, and
// coins that disappear. It does not count payments inside of the coalition as a gain.
func TestHolesAreFound(t *testing.T) {
	w := testWorld(t)
	f := flow{name: "hole", draw: everybody}
	sound, err := f.measure(w, 1, 0, nil)
	require.NoError(t, err)
	// The data explains only a part of the answer, and the bonus for the rest is not minted.
	require.Equal(t, -1, sound.ratio().Cmp(big.NewRat(950_001, 1_000_000)))
	require.Equal(t, 1, sound.ratio().Cmp(big.NewRat(900_000, 1_000_000)))

	// All accounts are in the coalition, so that a payment among them must not count as a gain.
	rebate := func(b *branch, paid math.Int) error {
		_, err := b.send(
			&banktypes.MsgSend{FromAddress: b.validators[0].operator.String(), ToAddress: b.others.payer.String(),
				Amount: sdk.NewCoins(coin(math.OneInt()))})
		return err
	}
	same, err := f.measure(w, 1, 0, rebate)
	require.NoError(t, err)
	require.Equal(t, sound.gain, same.gain)

	all, err := f.measure(w, 1, 0, bonusOfAllBurned)
	require.NoError(t, err)
	require.Equal(t, 0, all.ratio().Cmp(big.NewRat(1, 1)), "%s of %s", all.gain, all.spent)

	_, err = f.measure(w, 1, 0, func(b *branch, _ math.Int) error {
		reserve, err := b.app().RewardsKeeper.Reserve.Get(b.ctx)
		if err != nil {
			return err
		}
		return b.app().RewardsKeeper.Reserve.Set(b.ctx, reserve.SubRaw(1))
	})
	require.ErrorContains(t, err, "emission depends on traffic")

	_, err = f.measure(w, 1, 0, func(b *branch, _ math.Int) error {
		return b.app().BankKeeper.SendCoinsFromAccountToModule(b.ctx, b.treasury.Address, modelstypes.ModuleName,
			sdk.NewCoins(coin(math.OneInt())))
	})
	require.ErrorContains(t, err, "no account or sink has 1.")
}

// TestHarmIsFound: one aopen that a victim loses is found.
func TestHarmIsFound(t *testing.T) {
	w := testWorld(t)
	victim := w.others.payer
	f := flow{name: "harm", draw: func(d dice, w *world) (*scene, script) {
		s, play := everybody(d, w)
		s.victims = coalition{members: map[string]bool{victim.String(): true}}
		return s, play
	}}
	sound, err := f.measure(w, 1, 0, nil)
	require.NoError(t, err)
	require.False(t, sound.harmed())
	theft := func(b *branch, _ math.Int) error {
		_, err := b.send(
			&banktypes.MsgSend{FromAddress: victim.String(), ToAddress: b.treasury.String(),
				Amount: sdk.NewCoins(coin(math.OneInt()))})
		return err
	}
	harmed, err := f.measure(w, 1, 0, theft)
	require.NoError(t, err)
	require.True(t, harmed.harmed())
	counted := row{flow: f, best: new(big.Rat)}
	counted.add(harmed)
	require.Equal(t, 1, counted.harmed)
	require.Contains(t, counted.String(), "VICTIMS LOSE")
}

// bonusOfAllBurned makes the lists of the block ask for everything that their receipts burned, as under terms that
// Validate refuses.
func bonusOfAllBurned(b *branch, _ math.Int) error {
	k := b.app().RewardsKeeper
	return k.Arrived.Walk(b.ctx, nil, func(id uint64, intake rewardstypes.Intake) (bool, error) {
		key := collections.Join(id, uint32(0))
		chunk, err := k.Chunks.Get(b.ctx, key)
		if err != nil {
			return true, err
		}
		credits, err := chunk.Credits()
		if err != nil {
			return true, err
		}
		more, err := rewardstypes.AmountOf(intake.Burned.Sub(intake.List.Bonus))
		if err != nil {
			return true, err
		}
		if credits[0].Bonus, err = credits[0].Bonus.Add(more); err != nil {
			return true, err
		}
		intake.List.Bonus = intake.Burned
		chunks, _ := rewardstypes.PackCredits(credits)
		return false, errors.Join(k.Chunks.Set(b.ctx, key, chunks[0]), k.Arrived.Set(b.ctx, id, intake))
	})
}

// TestARebateFailsTheRun: the program finds a rebate of a tenth of all fees, and fails.
func TestARebateFailsTheRun(t *testing.T) {
	o := options{cases: 30, seed: 1, only: "receipts", workers: 1, leak: func(b *branch, paid math.Int) error {
		_, err := b.send(
			&banktypes.MsgSend{FromAddress: b.treasury.String(), ToAddress: b.markets[0].challenger.String(),
				Amount: sdk.NewCoins(coin(paid.QuoRaw(10).AddRaw(1)))})
		return err
	}}
	var out bytes.Buffer
	require.ErrorIs(t, run(o, &out), errFarm)
	require.Contains(t, out.String(), "FARMED")
	require.GreaterOrEqual(t, lastLine(t, out.String()).Max, 1.0)
}

// TestTermsThatCanBeFarmedPayNothing: terms that Validate refuses are also refused if they are in the state.
func TestTermsThatCanBeFarmedPayNothing(t *testing.T) {
	f := flow{name: "terms", draw: func(d dice, w *world) (*scene, script) {
		s, play := everybody(d, w)
		play.before = func(b *branch) error {
			params := s.rewards
			params.Terms.BonusPpm = 900_000
			return b.app().RewardsKeeper.Params.Set(b.ctx, params)
		}
		return s, play
	}}
	_, err := f.measure(testWorld(t), 1, 0, nil)
	require.ErrorIs(t, err, rewardstypes.ErrInvalidParams)
}

func lastLine(t *testing.T, text string) (f figures) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &f))
	return f
}

// TestRunsAreReproducible: the result does not depend on the number of workers.
func TestRunsAreReproducible(t *testing.T) {
	var lines []string
	for _, workers := range []int{1, 2} {
		var out bytes.Buffer
		require.NoError(t, run(options{cases: 10, seed: 3, only: "splits", workers: workers}, &out))
		require.Equal(t, 10, lastLine(t, out.String()).Cases)
		lines = append(lines, out.String())
	}
	require.Equal(t, lines[0], lines[1])
}

// TestDrawnParametersReachTheCorners: Validate accepts all drawn parameters, and corners are among them.
func TestDrawnParametersReachTheCorners(t *testing.T) {
	least, free, dataless := 0, 0, 0
	for n := range 2_000 {
		d := newDice(1, "parameters", n)
		p := d.rewards()
		require.NoError(t, p.Validate())
		require.NoError(t, d.attribution().Validate())
		require.NoError(t, d.datanet().Validate())
		if uint64(p.Terms.BurnPpm)*uint64(ppm-p.Terms.BonusPpm)/ppm == rewardstypes.MinMarginPPM {
			least++
		}
		if p.Terms.BonusPpm == 0 {
			free++
		}
		if p.Terms.DataPpm == 0 {
			dataless++
		}
	}
	for _, corner := range []int{least, free, dataless} {
		require.Greater(t, corner, 100)
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"--cases", "7", "--seed", "9", "--only", "dust"}, &bytes.Buffer{})
	require.NoError(t, err)
	require.Equal(t, 7, o.cases)
	require.EqualValues(t, 9, o.seed)
	for _, args := range [][]string{{"--only", "nothing"}, {"--cases", "0"}, {"more"}, {"--workers", "0"}} {
		_, err := parseOptions(args, &bytes.Buffer{})
		require.Error(t, err)
	}
	var help bytes.Buffer
	_, err = parseOptions([]string{"--help"}, &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, help.String(), "make wash")
	for _, name := range flowNames() {
		require.Contains(t, help.String(), name)
	}
}
