package audit

import (
	"errors"
	"fmt"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// weights prints entries and the rest.
func weights(entries []poa.Entry, unattributed uint32) string {
	var b strings.Builder
	for _, entry := range entries {
		fmt.Fprintf(&b, "%d: %d", entry.Rank, entry.WeightPPM)
		if entry.LoraPPM > 0 {
			fmt.Fprintf(&b, " (%d by influence)", entry.LoraPPM)
		}
		b.WriteString(", ")
	}
	fmt.Fprintf(&b, "unattributed: %d", unattributed)
	return b.String()
}

func recordedWeights(r attributiontypes.Receipt) string {
	entries := make([]poa.Entry, len(r.Entries))
	for i, entry := range r.Entries {
		entries[i] = poa.Entry{Rank: entry.Rank, WeightPPM: entry.WeightPpm, LoraPPM: entry.LoraPpm}
	}
	return weights(entries, r.UnattributedPpm)
}

// listEntries lists who was paid, and divides the royalty again by the terms
// that the batch froze.
func (a *audit) listEntries() error {
	a.report.UnattributedPPM = a.receipt.UnattributedPpm
	payable := rewardstypes.Payable{
		Compute: a.receipt.Fee.Sub(a.state.Price.Royalty), Royalty: a.state.Price.Royalty,
		Acknowledged: a.receipt.Acknowledged, UnattributedPPM: a.receipt.UnattributedPpm,
	}
	var err error
	if payable.Provider, err = sdk.AccAddressFromBech32(a.batch.Provider); err != nil {
		return err
	}
	// How models divide their part does not touch the data share.
	payable.Lineage = []rewardstypes.Share{{Address: payable.Provider, PPM: rewardstypes.PPM}}
	for _, entry := range a.receipt.Entries {
		if err := a.find(entry.Rank); errors.Is(err, ErrNotFound) {
			a.truth("payout", false, "", err.Error())
			return nil
		} else if err != nil {
			return err
		}
		c := a.known[entry.Rank]
		royalties, err := attributiontypes.RoyaltyShares(c.royalties)
		if err != nil {
			return err
		}
		part, err := attributiontypes.PayableEntry(c.Contribution.Pay(), royalties, a.batch.Height)
		if err != nil {
			return err
		}
		part.WeightPPM, part.LoraPPM = entry.WeightPpm, entry.LoraPpm
		payable.Entries = append(payable.Entries, part)
	}
	payout, err := rewardstypes.Split(a.batch.Terms, payable)
	if err != nil {
		a.truth("payout", false, "", fmt.Sprintf("payout: %v", err))
		return nil
	}
	payout = a.batch.Paid(payout)
	for i, entry := range payout.Entries {
		a.report.Entries = append(a.report.Entries, Entry{
			Rank: entry.Rank, DataNet: a.known[entry.Rank].DatanetId, Contributor: entry.Contributor,
			WeightPPM: entry.WeightPpm, LoraPPM: a.receipt.Entries[i].LoraPpm, DataShare: entry.Amount.String(),
		})
	}
	a.same("payout", "data shares in aopen by contribution:", shares(a.batch.Payment(), payout),
		shares(a.payment, a.payout))
	return nil
}

func shares(payment attributiontypes.Payment, payout rewardstypes.Payout) string {
	parts := make([]string, len(payout.Entries))
	for i, entry := range payout.Entries {
		parts[i] = fmt.Sprintf("%d: %s", entry.Rank, entry.Amount)
	}
	paid := strings.ToLower(strings.TrimPrefix(payment.String(), "PAYMENT_"))
	return strings.Join(
		append(parts, fmt.Sprintf("bounty pool: %s, retired: %s (%s)", payout.BountyPool, payout.Retired, paid)), ", ")
}

// listRuns lists the recomputed rows with the text of their segments. Offsets count words, so that the text is cut
// where the segment's words are. A row that is paid for its meaning has no place in the segment, so its text is the
// whole segment.
func (a *audit) listRuns(rows []poa.Row) {
	words := make(map[[2]uint64][]poa.Token)
	content := make(map[[2]uint64][]byte)
	for _, proof := range a.proofs {
		key := [2]uint64{proof.Rank, uint64(proof.Index)}
		words[key], content[key] = poa.Tokenize(proof.Content), proof.Content
	}
	for _, row := range rows {
		key := [2]uint64{row.Rank, uint64(row.Segment)}
		text := content[key]
		if !poa.ByMeaning(a.claimed.Method) || !row.Window { // else the words mean what the whole segment says
			first, last := words[key][row.Offset], words[key][row.Offset+row.Length-1]
			text = text[first.Start:last.End]
		}
		a.report.Runs = append(a.report.Runs, Run{
			Position: row.Position, Length: row.Length, Rank: row.Rank, Segment: row.Segment,
			Offset:    row.SegmentOffset(a.claimed.Method),
			ScoreBits: float64(row.Score) / (1 << 16), Text: string(text),
		})
	}
}
