package demo

import (
	"cmp"
	"slices"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// segmentRow is what one segment weighs in an answer, and what that earned.
type segmentRow struct {
	contributor  string
	contribution uint64
	segment      uint32
	weight       uint32      // parts per million
	earned       sdkmath.Int // aopen, bonus included
}

// segmentRows divides the entries of a receipt, which count contributions,
// among their segments by the surprisal of the passages that each explains.
func segmentRows(e exchange) []segmentRow {
	statistics := poa.ProtocolStatistics()
	var rows []segmentRow
	for _, entry := range e.payout.Entries {
		var segments []uint32
		var bits []uint64
		for _, span := range e.proof.Spans {
			if span.Contribution != entry.Rank {
				continue
			}
			at := slices.Index(segments, span.Segment)
			if at < 0 {
				at = len(segments)
				segments, bits = append(segments, span.Segment), append(bits, 0)
			}
			for _, id := range poa.TokenIDs([]byte(e.answer[span.Start:span.End])) {
				bits[at] += uint64(statistics.Surprisal(id))
			}
		}
		rows = append(rows, divide(entry, segments, bits)...)
	}
	slices.SortStableFunc(rows, func(a, b segmentRow) int { return cmp.Compare(b.weight, a.weight) })
	return rows
}

// divide apportions an entry; the last segment takes what rounding leaves.
func divide(entry rewardstypes.EntryPayout, segments []uint32, bits []uint64) []segmentRow {
	total := uint64(0)
	for _, n := range bits {
		total += n
	}
	rows := make([]segmentRow, len(segments))
	weight, earned := entry.WeightPpm, entry.Amount.Add(entry.Bonus)
	for i, segment := range segments {
		rows[i] = segmentRow{contributor: entry.Contributor, contribution: entry.Rank, segment: segment, weight: weight,
			earned: earned}
		if i == len(segments)-1 || total == 0 {
			break
		}
		rows[i].weight = uint32(uint64(entry.WeightPpm) * bits[i] / total)
		rows[i].earned = entry.Amount.Add(entry.Bonus).Mul(sdkmath.NewIntFromUint64(bits[i])).Quo(
			sdkmath.NewIntFromUint64(total))
		weight -= rows[i].weight
		earned = earned.Sub(rows[i].earned)
	}
	return rows
}
