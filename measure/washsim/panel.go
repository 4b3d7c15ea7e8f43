package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// panel is a DataNet whose contributions reviewers decide about.
type panel struct {
	id    uint64
	owner party
	fee   math.Int
}

// item is something under review.
type item struct {
	by     party
	text   string
	gold   datanettypes.GoldKind
	bounty uint64
	salt   []byte
	rank   uint64
	vote   bool // what the panel says of it
}

// itemTokens is the number of tokens that each item claims.
const itemTokens = 100

// openPanel creates a DataNet under panel review, and bonds its reviewers.
func (b *branch) openPanel(s *scene, owner party, fee math.Int, reviewers []party) (panel, error) {
	created, err := ask[*datanettypes.MsgCreateDataNetResponse](b, &datanettypes.MsgCreateDataNet{
		Owner: owner.String(), Name: "Reviewed", Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/rules",
		ReviewPolicy:  datanettypes.REVIEW_POLICY_PANEL, ReviewFee: fee, RoyaltyFloor: math.ZeroInt(),
	})
	if err != nil {
		return panel{}, err
	}
	for _, r := range reviewers {
		bond := math.MaxInt(s.datanet.Review.MinBond, fee.MulRaw(int64(s.datanet.Review.BondPerFee)))
		if _, err := b.send(
			&datanettypes.MsgBondValidator{Validator: r.String(), DatanetId: created.DatanetId, Amount: bond}); err != nil {
			return panel{}, err
		}
	}
	return panel{created.DatanetId, owner, fee}, nil
}

// pay sends a message, and counts as spent what leaves the wallet of its signer.
func (b *branch) pay(who party, msg sdk.Msg) (*sdk.Result, error) {
	before := b.balance(who.Address)
	result, err := b.send(msg)
	if left := before.Sub(b.balance(who.Address)); err == nil && left.IsPositive() {
		err = b.spend(left)
	}
	return result, err
}

// text returns a new text.
func (b *branch) text() string {
	b.texts++
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "w%dx%d ", b.texts, i)
	}
	return text.String()
}

// items returns the items of a cohort: contributions of some accounts, and the owner's gold.
func (b *branch) items(p panel, by []party, bounty uint64) []*item {
	var items []*item
	for _, who := range by {
		items = append(items, &item{by: who, vote: true, bounty: bounty})
	}
	items = append(items, &item{by: p.owner, gold: datanettypes.GOLD_KIND_ALTERED, bounty: bounty},
		&item{by: p.owner, gold: datanettypes.GOLD_KIND_SOUND, vote: true, bounty: bounty})
	for _, it := range items {
		salt := b.fresh("gold")
		it.text, it.salt = b.text(), salt[:]
	}
	return items
}

// contribute commits and reveals items.
func (b *branch) contribute(p panel, s *scene, items []*item) error {
	reveals := make([]datanettypes.RevealItem, len(items))
	for i, it := range items {
		root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, it.by.Address, []byte(it.text))})
		salt := b.fresh("commit")
		hash := poa.CommitHash(root, it.by.Address, salt[:])
		result, err := b.pay(it.by, &datanettypes.MsgCommitContributions{
			Contributor: it.by.String(), Items: []datanettypes.CommitItem{
				{Hash: hash[:], Deposit: coin(s.datanet.RequiredDeposit(itemTokens))}},
		})
		if err != nil {
			return err
		}
		it.rank = result.MsgResponses[0].GetCachedValue().(*datanettypes.MsgCommitContributionsResponse).Ranks[0]
		reveals[i] = datanettypes.RevealItem{
			DatanetId: p.id, Rank: it.rank, Root: root[:], Salt: salt[:], Segments: 1, Tokens: itemTokens, Bytes: 500,
			StatisticsRoot: label("statistics"), ContentHash: label("content"), Uri: "https://example.org/item", Title: "item",
			Mark: datanettypes.GoldMark(p.owner.Address, it.salt), Bounty: it.bounty,
		}
	}
	if err := b.blocks(2); err != nil {
		return err
	}
	for i, it := range items {
		if _, err := b.pay(
			it.by, &datanettypes.MsgRevealContributions{Contributor: it.by.String(), Items: reveals[i : i+1]}); err != nil {
			return err
		}
	}
	return nil
}

// review plays a cohort until it is decided. Reviewers vote as the items say. Those who are away do not reveal.
func (b *branch) review(p panel, s *scene, items []*item, away func(address string) bool) error {
	if err := b.contribute(p, s, items); err != nil {
		return err
	}
	first, err := b.app().DatanetKeeper.GetContribution(b.ctx, items[0].rank)
	if err != nil {
		return err
	}
	var golds []sdk.Msg
	for _, it := range items {
		if it.gold == datanettypes.GOLD_KIND_UNSPECIFIED {
			continue
		}
		hash := datanettypes.GoldHash(first.Cohort, it.rank, it.gold, it.by.Address, it.salt)
		if _, err := b.pay(
			it.by, &datanettypes.MsgSealGold{Planter: it.by.String(), Cohort: first.Cohort, Kind: it.gold,
				Hashes: [][]byte{hash}}); err != nil {
			return err
		}
		golds = append(
			golds, &datanettypes.MsgOpenGold{Planter: it.by.String(), Cohort: first.Cohort, Rank: it.rank, Salt: it.salt})
	}
	votes := make(map[uint64]bool)
	for _, it := range items {
		votes[it.rank] = it.vote
	}
	return b.decide(s, first.Cohort, votes, away, golds)
}

// decide plays a cohort until it is decided: its panel is drawn, commits and reveals ballots, and gold is opened.
func (b *branch) decide(s *scene, id uint64, votes map[uint64]bool, away func(string) bool, golds []sdk.Msg) error {
	var sealed []sdk.Msg
	for range 200 {
		cohort, err := b.app().DatanetKeeper.Review.GetCohort(b.ctx, id)
		if err != nil {
			return err
		}
		switch cohort.Phase {
		case datanettypes.COHORT_PHASE_DECIDED:
			return b.blocks(1)
		case datanettypes.COHORT_PHASE_FILLING:
			err = b.endPhase(cohort)
		case datanettypes.COHORT_PHASE_DRAWING:
			if cohort.DrawHeight == 0 { // too few reviewers may sit: the cohort waits for its deadline
				err = b.endPhase(cohort)
				break
			}
			err = b.blocks(1)
		case datanettypes.COHORT_PHASE_COMMIT:
			commits, reveals := ballots(cohort, votes, away)
			sealed = reveals
			if err = b.sendAll(commits...); err == nil {
				err = b.endPhase(cohort)
			}
		case datanettypes.COHORT_PHASE_REVEAL:
			if err = b.sendAll(sealed...); err == nil {
				err = b.endPhase(cohort)
			}
		case datanettypes.COHORT_PHASE_GOLD:
			if err = b.sendAll(golds...); err == nil {
				err = b.endPhase(cohort)
			}
		default:
			err = errors.New("this phase is unknown")
		}
		if err != nil {
			return fmt.Errorf("cohort %d in %s: %w", id, cohort.Phase, err)
		}
	}
	return fmt.Errorf("cohort %d was not decided", id)
}

// endPhase waits until a cohort is in its next phase.
func (b *branch) endPhase(was datanettypes.Cohort) error {
	if err := b.blocks(1); err != nil {
		return err
	}
	now, err := b.app().DatanetKeeper.Review.GetCohort(b.ctx, was.Id)
	if err != nil || now.Phase != was.Phase || now.Round != was.Round {
		return err
	}
	return b.wait(now.Deadline.Sub(b.ctx.BlockTime()) + time.Second)
}

// ballots returns the messages of the reviewers with seats, one of each kind for each reviewer.
func ballots(cohort datanettypes.Cohort, votes map[uint64]bool, away func(string) bool) (commits, reveals []sdk.Msg) {
	seen := make(map[string]bool)
	for _, seat := range cohort.Seats {
		if seen[seat.Address] {
			continue
		}
		seen[seat.Address] = true
		var ballot []datanettypes.Vote
		for _, rank := range cohort.Items {
			if votes[rank] {
				ballot = append(ballot, datanettypes.Vote{Accept: true, Score: 900})
			} else {
				ballot = append(ballot, datanettypes.Vote{Reason: datanettypes.REJECT_REASON_WRONG})
			}
		}
		salt := label(seat.Address)
		hash := datanettypes.BallotHash(cohort.Id, cohort.Round, sdk.MustAccAddressFromBech32(seat.Address), ballot, salt)
		commits = append(commits, &datanettypes.MsgCommitBallot{Validator: seat.Address, Cohort: cohort.Id, Hash: hash})
		if away == nil || !away(seat.Address) {
			reveals = append(
				reveals, &datanettypes.MsgRevealBallot{Validator: seat.Address, Cohort: cohort.Id, Votes: ballot, Salt: salt})
		}
	}
	return commits, reveals
}
