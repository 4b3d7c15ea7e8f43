package datanettest

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

// Reviews is a module with a DataNet under panel review and its validators.
type Reviews struct {
	*Fixture
	ID         uint64
	Validators []sdk.AccAddress
	Texts      map[uint64]string // by rank, of one segment each
	Salts      map[uint64][]byte // by rank, of the mark
	N          int
}

// Fee is the review fee, 1 OPEN; the bond of a validator is 400 times that.
var (
	Fee  = Open(10)
	Bond = Fee.MulRaw(400)
)

func PanelMsg(owner sdk.AccAddress) *types.MsgCreateDataNet {
	msg := CreateMsg(owner)
	msg.ReviewPolicy, msg.ReviewFee = types.REVIEW_POLICY_PANEL, Fee
	return msg
}

// NewReviews has validators with one bond each.
func NewReviews(t require.TestingT, validators int) *Reviews {
	f := New(t)
	r := &Reviews{Fixture: f, Texts: make(map[uint64]string), Salts: make(map[uint64][]byte)}
	r.ID = Must(f, f.Msgs.CreateDataNet, PanelMsg(f.Owner)).DatanetId
	for i := range validators {
		r.Validators = append(r.Validators, r.Bonded(fmt.Sprint("validator-", i), r.ID))
	}
	return r
}

func (r *Reviews) Bonded(name string, datanet uint64) sdk.AccAddress {
	who := Account(name)
	r.Fund(who)
	Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: who.String(), DatanetId: datanet,
		Amount: Bond})
	return who
}

// Text returns a segment that shares nothing with others.
func Text(n int) string {
	var words []string
	for i := range 60 {
		sum := sha256.Sum256([]byte(fmt.Sprint(n, "/", i)))
		words = append(words, fmt.Sprintf("w%x", sum[:4]))
	}
	return strings.Join(words, " ")
}

// Contribute reveals one segment of text and returns its rank.
func (r *Reviews) Contribute(by sdk.AccAddress, content string, change ...func(*types.RevealItem)) uint64 {
	r.N++
	s := r.Sealed(by, content)
	gold := Salt(fmt.Sprint("gold ", r.N))
	s.Item.Mark = types.GoldMark(r.Owner, gold)
	for _, c := range change {
		c(&s.Item)
	}
	items := r.Commit(by, Open(20), s)
	r.Blocks(2)
	Must(r.Fixture, r.Msgs.RevealContributions, RevealMsg(by, items...))
	r.Texts[items[0].Rank], r.Salts[items[0].Rank] = content, gold
	return items[0].Rank
}

func (r *Reviews) Sealed(by sdk.AccAddress, content string) Sealed {
	s := Seal(by, r.ID, fmt.Sprint("item-", r.N), 100)
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, by, []byte(content))})
	s.Item.Root, s.Item.Mark = root[:], Salt("mark")
	s.Hash = poa.CommitHash(root, by, s.Item.Salt)
	return s
}

// Fresh contributes n texts of its own.
func (r *Reviews) Fresh(by sdk.AccAddress, n int) []uint64 {
	var ranks []uint64
	for range n {
		ranks = append(ranks, r.Contribute(by, Text(r.N)))
	}
	return ranks
}

func (r *Reviews) Cohort(id uint64) types.Cohort {
	cohort, err := r.Keeper.Review.GetCohort(r.Ctx, id)
	require.NoError(r.T, err)
	return cohort
}

func (r *Reviews) CohortOf(rank uint64) types.Cohort { return r.Cohort(r.Contribution(rank).Cohort) }

func Salt(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// Plant seals gold and returns its opening.
func (r *Reviews) Plant(kind types.GoldKind, by sdk.AccAddress, rank uint64) *types.MsgOpenGold {
	cohort := r.Contribution(rank).Cohort
	s := r.Salts[rank]
	Must(r.Fixture, r.Msgs.SealGold, &types.MsgSealGold{
		Planter: by.String(), Cohort: cohort, Kind: kind, Hashes: [][]byte{types.GoldHash(cohort, rank, kind, by, s)},
	})
	return &types.MsgOpenGold{Planter: by.String(), Cohort: cohort, Rank: rank, Salt: s}
}

func (r *Reviews) Segment(rank uint64) *types.SegmentProof {
	return &types.SegmentProof{Text: []byte(r.Texts[rank])}
}

// PlantCopy contributes a copy of an accepted contribution and seals it.
func (r *Reviews) PlantCopy(by sdk.AccAddress, original uint64) *types.MsgOpenGold {
	rank := r.Contribute(by, r.Texts[original])
	open := r.Plant(types.GOLD_KIND_DUPLICATE, by, rank)
	open.Segment, open.Original, open.OriginalSegment = r.Segment(rank), original, r.Segment(original)
	return open
}

// Draw passes blocks until the panel is drawn.
func (r *Reviews) Draw(id uint64) types.Cohort {
	for range 200 {
		if cohort := r.Cohort(id); cohort.Phase == types.COHORT_PHASE_COMMIT {
			return cohort
		}
		r.EndBlock()
	}
	require.Failf(r.T, "no panel was drawn", "%+v", r.Cohort(id))
	return types.Cohort{}
}

func Yes(score uint32) types.Vote { return types.Vote{Accept: true, Score: score} }

func No(reason types.RejectReason) types.Vote { return types.Vote{Reason: reason} }

// Opinion votes about an item.
type Opinion func(rank uint64) types.Vote

// Ballots returns the messages of each seated account.
func (r *Reviews) Ballots(cohort types.Cohort, opinion func(seat types.Seat) Opinion) (commits []*types.MsgCommitBallot,
	reveals []*types.MsgRevealBallot) {
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
		s := Salt(seat.Address)
		hash := types.BallotHash(cohort.Id, cohort.Round, sdk.MustAccAddressFromBech32(seat.Address), votes, s)
		commits = append(commits, &types.MsgCommitBallot{Validator: seat.Address, Cohort: cohort.Id, Hash: hash})
		reveals = append(reveals, &types.MsgRevealBallot{Validator: seat.Address, Cohort: cohort.Id, Votes: votes,
			Salt: s})
	}
	return commits, reveals
}

// Vote plays the panel of a cohort; a seat without an opinion stays away.
func (r *Reviews) Vote(cohort types.Cohort, opinion func(seat types.Seat) Opinion) {
	commits, reveals := r.Ballots(cohort, opinion)
	for _, commit := range commits {
		Must(r.Fixture, r.Msgs.CommitBallot, commit)
	}
	r.EndBlock()
	if r.Cohort(cohort.Id).Phase == types.COHORT_PHASE_COMMIT {
		r.After(r.Params().CommitWindow)
		r.EndBlock()
	}
	for _, reveal := range reveals {
		Must(r.Fixture, r.Msgs.RevealBallot, reveal)
	}
	r.EndBlock()
}

func (r *Reviews) Params() types.ReviewParams {
	params, err := r.Keeper.Params.Get(r.Ctx)
	require.NoError(r.T, err)
	return params.Review
}

func (r *Reviews) Open(golds ...*types.MsgOpenGold) {
	for _, gold := range golds {
		Must(r.Fixture, r.Msgs.OpenGold, gold)
	}
	r.EndBlock()
	r.Hold()
}

// Hold has validators hold what was accepted.
func (r *Reviews) Hold() {
	if datanet := r.Datanet(r.ID); datanet.HeldVersion != datanet.Version {
		require.NoError(r.T, r.Keeper.SetInCustody(r.Ctx, r.ID, datanet.Version))
	}
}

func (r *Reviews) Validator(datanet uint64, who string) types.DataValidator {
	v, err := r.Keeper.Review.GetValidator(r.Ctx, datanet, sdk.MustAccAddressFromBech32(who))
	require.NoError(r.T, err)
	return v
}

// SmallCohorts has cohorts of three items.
func (r *Reviews) SmallCohorts() {
	r.SetParams(func(p *types.Params) { p.Review.CohortItems, p.Review.MaxCohortItems = 3, 20 })
}

// Seed accepts one contribution by governance of the owner: a small cohort in which all vote for it.
func (r *Reviews) Seed() uint64 {
	r.SmallCohorts()
	rank := r.Fresh(r.Alice, 1)[0]
	altered, sound := r.Fresh(r.Owner, 1)[0], r.Fresh(r.Owner, 1)[0]
	golds := []*types.MsgOpenGold{r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered),
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)}
	cohort := r.Draw(r.Contribution(rank).Cohort)
	r.Vote(cohort, All(func(item uint64) types.Vote {
		if item == altered {
			return No(types.REJECT_REASON_WRONG)
		}
		return Yes(900)
	}))
	r.Open(golds...)
	require.Equal(r.T, types.CONTRIBUTION_STATUS_ACCEPTED, r.Contribution(rank).Status)
	return rank
}

func All(o Opinion) func(types.Seat) Opinion { return func(types.Seat) Opinion { return o } }

func (r *Reviews) Balance(who string) math.Int {
	return r.Bank.Of(r.Ctx, sdk.MustAccAddressFromBech32(who))
}

func (r *Reviews) Supply() math.Int {
	sum := math.ZeroInt()
	require.NoError(r.T, r.Bank.Balances.Walk(r.Ctx, nil, func(_ string, amount math.Int) (bool, error) {
		sum = sum.Add(amount)
		return false, nil
	}))
	return sum
}

func (r *Reviews) UpdateFee(amount math.Int) {
	Must(r.Fixture, r.Msgs.UpdateDataNet, &types.MsgUpdateDataNet{
		Owner: r.Owner.String(), DatanetId: r.ID, Name: "Skin", RoyaltyFloor: math.ZeroInt(), ReviewFee: amount,
	})
}

// Waiting has reviews of three items that wait for seats in one DataNet, and returns their ids.
func (r *Reviews) Waiting(n int) []uint64 {
	r.SmallCohorts()
	var ids []uint64
	for range n {
		rank := r.Contribute(r.Alice, Text(r.N))
		altered, sound := r.Contribute(r.Owner, Text(r.N)), r.Contribute(r.Owner, Text(r.N))
		r.Plant(types.GOLD_KIND_ALTERED, r.Owner, altered)
		r.Plant(types.GOLD_KIND_SOUND, r.Owner, sound)
		ids = append(ids, r.Contribution(rank).Cohort)
	}
	return ids
}

func (r *Reviews) Draws() (due, all int) {
	require.NoError(r.T, r.Keeper.Review.Draws.Walk(r.Ctx, nil,
		func(key collections.Pair[int64, uint64]) (bool, error) {
			all++
			if key.K1() <= r.Ctx.BlockHeight() {
				due++
			}
			return false, nil
		}))
	return due, all
}

func (r *Reviews) Seats(ids []uint64) (seats int) {
	for _, id := range ids {
		seats += len(r.Cohort(id).Seats)
	}
	return seats
}

func (r *Reviews) PerThousand(amount math.Int) {
	Must(r.Fixture, r.Msgs.UpdateDataNet, &types.MsgUpdateDataNet{
		Owner: r.Owner.String(), DatanetId: r.ID, Name: "Skin", RoyaltyFloor: math.ZeroInt(), ReviewFee: Fee,
		ReviewFeePerThousand: amount,
	})
	r.After(r.Params().CredentialDelay)
}

// Long has a contribution claim so many tokens.
func (r *Reviews) Long(by sdk.AccAddress, tokens uint64) uint64 {
	return r.Contribute(by, Text(r.N), func(item *types.RevealItem) {
		item.Tokens, item.Segments, item.Bytes = tokens, uint32(tokens/types.FeeTokens)+1, 5*tokens
	})
}

// WaitForSeats stores reviews of 25 items and five gold that are due for a draw.
func (r *Reviews) WaitForSeats(n int, excluded [][]byte) {
	for id := range uint64(n) {
		cohort := types.Cohort{
			Id: 1_000 + id, DatanetId: r.ID, Panel: r.ID, Kind: types.COHORT_KIND_REVIEW, Phase: types.COHORT_PHASE_DRAWING,
			Round: 1, Wanted: 7,
			Items: make([]uint64, 25), Gold: make([]types.Gold,
				5), Excluded: excluded, Deadline: r.Ctx.BlockTime().Add(time.Hour),
			Fee: math.ZeroInt(), Deposit: math.ZeroInt(), Fees: Fee.MulRaw(25), Pledge: math.ZeroInt(), DrawHeight: 1,
		}
		for i := range cohort.Gold {
			cohort.Gold[i] = types.Gold{Planter: r.Owner.String(), Kind: types.GOLD_KIND_SOUND, Hash: Salt("gold"),
				Deposit: Fee}
		}
		require.NoError(r.T, r.Keeper.Review.Cohorts.Set(r.Ctx, cohort.Id, cohort))
		require.NoError(r.T, r.Keeper.Review.Draws.Set(r.Ctx, collections.Join(int64(1), cohort.Id)))
	}
}
