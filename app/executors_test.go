package app_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// executors that a node may be started with, and block-stm with more workers than there are processors.
var executors = []struct {
	name string
	chain.Executor
}{
	{"sequential", chain.Executor{Block: "sequential"}},
	{"optimistic", chain.Executor{Block: "sequential", Optimistic: true}},
	{"block-stm", chain.Executor{Block: "block-stm"}},
	{"block-stm, 8 workers, estimates", chain.Executor{Block: "block-stm", Workers: 8, PreEstimate: true}},
	{"block-stm, optimistic", chain.Executor{Block: "block-stm", Workers: 4, Optimistic: true}},
}

// replay compares what every executor makes of a chain's blocks.
func replay(t *testing.T, c *chain.Chain) {
	t.Helper()
	for _, executor := range executors {
		t.Run(executor.name, func(t *testing.T) {
			c.T = t
			c.Replay(executor.Executor)
		})
	}
}

// invented is text of words that nobody uses.
func invented(random *rand.Rand) string {
	syllables := []string{"bra", "ke", "lum", "tor", "vi", "sna", "gre", "po", "dri", "fel", "mu", "zan", "qui", "hos",
		"wex", "jal"}
	word := func() string {
		out := ""
		for range 3 {
			out += syllables[random.Intn(len(syllables))]
		}
		return out
	}
	var text strings.Builder
	for range 8 {
		fmt.Fprintf(&text, "The %s of the %s is in the %s. ", word(), word(), word())
	}
	return strings.TrimSpace(text.String())
}

// busy is a chain on which everything happens at once: it makes blocks of many transactions that depend on one another
// and on the sweep.
type busy struct {
	*chain.Scenario
	t            *testing.T
	random       *rand.Rand
	contributors []chain.Account
	texts        []string
	other        *chain.Scenario       // with a provider of its own
	inline       []*chain.Conversation // sessions whose batches carry their evidence
	attested     []*chain.Conversation // sessions whose batches validators vote on
	failed       int                   // transactions
}

func newBusy(t *testing.T, contributors int) *busy {
	b := &busy{t: t, random: rand.New(rand.NewSource(1))}
	for i := range contributors {
		b.contributors = append(b.contributors, chain.NewAccount(fmt.Sprintf("contributor %d", i)))
		b.texts = append(b.texts, invented(b.random))
	}
	second := chain.NewAccount("second provider")
	b.Scenario = chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		c := chain.NewWithValidators(t, 4, append(append(accounts, second), b.contributors...), b.genesis)
		c.Voter = chain.AllSay(valid)
		return c
	})
	b.Gas = 2_400_000 // of 60 transactions in a proposal
	b.contribute()
	other := *b.Scenario
	other.Provider = second
	b.other = &other
	b.Send(second, &modelstypes.MsgRegisterProvider{
		Provider: second.String(), Name: "second", Endpoint: "http://127.0.0.1:8081",
		AnswerKey: b.AnswerKey.Public().(ed25519.PublicKey), Bond: chain.Coin(chain.Open(10_000)),
	}, &modelstypes.MsgSetOffer{Provider: second.String(), ModelId: b.ModelID, InputPrice: chain.InputPrice,
		OutputPrice: chain.OutputPrice})
	for range 3 {
		b.inline = append(b.inline, b.Open(chain.Open(5_000)))
		b.attested = append(b.attested, b.other.Open(chain.Open(5_000)))
	}
	return b
}

// genesis has one page of the ledger settled in a block, and governance that is quick.
func (b *busy) genesis(a *app.App, state map[string]json.RawMessage) {
	var rewards rewardstypes.GenesisState
	a.AppCodec().MustUnmarshalJSON(state[rewardstypes.ModuleName], &rewards)
	rewards.Params.PagesPerBlock, rewards.Params.PayoutsPerBlock, rewards.Params.EpochBlocks = 1, 32, 10
	state[rewardstypes.ModuleName] = a.AppCodec().MustMarshalJSON(&rewards)
	var attribution attributiontypes.GenesisState
	a.AppCodec().MustUnmarshalJSON(state[attributiontypes.ModuleName], &attribution)
	attribution.Params.Attestation, attribution.Params.DisputeWindow = true, 30*time.Second
	state[attributiontypes.ModuleName] = a.AppCodec().MustMarshalJSON(&attribution)
	var gov govv1.GenesisState
	a.AppCodec().MustUnmarshalJSON(state[govtypes.ModuleName], &gov)
	voting, expedited := 10*time.Second, 5*time.Second
	gov.Params.VotingPeriod, gov.Params.ExpeditedVotingPeriod = &voting, &expedited
	state[govtypes.ModuleName] = a.AppCodec().MustMarshalJSON(&gov)
}

// contribute has all contributors seal and reveal in two blocks, and the owner publish what they gave.
func (b *busy) contribute() {
	items := make([]datanettypes.RevealItem, len(b.contributors))
	var seals, reveals []chain.Tx
	for i, contributor := range b.contributors {
		file := poa.SegmentFile{Segments: [][]byte{[]byte(b.texts[i])}}
		item, hash := chain.RevealItem(b.DatanetID, contributor, file)
		items[i] = item
		seals = append(seals, chain.Tx{Signer: contributor, Msgs: []sdk.Msg{&datanettypes.MsgCommitContributions{
			Contributor: contributor.String(), Items: []datanettypes.CommitItem{
				{Hash: hash[:], Deposit: chain.Coin(chain.Open(1))}},
		}}})
		b.Contributions = append(b.Contributions, chain.Contribution{Contributor: contributor, File: file})
	}
	known := len(b.Contributions) - len(b.contributors)
	for i, result := range b.Block(seals...) {
		var response datanettypes.MsgCommitContributionsResponse
		require.NoError(b.t, chain.Decode(result, &response), result.Log)
		items[i].Rank, b.Contributions[known+i].Rank = response.Ranks[0], response.Ranks[0]
		reveals = append(reveals, chain.Tx{Signer: b.contributors[i], Msgs: []sdk.Msg{&datanettypes.MsgRevealContributions{
			Contributor: b.contributors[i].String(), Items: []datanettypes.RevealItem{items[i]},
		}}})
	}
	b.Blocks(1)
	for _, result := range b.Block(reveals...) {
		require.Zero(b.t, result.Code, result.Log)
	}
	b.Accept()
	b.AwaitHeld()
	b.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	b.Reindex()
}

func (b *busy) anybody() chain.Account { return b.contributors[b.random.Intn(len(b.contributors))] }

// batch is a batch of a session with answers that quote contributors.
func (b *busy) batch(c *chain.Conversation, attested bool) chain.Tx {
	for range 2 {
		var text strings.Builder
		for range 5 {
			text.WriteString(b.texts[b.random.Intn(len(b.texts))] + " And then, as others have it: ")
		}
		c.Ask(text.String())
	}
	msg := c.Acknowledged()
	if attested {
		msg = c.Attested(msg)
	}
	return chain.Tx{Signer: c.Provider, Msgs: []sdk.Msg{msg}}
}

func coins(amount sdkmath.Int) sdk.Coins { return sdk.NewCoins(chain.Coin(amount)) }

// traffic is what people do in a block, besides answers.
func (b *busy) traffic(round int) (txs []chain.Tx) {
	add := func(signer chain.Account, msgs ...sdk.Msg) { txs = append(txs, chain.Tx{Signer: signer, Msgs: msgs}) }
	operator := b.Operator(round % 4).String()
	for range 20 { // some accounts send twice, and some send what they have just received
		from, to := b.anybody(), b.anybody()
		add(from, banktypes.NewMsgSend(from.Address, to.Address, coins(sdkmath.NewInt(b.random.Int63n(1e18)))))
	}
	for range 4 {
		account := b.anybody()
		add(account, &rewardstypes.MsgClaim{Account: account.String()}) // nothing to claim, now and then
	}
	poor, greedy := b.anybody(), b.anybody()
	add(greedy, banktypes.NewMsgSend(greedy.Address, poor.Address, coins(chain.Open(1_000_000_000))))
	add(poor, banktypes.NewMsgSend(poor.Address, greedy.Address, coins(sdkmath.OneInt())),
		&rewardstypes.MsgClaim{Account: greedy.String()})
	// Half an OPEN does not change the power of a validator.
	delegator := b.anybody()
	add(delegator, stakingtypes.NewMsgDelegate(delegator.String(), operator, chain.Coin(sdkmath.NewIntWithDecimal(1, 16))))
	if round%3 == 2 {
		add(delegator, stakingtypes.NewMsgUndelegate(delegator.String(), operator,
			chain.Coin(sdkmath.NewIntWithDecimal(1, 15))))
		add(delegator, distrtypes.NewMsgWithdrawDelegatorReward(delegator.String(), operator))
	}
	add(b.Payer, &attributiontypes.MsgTopUpSession{Payer: b.Payer.String(), SessionId: b.inline[round%3].Session.Id,
		Amount: chain.Coin(chain.Open(1))})
	add(b.Stranger, &rewardstypes.MsgFundBountyPool{Funder: b.Stranger.String(),
		Amount: chain.Coin(sdkmath.NewInt(int64(round + 1)))})
	switch round {
	case 1:
		until := b.Time().Add(time.Hour)
		grant, err := authz.NewMsgGrant(b.Alice.Address, b.Bob.Address,
			banktypes.NewSendAuthorization(coins(chain.Open(10)), nil), &until)
		require.NoError(b.t, err)
		add(b.Alice, grant)
	case 2, 3, 4:
		// the third is above the grant
		exec := authz.NewMsgExec(
			b.Bob.Address, []sdk.Msg{banktypes.NewMsgSend(b.Alice.Address, b.Bob.Address, coins(chain.Open(4)))})
		add(b.Bob, &exec)
	}
	return txs
}

// governance has the pages of a block changed while lists wait.
func (b *busy) governance(round int) (txs []chain.Tx) {
	switch round {
	case 3:
		params, err := b.App.RewardsKeeper.Params.Get(b.Ctx())
		require.NoError(b.t, err)
		params.PagesPerBlock = 2
		proposal, err := govv1.NewMsgSubmitProposal([]sdk.Msg{&rewardstypes.MsgUpdateParams{
			Authority: authtypes.NewModuleAddress(govtypes.ModuleName).String(), Params: params,
		}}, coins(chain.Open(1_000)), b.Owner.String(), "", "more pages", "settle more pages in a block", false)
		require.NoError(b.t, err)
		txs = append(txs, chain.Tx{Signer: b.Owner, Msgs: []sdk.Msg{proposal}})
	case 5:
		for i := range 4 {
			voter := chain.NewAccount(fmt.Sprintf("validator %d", i))
			txs = append(txs, chain.Tx{Signer: voter, Msgs: []sdk.Msg{govv1.NewMsgVote(voter.Address, 1, govv1.OptionYes, "")}})
		}
	}
	return txs
}

// refused are transactions that do not get past the ante handler, or run out of gas.
func (b *busy) refused() [][]byte {
	send := func(from chain.Account) sdk.Msg {
		return banktypes.NewMsgSend(from.Address, b.Payer.Address, coins(sdkmath.OneInt()))
	}
	account := b.App.AccountKeeper.GetAccount(b.Ctx(), b.Bob.Address)
	signed, err := simtestutil.GenSignedMockTx(b.random, b.App.TxConfig(), slices.Repeat([]sdk.Msg{send(b.Bob)}, 20),
		coins(chain.GasPrice.MulRaw(100_000)), 100_000, chain.ID, []uint64{account.GetAccountNumber()},
		[]uint64{account.GetSequence()}, b.Bob.Key)
	require.NoError(b.t, err)
	short, err := b.App.TxConfig().TxEncoder()(signed)
	require.NoError(b.t, err)
	return [][]byte{b.Sign(chain.Tx{Signer: b.Alice, Msgs: []sdk.Msg{send(b.Alice)}}, 7), short}
}

// sign encodes transactions in order.
func (b *busy) sign(txs []chain.Tx) (encoded [][]byte) {
	ahead := make(map[string]uint64)
	for _, tx := range txs {
		b.Gas = 2_400_000
		if _, batch := tx.Msgs[0].(*attributiontypes.MsgSubmitReceipts); batch {
			b.Gas = 20_000_000
		}
		encoded = append(encoded, b.Sign(tx, ahead[tx.Signer.String()]))
		ahead[tx.Signer.String()]++
	}
	return encoded
}

// round makes a block of everything.
func (b *busy) round(round int) {
	inline, attested := b.inline[round%3], b.attested[round%3]
	txs := append([]chain.Tx{b.batch(inline, false), b.batch(attested, true)}, b.governance(round)...)
	must := len(txs)
	txs = append(txs, b.traffic(round)...)
	encoded := append(b.sign(txs), b.refused()...)
	voter := b.Voter
	if round%6 == 4 {
		// A block that only a network without honest majority makes: bytes that are no transaction, and no votes.
		b.Voter, must = nil, 0
		encoded = slices.Insert(encoded, 0, []byte("first"))
		encoded = slices.Insert(encoded, 7, []byte{0xff, 0xff, 0})
		encoded = append(encoded, nil, []byte("last"))
	}
	response := b.RawBlock(encoded...)
	b.Voter = voter
	require.GreaterOrEqual(b.t, len(response.TxResults), len(encoded), "the proposal holds all transactions")
	for i, result := range response.TxResults {
		require.False(b.t, i < must && result.Code != 0, "transaction %d of round %d: %s", i, round, result.Log)
		if result.Code != 0 {
			b.failed++
		}
	}
	for _, c := range []*chain.Conversation{inline, attested} {
		c.Recorded()
		c.Gap(poa.AckCall)
	}
}

// TestExecutorsAgreeUnderLoad: blocks of everything that happens on this chain at once have the same application hash
// and the same results, whatever executes them, and whatever a node has seen of a height before it was decided.
func TestExecutorsAgreeUnderLoad(t *testing.T) {
	b := newBusy(t, 60)
	most := 0
	for round := range 18 {
		b.round(round)
		most = max(most, waiting(t, b.Chain))
	}
	params, err := b.App.RewardsKeeper.Params.Get(b.Ctx())
	require.NoError(t, err)
	require.EqualValues(t, 2, params.PagesPerBlock, "governance has changed it in between")
	require.Greater(t, most, 3, "credit lists have waited")
	require.Greater(t, b.failed, 18*4, "transactions have failed")
	final := 0
	for id := uint64(1); id <= 36; id++ {
		if batchOf(t, b.Scenario, id).Status == attributiontypes.BATCH_STATUS_FINAL {
			final++
		}
	}
	require.Greater(t, final, 30, "batches are final")
	b.Blocks(30) // the sweep ends, shares of validators are paid, dispute windows close
	require.Zero(t, waiting(t, b.Chain))
	replay(t, b.Chain)
}
