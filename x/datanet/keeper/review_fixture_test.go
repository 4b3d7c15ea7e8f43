package keeper_test

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

// reviews is a module with a DataNet under panel review and its validators.
type reviews struct {
	*fixture
	id         uint64
	validators []sdk.AccAddress
	texts      map[uint64]string // by rank, of one segment each
	salts      map[uint64][]byte // by rank, of the mark
	n          int
}

// fee is the review fee, 1 OPEN; the bond of a validator is 400 times that.
var (
	fee  = open(10)
	bond = fee.MulRaw(400)
)

func panelMsg(owner sdk.AccAddress) *types.MsgCreateDataNet {
	msg := createMsg(owner)
	msg.ReviewPolicy, msg.ReviewFee = types.REVIEW_POLICY_PANEL, fee
	return msg
}

// newReviews has validators with one bond each.
func newReviews(t require.TestingT, validators int) *reviews {
	f := newFixture(t)
	r := &reviews{fixture: f, texts: make(map[uint64]string), salts: make(map[uint64][]byte)}
	r.id = must(f, f.msgs.CreateDataNet, panelMsg(f.owner)).DatanetId
	for i := range validators {
		r.validators = append(r.validators, r.bonded(fmt.Sprint("validator-", i), r.id))
	}
	return r
}

func (r *reviews) bonded(name string, datanet uint64) sdk.AccAddress {
	who := account(name)
	r.fund(who)
	must(r.fixture, r.msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(), DatanetId: datanet, Amount: bond})
	return who
}

// text returns a segment that shares nothing with others.
func text(n int) string {
	var words []string
	for i := range 60 {
		sum := sha256.Sum256([]byte(fmt.Sprint(n, "/", i)))
		words = append(words, fmt.Sprintf("w%x", sum[:4]))
	}
	return strings.Join(words, " ")
}

// contribute reveals one segment of text and returns its rank.
func (r *reviews) contribute(by sdk.AccAddress, content string, change ...func(*types.RevealItem)) uint64 {
	r.n++
	s := r.sealed(by, content)
	gold := salt(fmt.Sprint("gold ", r.n))
	s.item.Mark = types.GoldMark(r.owner, gold)
	for _, c := range change {
		c(&s.item)
	}
	items := r.commit(by, open(20), s)
	r.blocks(2)
	must(r.fixture, r.msgs.RevealContributions, revealMsg(by, items...))
	r.texts[items[0].Rank], r.salts[items[0].Rank] = content, gold
	return items[0].Rank
}

func (r *reviews) sealed(by sdk.AccAddress, content string) sealed {
	s := seal(by, r.id, fmt.Sprint("item-", r.n), 100)
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, by, []byte(content))})
	s.item.Root, s.item.Mark = root[:], salt("mark")
	s.hash = poa.CommitHash(root, by, s.item.Salt)
	return s
}

// fresh contributes n texts of its own.
func (r *reviews) fresh(by sdk.AccAddress, n int) []uint64 {
	var ranks []uint64
	for range n {
		ranks = append(ranks, r.contribute(by, text(r.n)))
	}
	return ranks
}

func (r *reviews) cohort(id uint64) types.Cohort {
	cohort, err := r.Keeper.GetCohort(r.Ctx, id)
	require.NoError(r.t, err)
	return cohort
}

func (r *reviews) cohortOf(rank uint64) types.Cohort { return r.cohort(r.contribution(rank).Cohort) }

func salt(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// plant seals gold and returns its opening.
func (r *reviews) plant(kind types.GoldKind, by sdk.AccAddress, rank uint64) *types.MsgOpenGold {
	cohort := r.contribution(rank).Cohort
	s := r.salts[rank]
	must(r.fixture, r.msgs.SealGold, &types.MsgSealGold{
		Planter: by.String(), Cohort: cohort, Kind: kind, Hashes: [][]byte{types.GoldHash(cohort, rank, kind, by, s)},
	})
	return &types.MsgOpenGold{Planter: by.String(), Cohort: cohort, Rank: rank, Salt: s}
}

func (r *reviews) segment(rank uint64) *types.SegmentProof {
	return &types.SegmentProof{Text: []byte(r.texts[rank])}
}

// plantCopy contributes a copy of an accepted contribution and seals it.
func (r *reviews) plantCopy(by sdk.AccAddress, original uint64) *types.MsgOpenGold {
	rank := r.contribute(by, r.texts[original])
	open := r.plant(types.GOLD_KIND_DUPLICATE, by, rank)
	open.Segment, open.Original, open.OriginalSegment = r.segment(rank), original, r.segment(original)
	return open
}

// draw passes blocks until the panel is drawn.
func (r *reviews) draw(id uint64) types.Cohort {
	for range 200 {
		if cohort := r.cohort(id); cohort.Phase == types.COHORT_PHASE_COMMIT {
			return cohort
		}
		r.endBlock()
	}
	require.Failf(r.t, "no panel was drawn", "%+v", r.cohort(id))
	return types.Cohort{}
}

func yes(score uint32) types.Vote { return types.Vote{Accept: true, Score: score} }

func no(reason types.RejectReason) types.Vote { return types.Vote{Reason: reason} }

// opinion votes about an item.
type opinion func(rank uint64) types.Vote

// ballots returns the messages of each seated account.
func (r *reviews) ballots(cohort types.Cohort, opinion func(seat types.Seat) opinion) (commits []*types.MsgCommitBallot, reveals []*types.MsgRevealBallot) {
	seen := make(map[string]bool)
	for _, seat := range cohort.Seats {
		if seen[seat.Address] {
			continue
		}
		seen[seat.Address] = true
		think := opinion(seat)
		if think == nil {
			continue
		}
		var votes []types.Vote
		for _, rank := range cohort.Items {
			votes = append(votes, think(rank))
		}
		s := salt(seat.Address)
		hash := types.BallotHash(cohort.Id, cohort.Round, sdk.MustAccAddressFromBech32(seat.Address), votes, s)
		commits = append(commits, &types.MsgCommitBallot{Validator: seat.Address, Cohort: cohort.Id, Hash: hash})
		reveals = append(reveals, &types.MsgRevealBallot{Validator: seat.Address, Cohort: cohort.Id, Votes: votes, Salt: s})
	}
	return commits, reveals
}

// vote plays the panel of a cohort; a seat without an opinion stays away.
func (r *reviews) vote(cohort types.Cohort, opinion func(seat types.Seat) opinion) {
	commits, reveals := r.ballots(cohort, opinion)
	for _, commit := range commits {
		must(r.fixture, r.msgs.CommitBallot, commit)
	}
	r.endBlock()
	if r.cohort(cohort.Id).Phase == types.COHORT_PHASE_COMMIT {
		r.after(r.params().CommitWindow)
		r.endBlock()
	}
	for _, reveal := range reveals {
		must(r.fixture, r.msgs.RevealBallot, reveal)
	}
	r.endBlock()
}

func (r *reviews) params() types.ReviewParams {
	params, err := r.Keeper.Params.Get(r.Ctx)
	require.NoError(r.t, err)
	return params.Review
}

func (r *reviews) open(golds ...*types.MsgOpenGold) {
	for _, gold := range golds {
		must(r.fixture, r.msgs.OpenGold, gold)
	}
	r.endBlock()
	r.hold()
}

// hold has validators hold what was accepted.
func (r *reviews) hold() {
	if datanet := r.datanet(r.id); datanet.HeldVersion != datanet.Version {
		require.NoError(r.t, r.Keeper.SetHeld(r.Ctx, r.id, datanet.Version))
	}
}

func (r *reviews) validator(datanet uint64, who string) types.DataValidator {
	v, err := r.Keeper.GetValidator(r.Ctx, datanet, sdk.MustAccAddressFromBech32(who))
	require.NoError(r.t, err)
	return v
}

// smallCohorts has cohorts of three items.
func (r *reviews) smallCohorts() {
	r.setParams(func(p *types.Params) { p.Review.CohortItems, p.Review.MaxCohortItems = 3, 20 })
}

// seed accepts one contribution by governance of the owner: a small cohort in which all vote for it.
func (r *reviews) seed() uint64 {
	r.smallCohorts()
	rank := r.fresh(r.alice, 1)[0]
	altered, sound := r.fresh(r.owner, 1)[0], r.fresh(r.owner, 1)[0]
	golds := []*types.MsgOpenGold{r.plant(types.GOLD_KIND_ALTERED, r.owner, altered), r.plant(types.GOLD_KIND_SOUND, r.owner, sound)}
	cohort := r.draw(r.contribution(rank).Cohort)
	r.vote(cohort, all(func(item uint64) types.Vote {
		if item == altered {
			return no(types.REJECT_REASON_WRONG)
		}
		return yes(900)
	}))
	r.open(golds...)
	require.Equal(r.t, types.CONTRIBUTION_STATUS_ACCEPTED, r.contribution(rank).Status)
	return rank
}

func all(o opinion) func(types.Seat) opinion { return func(types.Seat) opinion { return o } }

func (r *reviews) balance(who string) math.Int {
	return r.Bank.Of(r.Ctx, sdk.MustAccAddressFromBech32(who))
}

func (r *reviews) supply() math.Int {
	sum := math.ZeroInt()
	require.NoError(r.t, r.Bank.Balances.Walk(r.Ctx, nil, func(_ string, amount math.Int) (bool, error) {
		sum = sum.Add(amount)
		return false, nil
	}))
	return sum
}
