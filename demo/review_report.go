package demo

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/openledger/openledger/openlora/render"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// print shows both cohorts to a person.
func (r *review) print(p printer) error {
	p.title("Reviewers")
	p.printf("   The guidelines of DataNet %d: %s\n", r.datanet, guidelines)
	p.printf("   Diligent reviewers compare each text with all that is accepted and refuse it from %s copied on; they "+
		"take a text of %d words or\n"+
		"   more for spam if a phrase of %d words stands in it more than %d times or less than a third of its words "+
		"differ; they look for a\n"+
		"   sentence and its opposite; and they score by how much the words of a text differ, each a little more strictly "+
		"than the one before.\n",
		render.Percent(poa.DuplicatePPM), minSpamWords, spamPhrase, maxPhraseCount)
	for _, c := range r.cohorts {
		p.title(fmt.Sprintf("Cohort %d: %d contributions, %d seats", c.state.Id, len(c.items), len(c.state.Seats)))
		for _, print := range []func(printer) error{c.printSeats, c.printVotes, c.printFindings, c.printPanel} {
			if err := print(p); err != nil {
				return err
			}
		}
	}
	p.printf("\n   %s OPEN of the fees are set aside: out of that, panels of all DataNets decide items again that "+
		"chance picks.\n", openAmount(r.checkFund.Add(r.checking)))
	p.printf("   A seat earns its share of the other fees times how it did on gold: to accept everything is worth the " +
		"gas, no more. A seat that\n" +
		"   accepts a planted duplicate, which the chain compares itself, is slashed; gold that only the owner vouches " +
		"for costs pay, no stake.\n" +
		"   The score of a text is the median of the seats: so many thousandths of what it weighs in answers it is paid, " +
		"the rest goes to the bounty pool.\n\n")
	return nil
}

func (c *cohort) printSeats(p printer) error {
	p.printf("   Each block drew one seat, by stake:\n")
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, seat := range c.state.Seats {
		fmt.Fprintf(tab, "   block %d\t%s\t%s OPEN at stake\n", seat.Height, c.member(seat.Address).name,
			openAmount(seat.Stake))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if lazy := slices.IndexFunc(c.panel, func(m *member) bool { return m.lazy }); lazy >= 0 {
		p.printf("   %s, with the fewest seats, plays the lazy one here: it accepts everything unread.\n", c.panel[lazy].name)
	}
	return nil
}

func (c *cohort) member(address string) *member {
	return c.panel[slices.IndexFunc(c.panel, func(m *member) bool { return m.account.String() == address })]
}

// label of a member, with its seats if it has several.
func (m *member) label() string {
	label := strings.TrimPrefix(m.name, "reviewer-")
	if m.lazy {
		label += " lazy"
	}
	if m.seats > 1 {
		label += fmt.Sprintf(" ×%d", m.seats)
	}
	return label
}

func reasonName(reason datanettypes.RejectReason) string {
	return strings.ToLower(strings.TrimPrefix(reason.String(), "REJECT_REASON_"))
}

func (c *cohort) printVotes(p printer) error {
	p.printf("\n   The votes by the number of the reviewer, ×n with n seats: a score accepts, a reason refuses. What a " +
		"text is in truth they could not see.\n")
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "   rank\tcontributor\tin truth")
	for _, m := range c.panel {
		fmt.Fprintf(tab, "\t%s", m.label())
	}
	fmt.Fprintf(tab, "\tfor\tscore\tverdict\twhy it was refused\n")
	for i, s := range c.items {
		fmt.Fprintf(tab, "   %d\t%s\t%s", s.rank(), s.name, s.nature)
		for _, m := range c.panel {
			vote := m.opinions[i].vote
			if vote.Accept {
				fmt.Fprintf(tab, "\t%d", vote.Score)
			} else {
				fmt.Fprintf(tab, "\t%s", reasonName(vote.Reason))
			}
		}
		outcome, verdict := c.state.Outcomes[i], "refused"
		if outcome.Accepted {
			verdict = "accepted"
		}
		fmt.Fprintf(tab, "\t%d of %d\t%d\t%s\t%s\n", outcome.Accepts, len(c.state.Seats), outcome.Score, verdict,
			c.decided[s.rank()].Reason)
	}
	return tab.Flush()
}

// printFindings says what diligent reviewers saw in what they refused.
func (c *cohort) printFindings(p printer) error {
	p.printf("\n   What reviewers saw in what they refused:\n")
	for i, s := range c.items {
		why := c.finding(i)
		if why == "" {
			continue
		}
		p.printf("   %d  %q: %s", s.rank(), s.title, why)
		if s.nature == natureNearCopy {
			p.printf(" (%d words changed)", s.changed)
		}
		p.printf("\n")
	}
	return nil
}

// finding of the panel about an item, empty if nobody objects.
func (c *cohort) finding(item int) string {
	for _, m := range c.panel {
		if why := m.opinions[item].why; why != "" {
			return why
		}
	}
	return ""
}

func (c *cohort) printPanel(p printer) error {
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "\n   reviewer\tconduct\tseats\tOPEN earned\tslashed\tfor\n")
	for _, m := range c.panel {
		fmt.Fprintf(tab, "   %s\t%s\t%d\t%s\t%s\t%s\n", m.name, m.conduct(), m.seats, openAmount(m.earned),
			openAmount(m.slashed), m.slashedFor())
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	p.printf("   Review fees of %s OPEN: %s to the panel, %s set aside for checks, %s to the bounty pool.\n",
		openAmount(c.fees()), openAmount(c.earned()), openAmount(c.aside), openAmount(c.fees().Sub(c.earned()).Sub(c.aside)))
	return nil
}

func (m *member) conduct() string {
	if m.lazy {
		return "lazy: accepts all"
	}
	return "diligent"
}

// slashedFor says for people why seats were slashed.
func (m *member) slashedFor() string {
	if len(m.reasons) == 0 {
		return ""
	}
	if m.reasons[0] == "gold" {
		return "gold: accepted a planted duplicate"
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(m.reasons))), ", ")
}

// resultReview is the part of the JSON object about reviews; amounts are aopen.
type resultReview struct {
	DataNet uint64         `json:"datanet"`
	Fee     string         `json:"fee"`
	Cohorts []resultCohort `json:"cohorts"`
	// CheckFund is what is set aside for checks by chance, less what those that are open have taken.
	CheckFund string `json:"check_fund"`
}

type resultCohort struct {
	ID        uint64           `json:"id"`
	Version   uint64           `json:"version"`
	Fees      string           `json:"fees"` // without those that were returned
	Checks    string           `json:"checks"`
	Seats     []resultSeat     `json:"seats"`
	Items     []resultItem     `json:"items"`
	Reviewers []resultReviewer `json:"reviewers"`
}

type resultSeat struct {
	Height   int64  `json:"height"`
	Reviewer string `json:"reviewer"`
	Stake    string `json:"stake"`
}

type resultItem struct {
	Rank        uint64       `json:"rank"`
	Contributor string       `json:"contributor"`
	Title       string       `json:"title"`
	Nature      string       `json:"nature"` // what the demo made it
	CopiedPPM   uint32       `json:"copied_ppm,omitempty"`
	Original    uint64       `json:"original,omitempty"`
	Votes       []resultVote `json:"votes"`
	Accepts     uint32       `json:"accepts"`
	Score       uint32       `json:"score"`
	Accepted    bool         `json:"accepted"`
	Gold        bool         `json:"gold"`
	Reason      string       `json:"reason,omitempty"`
}

type resultVote struct {
	Reviewer string `json:"reviewer"`
	Seats    int    `json:"seats"`
	Accept   bool   `json:"accept"`
	Score    uint32 `json:"score"`
	Reason   string `json:"reason,omitempty"`
	Finding  string `json:"finding,omitempty"`
}

type resultReviewer struct {
	Reviewer   string   `json:"reviewer"`
	Address    string   `json:"address"`
	Seats      int      `json:"seats"`
	Lazy       bool     `json:"lazy"`
	Earned     string   `json:"earned"`
	Slashed    string   `json:"slashed"`
	SlashedFor []string `json:"slashed_for"`
}

// result is nil without a review.
func (r *review) result() *resultReview {
	if r == nil {
		return nil
	}
	out := &resultReview{DataNet: r.datanet, Fee: reviewFee.String(), CheckFund: r.checkFund.String()}
	for _, c := range r.cohorts {
		out.Cohorts = append(out.Cohorts, c.result())
	}
	return out
}

func (c *cohort) result() resultCohort {
	out := resultCohort{ID: c.state.Id, Version: c.version, Fees: c.fees().String(), Checks: c.aside.String()}
	for _, seat := range c.state.Seats {
		out.Seats = append(
			out.Seats, resultSeat{Height: seat.Height, Reviewer: c.member(seat.Address).name, Stake: seat.Stake.String()})
	}
	for i, s := range c.items {
		outcome := c.state.Outcomes[i]
		item := resultItem{
			Rank: s.rank(), Contributor: s.name, Title: s.title, Nature: string(s.nature), CopiedPPM: s.copied,
			Accepts: outcome.Accepts, Score: outcome.Score, Accepted: outcome.Accepted, Gold: outcome.Gold,
			Reason: c.decided[s.rank()].Reason,
		}
		if s.original != nil {
			item.Original = s.original.rank()
		}
		for _, m := range c.panel {
			o := m.opinions[i]
			vote := resultVote{Reviewer: m.name, Seats: m.seats, Accept: o.vote.Accept, Score: o.vote.Score, Finding: o.why}
			if !o.vote.Accept {
				vote.Reason = reasonName(o.vote.Reason)
			}
			item.Votes = append(item.Votes, vote)
		}
		out.Items = append(out.Items, item)
	}
	for _, m := range c.panel {
		out.Reviewers = append(out.Reviewers, resultReviewer{
			Reviewer: m.name, Address: m.account.String(), Seats: m.seats, Lazy: m.lazy,
			Earned: m.earned.String(), Slashed: m.slashed.String(), SlashedFor: append([]string{}, m.reasons...),
		})
	}
	return out
}
