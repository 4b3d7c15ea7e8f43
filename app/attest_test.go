package app_test

import (
	"encoding/json"
	"math/rand"
	"slices"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/voteext"
	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	unknown = attributiontypes.VerdictUnknown
	valid   = attributiontypes.VerdictValid
	invalid = attributiontypes.VerdictInvalid
)

// attested starts a scenario with four validators who attest; all say yes until the test says otherwise.
func attested(t *testing.T, edits ...func(*attributiontypes.Params)) *chain.Scenario {
	t.Helper()
	return chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		c := chain.NewWithValidators(t, 4, accounts, func(a *app.App, state map[string]json.RawMessage) {
			var genesis attributiontypes.GenesisState
			a.AppCodec().MustUnmarshalJSON(state[attributiontypes.ModuleName], &genesis)
			genesis.Params.Attestation = true
			for _, edit := range edits {
				edit(&genesis.Params)
			}
			state[attributiontypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
		})
		c.Voter = chain.AllSay(valid)
		return c
	})
}

// say has each validator say its own of all items; past the end they say nothing.
func say(verdicts ...attributiontypes.Verdict) chain.Voter {
	return func(validator int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		if validator >= len(verdicts) {
			return nil, false
		}
		return slices.Repeat([]attributiontypes.Verdict{verdicts[validator]}, int(next-base)), true
	}
}

func batchOf(t *testing.T, s *chain.Scenario, id uint64) attributiontypes.Batch {
	t.Helper()
	batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.NoError(t, err)
	return batch
}

// ask answers a call in a session of its own and submits it as an attested batch.
func ask(s *chain.Scenario) (*chain.Conversation, uint64) {
	s.T.Helper()
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	_, id := c.Submit(c.Attested(c.Acknowledged()))
	return c, id
}

// TestAttestedBatchIsPaid: the batch is open when it is submitted, final two blocks later, its contributors have their
// credits in that block, and the validators theirs when nobody can dispute any more.
func TestAttestedBatchIsPaid(t *testing.T) {
	s := attested(t)
	inline := s.Open(chain.Open(100))
	inline.Ask(answer())
	_, id := inline.Submit(inline.Acknowledged())
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status)
	s.Blocks(1)
	once := s.Earned(s.Alice)
	require.True(t, once.IsPositive())

	_, id = ask(s)
	open := batchOf(t, s, id)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, open.Status)
	require.Equal(t, once, s.Earned(s.Alice), "nothing is paid before the verdict")
	s.Blocks(1)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status)
	s.Blocks(1)
	final := batchOf(t, s, id)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, final.Status)
	require.Equal(t, once.MulRaw(2), s.Earned(s.Alice),
		"an attested answer pays what an inline one does, in the block of the verdict")
	require.True(t, final.AttestShare.IsPositive())

	// Until its window closes, validators can still lose their share.
	attestors := s.Attestors()
	require.Len(t, attestors, 4)
	for _, a := range attestors {
		require.True(t, a.Earned.IsZero())
	}
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	s.Skip(params.DisputeWindow)
	share := final.AttestShare.QuoRaw(4)
	for _, a := range s.Attestors() {
		require.Equal(t, share, a.Earned)
		require.EqualValues(t, 1, a.Counted)
	}
	for s.Height()%int64(params.AttestPayBlocks) != 0 {
		s.Blocks(1)
	}
	for _, a := range s.Attestors() {
		require.True(t, a.Due.IsZero(), "paid")
	}
	outstanding, err := s.App.DistrKeeper.GetValidatorOutstandingRewardsCoins(s.Ctx(), s.Operator(0))
	require.NoError(t, err)
	require.True(t, outstanding.AmountOf("aopen").GTE(sdkmath.LegacyNewDecFromInt(share)))
}

// TestRejectedBatch: a third of the power is enough; the batch may be tried once more; then the payer has everything
// back.
func TestRejectedBatch(t *testing.T) {
	s := attested(t)
	c, id := ask(s)
	fees := batchOf(t, s, id).Fees
	s.Voter = say(valid, valid, invalid, invalid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, id).Status)
	provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.False(t, provider.Frozen, "half of the power is not the truth")

	s.Refuse(s.Stranger, attributiontypes.ErrUnauthorized,
		&attributiontypes.MsgResubmitBatch{Provider: s.Stranger.String(), BatchId: id})
	resubmit := &attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: id}
	s.Send(s.Provider, resubmit)
	require.Equal(t, attributiontypes.BATCH_STATUS_RESUBMITTED, batchOf(t, s, id).Status)
	before := wealth(s, s.Payer)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REFUNDED, batchOf(t, s, id).Status)
	require.Equal(t, before.Add(fees), wealth(s, s.Payer))
	require.True(t, s.Earned(s.Alice).IsZero())
	s.Refuse(s.Provider, attributiontypes.ErrBatchStatus, resubmit)

	// Both the batch and its session go when the window closes.
	s.Send(s.Payer, &attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: c.Session.Id})
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.DisputeWindow)
	s.Blocks(2)
	_, err = s.App.AttributionKeeper.GetBatch(s.Ctx(), id)
	require.ErrorIs(t, err, attributiontypes.ErrBatchNotFound)
}

func TestResubmittedBatchCanBecomeFinal(t *testing.T) {
	s := attested(t)
	_, id := ask(s)
	s.Voter = say(invalid, invalid, valid, valid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, id).Status)
	s.Voter = chain.AllSay(valid)
	s.Send(s.Provider, &attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: id})
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status,
		"verdicts on the first attempt are forgotten")
	require.True(t, s.Earned(s.Alice).IsPositive())
}

// TestTwoThirdsFreeze: a vote alone takes nothing, but a provider whom two thirds call a liar submits no more.
func TestTwoThirdsFreeze(t *testing.T) {
	s := attested(t)
	_, id := ask(s)
	s.Voter = say(valid, invalid, invalid, invalid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, id).Status)
	provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.True(t, provider.Frozen)
	require.Equal(t, chain.Open(10_000), provider.Bond)
	// The refusal says why for either way to be frozen: no lie was proven here.
	_, err = s.App.ModelsKeeper.RecordBatch(s.Ctx(), s.Provider.Address, sdkmath.OneInt(), modelstypes.RecordedBatch{})
	require.ErrorIs(t, err, modelstypes.ErrProviderFrozen)
	require.ErrorContains(t, err, "two thirds")
	// Without resubmission the payer is refunded when its window has passed.
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.ResubmitWindow)
	require.Equal(t, attributiontypes.BATCH_STATUS_REFUNDED, batchOf(t, s, id).Status)
}

// TestFrozenProviderCannotResubmit: what waits when a provider is frozen ends by its deadline.
func TestFrozenProviderCannotResubmit(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.AttestTicks = 3 })
	_, expired := ask(s)
	s.Voter = say(valid, valid, unknown, unknown)
	s.Blocks(5)
	require.Equal(t, attributiontypes.BATCH_STATUS_EXPIRED, batchOf(t, s, expired).Status)
	_, rejected := ask(s)
	s.Voter = say(valid, invalid, invalid, invalid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, rejected).Status)
	for _, id := range []uint64{expired, rejected} {
		s.Refuse(s.Provider, modelstypes.ErrProviderFrozen,
			&attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: id})
	}
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.ResubmitWindow)
	require.Equal(t, attributiontypes.BATCH_STATUS_LAPSED, batchOf(t, s, expired).Status)
	require.Equal(t, attributiontypes.BATCH_STATUS_REFUNDED, batchOf(t, s, rejected).Status)
}

// TestExpiredBatch: evidence that is withheld from too many ends in compute for the provider and nothing for anybody
// else.
func TestExpiredBatch(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.AttestTicks = 5 })
	_, id := ask(s)
	s.Voter = say(valid, valid, unknown, unknown)
	s.Blocks(5)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_EXPIRED, batchOf(t, s, id).Status)
	before := s.Earned(s.Provider)
	pool := s.Balance(authtypes.NewModuleAddress("bounty_pool"))
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.ResubmitWindow)
	s.Blocks(1)
	batch := batchOf(t, s, id)
	require.Equal(t, attributiontypes.BATCH_STATUS_LAPSED, batch.Status)
	paid := s.Earned(s.Provider).Sub(before)
	require.True(t, paid.IsPositive())
	require.Equal(t, batch.Fees, paid.Add(s.Balance(authtypes.NewModuleAddress("bounty_pool")).Sub(pool)))
	require.True(t, s.Earned(s.Alice).IsZero())
}

// TestClockPausesWithoutQuorum: while a third of the power runs no attestor, nothing expires, but not for ever.
func TestClockPausesWithoutQuorum(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.AttestTicks = 3 })
	_, id := ask(s)
	s.Voter = say(unknown, unknown) // the others are down
	s.Blocks(20)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status)
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.AttestLimit)
	require.Equal(t, attributiontypes.BATCH_STATUS_EXPIRED, batchOf(t, s, id).Status)
}

// TestVerdictsStick: the first verdict of a validator stands, also when it is silent later.
func TestVerdictsStick(t *testing.T) {
	s := attested(t)
	_, id := ask(s)
	s.Voter = say(valid, valid)
	s.Blocks(2)
	s.Voter = say(invalid, invalid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status, "two yes, and their no does not count")
	s.Voter = func(validator int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		return []attributiontypes.Verdict{valid}, validator == 3
	}
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status, "verdicts add up over blocks")
}

// TestBlanketApproval: a yes to what could not be seen yet is not counted.
func TestBlanketApproval(t *testing.T) {
	s := attested(t)
	s.Voter = func(int, uint64, uint64) ([]attributiontypes.Verdict, bool) {
		return slices.Repeat([]attributiontypes.Verdict{valid}, attributiontypes.MaxWindow), true
	}
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	s.Blocks(1) // these votes approve all numbers to come
	_, id := c.Submit(c.Attested(c.Acknowledged()))
	s.Blocks(1)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status)
}

// TestWithheldBatchDelaysNoOther: verdicts are independent.
func TestWithheldBatchDelaysNoOther(t *testing.T) {
	s := attested(t)
	_, withheld := ask(s)
	item := batchOf(t, s, withheld).Item
	s.Voter = func(validator int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		verdicts := slices.Repeat([]attributiontypes.Verdict{valid}, int(next-base))
		if base <= item && item < next && validator >= 2 {
			verdicts[item-base] = unknown
		}
		return verdicts, true
	}
	var ids []uint64
	for range 5 {
		_, id := ask(s)
		ids = append(ids, id)
	}
	s.Blocks(2)
	for _, id := range ids {
		require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status)
	}
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, withheld).Status)
}

// TestProposerCannotHurt: a proposer who drops votes delays a verdict, and one who makes them up is refused.
func TestProposerCannotHurt(t *testing.T) {
	s := attested(t)
	_, id := ask(s)
	dropped := 0
	s.Tamper = func(commit *abci.ExtendedCommitInfo) {
		for i := range commit.Votes { // a quarter may be dropped unseen, all may be
			if i%4 == 0 || dropped > 0 {
				commit.Votes[i] = abci.ExtendedVoteInfo{Validator: commit.Votes[i].Validator, BlockIdFlag: 1}
			}
		}
	}
	dropped = 1
	s.Blocks(3)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status)
	dropped = 0
	s.Blocks(1)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status,
		"three of four are more than two thirds")
}

// TestProposalsAreChecked plays a proposer who writes its own injection.
func TestProposalsAreChecked(t *testing.T) {
	s := attested(t)
	ask(s)
	var proposal [][]byte
	s.Tamper = func(*abci.ExtendedCommitInfo) {}
	s.Blocks(1)
	proposal = s.Propose()
	require.True(t, voteext.IsInjection(proposal[0]))
	tx := s.Sign(chain.Tx{Signer: s.Payer, Msgs: nil}, 0)
	accept, reject := abci.ResponseProcessProposal_ACCEPT, abci.ResponseProcessProposal_REJECT
	require.Equal(t, accept, s.Judge(proposal))
	require.Equal(t, accept, s.Judge(nil), "without an injection")
	require.Equal(t, accept, s.Judge([][]byte{proposal[0], tx}))
	require.Equal(t, reject, s.Judge([][]byte{proposal[0], proposal[0]}), "twice")
	require.Equal(t, reject, s.Judge([][]byte{tx, tx, tx, proposal[0]}), "in another place")
	require.Equal(t, reject, s.Judge([][]byte{append(slices.Clone(proposal[0]), 0)}), "another encoding")
	require.Equal(t, reject, s.Judge([][]byte{proposal[0][:len(proposal[0])-1]}), "cut off")
	require.Equal(t, reject, s.Judge([][]byte{[]byte("junk")}), "a transaction that does not decode")
	for i := range proposal[0] {
		forged := slices.Clone(proposal[0])
		forged[i] ^= 1
		require.Equal(t, reject, s.Judge([][]byte{forged}), "byte %d", i)
	}
}

// TestOversizeLateVotes: votes that arrive late reach the proposer unverified.
func TestOversizeLateVotes(t *testing.T) {
	s := attested(t)
	_, id := ask(s)
	s.Tamper = func(commit *abci.ExtendedCommitInfo) {
		commit.Votes[1].VoteExtension = make([]byte, 1<<20)
		s.SignExtension(1, &commit.Votes[1], s.Height()-1)
	}
	s.Blocks(3)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status, "the others decide")
	s.Tamper = func(commit *abci.ExtendedCommitInfo) {
		for i := range commit.Votes {
			commit.Votes[i].VoteExtension = make([]byte, 1<<20)
			s.SignExtension(i, &commit.Votes[i], s.Height()-1)
		}
	}
	_, id = ask(s)
	s.Blocks(3)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, id).Status, "blocks are made, verdicts wait")
}

// TestAdmission: window, provider and block have room for so much.
func TestAdmission(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.MaxOpenPerProvider = 2 })
	s.Voter = say()
	ask(s)
	ask(s)
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	msg := c.Attested(c.Acknowledged())
	s.Refuse(s.Provider, attributiontypes.ErrWindowFull, msg)

	// Half of a block is for one provider: what never fits is told apart from what fits the next block.
	s = attested(t, func(p *attributiontypes.Params) { p.BundleBytesPerBlock = 1 })
	c = s.Open(chain.Open(100))
	c.Ask(answer())
	s.Refuse(s.Provider, attributiontypes.ErrOversize, c.Attested(c.Acknowledged()))

	s = attested(t, func(p *attributiontypes.Params) { p.BundleBytesPerBlock = 5_000 })
	c, other := s.Open(chain.Open(100)), s.Open(chain.Open(100))
	c.Ask(answer())
	other.Ask(answer())
	one, two := c.Attested(c.Acknowledged()), other.Attested(other.Acknowledged())
	require.Greater(t, one.BundleBytes, uint64(1_250))
	results := s.Block(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{one}, Gas: 3_000_000},
		chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{two}, Gas: 3_000_000})
	require.Zero(t, results[0].Code, results[0].Log)
	require.Equal(t, attributiontypes.ErrWindowFull.ABCICode(), results[1].Code, results[1].Log)

	s = newScenario(t) // attestation is off
	c = s.Open(chain.Open(100))
	c.Ask(answer())
	s.Refuse(s.Provider, attributiontypes.ErrAttestation, c.Attested(c.Acknowledged()))
}

// TestSubmissionFeeIsBurned, whatever becomes of the batch.
func TestSubmissionFeeIsBurned(t *testing.T) {
	s := attested(t)
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	c := s.Open(chain.Open(100))
	c.Ask(answer())
	msg := c.Attested(c.Acknowledged())
	before := s.Balance(s.Provider.Address)
	c.Submit(msg)
	require.True(t, before.Sub(s.Balance(s.Provider.Address)).GTE(params.SubmissionFee))
}

// TestOnlyHeldVersionsArePayable: a segment that its contributor withholds is in no manifest, so that nobody owes it
// anything and no dispute can be built on it.
func TestOnlyHeldVersionsArePayable(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.HoldTicks, p.HoldRetryBlocks = 3, 10 })
	s.Voter = say(valid, unknown, unknown, unknown)
	s.Blocks(1)
	head, err := s.App.AttributionKeeper.Head.Get(s.Ctx())
	require.NoError(t, err)
	require.Empty(t, head.Pending, "no other batch pays for the question")
	s.Contribute(
		s.Stranger, "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months "+
			"before it reaches the free edge of the finger.")
	s.Accept()
	publish := &modelstypes.MsgPublishModelVersion{
		Owner: s.Owner.String(), ModelId: s.ModelID, Digest: make([]byte, 32),
		Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: chain.Royalty,
	}
	publish.Digest[0] = 1
	s.Fail(s.Owner, modelstypes.ErrNotHeld, publish)
	s.Blocks(8) // the question expires
	rank := s.Contributions[len(s.Contributions)-1].Rank
	waiting, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), rank)
	require.NoError(t, err)
	require.NotNil(t, waiting.Hold, "its version goes on without it")
	require.NotZero(t, waiting.Hold.AskHeight, "validators are asked again")
	require.Zero(t, waiting.Version())
	s.Send(s.Owner, publish)
	s.Voter = chain.AllSay(valid)
	s.Blocks(15)
	entered, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), rank)
	require.NoError(t, err)
	require.Greater(t, entered.Version(), publish.Manifest[0].Version,
		"and no version that was closed without it ever has it")
}

// TestDisputeOfAttestedBatch: a lie can be proven before anybody has voted, and then nobody is paid.
func TestDisputeOfAttestedBatch(t *testing.T) {
	for name, state := range map[string]struct {
		voter   chain.Voter
		status  attributiontypes.BatchStatus
		payment attributiontypes.Payment
	}{
		"open":     {say(), attributiontypes.BATCH_STATUS_OPEN, attributiontypes.PAYMENT_REFUNDED},
		"final":    {chain.AllSay(valid), attributiontypes.BATCH_STATUS_FINAL, attributiontypes.PAYMENT_PAID},
		"rejected": {say(invalid, invalid), attributiontypes.BATCH_STATUS_REJECTED, attributiontypes.PAYMENT_REFUNDED},
	} {
		t.Run(name, func(t *testing.T) {
			s := attested(t)
			s.Contribute(s.Stranger, chain.Texts[0]...)
			s.Accept()
			s.AwaitHeld()
			s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
			s.Reindex(s.Contributions[0].Rank)
			c := s.Open(chain.Open(100))
			c.Ask(answer())
			s.Voter = state.voter
			_, id := c.Submit(c.Attested(c.Acknowledged()))
			s.Blocks(2)
			batch := batchOf(t, s, id)
			require.Equal(t, state.status, batch.Status)
			payer := wealth(s, s.Payer)
			d := newDispute(t, s.Bob, id, 0, earlier(t, s, c))
			verdict := d.play(s)
			require.True(t, verdict.Upheld, verdict.Verdict)
			after := batchOf(t, s, id)
			require.Equal(t, attributiontypes.BATCH_STATUS_DISPROVEN, after.Status)
			require.Equal(t, state.status, after.DisprovenFrom)
			payment, payout := paid(t, s, c)
			require.Equal(t, state.payment, payment)
			require.True(t, payout.Validators.IsZero(), "refunded, or burned")
			require.Equal(t, payment == attributiontypes.PAYMENT_PAID, payout.Provider.IsPositive())
			require.True(t, after.AttestShare.IsZero())
			if state.status == attributiontypes.BATCH_STATUS_FINAL {
				for _, a := range s.Attestors() {
					require.Equal(t, batch.AttestShare.QuoRaw(4), a.Forfeited, "whoever said yes to a lie earns nothing by it")
				}
				return
			}
			require.Equal(t, payer.Add(batch.Fees), wealth(s, s.Payer), "the payer has the fees back")
			require.True(t, s.Earned(s.Stranger).IsZero())
			require.Zero(t, after.Item)
			s.Blocks(3)
		})
	}
}

// TestDisprovenAtOnce: a lie that is proven in the block of its batch, or in the next, ends the question before anybody
// could answer it.
func TestDisprovenAtOnce(t *testing.T) {
	for name, together := range map[string]bool{"same block": true, "next block": false} {
		t.Run(name, func(t *testing.T) {
			s := attested(t)
			s.Contribute(s.Stranger, chain.Texts[0]...)
			s.Accept()
			s.AwaitHeld()
			s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
			s.Reindex(s.Contributions[0].Rank)
			s.Voter = say()
			c := s.Open(chain.Open(100))
			c.Ask(answer())
			submit := c.Attested(c.Acknowledged())
			d := newDispute(t, s.Bob, 1, 0, earlier(t, s, c))
			s.Send(s.Bob, d.commit())
			if together {
				results := s.Block(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{submit}, Gas: 10_000_000},
					chain.Tx{Signer: s.Bob, Msgs: []sdk.Msg{d.reveal()}, Gas: 10_000_000})
				require.Zero(t, results[0].Code, results[0].Log)
				var verdict attributiontypes.MsgRevealDisputeResponse
				require.NoError(t, chain.Decode(results[1], &verdict))
				require.True(t, verdict.Upheld, verdict.Verdict)
			} else {
				c.Submit(submit)
				require.True(t, d.verdict(s).Upheld)
			}
			require.Equal(t, attributiontypes.BATCH_STATUS_DISPROVEN, batchOf(t, s, 1).Status)
			window, err := s.App.AttributionKeeper.Window(s.Ctx())
			require.NoError(t, err)
			require.True(t, window.Empty(), "nothing is open")
			s.Voter = chain.AllSay(valid)
			s.Blocks(3)
		})
	}
}

// TestItemsInPages: those that validators answer already, and those of the last block.
func TestItemsInPages(t *testing.T) {
	s := attested(t)
	s.Voter = say(valid)
	_, first := ask(s)
	s.Blocks(2)
	_, second := ask(s)
	queries := attributionkeeper.NewQueryServer(s.App.AttributionKeeper)
	var batches []uint64
	request := &attributiontypes.QueryItemsRequest{Pagination: &query.PageRequest{Limit: 1}}
	for len(batches) == 0 || len(request.Pagination.Key) > 0 {
		response, err := queries.Items(s.Ctx(), request)
		require.NoError(t, err)
		require.Len(t, response.Items, 1)
		batches = append(batches, response.Items[0].BatchId)
		request.Pagination.Key = response.Pagination.NextKey
	}
	require.Equal(t, []uint64{first, second}, batches)
}

// paid asks for a receipt, checks that its amounts are the whole fee or nothing, and returns what its payment is.
func paid(t *testing.T, s *chain.Scenario, c *chain.Conversation) (attributiontypes.Payment, rewardstypes.Payout) {
	t.Helper()
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	require.Equal(t, batchOf(t, s, found.Receipt.BatchId).Status, found.BatchStatus)
	p := found.Payout
	sum := p.Provider.Add(p.Burned).Add(p.Lineage).Add(p.Validators).Add(p.BountyPool)
	for _, entry := range p.Entries {
		sum = sum.Add(entry.Amount).Add(entry.OwnerAmount)
	}
	if sum.IsZero() {
		require.True(t, p.Bonus.IsZero())
	} else {
		require.Equal(t, p.Fee.String(), sum.String())
	}
	require.Equal(t, found.Receipt.Fee, p.Fee)
	return found.Payment, p
}

// TestReceiptSaysWhatWasPaid in every status of its batch.
func TestReceiptSaysWhatWasPaid(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.AttestTicks = 3 })
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	inPart := func(c *chain.Conversation, want attributiontypes.Payment) rewardstypes.Payout {
		t.Helper()
		payment, payout := paid(t, s, c)
		require.Equal(t, want, payment)
		return payout
	}
	nothing := func(c *chain.Conversation, want attributiontypes.Payment) {
		t.Helper()
		payout := inPart(c, want)
		require.True(
			t, payout.Provider.IsZero() && payout.BountyPool.IsZero() && payout.Entries[0].Amount.IsZero() &&
				payout.Entries[0].Bonus.IsZero())
	}

	final, _ := ask(s)
	will := inPart(final, attributiontypes.PAYMENT_PENDING)
	require.True(t, will.Entries[0].Amount.IsPositive() && will.Validators.IsPositive())
	s.Blocks(2)
	require.Equal(t, will, inPart(final, attributiontypes.PAYMENT_PAID))

	rejected, id := ask(s)
	s.Voter = say(invalid, invalid, valid, valid)
	s.Blocks(2)
	nothing(rejected, attributiontypes.PAYMENT_REFUSED)
	s.Send(s.Provider, &attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: id})
	inPart(rejected, attributiontypes.PAYMENT_PENDING)
	s.Blocks(2)
	nothing(rejected, attributiontypes.PAYMENT_REFUNDED)

	expired, _ := ask(s)
	s.Voter = say(valid, valid, unknown, unknown)
	s.Blocks(6)
	nothing(expired, attributiontypes.PAYMENT_REFUSED)
	before := s.Earned(s.Provider)
	s.Skip(params.ResubmitWindow)
	compute := inPart(expired, attributiontypes.PAYMENT_COMPUTE)
	require.Equal(t, s.Earned(s.Provider).Sub(before), compute.Provider)
	require.Equal(t, compute.Fee, compute.Provider.Add(compute.BountyPool))
	require.True(t, compute.Entries[0].Amount.IsZero() && compute.Bonus.IsZero())
}

// TestExportWithOpenItems: a chain goes on from an exported state in the middle of everything.
func TestExportWithOpenItems(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.AttestTicks = 20 })
	_, final := ask(s)
	s.Blocks(2)
	s.Voter = say(invalid, invalid)
	_, rejected := ask(s)
	s.Blocks(2)
	s.Voter = say(valid, valid, unknown, unknown)
	_, open := ask(s)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, final).Status)
	require.Equal(t, attributiontypes.BATCH_STATUS_REJECTED, batchOf(t, s, rejected).Status)
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, open).Status)
	_, fresh := ask(s)
	items, err := attributionkeeper.NewQueryServer(s.App.AttributionKeeper).Items(s.Ctx(),
		&attributiontypes.QueryItemsRequest{})
	require.NoError(t, err)
	require.Len(t, items.Items, 2)
	require.Equal(t, []uint64{open, fresh}, []uint64{items.Items[0].BatchId, items.Items[1].BatchId},
		"of the last block, too")

	exported := s.Export()
	exported.ConsensusParams.Abci = nil // as the export command writes it
	imported := s.Import(exported)
	s.Chain = imported
	imported.Voter = say(unknown, unknown, valid, valid)
	s.Blocks(3)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, open).Status, "earlier verdicts count on")
	require.Equal(t, attributiontypes.BATCH_STATUS_OPEN, batchOf(t, s, fresh).Status)
	imported.Voter = chain.AllSay(valid)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, fresh).Status)
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.ResubmitWindow)
	require.Equal(t, attributiontypes.BATCH_STATUS_REFUNDED, batchOf(t, s, rejected).Status)
	s.Skip(params.DisputeWindow)
	s.Blocks(2)
	require.EqualValues(t, 3, s.Attestors()[0].Counted)
}

// TestSwitchedOff: nobody is stuck when governance ends attestation.
func TestSwitchedOff(t *testing.T) {
	s := attested(t)
	s.Voter = say()
	_, id := ask(s)
	params, err := s.App.AttributionKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	params.Attestation = false
	require.NoError(t, s.App.AttributionKeeper.Params.Set(s.Ctx(), params))
	s.Contribute(
		s.Stranger, "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months "+
			"before it reaches the free edge of the finger.")
	s.Accept()
	s.Blocks(1)
	datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
	require.NoError(t, err)
	require.Equal(t, s.Version, datanet.HeldVersion, "versions are payable as they are accepted")
	s.Skip(params.AttestLimit)
	require.Equal(t, attributiontypes.BATCH_STATUS_EXPIRED, batchOf(t, s, id).Status)
	s.Skip(params.ResubmitWindow)
	require.Equal(t, attributiontypes.BATCH_STATUS_LAPSED, batchOf(t, s, id).Status)
}

// TestManyBadBatches: a flood of withheld batches from many providers fills its share of the window and leaves room for
// versions; it costs what it costs, ends by itself, and nothing is lost.
func TestManyBadBatches(t *testing.T) {
	s := attested(
		t, func(p *attributiontypes.Params) { p.AttestTicks, p.MaxOpenPerProvider = 5, attributiontypes.MaxWindow })
	s.SkipInvariants = true
	s.Voter = say(unknown, unknown, unknown, unknown)
	var ids []uint64
	for range 100 {
		c := s.Open(chain.Open(2))
		c.Ask(answer())
		_, id := c.Submit(c.Attested(c.Acknowledged()))
		ids = append(ids, id)
	}
	s.SkipInvariants = false
	s.Blocks(8)
	for _, id := range ids {
		require.Equal(t, attributiontypes.BATCH_STATUS_EXPIRED, batchOf(t, s, id).Status)
	}
	s.Voter = chain.AllSay(valid)
	_, id := ask(s)
	s.Blocks(2)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status)
	params, _ := s.App.AttributionKeeper.Params.Get(s.Ctx())
	s.Skip(params.ResubmitWindow)
	s.Skip(time.Second)
	for _, id := range ids {
		require.Equal(t, attributiontypes.BATCH_STATUS_LAPSED, batchOf(t, s, id).Status)
	}
}

// TestExecutorsAgree: blocks with injected votes, and with bytes that are no transaction, come out the same whatever
// executes them.
func TestExecutorsAgree(t *testing.T) {
	s := attested(t)
	_, id := ask(s)
	s.Blocks(3)
	require.Equal(t, attributiontypes.BATCH_STATUS_FINAL, batchOf(t, s, id).Status)
	replay(t, s.Chain)
}

// TestClientsReadBlocksWithVotes: a search by height decodes everything in the block, execution does not.
func TestClientsReadBlocksWithVotes(t *testing.T) {
	s := attested(t)
	ask(s)
	s.Blocks(1)
	injection := s.Propose()[0]
	require.True(t, voteext.IsInjection(injection))
	_, err := s.App.TxConfig().TxDecoder()(injection)
	require.Error(t, err)
	decoded, err := voteext.ClientTxConfig(s.App.TxConfig()).TxDecoder()(injection)
	require.NoError(t, err)
	require.Empty(t, decoded.GetMsgs())
	shown, ok := decoded.(interface{ AsAny() *codectypes.Any })
	require.True(t, ok)
	_, err = s.App.AppCodec().MarshalJSON(shown.AsAny().GetCachedValue().(*txtypes.Tx))
	require.NoError(t, err)
	check, err := s.App.CheckTx(&abci.RequestCheckTx{Tx: injection, Type: abci.CheckTxType_New})
	require.NoError(t, err)
	require.NotZero(t, check.Code, "no mempool takes it")
}

// TestRandomVotes: whatever validators say, and however proposers cut it, state stays right (the chain checks every
// invariant after every block) and every batch ends.
func TestRandomVotes(t *testing.T) {
	for seed := range int64(3) {
		random := rand.New(rand.NewSource(seed))
		s := attested(t, func(p *attributiontypes.Params) {
			p.AttestTicks, p.ResubmitWindow, p.DisputeWindow, p.AttestPayBlocks = 6, 10*time.Second, 30*time.Second, 7
		})
		c := s.Open(chain.Open(500))
		s.Tamper = func(commit *abci.ExtendedCommitInfo) {
			for i := range commit.Votes {
				switch random.Intn(12) {
				case 0:
					commit.Votes[i] = abci.ExtendedVoteInfo{Validator: commit.Votes[i].Validator, BlockIdFlag: 1}
				case 1:
					commit.Votes[i].VoteExtension = make([]byte, random.Intn(300))
					random.Read(commit.Votes[i].VoteExtension)
					s.SignExtension(i, &commit.Votes[i], s.Height()-1)
				}
			}
		}
		s.Voter = func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) {
			verdicts := make([]attributiontypes.Verdict, next-base)
			for i := range verdicts {
				verdicts[i] = []attributiontypes.Verdict{unknown, valid, valid, valid, invalid}[random.Intn(5)]
			}
			return verdicts, random.Intn(6) > 0
		}
		var ids []uint64
		for range 25 {
			provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
			require.NoError(t, err)
			if !provider.Frozen {
				c.Ask(answer())
				result := s.Block(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{c.Attested(c.Acknowledged())}})[0]
				if result.Code != 0 { // frozen meanwhile, or the window is full
					break
				}
				c.Recorded()
				ids = append(ids, uint64(len(ids)+1))
			}
			if random.Intn(4) == 0 && len(ids) > 0 {
				s.Block(chain.Tx{
					Signer: s.Provider, Msgs: []sdk.Msg{
						&attributiontypes.MsgResubmitBatch{Provider: s.Provider.String(), BatchId: ids[random.Intn(len(ids))]}}})
			}
		}
		s.Blocks(80)
		for _, id := range ids {
			if batch, err := s.App.AttributionKeeper.GetBatch(s.Ctx(), id); err == nil {
				require.False(t, batch.Status.Undecided(), "batch %d is %s", id, batch.Status)
			}
		}
		require.Empty(t, s.OpenItems())
	}
}
