package demo

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	sdkmath "cosmossdk.io/math"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// span is a passage of an answer with the segment that earned it.
type span struct {
	start, end   int // bytes of the answer
	contribution uint64
	segment      uint32
}

// exchange is one question with everything that followed from it.
type exchange struct {
	question string
	answer   string
	spans    []span
	receipt  attributiontypes.Receipt
	payout   rewardstypes.Payout
	tx       string
	answered int64 // height of the chain when the answer arrived
}

// account of a contributor over the run.
type account struct {
	name    string
	address string
	before  sdkmath.Int
	after   sdkmath.Int
}

// palette colours sources; an answer with more sources starts again.
// The codes have one length, because columns are aligned by bytes.
var palette = []string{"\x1b[38;5;039m", "\x1b[38;5;208m", "\x1b[38;5;076m", "\x1b[38;5;170m", "\x1b[38;5;220m", "\x1b[38;5;045m", "\x1b[38;5;203m", "\x1b[38;5;141m"}

const (
	bold  = "\x1b[1m"
	reset = "\x1b[0m"

	unattributedColour = "\x1b[38;5;245m"
)

// printer writes for people, in colour when the output takes it.
type printer struct {
	w      io.Writer
	colour bool
}

func (p printer) style(code, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return code + text + reset
}

func (p printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// title prints a heading.
func (p printer) title(text string) { p.printf("\n%s\n", p.style(bold, text)) }

// sourceColours gives each contribution of an exchange a colour, by weight.
func sourceColours(e exchange) map[uint64]string {
	colours := make(map[uint64]string)
	for i, entry := range e.receipt.Entries {
		colours[entry.Rank] = palette[i%len(palette)]
	}
	return colours
}

// answer prints an answer with its attributed passages coloured by source, or
// marked with the number of the contribution where there is no colour.
func (p printer) answer(e exchange) {
	colours := sourceColours(e)
	spans := slices.Clone(e.spans)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var out strings.Builder
	at := 0
	for _, s := range spans {
		if s.start < at || s.end > len(e.answer) || s.start >= s.end {
			continue
		}
		out.WriteString(e.answer[at:s.start])
		text := e.answer[s.start:s.end]
		if p.colour {
			out.WriteString(p.style(colours[s.contribution], text))
		} else {
			fmt.Fprintf(&out, "[%s]#%d", text, s.contribution)
		}
		at = s.end
	}
	out.WriteString(e.answer[at:])
	p.title("Q  " + e.question)
	for line := range strings.Lines(strings.TrimSpace(out.String())) {
		p.printf("   %s", line)
	}
	p.printf("\n")
}

// table prints who was paid for an answer.
func (p printer) table(e exchange, names map[string]string, accounts []account) {
	colours := sourceColours(e)
	balances := make(map[string]account, len(accounts))
	for _, account := range accounts {
		balances[account.address] = account
	}
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	header := "contributor"
	if p.colour {
		header = p.mark("", header)
	}
	fmt.Fprintf(tab, "\n   "+header+"\tsegment\tweight\tOPEN earned\tbalance before → after\n")
	for _, row := range segmentRows(e) {
		balance := balances[row.contributor]
		fmt.Fprintf(tab, "   %s\t%d/%d\t%s\t%s\t%s → %s\n",
			p.mark(colours[row.contribution], names[row.contributor]), row.contribution, row.segment, percent(row.weight),
			openAmount(row.earned), openAmount(balance.before), openAmount(balance.after))
	}
	fmt.Fprintf(tab, "   %s\t\t%s\t\t\n", p.mark("", "unattributed"), percent(e.receipt.UnattributedPpm))
	tab.Flush()
}

// mark puts a dot in the colour of the source before a name.
func (p printer) mark(colour, name string) string {
	if !p.colour {
		return name
	}
	if colour == "" {
		colour = unattributedColour
	}
	return colour + "●" + reset + " " + name
}

// split prints where the fee went.
func (p printer) split(e exchange) {
	data := sdkmath.ZeroInt()
	owners := sdkmath.ZeroInt()
	for _, entry := range e.payout.Entries {
		data = data.Add(entry.Amount)
		owners = owners.Add(entry.OwnerAmount)
	}
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "\n   fee\t%s OPEN\t= compute %s + royalty %s\n", openAmount(e.payout.Fee), openAmount(e.payout.Compute), openAmount(e.payout.Royalty))
	for _, row := range []struct {
		name   string
		amount sdkmath.Int
	}{
		{"compute, to the provider", e.payout.Provider},
		{"data, to contributors", data},
		{"DataNet owner", owners},
		{"lineage, to model owners", e.payout.Lineage},
		{"validators", e.payout.Validators},
		{"bounty pool", e.payout.BountyPool},
		{"burned", e.payout.Burned},
	} {
		fmt.Fprintf(tab, "   %s\t%s\t%s\n", row.name, openAmount(row.amount), share(row.amount, e.payout.Fee))
	}
	fmt.Fprintf(tab, "   bonus minted\t%s\tfrom what was burned, on top for contributors\n", openAmount(e.payout.Bonus))
	tab.Flush()
}

// openAmount prints aopen as OPEN with six digits; less than half of the last
// digit shows as "<0.000001".
func openAmount(amount sdkmath.Int) string {
	if amount.IsNil() {
		return "0"
	}
	micro := amount.Add(sdkmath.NewIntWithDecimal(5, 11)).Quo(sdkmath.NewIntWithDecimal(1, 12))
	if micro.IsZero() && amount.IsPositive() {
		return "<0.000001"
	}
	million := sdkmath.NewInt(1_000_000)
	return fmt.Sprintf("%s.%06d", micro.Quo(million), micro.Mod(million).Int64())
}

func percent(ppm uint32) string { return fmt.Sprintf("%d.%02d %%", ppm/10_000, ppm%10_000/100) }

// share prints part of whole in percent.
func share(part, whole sdkmath.Int) string {
	if whole.IsZero() {
		return ""
	}
	return percent(uint32(part.MulRaw(1_000_000).Quo(whole).Int64()))
}

// result is the JSON object on the last line of output; amounts are aopen.
type result struct {
	Answer                   string          `json:"answer"`
	Receipts                 []resultReceipt `json:"receipts"`
	BlocksFromAnswerToReward int64           `json:"blocks_from_answer_to_reward"`
	SupplyBefore             string          `json:"supply_before"`
	SupplyAfter              string          `json:"supply_after"`
	InvariantsOK             bool            `json:"invariants_ok"`
}

type resultReceipt struct {
	ID              string        `json:"id"`
	Height          int64         `json:"height"`
	Fee             string        `json:"fee"`
	Burned          string        `json:"burned"`
	Minted          string        `json:"minted"`
	UnattributedPPM uint32        `json:"unattributed_ppm"`
	Entries         []resultEntry `json:"entries"`
}

type resultEntry struct {
	Contributor  string `json:"contributor"`
	Contribution uint64 `json:"contribution"`
	Segment      uint32 `json:"segment"`
	WeightPPM    uint32 `json:"weight_ppm"`
	Earned       string `json:"earned"`
}

// newResult collects what happened.
func newResult(exchanges []exchange, supplyBefore, supplyAfter sdkmath.Int, invariantsOK bool) result {
	r := result{
		Answer:       exchanges[0].answer,
		SupplyBefore: supplyBefore.String(), SupplyAfter: supplyAfter.String(), InvariantsOK: invariantsOK,
	}
	for _, e := range exchanges {
		receipt := resultReceipt{
			ID: e.receipt.Id, Height: e.receipt.Height, Fee: e.payout.Fee.String(), Burned: e.payout.Burned.String(),
			Minted: e.payout.Bonus.String(), UnattributedPPM: e.receipt.UnattributedPpm, Entries: []resultEntry{},
		}
		for _, row := range segmentRows(e) {
			receipt.Entries = append(receipt.Entries, resultEntry{
				Contributor: row.contributor, Contribution: row.contribution, Segment: row.segment,
				WeightPPM: row.weight, Earned: row.earned.String(),
			})
		}
		r.Receipts = append(r.Receipts, receipt)
		r.BlocksFromAnswerToReward = max(r.BlocksFromAnswerToReward, e.receipt.Height-e.answered)
	}
	return r
}
