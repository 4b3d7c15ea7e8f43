package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

const (
	million     = 1_000_000
	tenThousand = 10_000
)

// report holds all figures that were measured.
type report struct {
	load     load
	ours     []ours
	rows     []row
	receipts *receipts
	heap     *heapRun
}

// Number is a figure, or null where it was not measured.
type Number float64

// MarshalJSON writes three decimals below a thousand, none above.
func (n Number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	scale := 1e3
	if math.Abs(f) >= 1000 {
		scale = 1
	}
	return json.Marshal(math.Round(f*scale) / scale)
}

// summary is the last line of the output.
type summary struct {
	EndBlock  Number `json:"endblock_cpu_ms_1m"`         // end-block and its part of Commit, the worse distribution
	Growth    Number `json:"growth_10k_1m"`              // of that, from 10,000 contributors to a million
	Latency   Number `json:"credit_latency_blocks_mean"` // of the worst distribution; 0 means the block of arrival
	Receipts  Number `json:"receipts_per_cpu_s"`
	Keys      Number `json:"keys_per_batch"` // besides pages of receipts, credits and sessions
	Bytes     Number `json:"bytes_per_receipt"`
	Events    Number `json:"events_per_block"` // of end-block and batches, the worst
	Heap      Number `json:"heap_mb_10k_blocks"`
	VersusOne Number `json:"vs_bank_send"` // CPU of bank sends over ours
}

func (r *report) summary() summary {
	worst := r.endBlock(million)
	s := summary{
		EndBlock: Number(worst), Growth: Number(worst/r.endBlock(tenThousand) - 1), Latency: Number(notMeasured),
		Receipts: Number(notMeasured),
		Keys:     Number(notMeasured), Bytes: Number(notMeasured), Events: Number(notMeasured), Heap: Number(notMeasured),
		VersusOne: Number(r.bankSends(million) / worst),
	}
	for i := range r.ours {
		o := &r.ours[i]
		s.Latency = larger(s.Latency, o.latency.mean())
		s.Events = larger(s.Events, o.events.mean()+r.submissionEvents(o))
	}
	if r.receipts != nil {
		s.Receipts, s.Bytes, s.Keys = Number(r.receipts.batched), Number(r.receipts.stored), Number(r.receipts.keys)
	}
	if r.heap != nil {
		s.Heap = Number(r.heap.live[len(r.heap.live)-1])
	}
	return s
}

// submissionEvents returns the events of submission in a block: those of the transactions with its batches, or, if
// these were not measured, those that x/rewards emits in them.
func (r *report) submissionEvents(o *ours) float64 {
	if r.receipts != nil {
		return r.receipts.events * float64(r.load.batches)
	}
	return o.submitEvents.mean()
}

// endBlock returns the CPU of the end-block and its part of Commit, in the worse distribution.
func (r *report) endBlock(accounts int) float64 {
	worst := Number(notMeasured)
	for i := range r.ours {
		if r.ours[i].accounts == accounts {
			worst = larger(worst, r.ours[i].settle.mean())
		}
	}
	return float64(worst)
}

// bankSends returns the CPU of a send per payout, in the cheaper distribution.
func (r *report) bankSends(accounts int) float64 {
	least := notMeasured
	for _, row := range r.rows {
		if row.accounts == accounts && row.name == bankSend && !(row.cpu > least) {
			least = row.cpu
		}
	}
	return least
}

func larger(a Number, b float64) Number {
	if math.IsNaN(float64(a)) || b > float64(a) {
		return Number(b)
	}
	return a
}

func (r *report) write(w io.Writer) error {
	if len(r.rows) > 0 {
		r.comparison().write(w)
	}
	if len(r.ours) > 0 {
		r.detail().write(w)
		r.costs().write(w)
	}
	if r.receipts != nil {
		r.receipts.table().write(w)
	}
	if r.heap != nil {
		r.heap.table().write(w)
	}
	line, err := json.Marshal(r.summary())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%s\n", line)
	return err
}

// comparison returns the table of what the payments of a block cost.
func (r *report) comparison() *table {
	t := newTable(fmt.Sprintf("Paying %s pairs of receipt and entry a block", grouped(r.load.pairs())),
		"contributors", "drawn", "paid by", "CPU ms", "of which commit", "wall ms", "keys", "kB", "events", "CPU / ours")
	for _, row := range r.rows {
		versus := notMeasured
		for i := range r.ours {
			if o := &r.ours[i]; o.accounts == row.accounts && o.distribution == row.distribution {
				versus = row.cpu / o.settle.mean()
			}
		}
		t.add(grouped(row.accounts), row.distribution, row.name, figure(row.cpu), figure(row.commit), figure(row.wall),
			figure(row.keys), figure(row.bytes/1e3), figure(row.events), figure(versus))
	}
	t.note("Each figure is the mean of the measured blocks. Keys and kB count what is written to the store, keys and " +
		"values, with removals, before IAVL adds its nodes.")
	t.note("CPU includes garbage collection and the database's compaction. Each part of a block of x/rewards gets its " +
		"share of these by the memory that it allocates.")
	t.note("The end-block's part of Commit is what Commit takes more than in a block that only takes batches in. The " +
		"end-block pays everything: contributors, DataNet owners, lineage, providers, bonus, burn, and up to " +
		"`payouts_per_block` automatic payouts, whose bank events are counted.")
	t.note("Taking batches in means splitting fees, looking up ledger ids and storing credits. Transactions pay gas for " +
		"it.")
	t.note("Bank sends, aggregated or not, pay only contributors. A block makes as many payments as `--payments` says, " +
		"and the figures are scaled, which makes Commit a little dearer than with all payments.")
	t.note("F1 is x/distribution with an index for each account. At most %s are registered, so that its keys are cheap. "+
		"Allocating raises an index for each pair. The account gets nothing until its owner withdraws, with a transaction "+
		"whose signature and gas are not counted.", grouped(f1Indexes))
	return t
}

// detail returns the table of the sweep.
func (r *report) detail() *table {
	t := newTable("x/rewards in steady state", "contributors", "drawn", "blocks", "pages", "credits", "payouts",
		"own events", "paid / arrived",
		"backlog, blocks", "latency mean", "by credits", "max", "idle latency", "idle CPU ms", "full batch alone")
	for i := range r.ours {
		o := &r.ours[i]
		t.add(grouped(o.accounts), o.distribution, fmt.Sprint(len(o.end)), figure(o.pages.mean()), figure(o.credits.mean()),
			figure(o.payouts.mean()), figure(o.events.mean()-o.bankEvents.mean()),
			figure(o.drained()), figure(o.backlog[len(o.backlog)-1]/o.arrived.mean()), figure(o.latency.mean()),
			figure(o.little()), figure(o.latency.max()),
			figure(o.idleLatency.max()), figure(o.idleCPU.mean()), figure(o.aloneLatency.max()))
	}
	t.note("Own events are those of x/rewards itself. The bank adds some for each automatic payout, and for burn and " +
		"emission.")
	t.note("Latency is the number of blocks from the arrival of a pair to its credit; 0 means the same block. Mean and "+
		"max are of one pair in %d. By credits, it is the mean backlog over what arrives in a block.",
		watchEvery)
	t.note("Idle means that a batch of 1,000 pairs arrives while nothing waits; its CPU is that of the end-block " +
		"without Commit. A full batch alone waits at most as many blocks as its accounts need for their pages.")
	return t
}

// costs returns the table of what the end-block costs, and how that grows.
func (r *report) costs() *table {
	t := newTable("What the end-block of x/rewards costs", "contributors", "drawn", "CPU ms median", "mean",
		"end-block alone", "commit alone",
		"µs a page", "µs a credit", "growth", "a page", "a credit")
	for i := range r.ours {
		o := &r.ours[i]
		page, credit := o.settle.sum()*1e3/o.pages.sum(), o.settle.sum()*1e3/o.credits.sum()
		growth, pages, credits := notMeasured, notMeasured, notMeasured
		for j := range r.ours {
			if small := &r.ours[j]; small.distribution == o.distribution && small.accounts == r.ours[0].accounts && i != j {
				growth = o.settle.mean()/small.settle.mean() - 1
				pages = page/(small.settle.sum()*1e3/small.pages.sum()) - 1
				credits = credit/(small.settle.sum()*1e3/small.credits.sum()) - 1
			}
		}
		t.add(grouped(o.accounts), o.distribution, figure(o.settle.median()), figure(o.settle.mean()), figure(o.end.mean()),
			figure(o.share.mean()),
			figure(page), figure(credit), percent(growth), percent(pages), percent(credits))
	}
	t.note("Growth compares with the smallest number of contributors: of the whole, of each page written, and of each " +
		"credit.")
	return t
}

func (r *receipts) table() *table {
	t := newTable("Submitting receipts", "block of", "CPU µs", "per CPU s", "transaction bytes", "keys", "events")
	for _, row := range r.rows {
		t.add(row.name, figure(row.cpu), figure(row.perSecond), figure(row.bytes), figure(row.keys), figure(row.event))
	}
	t.note("Figures are for each receipt or send, through FinalizeBlock and Commit of the whole application, on a store "+
		"in memory. Receipts are of %s.", r.describe)
	t.note("A batch writes %s keys besides pages of receipts, chunks of credits and its sessions. All batches of a block "+
		"share one of them. Its transaction has %s events, with those of its gas.", figure(r.keys),
		figure(r.events))
	t.note("A receipt of 8 entries is stored in %.1f bytes.", r.stored)
	return t
}

func (h *heapRun) table() *table {
	t := newTable("Live heap", "block", "MB after garbage collection")
	for i, at := range h.at {
		t.add(grouped(at), figure(h.live[i]))
	}
	t.note("%s blocks of %s pairs with %s contributors, at %s ms of CPU a block in all. This load fits the time.",
		grouped(h.blocks), grouped(h.pairs), grouped(h.accounts), figure(h.cpu))
	return t
}
