package keeper_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// since returns what each part of fees has had since totals of before, in the order of parts.
func since(now, before rewardstypes.Totals) (fees math.Int, parts map[string]math.Int) {
	return now.Fees.Sub(before.Fees), map[string]math.Int{
		"burned": now.Burned.Sub(before.Burned), "retired": now.Retired.Sub(before.Retired),
		"providers": now.Providers.Sub(before.Providers), "contributors": now.Contributors.Sub(before.Contributors),
		"owners": now.DatanetOwners.Sub(before.DatanetOwners), "lineage": now.Lineage.Sub(before.Lineage),
		"validators": now.Validators.Sub(before.Validators), "bounty pool": now.BountyPool.Sub(before.BountyPool),
	}
}

// TestFeesAreDividedToTheLastAopen: what leaves the deposit is what receipts owe, what receipts owe is what somebody
// has or what is burned, and accounts have earned exactly their parts and the bonus.
func TestFeesAreDividedToTheLastAopen(t *testing.T) {
	for name, submit := range map[string]func(c *chain.Conversation) *types.MsgSubmitReceipts{
		"acknowledged":   func(c *chain.Conversation) *types.MsgSubmitReceipts { return c.Acknowledged() },
		"unacknowledged": func(c *chain.Conversation) *types.MsgSubmitReceipts { return c.Unacknowledged() },
		"attested":       func(c *chain.Conversation) *types.MsgSubmitReceipts { return c.Attested(c.Acknowledged()) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			deposit := chain.Open(100).AddRaw(7)
			held := l.held()
			c := l.Open(deposit)
			same(t, held.Add(deposit), l.held())
			before, earned := l.totals(), l.earned()
			c.Ask(answer())
			if name != "unacknowledged" { // an answer after one that nobody acknowledged is refused
				c.Gap(poa.AckCall)
				c.Ask(chain.Texts[1][0])
			}
			_, id := c.Submit(submit(c))
			fees := l.batch(id).Fees
			require.True(t, fees.IsPositive())
			same(t, deposit.Sub(fees), c.Session.Deposit)
			l.Blocks(3)
			l.closeWindow() // the share of attestors is divided when nobody can dispute any more
			same(t, held.Add(deposit).Sub(fees), l.held(), "the module holds the rest of the deposit, and nothing else")

			after := l.totals()
			owed, parts := since(after, before)
			same(t, fees, owed)
			sum := math.ZeroInt()
			for part, amount := range parts {
				require.False(t, amount.IsNegative(), part)
				sum = sum.Add(amount)
			}
			same(t, fees, sum, "%v", parts)
			bonus := after.Bonus.Sub(before.Bonus)
			people := parts["providers"].Add(parts["contributors"]).Add(parts["owners"]).Add(parts["lineage"]).Add(bonus)
			same(t, people, l.earned().Sub(earned))
			if name == "unacknowledged" {
				require.True(t, parts["contributors"].IsZero() && bonus.IsZero(), "nobody has confirmed the answer")
			} else {
				require.True(t, parts["contributors"].IsPositive() && bonus.IsPositive())
			}
		})
	}
}

// play is a random course of sessions, whose payer's money is counted.
type play struct {
	*ledger
	random *rand.Rand
	open   []*chain.Conversation
	asked  map[*chain.Conversation]bool
	fees   math.Int // of all batches
	sent   int64    // transactions of the payer
}

func (p *play) pay(msg sdk.Msg) {
	p.Send(p.Payer, msg)
	p.sent++
}

func (p *play) submit(c *chain.Conversation, msg *types.MsgSubmitReceipts) {
	_, id := c.Submit(msg)
	p.fees = p.fees.Add(p.batch(id).Fees)
}

func (p *play) ask(c *chain.Conversation) {
	if p.asked[c] {
		c.Gap(poa.AckCall)
	}
	p.asked[c] = true
	c.Ask([]string{answer(), chain.Texts[0][1], chain.Texts[1][0]}[p.random.Intn(3)])
}

// end closes a session; half of the time an answer was given that only the close acknowledges.
func (p *play) end(i int) {
	c := p.open[i]
	p.open = append(p.open[:i], p.open[i+1:]...)
	last := p.random.Intn(2) == 0
	if last {
		p.ask(c)
	}
	closing := &types.MsgCloseSession{Signer: p.Payer.String(), SessionId: c.Session.Id}
	if last {
		closing.Calls, closing.Head = c.CloseHead()
	}
	p.pay(closing)
	if last {
		p.submit(c, c.Claimed())
	}
}

func (p *play) act() {
	i := 0
	if len(p.open) > 0 {
		i = p.random.Intn(len(p.open))
	}
	switch n := p.random.Intn(8); {
	case n == 0 || len(p.open) == 0:
		p.open = append(p.open, p.Open(chain.Open(20).AddRaw(p.random.Int63n(1_000))))
		p.sent++
	case n == 1:
		c := p.open[i]
		p.pay(&types.MsgTopUpSession{
			Payer: p.Payer.String(), SessionId: c.Session.Id, Amount: chain.Coin(chain.Open(1).AddRaw(p.random.Int63n(1_000))),
		})
	case n == 2:
		p.end(i)
	case n == 3:
		p.Blocks(2)
	default:
		c := p.open[i]
		p.ask(c)
		msg := c.Acknowledged()
		if p.random.Intn(2) == 0 {
			msg = c.Attested(msg)
		}
		p.submit(c, msg)
	}
}

// TestSessionsReturnWhatIsLeft: in whatever order a payer opens, fills and closes sessions and a provider submits, the
// payer ends with what it had, less the fees of all batches and of its transactions; the module ends with what it held.
func TestSessionsReturnWhatIsLeft(t *testing.T) {
	for seed := range int64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			p := &play{ledger: newLedger(t), random: rand.New(rand.NewSource(seed)), asked: make(map[*chain.Conversation]bool),
				fees: math.ZeroInt()}
			held, wealth := p.held(), p.wealth(p.Payer)
			for range 24 {
				p.act()
			}
			for len(p.open) > 0 {
				p.end(0)
			}
			p.Skip(p.params().ClaimWindow)
			p.closeWindow()
			require.True(t, p.fees.IsPositive())
			same(t, wealth.Sub(p.fees).Sub(chain.Fee().MulRaw(p.sent)), p.wealth(p.Payer))
			same(t, held, p.held())
			left, err := p.App.AttributionKeeper.Sessions.Iterate(p.Ctx(), nil)
			require.NoError(t, err)
			defer left.Close()
			require.False(t, left.Valid(), "every session is gone")
		})
	}
}
