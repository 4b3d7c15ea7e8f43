package keeper_test

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// ledger is a scenario whose money is counted. It has four validators who attest.
type ledger struct {
	*chain.Scenario
	t *testing.T
}

// newLedger starts a scenario; validators say yes until a test says otherwise.
func newLedger(t *testing.T, edits ...func(*types.Params)) *ledger {
	t.Helper()
	s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		c := chain.NewWithValidators(t, 4, accounts, func(a *app.App, state map[string]json.RawMessage) {
			var genesis types.GenesisState
			a.AppCodec().MustUnmarshalJSON(state[types.ModuleName], &genesis)
			genesis.Params.Attestation = true
			for _, edit := range edits {
				edit(&genesis.Params)
			}
			state[types.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
		})
		c.Voter = chain.AllSay(types.VerdictValid)
		return c
	})
	return &ledger{Scenario: s, t: t}
}

// say has each validator say its own of all items; past the end they say nothing.
func say(verdicts ...types.Verdict) chain.Voter {
	return func(validator int, base, next uint64) ([]types.Verdict, bool) {
		if validator >= len(verdicts) {
			return nil, false
		}
		return slices.Repeat([]types.Verdict{verdicts[validator]}, int(next-base)), true
	}
}

func (l *ledger) params() types.Params {
	params, err := l.App.AttributionKeeper.Params.Get(l.Ctx())
	require.NoError(l.t, err)
	return params
}

func (l *ledger) batch(id uint64) types.Batch {
	batch, err := l.App.AttributionKeeper.GetBatch(l.Ctx(), id)
	require.NoError(l.t, err)
	return batch
}

// held is what the module has at the bank.
func (l *ledger) held() math.Int { return l.Balance(authtypes.NewModuleAddress(types.ModuleName)) }

// wealth of an account: what it has at the bank and in the ledger.
func (l *ledger) wealth(who chain.Account) math.Int {
	earnings, err := l.Earnings(who.Address)
	require.NoError(l.t, err)
	return l.Balance(who.Address).Add(earnings.Claimable.Amount)
}

func (l *ledger) totals() rewardstypes.Totals {
	supply, err := l.Supply()
	require.NoError(l.t, err)
	return supply.Totals
}

// earned is what all accounts that receipts of the scenario pay have earned.
func (l *ledger) earned() math.Int {
	sum := math.ZeroInt()
	for _, who := range []chain.Account{l.Owner, l.Alice, l.Bob, l.Provider, l.Payer, l.Stranger} {
		sum = sum.Add(l.Earned(who))
	}
	return sum
}

// closeWindow passes until the batches of now can be disputed no more.
func (l *ledger) closeWindow() {
	l.Skip(l.params().DisputeWindow)
	l.Blocks(3)
}

// answer quotes both contributors, with words of its own in between.
func answer() string {
	return "In short: " + chain.Texts[0][0] + " On the other hand, and this matters more: " + chain.Texts[1][1]
}

// amountIn returns the amount of a field of a typed event of a result, in aopen.
func amountIn(t *testing.T, result *abci.ExecTxResult, event, field string) math.Int {
	t.Helper()
	for _, e := range result.Events {
		if !strings.HasSuffix(e.Type, "."+event) {
			continue
		}
		for _, attribute := range e.Attributes {
			if attribute.Key != field {
				continue
			}
			text, err := strconv.Unquote(attribute.Value)
			require.NoError(t, err)
			amount, ok := math.NewIntFromString(text)
			require.True(t, ok, text)
			return amount
		}
	}
	require.Failf(t, "no such event", "%s.%s", event, field)
	return math.Int{}
}

// dispute is a proof of somebody about a receipt.
type dispute struct {
	challenger chain.Account
	batch      uint64
	proof      []byte
	salt       []byte
}

func newDispute(challenger chain.Account, batch uint64, proof []byte) dispute {
	salt := sha256.Sum256(append([]byte("salt of "), challenger.Address...))
	return dispute{challenger, batch, proof, salt[:]}
}

func (d dispute) commit() *types.MsgCommitDispute {
	hash := poa.DisputeCommitment(d.challenger.Address, d.batch, 0, d.proof, d.salt)
	return &types.MsgCommitDispute{Challenger: d.challenger.String(), Commitment: hash[:]}
}

func (d dispute) reveal() *types.MsgRevealDispute {
	return &types.MsgRevealDispute{Challenger: d.challenger.String(), BatchId: d.batch, Proof: d.proof, Salt: d.salt}
}

// same compares amounts in aopen.
func same(t *testing.T, want, got math.Int, why ...any) {
	t.Helper()
	require.Equal(t, want.String(), got.String(), why...)
}
