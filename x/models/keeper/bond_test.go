package keeper_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/models/keeper"
	"github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// expected is what a provider must have, in aopen.
type expected struct {
	registered, frozen              bool
	bond, liability, spent, slashed math.Int
	leaving                         []leaving // by time
}

// leaving is a part of a bond that is unbonding.
type leaving struct {
	amount math.Int
	at     time.Time
}

func (e *expected) unbonding() math.Int {
	sum := math.ZeroInt()
	for _, part := range e.leaving {
		sum = sum.Add(part.amount)
	}
	return sum
}

// bonds is the module with the real ones around it, on a branch of a chain's state, and the expected state of
// providers.
type bonds struct {
	t      *rapid.T
	app    *app.App
	ctx    sdk.Context
	msgs   types.MsgServer
	params types.Params
	people []chain.Account
	want   map[string]*expected
	start  math.Int // balance of each account
}

func newBonds(t *rapid.T, c *chain.Chain, people []chain.Account) *bonds {
	ctx, _ := c.Ctx().CacheContext()
	b := &bonds{t: t, app: c.App, ctx: ctx, msgs: keeper.NewMsgServer(c.App.ModelsKeeper), people: people,
		want: make(map[string]*expected)}
	var err error
	b.params, err = c.App.ModelsKeeper.Params.Get(ctx)
	require.NoError(t, err)
	b.start = b.balance(people[0].Address)
	for _, who := range people {
		require.Equal(t, b.start.String(), b.balance(who.Address).String())
		b.want[who.String()] = &expected{bond: math.ZeroInt(), liability: math.ZeroInt(), spent: math.ZeroInt(),
			slashed: math.ZeroInt()}
	}
	return b
}

func (b *bonds) balance(address sdk.AccAddress) math.Int {
	return b.app.BankKeeper.GetBalance(b.ctx, address, rewardstypes.Denom).Amount
}

// try runs a step as a transaction: all of it, or nothing. Its error must be want.
func (b *bonds) try(want error, run func(ctx context.Context) error) {
	cached, write := b.ctx.CacheContext()
	err := run(cached)
	if want != nil {
		require.ErrorIs(b.t, err, want)
		return
	}
	require.NoError(b.t, err)
	write()
}

// check compares every provider and every balance with what they must be, to the last aopen.
func (b *bonds) check() {
	held, taken := math.ZeroInt(), math.ZeroInt()
	for _, who := range b.people {
		e := b.want[who.String()]
		require.Equal(b.t, b.start.Sub(e.spent).String(), b.balance(who.Address).String(), who.Name)
		held, taken = held.Add(e.bond).Add(e.unbonding()), taken.Add(e.slashed)
		provider, err := b.app.ModelsKeeper.GetProvider(b.ctx, who.Address)
		if !e.registered {
			require.ErrorIs(b.t, err, types.ErrProviderNotFound)
			continue
		}
		require.NoError(b.t, err)
		require.Equal(b.t, e.bond.String(), provider.Bond.String())
		require.Equal(b.t, e.liability.String(), provider.Liability.String())
		require.Equal(b.t, e.unbonding().String(), provider.Unbonding.String())
		require.Equal(b.t, e.frozen, provider.Frozen)
	}
	require.Equal(b.t, held.String(), b.balance(authtypes.NewModuleAddress(types.ModuleName)).String())
	require.Equal(b.t, taken.String(), b.balance(authtypes.NewModuleAddress(attributiontypes.ModuleName)).String())
	require.NoError(b.t, b.app.ModelsKeeper.CheckInvariants(b.ctx))
}

func (b *bonds) amount(name string) math.Int {
	open := chain.Open(int64(rapid.SampledFrom([]int{1, 400, 1_000, 2_500}).Draw(b.t, name)))
	return open.AddRaw(rapid.Int64Range(-1, 1).Draw(b.t, name+" and"))
}

func (b *bonds) act() {
	who := rapid.SampledFrom(b.people).Draw(b.t, "who")
	e := b.want[who.String()]
	unknown := func(want error) error {
		if !e.registered {
			return types.ErrProviderNotFound
		}
		return want
	}
	k := b.app.ModelsKeeper
	switch rapid.SampledFrom([]string{
		"register", "bond", "bond", "unbond", "unbond", "record", "record", "release", "slash", "freeze", "wait", "wait",
	}).Draw(b.t, "act") {
	case "register":
		b.register(who, e, b.amount("bond"))
	case "bond":
		amount := b.amount("more")
		b.try(unknown(nil), func(ctx context.Context) error {
			_, err := b.msgs.BondProvider(ctx, &types.MsgBondProvider{Provider: who.String(), Amount: chain.Coin(amount)})
			return err
		})
		if e.registered {
			e.bond, e.spent = e.bond.Add(amount), e.spent.Add(amount)
		}
	case "unbond":
		b.unbond(who, e, b.amount("out"))
	case "record":
		amount := b.amount("liability")
		var want error
		switch {
		case e.frozen:
			want = types.ErrProviderFrozen
		case amount.GT(e.bond.Sub(e.liability)):
			want = types.ErrInsufficientBond
		}
		want = unknown(want)
		b.try(want, func(ctx context.Context) error {
			_, err := k.RecordBatch(ctx, who.Address, amount, types.RecordedBatch{Seq: 1, ID: 1})
			return err
		})
		if want == nil {
			e.liability = e.liability.Add(amount)
		}
	case "release", "slash":
		b.settle(who, e, b.amount("part"), rapid.Bool().Draw(b.t, "slash"))
	case "freeze":
		b.try(unknown(nil), func(ctx context.Context) error { return k.Freeze(sdk.UnwrapSDKContext(ctx), who.Address) })
		e.frozen = e.registered
	case "wait":
		b.wait(time.Duration(rapid.IntRange(1, 23*24).Draw(b.t, "hours")) * time.Hour)
	}
	b.check()
}

func (b *bonds) register(who chain.Account, e *expected, amount math.Int) {
	var want error
	switch {
	case e.registered:
		want = types.ErrProviderExists
	case amount.LT(b.params.MinBond):
		want = types.ErrInvalidBond
	}
	key := sha256.Sum256([]byte(who.Name))
	b.try(want, func(ctx context.Context) error {
		_, err := b.msgs.RegisterProvider(ctx, &types.MsgRegisterProvider{
			Provider: who.String(), Name: who.Name, Endpoint: "http://127.0.0.1:1", Bond: chain.Coin(amount),
			AnswerKey: ed25519.NewKeyFromSeed(key[:]).Public().(ed25519.PublicKey),
		})
		return err
	})
	if want == nil {
		e.registered, e.bond, e.spent = true, amount, e.spent.Add(amount)
	}
}

func (b *bonds) unbond(who chain.Account, e *expected, amount math.Int) {
	var want error
	switch {
	case !e.registered:
		want = types.ErrProviderNotFound
	case amount.GT(e.bond.Sub(e.liability)) || len(e.leaving) >= int(b.params.MaxUnbondings):
		want = types.ErrUnbonding
	}
	b.try(want, func(ctx context.Context) error {
		_, err := b.msgs.UnbondProvider(ctx, &types.MsgUnbondProvider{Provider: who.String(), Amount: chain.Coin(amount)})
		return err
	})
	if want == nil {
		e.bond = e.bond.Sub(amount)
		e.leaving = append(e.leaving, leaving{amount, b.ctx.BlockTime().Add(b.params.UnbondingTime)})
	}
}

// settle ends a part of a liability: it becomes free again, or it is slashed and goes to the module that divides it.
func (b *bonds) settle(who chain.Account, e *expected, amount math.Int, slash bool) {
	var want error
	switch {
	case !e.registered:
		want = types.ErrProviderNotFound
	case amount.GT(e.liability):
		want = types.ErrLiability
	}
	b.try(want, func(ctx context.Context) error {
		if slash {
			return b.app.ModelsKeeper.Slash(sdk.UnwrapSDKContext(ctx), who.Address, amount, attributiontypes.ModuleName)
		}
		return b.app.ModelsKeeper.ReleaseLiability(ctx, who.Address, amount)
	})
	if want != nil {
		return
	}
	e.liability = e.liability.Sub(amount)
	if slash {
		e.bond, e.slashed, e.frozen = e.bond.Sub(amount), e.slashed.Add(amount), true
	}
}

// wait lets time pass and ends a block, in which what has matured is paid.
func (b *bonds) wait(d time.Duration) {
	b.ctx = b.ctx.WithBlockTime(b.ctx.BlockTime().Add(d)).WithBlockHeight(b.ctx.BlockHeight() + 1)
	require.NoError(b.t, b.app.ModelsKeeper.EndBlock(b.ctx))
	for _, who := range b.people {
		e := b.want[who.String()]
		for len(e.leaving) > 0 && !b.ctx.BlockTime().Before(e.leaving[0].at) {
			e.spent = e.spent.Sub(e.leaving[0].amount)
			e.leaving = e.leaving[1:]
		}
	}
}

// TestBondsAreConserved: for any sequence of actions of providers and batches, every bond, liability and balance is as
// expected after each step. When everything is settled, each provider has back its deposits less what was slashed.
func TestBondsAreConserved(t *testing.T) {
	people := []chain.Account{chain.NewAccount("first"), chain.NewAccount("second"), chain.NewAccount("third")}
	c := chain.New(t, people)
	rapid.Check(t, func(t *rapid.T) {
		b := newBonds(t, c, people)
		for range rapid.IntRange(10, 60).Draw(t, "acts") {
			b.act()
		}
		for _, who := range people {
			e := b.want[who.String()]
			if e.registered && e.liability.IsPositive() {
				b.settle(who, e, e.liability, false)
			}
		}
		b.wait(b.params.UnbondingTime)
		for _, who := range people {
			if e := b.want[who.String()]; e.bond.IsPositive() {
				b.unbond(who, e, e.bond)
			}
		}
		b.wait(b.params.UnbondingTime)
		b.check()
		for _, who := range people {
			require.Equal(t, b.start.Sub(b.want[who.String()].slashed).String(), b.balance(who.Address).String())
		}
	})
}
