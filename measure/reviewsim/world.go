package main

import (
	"crypto/sha256"
	"fmt"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/keeper"
	"github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// account is somebody on the chain.
type account struct {
	address sdk.AccAddress
	text    string
	bond    math.Int
	plays   *strategy
	deviant bool

	wealth math.Int // after the cohort before
	seats  int      // in this cohort, without appeals
	gain   float64  // modelled payoffs of this cohort, in OPEN
}

// world is the module with a DataNet under panel review, its validators, the validators of another DataNet, and other
// people.
type world struct {
	*solo.Module
	msgs types.MsgServer
	luck
	params types.ReviewParams

	datanet  uint64
	members  []*account // validators of the DataNet
	byText   map[string]*account
	texts    uint64
	original *item // accepted in another DataNet; gold duplicates copy it

	owner, crowd, planter, watcher, submitter *account

	lone     *account // gets a seat in each cohort; may be nil
	loneSeat int
	grinder  *grinder
	// capturing is the number of seats, from the first on, that the attacker gets in a review.
	capturing int
	voters    []*account // of all panels
	pending   []draw     // reviews whose seats are being drawn
	compared  int        // seats that were drawn as expected
}

// member is a validator that a world begins with.
type member struct {
	bond    math.Int
	plays   *strategy
	deviant bool
}

func amount(open int64) math.Int { return math.NewIntWithDecimal(open, rewardstypes.Decimals) }

// inOpen returns an amount of aopen as a number of OPEN.
func inOpen(aopen math.Int) float64 {
	f, _ := aopen.ToLegacyDec().QuoInt64(1).Float64()
	return f / 1e18
}

// newWorld makes a world with bonded validators, and one contribution that is accepted in a DataNet of its own.
func newWorld(set settings, luck luck, members []member, experts int) (*world, error) {
	m, err := solo.New()
	if err != nil {
		return nil, err
	}
	w := &world{Module: m, msgs: keeper.NewMsgServer(m.Keeper), luck: luck, byText: make(map[string]*account)}
	w.begin(0)
	// Iterating over a tree with many changes that are not committed is slow; over a cache it is fast.
	w.Ctx, _ = w.Ctx.CacheContext()
	params, err := m.Keeper.Params.Get(m.Ctx)
	if err != nil {
		return nil, err
	}
	set.apply(&params.Review)
	w.params = params.Review
	if _, err := w.msgs.UpdateParams(
		w.Ctx, &types.MsgUpdateParams{Authority: solo.Authority(), Params: params}); err != nil {
		return nil, err
	}
	w.owner, w.crowd, w.planter = w.newAccount("owner"), w.newAccount("crowd"), w.newAccount("planter")
	w.watcher, w.submitter = w.newAccount("watcher"), w.newAccount("submitter")
	if w.datanet, err = w.create(types.REVIEW_POLICY_PANEL); err != nil {
		return nil, err
	}
	other, err := w.create(types.REVIEW_POLICY_PANEL)
	if err != nil {
		return nil, err
	}
	for n, who := range members {
		a := w.newAccount(fmt.Sprint("member-", n))
		a.bond, a.plays, a.deviant = who.bond, who.plays, who.deviant
		w.members, w.voters = append(w.members, a), append(w.voters, a)
		if err := w.bond(a, w.datanet, a.bond); err != nil {
			return nil, err
		}
		a.wealth = w.wealth(a)
	}
	for n := range experts {
		a := w.newAccount(fmt.Sprint("expert-", n))
		a.plays, a.bond = &honest, amount(bondFees)
		w.voters = append(w.voters, a)
		if err := w.bond(a, other, a.bond); err != nil {
			return nil, err
		}
	}
	return w, w.seed()
}

// newAccount makes a rich account.
func (w *world) newAccount(name string) *account {
	sum := sha256.Sum256([]byte(name))
	a := &account{address: sum[:20], text: sdk.AccAddress(sum[:20]).String(), bond: math.ZeroInt()}
	if err := w.Bank.Add(w.Ctx, a.address, amount(1_000_000_000)); err != nil {
		panic(err) // a store in memory
	}
	w.byText[a.text] = a
	return a
}

func (w *world) create(policy types.ReviewPolicy) (uint64, error) {
	msg := &types.MsgCreateDataNet{
		Owner: w.owner.text, Name: "Skin", Description: "Notes on skin", Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/rules", ReviewPolicy: policy,
		RoyaltyFloor: math.NewIntWithDecimal(1, rewardstypes.Decimals-1), OwnerPpm: 50_000,
	}
	if policy == types.REVIEW_POLICY_PANEL {
		msg.ReviewFee = amount(1)
	}
	response, err := w.msgs.CreateDataNet(w.Ctx, msg)
	if err != nil {
		return 0, err
	}
	return response.DatanetId, nil
}

func (w *world) bond(a *account, datanet uint64, sum math.Int) error {
	_, err := w.msgs.BondValidator(w.Ctx, &types.MsgBondValidator{Validator: a.text, DatanetId: datanet, Amount: sum})
	return err
}

// seed makes the contribution that gold duplicates copy.
func (w *world) seed() error {
	datanet, err := w.create(types.REVIEW_POLICY_OWNER)
	if err != nil {
		return err
	}
	w.texts++
	w.original = &item{by: w.crowd, text: uniqueText(w.texts)}
	if err := w.contribute(datanet, []*item{w.original}); err != nil {
		return err
	}
	response, err := w.msgs.AcceptContributions(w.Ctx,
		&types.MsgAcceptContributions{Owner: w.owner.text, DatanetId: datanet, Ranks: []uint64{w.original.rank}})
	if err != nil {
		return err
	}
	return w.Keeper.SetInCustody(w.Ctx, datanet, response.Version)
}

// next ends the block and begins another.
func (w *world) next() error {
	expected, err := w.expectSeats()
	if err != nil {
		return err
	}
	if err := w.Keeper.EndBlock(w.Ctx); err != nil {
		return err
	}
	if err := w.compareSeats(expected); err != nil {
		return err
	}
	height := w.Ctx.BlockHeight() + 1
	w.Ctx = w.Ctx.WithBlockHeight(height).WithBlockTime(w.Ctx.BlockTime().Add(time.Second)).WithEventManager(
		sdk.NewEventManager())
	hash, err := w.blockHash()
	w.Ctx = w.Ctx.WithHeaderHash(hash)
	return err
}

// contribute commits, waits and reveals items, and sets their ranks.
func (w *world) contribute(datanet uint64, items []*item) error {
	commits := make(map[*account]*types.MsgCommitContributions)
	reveals := make(map[*account]*types.MsgRevealContributions)
	mine := make(map[*account][]*item)
	var order []*account
	for _, it := range items {
		if commits[it.by] == nil {
			order = append(order, it.by)
			commits[it.by], reveals[it.by] = &types.MsgCommitContributions{Contributor: it.by.text},
				&types.MsgRevealContributions{Contributor: it.by.text}
		}
		root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, it.by.address, []byte(it.text))})
		statistics, content := sha256.Sum256(root[:]), sha256.Sum256([]byte(it.text))
		salt := randomHash(w.rand)
		hash := poa.CommitHash(root, it.by.address, salt)
		commits[it.by].Items = append(commits[it.by].Items,
			types.CommitItem{Hash: hash[:], Deposit: sdk.NewCoin(rewardstypes.Denom, amount(2))})
		reveals[it.by].Items = append(reveals[it.by].Items, types.RevealItem{
			DatanetId: datanet, Root: root[:], Salt: salt, Segments: 1, Tokens: 100, Bytes: 500,
			StatisticsRoot: statistics[:], ContentHash: content[:], Uri: "https://example.org/item", Title: "item",
			Mark: types.GoldMark(it.by.address, it.salt), Bounty: it.bounty,
		})
		mine[it.by] = append(mine[it.by], it)
	}
	for _, by := range order {
		response, err := w.msgs.CommitContributions(w.Ctx, commits[by])
		if err != nil {
			return err
		}
		for i, rank := range response.Ranks {
			reveals[by].Items[i].Rank, mine[by][i].rank = rank, rank
		}
	}
	for range 2 {
		if err := w.next(); err != nil {
			return err
		}
	}
	for _, by := range order {
		if _, err := w.msgs.RevealContributions(w.Ctx, reveals[by]); err != nil {
			return err
		}
	}
	return nil
}

// wealth returns the balance and the bond of an account, in aopen.
func (w *world) wealth(a *account) math.Int {
	sum := w.Bank.Of(w.Ctx, a.address)
	if v, err := w.Keeper.Review.GetValidator(w.Ctx, w.datanet, a.address); err == nil {
		sum = sum.Add(v.Bond)
	}
	return sum
}

// topUp restores bonds, so that the mix of validators stays the same.
func (w *world) topUp() error {
	for _, a := range w.members {
		v, err := w.Keeper.Review.GetValidator(w.Ctx, w.datanet, a.address)
		if err != nil {
			return err
		}
		if missing := a.bond.Sub(v.Bond); missing.IsPositive() {
			if err := w.bond(a, w.datanet, missing); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) contribution(rank uint64) (types.Contribution, error) {
	return w.Keeper.GetContribution(w.Ctx, rank)
}
