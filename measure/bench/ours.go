package main

import (
	"fmt"
	"runtime"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// settled is the work that an end-block did.
type settled struct {
	pages, credits, payouts int
	events                  int // of the end-block
	bankEvents              int // those of them by the bank: automatic payouts, burn and emission
}

// run is a block of x/rewards.
type run struct {
	arrived             int // credits
	submit, end, commit cost
	submitEvents        int
	wrote, left         writes // by the block, and the part of it that is as the batches wrote it
	settled             settled
	latencies           []int // waits of the watched pairs that it paid, in blocks
	backlog             int   // credits that still wait after it
}

// settler pays batches through x/rewards.
type settler struct {
	*world
	load    load
	watch   watch
	backlog int // credits
	last    moment
}

func newSettler(w *world, l load) *settler {
	runtime.LockOSThread() // the CPU of this thread is measured
	return &settler{world: w, load: l, watch: newWatch(w), last: now()}
}

// runBlock takes in the batches of the pairs, if any, runs the end-block and commits.
func (s *settler) runBlock(pairs []pair) (run, error) { return s.run(pairs, true) }

// runControl takes in batches and commits, without an end-block.
func (s *settler) runControl(pairs []pair) (run, error) { return s.run(pairs, false) }

func (s *settler) run(pairs []pair, ends bool) (run, error) {
	var r run
	err := s.watch.arrive(pairs)
	if err != nil {
		return r, err
	}
	batches := s.batchesOf(pairs)
	var submitted []*storetypes.StoreKVPair
	b := s.begin()
	r.submit, err = measure("submit", func() (err error) {
		submitted, err = b.trace(func(ctx sdk.Context) (err error) { r.arrived, err = s.submit(ctx, batches); return })
		return
	})
	if err != nil {
		return r, err
	}
	r.submitEvents = len(b.events())
	if ends {
		if r.end, err = measure("endblock", func() error { return s.app.RewardsKeeper.EndBlock(b.ctx) }); err != nil {
			return r, err
		}
	}
	if r.commit, err = measure("commit", b.commit); err != nil {
		return r, err
	}
	here := now()
	shareBackground(here.since(s.last), &r.submit, &r.end, &r.commit)
	s.last = here
	r.wrote, r.left = s.writtenOf(submitted)
	if r.settled, err = readSettled(b.events()); err != nil {
		return r, err
	}
	s.backlog += r.arrived - r.settled.credits
	r.backlog = s.backlog
	r.latencies, err = s.watch.look()
	return r, err
}

func (s *settler) batchesOf(pairs []pair) [][]rewardstypes.Payable {
	if len(pairs) == 0 {
		return nil
	}
	l := s.load
	l.batches = len(pairs) / (l.receipts * l.entries)
	return s.payables(l, pairs)
}

// submit does what the messages that carry the batches do, and returns the number of credits.
func (s *settler) submit(ctx sdk.Context, batches [][]rewardstypes.Payable) (int, error) {
	k := s.app.RewardsKeeper
	terms, err := k.Terms(ctx)
	if err != nil {
		return 0, err
	}
	credits := 0
	for _, batch := range batches {
		prepared, err := k.Prepare(ctx, terms, batch)
		if err != nil {
			return 0, err
		}
		if err := k.Enqueue(ctx, funder, s.nextBatch, prepared); err != nil {
			return 0, err
		}
		s.nextBatch++
		credits += prepared.Accounts()
	}
	return credits, nil
}

// drain makes empty blocks until nothing waits.
func (s *settler) drain() error {
	const most = 1_000
	for range most {
		if s.backlog == 0 {
			return nil
		}
		if _, err := s.runBlock(nil); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d credits wait after %d blocks in which nothing arrived", s.backlog, most)
}

// readSettled reads from its events what an end-block did.
func readSettled(events sdk.Events) (settled, error) {
	var out settled
	out.events = len(events)
	for _, event := range events.ToABCIEvents() {
		message, err := sdk.ParseTypedEvent(event)
		if err != nil { // the SDK's modules emit untyped events
			out.bankEvents++
			continue
		}
		switch message := message.(type) {
		case *rewardstypes.EventSettled:
			out.pages, out.credits = int(message.Pages), int(message.Credits)
		case *rewardstypes.EventPayouts:
			out.payouts = int(message.Count)
		case *rewardstypes.EventPayoutFailed:
			return out, fmt.Errorf("payout to %s: %s", message.Account, message.Reason)
		}
	}
	return out, nil
}
