package keeper_test

import (
	"errors"
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/rewards/types"
)

// play is a module to which anything happens, with what accounts must end up with.
type play struct {
	*fixture
	fees  map[int]math.Int       // what accounts earn from fees
	held  map[uint64]sealed      // lists that wait for a verdict
	saved map[uint64]types.Chunk // of lists that are broken
}

type sealed struct {
	accounts []int
	prepared types.Prepared
}

const accountsInPlay = 8 * types.AccountsPerPage

// TestAnythingAtAnyTime: batches of any size arrive, wait for verdicts, are
// released, refunded or lapse; parameters change, the module pauses, accounts
// claim, lists break, the state moves to another chain. Invariants hold after
// every block, and in the end every account has earned what its receipts say.
func TestAnythingAtAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &play{
			fixture: newFixture(t, slow(3)),
			fees:    make(map[int]math.Int), held: make(map[uint64]sealed), saved: make(map[uint64]types.Chunk),
		}
		p.register(accountsInPlay)
		actions := map[string]func(*rapid.T){
			"enqueue": p.arrive, "hold": p.hold, "verdict": p.verdict, "refund": p.refund, "params": p.change,
			"claim": p.claim, "threshold": p.threshold, "break": p.damage, "move": p.move,
			"block": func(*rapid.T) { p.block() },
			"":      func(*rapid.T) {},
		}
		t.Repeat(actions)
		p.finish()
	})
}

func draw(t *rapid.T) []int {
	return rapid.SliceOfNDistinct(rapid.IntRange(1, accountsInPlay-1), 1, 60, rapid.ID).Draw(t, "accounts")
}

func (p *play) arrive(t *rapid.T) {
	accounts := draw(t)
	p.earn(accounts)
	p.enqueue(accounts...)
}

func (p *play) earn(accounts []int) {
	for _, n := range accounts {
		payout, err := types.Split(types.DefaultTerms(), receipt(n))
		require.NoError(p.t, err)
		if _, known := p.fees[n]; !known {
			p.fees[n] = math.ZeroInt()
		}
		p.fees[n] = p.fees[n].Add(payout.Entries[0].Amount)
	}
}

func (p *play) hold(t *rapid.T) {
	accounts := draw(t)
	prepared := p.prepare(accounts...)
	p.batch++
	require.NoError(t, p.Keeper.Escrow(p.Ctx, payer, p.batch, prepared))
	p.held[p.batch] = sealed{accounts, prepared}
}

func (p *play) verdict(t *rapid.T) {
	ids := make([]uint64, 0, len(p.held))
	for id := uint64(0); len(ids) < len(p.held); id++ {
		if _, held := p.held[id]; held {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "list")
	held := p.held[id]
	delete(p.held, id)
	switch rapid.IntRange(0, 2).Draw(t, "verdict") {
	case 0:
		escrowed, err := p.Keeper.Release(p.Ctx, id)
		require.NoError(t, err)
		require.Equal(t, held.prepared.Validators.String(), escrowed.String())
		p.earn(held.accounts)
		if rapid.Bool().Draw(t, "lie") {
			require.NoError(t, p.Keeper.ForfeitAttestPay(p.Ctx, escrowed))
		} else {
			require.NoError(t, p.Keeper.SettleAttestPay(p.Ctx, escrowed, escrowed.QuoRaw(3)))
		}
	case 1:
		require.NoError(t, p.Keeper.Refund(p.Ctx, id, []types.Refund{{Payer: account(0), Amount: held.prepared.Fees}}))
	case 2:
		_, err := p.Keeper.Lapse(p.Ctx, id, account(0))
		require.NoError(t, err)
	}
}

func (p *play) refund(t *rapid.T) {
	n := rapid.IntRange(0, accountsInPlay+40).Draw(t, "account")
	require.NoError(t, p.Keeper.Credit(p.Ctx, payer, account(n), math.NewInt(rapid.Int64Range(0, 1e18).Draw(t, "amount"))))
}

func (p *play) change(t *rapid.T) {
	p.setParams(func(params *types.Params) {
		params.PagesPerBlock = rapid.Uint32Range(1, 12).Draw(t, "pages")
		params.BonusPerSecond = math.NewInt(rapid.Int64Range(0, 4e18).Draw(t, "bucket"))
		params.PayoutThreshold = math.NewInt(rapid.Int64Range(1, 4e18).Draw(t, "threshold"))
		params.PayoutsPerBlock = rapid.Uint32Range(1, 80).Draw(t, "payouts")
		params.Paused = rapid.IntRange(0, 3).Draw(t, "paused") == 0
	})
}

func (p *play) claim(t *rapid.T) {
	from, to := account(rapid.IntRange(0, accountsInPlay).Draw(t, "account")), account(accountsInPlay+1)
	before := p.Bank.Of(p.Ctx, to)
	response, err := p.msgs.Claim(p.Ctx, &types.MsgClaim{Account: from.String(), Recipient: to.String()})
	if err != nil {
		require.True(t, errors.Is(err, types.ErrPaused) || errors.Is(err, types.ErrNothingToClaim), err)
		return
	}
	require.Equal(t, response.Amount.Amount.String(), p.Bank.Of(p.Ctx, to).Sub(before).String())
}

func (p *play) threshold(t *rapid.T) {
	text := ""
	if rapid.Bool().Draw(t, "chosen") {
		text = math.NewInt(rapid.Int64Range(1, 8e18).Draw(t, "threshold")).String()
	}
	_, err := p.msgs.SetPayoutThreshold(p.Ctx, &types.MsgSetPayoutThreshold{
		Account: account(rapid.IntRange(0, accountsInPlay-1).Draw(t, "account")).String(), Threshold: text,
	})
	if err != nil {
		require.True(t, errors.Is(err, types.ErrPaused) || errors.Is(err, types.ErrThreshold), err)
	}
}

// damage makes a waiting list unreadable until the end.
func (p *play) damage(t *rapid.T) {
	if len(p.saved) == 2 {
		return
	}
	var waiting []types.CreditList
	require.NoError(t, p.Keeper.Lists.Walk(p.Ctx, nil, func(_ uint64, list types.CreditList) (bool, error) {
		waiting = append(waiting, list)
		return false, nil
	}))
	if len(waiting) == 0 {
		return
	}
	list := rapid.SampledFrom(waiting).Draw(t, "list")
	if _, broken := p.saved[list.BatchId]; broken {
		return
	}
	chunk, err := p.Keeper.Chunks.Get(p.Ctx, chunkKey(list.BatchId, 0))
	require.NoError(t, err)
	p.saved[list.BatchId] = chunk
	require.NoError(t, p.Keeper.Chunks.Set(p.Ctx, chunkKey(list.BatchId, 0), types.Chunk{0xff}))
	params, err := p.Keeper.Params.Get(p.Ctx)
	require.NoError(t, err)
	paused := params.Paused
	p.setParams(func(params *types.Params) { params.Paused = false })
	// The list is found broken in the next block.
	p.Ctx = p.Ctx.WithBlockHeight(p.Ctx.BlockHeight() + 1)
	require.NoError(t, p.Keeper.EndBlock(p.Ctx))
	has, err := p.Keeper.DeadLetters.Has(p.Ctx, list.BatchId)
	require.NoError(t, err)
	require.True(t, has)
	p.setParams(func(params *types.Params) { params.Paused = paused })
}

// move goes on with an import of the state.
func (p *play) move(t *rapid.T) {
	wallet := account(accountsInPlay + 1)
	claimed := p.Bank.Of(p.Ctx, wallet)
	p.fixture = p.reimported()
	require.NoError(t, p.Bank.Add(p.Ctx, wallet, claimed))
}

// finish repairs what is broken, decides what waits, and drains the sweep.
func (p *play) finish() {
	p.setParams(func(params *types.Params) { params.Paused, params.PagesPerBlock = false, 5 })
	for id, chunk := range p.saved {
		require.NoError(p.t, p.Keeper.Chunks.Set(p.Ctx, chunkKey(id, 0), chunk))
		_, err := p.msgs.RetryDeadLetter(p.Ctx, &types.MsgRetryDeadLetter{Sender: account(1).String(), BatchId: id})
		require.NoError(p.t, err)
	}
	p.blocks(1)
	due := make([]math.Int, accountsInPlay)
	for n := range due {
		due[n] = p.earned(n)
		for _, credit := range p.pending(n) {
			if credit.Stage == types.PENDING_STAGE_SETTLING {
				due[n] = due[n].Add(credit.Amount.Amount).Add(credit.Bonus.Amount)
			}
		}
	}
	for i := 0; p.waiting() > 0; i++ {
		p.block()
		require.Less(p.t, i, 1_000)
	}
	for n := range due {
		require.Equal(p.t, due[n].String(), p.earned(n).String(), "account %d has earned what it had, and what was pending",
			n)
	}
	bonus := math.ZeroInt()
	for n := 1; n < accountsInPlay; n++ {
		fees, known := p.fees[n]
		if !known {
			fees = math.ZeroInt()
		}
		over := p.earned(n).Sub(fees)
		require.False(p.t, over.IsNegative(), "account %d earned %s, its receipts say %s", n, p.earned(n), fees)
		bonus = bonus.Add(over)
	}
	totals, err := p.Keeper.Totals.Get(p.Ctx)
	require.NoError(p.t, err)
	require.Equal(p.t, totals.Bonus.String(), bonus.String())
	require.True(p.t, p.Bank.Of(p.Ctx, solo.ModuleAddress(payer)).IsPositive())
}
