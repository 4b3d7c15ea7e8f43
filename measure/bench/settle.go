package main

import (
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// controlBlocks is the number of blocks that take batches in without an end-block, to measure their part of Commit.
const controlBlocks = 5

// ours holds the figures of x/rewards, by block, for one number of accounts and one distribution.
type ours struct {
	accounts     int
	distribution string
	load         load
	cycle        int // blocks of the sweep over the whole ledger

	end, share, settle      series // CPU ms of the end-block, of its part of Commit, and of both
	wall                    series // ms of both
	submit, submitShare     series // CPU ms of taking the batches in with their part of Commit, and of that part
	submitWall              series
	keys, bytes             series // written by the end-block
	submitKeys, submitBytes series // left of what the batches wrote
	batchKeys               series // written by a batch in blocks without an end-block
	events, bankEvents      series // of the end-block
	submitEvents            series
	pages, credits, payouts series
	latency                 series // waits of watched pairs, in blocks
	arrived, backlog        series // credits
	idleCPU, idleLatency    series // of a small batch, with nothing else to do
	aloneLatency            series // of a full batch, with nothing else to do
}

// measureOurs fills the queue until it is steady, and then measures.
func measureOurs(w *world, o options, distribution string) (ours, error) {
	out := ours{accounts: w.accounts, distribution: distribution, load: o.load}
	var err error
	if out.cycle, err = w.cycle(); err != nil {
		return out, err
	}
	blocks := o.blocks
	if blocks == 0 {
		blocks = max(10, 3*out.cycle)
	}
	from := newDraw(distribution, w.accounts, 1)
	s := newSettler(w, o.load)
	warm := 2*out.cycle + 2
	progress("%s, %d accounts drawn %s: %d blocks to warm up, %d to measure", nameOurs, w.accounts, distribution, warm,
		blocks)
	var runs, control []run
	for i := range warm + blocks {
		r, err := s.runBlock(o.load.draw(from, o.load.pairs()))
		if err != nil {
			return out, err
		}
		if i >= warm {
			runs = append(runs, r)
		}
		if i%10 == 9 {
			progress("block %d: CPU ms %.0f for batches, %.0f for the end-block, %.0f for commit; %d credits wait", i+1,
				ms(r.submit.cpu), ms(r.end.cpu), ms(r.commit.cpu), r.backlog)
		}
	}
	for range controlBlocks {
		r, err := s.runControl(o.load.draw(from, o.load.pairs()))
		if err != nil {
			return out, err
		}
		control = append(control, r)
	}
	out.count(runs, control)
	if err := s.drain(); err != nil {
		return out, err
	}
	return out, out.measureIdle(s, from)
}

// cycle returns the number of blocks in which the sweep passes every page.
func (w *world) cycle() (int, error) {
	params, err := w.app.RewardsKeeper.Params.Get(w.read())
	if err != nil {
		return 0, err
	}
	pages := (w.accounts + rewardstypes.AccountsPerPage - 1) / rewardstypes.AccountsPerPage
	return (pages + int(params.PagesPerBlock) - 1) / int(params.PagesPerBlock), nil
}

// count divides the Commit of each block between submission and end-block. Submission gets the cost of Commit in a
// block without an end-block, times the part of its bytes that is left with one: the end-block may remove again what
// arrived in its block.
func (out *ours) count(runs, control []run) {
	var commit, commitWall, bytes series
	for _, r := range control {
		commit, commitWall = append(commit, ms(r.commit.cpu)), append(commitWall, ms(r.commit.wall))
		bytes = append(bytes, float64(r.left.bytes))
		out.batchKeys = append(out.batchKeys, float64(r.wrote.keys)/float64(out.load.batches))
	}
	for _, r := range runs {
		left := min(1, float64(r.left.bytes)/bytes.median())
		share, shareWall := max(0, ms(r.commit.cpu)-left*commit.median()), max(0, ms(r.commit.wall)-left*commitWall.median())
		wrote := r.wrote.minus(r.left)
		out.end = append(out.end, ms(r.end.cpu))
		out.share = append(out.share, share)
		out.settle = append(out.settle, ms(r.end.cpu)+share)
		out.wall = append(out.wall, ms(r.end.wall)+shareWall)
		out.submit = append(out.submit, ms(r.submit.cpu+r.commit.cpu)-share)
		out.submitShare = append(out.submitShare, ms(r.commit.cpu)-share)
		out.submitWall = append(out.submitWall, ms(r.submit.wall+r.commit.wall)-shareWall)
		out.keys, out.bytes = append(out.keys, float64(wrote.keys)), append(out.bytes, float64(wrote.bytes))
		out.submitKeys, out.submitBytes = append(out.submitKeys, float64(r.left.keys)),
			append(out.submitBytes, float64(r.left.bytes))
		out.events = append(out.events, float64(r.settled.events))
		out.bankEvents = append(out.bankEvents, float64(r.settled.bankEvents))
		out.submitEvents = append(out.submitEvents, float64(r.submitEvents))
		out.pages = append(out.pages, float64(r.settled.pages))
		out.credits = append(out.credits, float64(r.settled.credits))
		out.payouts = append(out.payouts, float64(r.settled.payouts))
		out.arrived = append(out.arrived, float64(r.arrived))
		out.backlog = append(out.backlog, float64(r.backlog))
		for _, blocks := range r.latencies {
			out.latency = append(out.latency, float64(blocks))
		}
	}
}

// idleReceipts is the number of receipts in a small batch: 1,000 pairs, with 8 entries a receipt.
const idleReceipts = 125

// measureIdle settles small batches, and then a full one, each while nothing else waits.
func (out *ours) measureIdle(s *settler, from draw) error {
	full := s.load
	s.load = load{batches: 1, receipts: min(idleReceipts, full.receipts), entries: full.entries}
	for range controlBlocks {
		cpu, latencies, err := s.settleAlone(from)
		if err != nil {
			return err
		}
		out.idleCPU, out.idleLatency = append(out.idleCPU, cpu), append(out.idleLatency, latencies...)
	}
	s.load = load{batches: 1, receipts: full.receipts, entries: full.entries}
	_, latencies, err := s.settleAlone(from)
	out.aloneLatency, s.load = latencies, full
	return err
}

// settleAlone settles a batch. It returns the CPU ms of the end-block of its arrival, and the waits of its watched
// pairs in blocks.
func (s *settler) settleAlone(from draw) (cpu float64, latencies series, err error) {
	pairs := s.load.draw(from, s.load.pairs())
	for first := true; first || s.backlog > 0; first = false {
		r, err := s.runBlock(pairs)
		if err != nil {
			return 0, nil, err
		}
		if pairs != nil {
			cpu, pairs = ms(r.end.cpu), nil
		}
		for _, blocks := range r.latencies {
			latencies = append(latencies, float64(blocks))
		}
	}
	return cpu, latencies, nil
}

// drained returns what was paid over what arrived. It is 1 if the backlog does not grow.
func (out *ours) drained() float64 { return out.credits.sum() / out.arrived.sum() }

// little returns the mean latency of credits by Little's law: what waits over what arrives in a block.
func (out *ours) little() float64 { return out.backlog.mean() / out.arrived.mean() }

// endBlockRow returns the row of the end-block in the comparison.
func (out *ours) endBlockRow() row {
	return row{
		accounts: out.accounts, distribution: out.distribution, name: "x/rewards: end-block", measured: out.load.pairs(),
		cpu: out.settle.mean(), commit: out.share.mean(), wall: out.wall.mean(),
		keys: out.keys.mean(), bytes: out.bytes.mean(), events: out.events.mean(),
	}
}

// submissionRow returns the row of what batches cost those who send them, without signatures and proofs.
func (out *ours) submissionRow() row {
	return row{
		accounts: out.accounts, distribution: out.distribution, name: "x/rewards: taking batches in",
		measured: out.load.pairs(),
		cpu:      out.submit.mean(), commit: out.submitShare.mean(), wall: out.submitWall.mean(), keys: out.submitKeys.mean(),
		bytes:  out.submitBytes.mean(),
		events: out.submitEvents.mean(),
	}
}
