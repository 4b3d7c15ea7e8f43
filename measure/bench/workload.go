package main

import (
	"math/rand"
	"sort"

	sdkmath "cosmossdk.io/math"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// load is the work that arrives in a block.
type load struct{ batches, receipts, entries int }

// fullLoad is 72,000 pairs of receipt and entry.
var fullLoad = load{batches: 9, receipts: 1_000, entries: 8}

// pairs returns the number of pairs of receipt and entry in a block.
func (l load) pairs() int { return l.batches * l.receipts * l.entries }

const (
	uniform = "uniform"
	zipf    = "Zipf 1.0"
)

// draw draws the ledger id of a contributor.
type draw func() int

// newDraw returns a draw from n contributors: all with the same chance, or by Zipf's law with exponent 1. Contributors
// that are drawn often are spread over the ledger.
func newDraw(distribution string, n int, seed int64) draw {
	random := rand.New(rand.NewSource(seed))
	if distribution == uniform {
		return func() int { return random.Intn(n) }
	}
	sums := make([]float64, n)
	sum := 0.0
	for rank := range sums {
		sum += 1 / float64(rank+1)
		sums[rank] = sum
	}
	return func() int { return spread(sort.SearchFloat64s(sums, random.Float64()*sum), n) }
}

// Every receipt has the same weights, and one of royaltySteps royalties, so that every amount divides without a
// remainder. What an account is paid then does not depend on how payments are added up.
const (
	royaltySteps = 7
	royaltyStep  = 1_000_000_000_000_000 // aopen
	compute      = 5 * royaltyStep
	ownerPPM     = 50_000
	datanets     = 4
	unattributed = 200_000
	attributed   = rewardstypes.PPM - unattributed
)

func royaltyOf(receipt int) int64 { return int64(1+receipt%royaltySteps) * royaltyStep }

// pairAmount returns what an entry of a receipt earns its contributor under the default terms, with the bonus.
func pairAmount(receipt, entries int) sdkmath.Int {
	terms := rewardstypes.DefaultTerms()
	weight := int64(attributed / entries)
	royalty := royaltyOf(receipt)
	data := royalty / rewardstypes.PPM * int64(terms.DataPpm) / rewardstypes.PPM * weight
	data -= data / rewardstypes.PPM * ownerPPM
	burned := (royalty + compute) / rewardstypes.PPM * int64(terms.BurnPpm)
	bonus := burned / rewardstypes.PPM * int64(terms.BonusPpm) / rewardstypes.PPM * weight
	return sdkmath.NewInt(data + bonus)
}

// pair is an entry of a receipt: an amount to pay to an account.
type pair struct {
	account int // ledger id
	amount  sdkmath.Int
}

// draw draws the first n payments of a block.
func (l load) draw(from draw, n int) []pair {
	amounts := make([]sdkmath.Int, royaltySteps)
	for i := range amounts {
		amounts[i] = pairAmount(i, l.entries)
	}
	out := make([]pair, n)
	for i := range out {
		out[i] = pair{account: from(), amount: amounts[i/l.entries%l.receipts%royaltySteps]}
	}
	return out
}

// payables turns the payments of a block into the batches of receipts that earn them. The receipts are valid until the
// next call.
func (w *world) payables(l load, pairs []pair) [][]rewardstypes.Payable {
	if len(w.batches) != l.batches || len(w.batches[0]) != l.receipts {
		w.batches = w.newBatches(l)
	}
	next := 0
	for _, batch := range w.batches {
		for i := range batch {
			for e := range batch[i].Entries {
				// As from x/attribution: a contribution knows the ledger id of its contributor.
				entry := &batch[i].Entries[e]
				entry.Contributor, entry.LedgerID = w.address(pairs[next].account), uint64(pairs[next].account)
				next++
			}
		}
	}
	return w.batches
}

func (w *world) newBatches(l load) [][]rewardstypes.Payable {
	lineage := []rewardstypes.Share{{Address: outsider("model owner", 0), PPM: rewardstypes.PPM}}
	var owners [datanets][]rewardstypes.Share
	for i := range owners {
		owners[i] = []rewardstypes.Share{{Address: outsider("DataNet owner", i), PPM: ownerPPM}}
	}
	batches := make([][]rewardstypes.Payable, l.batches)
	for b := range batches {
		batches[b] = make([]rewardstypes.Payable, l.receipts)
		for i := range batches[b] {
			receipt := rewardstypes.Payable{
				Model: uint64(b + 1), Provider: outsider("provider", b), Compute: sdkmath.NewInt(compute),
				Royalty:      sdkmath.NewInt(royaltyOf(i)),
				Acknowledged: true, Lineage: lineage, UnattributedPPM: unattributed,
			}
			for e := range l.entries {
				receipt.Entries = append(receipt.Entries, rewardstypes.PayableEntry{
					Rank: uint64(i*l.entries + e), DataNet: uint64(1 + e%datanets), Royalties: owners[e%datanets],
					WeightPPM: uint32(attributed / l.entries), QualityPPM: rewardstypes.PPM,
				})
			}
			batches[b][i] = receipt
		}
	}
	return batches
}
