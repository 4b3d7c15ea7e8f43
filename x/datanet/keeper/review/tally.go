package review

import (
	"fmt"
	"strings"

	"github.com/openledger/openledger/x/datanet/types"
)

// panel is the seats of a cohort with their votes; a seat that did not reveal has none.
type panel struct {
	cohort types.Cohort
	votes  [][]types.Vote // by seat
}

func newPanel(cohort types.Cohort, ballots []types.Ballot) panel {
	p := panel{cohort: cohort}
	for _, seat := range cohort.Seats {
		ballot, _ := findBallot(ballots, seat.Address)
		p.votes = append(p.votes, ballot.Votes)
	}
	return p
}

// revealed returns the number of seats with votes.
func (p panel) revealed() int {
	n := 0
	for _, votes := range p.votes {
		if len(votes) > 0 {
			n++
		}
	}
	return n
}

// outcome counts the votes about an item: seats that accept and the median score of all.
func (p panel) outcome(item int) types.Outcome {
	var out types.Outcome
	var scores []uint32
	for _, votes := range p.votes {
		if len(votes) == 0 {
			continue
		}
		if votes[item].Accept {
			out.Accepts++
		}
		scores = append(scores, votes[item].Score)
	}
	out.Score = types.Median(scores)
	return out
}

// majority is outcome, accepted by more than half of the seats that revealed.
func (p panel) majority(item int) types.Outcome {
	out := p.outcome(item)
	out.Accepted = 2*int(out.Accepts) > p.revealed() && out.Score > 0
	return out
}

// reason says for people why seats rejected an item.
func (p panel) reason(item int) string {
	counts := make([]int, len(types.RejectReason_name))
	rejects := 0
	for _, votes := range p.votes {
		if len(votes) > 0 && !votes[item].Accept {
			counts[votes[item].Reason]++
			rejects++
		}
	}
	var parts []string
	for reason, n := range counts {
		if n > 0 {
			name := strings.ToLower(strings.TrimPrefix(types.RejectReason(reason).String(), "REJECT_REASON_"))
			parts = append(parts, fmt.Sprintf("%s %d", name, n))
		}
	}
	return fmt.Sprintf("%d of %d seats reject: %s", rejects, len(p.votes), strings.Join(parts, ", "))
}

// goldAnswers counts the answers of a seat on gold.
func (p panel) goldAnswers(seat int) types.GoldAnswers {
	var t types.GoldAnswers
	votes := p.votes[seat]
	if len(votes) == 0 {
		return t
	}
	for item, rank := range p.cohort.Items {
		kind := p.cohort.OpenedGold(rank)
		if kind == types.GOLD_KIND_UNSPECIFIED {
			continue
		}
		switch accept := votes[item].Accept; {
		case kind == types.GOLD_KIND_SOUND && accept:
			t.SoundRight++
		case kind == types.GOLD_KIND_SOUND:
			t.SoundWrong++
		case accept:
			t.BadWrong++
		default:
			t.BadRight++
		}
		if kind == types.GOLD_KIND_DUPLICATE {
			if votes[item].Accept {
				t.CheckedWrong++
			} else {
				t.CheckedRight++
			}
		}
	}
	return t
}

// agreement counts the votes that are those of the panel.
func agreement(votes []types.Vote, outcomes []types.Outcome) uint64 {
	n := uint64(0)
	for i, vote := range votes {
		if vote.Accept == outcomes[i].Accepted {
			n++
		}
	}
	return n
}
