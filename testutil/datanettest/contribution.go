package datanettest

import (
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

// Elsewhere creates another DataNet under panel review, with validators of its own.
func (r *Reviews) Elsewhere(validators int) uint64 {
	id := Must(r.Fixture, r.Msgs.CreateDataNet, PanelMsg(r.Bob)).DatanetId
	for i := range validators {
		r.Bonded(string(rune('a'+i))+" elsewhere", id)
	}
	return id
}

// Decide reviews three fresh items, of which two are gold, and returns the other.
func (r *Reviews) Decide(by sdk.AccAddress, content string, opinion Opinion, change ...func(*types.RevealItem)) uint64 {
	rank := r.Contribute(by, content, change...)
	altered, sound := r.Fresh(r.Owner, 2), uint64(0)
	sound = altered[1]
	golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered[0]),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)}
	cohort := r.Draw(r.Contribution(rank).Cohort)
	r.Vote(cohort, All(func(item uint64) types.Vote {
		switch item {
		case altered[0]:
			return No(types.REJECT_REASON_WRONG)
		case sound:
			return Yes(600)
		}
		return opinion(item)
	}))
	r.Open(golds...)
	return rank
}

func Accepting(uint64) types.Vote { return Yes(800) }

func Rejecting(uint64) types.Vote { return No(types.REJECT_REASON_QUALITY) }

func (r *Reviews) Challenge(by sdk.AccAddress, later, original uint64) *types.MsgChallengeDuplicate {
	return &types.MsgChallengeDuplicate{
		Challenger: by.String(), Rank: later, Segment: *r.Segment(later), Original: original,
		OriginalSegment: *r.Segment(original),
	}
}

func RecallMsg(by string, rank uint64) *types.MsgRecallContribution {
	return &types.MsgRecallContribution{Signer: by, Rank: rank, Reason: "private letters"}
}

// Decide2 has all seats reject a contribution in cohorts of three.
func (r *Reviews) Decide2(by sdk.AccAddress, content string) uint64 {
	r.SmallCohorts()
	return r.Decide(by, content, Rejecting)
}

func (r *Reviews) FundBounty(amount, price math.Int, panel uint64) uint64 {
	return Must(r.Fixture, r.Msgs.FundBounty, &types.MsgFundBounty{
		Funder: r.Bob.String(), DatanetId: r.ID, Amount: amount, Price: price, MinTokens: 50,
		Deadline: r.Ctx.BlockTime().Add(60 * 24 * time.Hour), Panel: panel, Description: "rare diseases",
	}).Id
}

func ForBounty(id uint64) func(*types.RevealItem) {
	return func(item *types.RevealItem) { item.Bounty = id }
}

func (r *Reviews) Bounty(id uint64) types.Bounty {
	bounty, err := r.Keeper.GetBounty(r.Ctx, id)
	require.NoError(r.T, err)
	return bounty
}

func (r *Reviews) MustValidator(id uint64) types.DataValidator {
	v, err := r.Keeper.Review.Validators.Get(r.Ctx, id)
	require.NoError(r.T, err)
	return v
}

// FundedModule gives another module coins.
func FundedModule(r *Reviews, amount math.Int) string {
	require.NoError(r.T, r.Bank.Add(r.Ctx, solo.ModuleAddress("gov"), amount))
	return "gov"
}
