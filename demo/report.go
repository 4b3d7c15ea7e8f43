package demo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/render"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// exchange is one question with everything that followed from it.
type exchange struct {
	question string
	answer   string
	proof    api.Answer
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

// printer writes for people, in colour if the output supports it.
type printer struct {
	w        io.Writer
	colour   bool
	terminal bool // somebody watches stderr
}

func (p printer) style(code, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return code + text + render.Reset
}

func (p printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// title prints a heading.
func (p printer) title(text string) { p.printf("\n%s\n", p.style(render.Bold, text)) }

// answer prints a question and its answer with the passages of each source.
func (p printer) answer(e exchange) {
	p.title("Q  " + e.question)
	for line := range strings.Lines(strings.TrimSpace(render.Spans(e.answer, e.proof, p.colour))) {
		p.printf("   %s", line)
	}
	p.printf("\n")
}

// table prints who was paid for an answer.
func (p printer) table(e exchange, names map[string]string, accounts []account) {
	balances := make(map[string]account, len(accounts))
	for _, account := range accounts {
		balances[account.address] = account
	}
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	header := "contributor"
	if p.colour {
		header = p.mark("", header)
	}
	fmt.Fprintf(tab, "\n   %s\tsegment\tweight\tOPEN earned\tbalance before → after\n", header)
	for _, row := range segmentRows(e) {
		balance := balances[row.contributor]
		fmt.Fprintf(tab, "   %s\t%d/%d\t%s\t%s\t%s → %s\n",
			p.mark(render.Colour(e.proof, row.contribution), names[row.contributor]), row.contribution, row.segment,
			render.Percent(row.weight),
			openAmount(row.earned), openAmount(balance.before), openAmount(balance.after))
	}
	fmt.Fprintf(tab, "   %s\t\t%s\t\t\n", p.mark("", "unattributed"), render.Percent(e.receipt.UnattributedPpm))
	tab.Flush()
}

// mark puts a dot in the colour of the source before a name.
func (p printer) mark(colour, name string) string {
	if !p.colour {
		return name
	}
	if colour == "" {
		colour = render.Grey
	}
	return colour + "●" + render.Reset + " " + name
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
	fmt.Fprintf(tab, "\n   fee\t%s OPEN\t= compute %s + royalty %s\n", openAmount(e.payout.Fee),
		openAmount(e.payout.Compute), openAmount(e.payout.Royalty))
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
		{"burned", e.payout.Burned.Add(e.payout.Retired)},
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

// share prints part of whole in percent.
func share(part, whole sdkmath.Int) string {
	if whole.IsZero() {
		return ""
	}
	return render.Percent(uint32(part.MulRaw(1_000_000).Quo(whole).Int64()))
}

// result is the JSON object on the last line of output; amounts are aopen.
type result struct {
	Answer                   string          `json:"answer"`
	Receipts                 []resultReceipt `json:"receipts"`
	BlocksFromAnswerToReward int64           `json:"blocks_from_answer_to_reward"`
	SupplyBefore             string          `json:"supply_before"`
	SupplyAfter              string          `json:"supply_after"`
	InvariantsOK             bool            `json:"invariants_ok"`
	Review                   *resultReview   `json:"review,omitempty"`
	Running                  *resultRunning  `json:"running,omitempty"`
}

// resultRunning says where the processes are that --keep leaves running.
type resultRunning struct {
	Home    string `json:"home"`
	GRPC    string `json:"grpc"`
	RPC     string `json:"rpc"`
	REST    string `json:"rest"`
	Gateway string `json:"gateway"`
	PIDs    []int  `json:"pids"`
}

// running returns what --keep leaves running, and nil without --keep.
func (w *world) running() *resultRunning {
	if !w.opts.keep {
		return nil
	}
	r := &resultRunning{
		Home: w.home, GRPC: w.address(3), RPC: "tcp://" + w.address(1), REST: "http://" + w.address(2),
		Gateway: w.gatewayURL(), PIDs: w.pids(),
	}
	return r
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
	r := result{Receipts: []resultReceipt{}, SupplyBefore: supplyBefore.String(), SupplyAfter: supplyAfter.String(),
		InvariantsOK: invariantsOK}
	if len(exchanges) > 0 {
		r.Answer = exchanges[0].answer
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
