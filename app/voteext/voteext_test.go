package voteext

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"cosmossdk.io/log/v2"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtprotocrypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/stretchr/testify/require"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// stub is a chain and an attestor that do as told.
type stub struct {
	base, next   uint64
	enabled      bool
	err          error
	panics       bool
	alive        bool
	tallied      [][]types.AttestVote
	tallyErr     error
	tallyTouches func(sdk.Context)
}

func (s *stub) Window(sdk.Context) (types.Window, error) {
	if s.panics {
		panic("window")
	}
	return types.Window{Base: s.base, Next: s.next, VersionBase: types.FirstVersion, VersionNext: types.FirstVersion,
		Enabled: s.enabled}, s.err
}

func (s *stub) Tally(ctx sdk.Context, votes []types.AttestVote) error {
	s.tallied = append(s.tallied, votes)
	if s.tallyTouches != nil {
		s.tallyTouches(ctx)
	}
	return s.tallyErr
}

func (s *stub) Verdicts(base, next uint64) ([]types.Verdict, bool) {
	return make([]types.Verdict, next-base), s.alive
}

func (s *stub) GetPubKeyByConsAddr(context.Context, sdk.ConsAddress) (cmtprotocrypto.PublicKey, error) {
	if s.panics {
		panic("key")
	}
	return cmtprotocrypto.PublicKey{}, errors.New("no key")
}

func handlers(s *stub) *Handlers {
	return &Handlers{
		Chain: s, Verdicts: s, Validators: s, Logger: log.NewNopLogger(),
		Decode: func(tx []byte) (sdk.Tx, error) {
			if s.panics {
				panic("decode")
			}
			if bytes.HasPrefix(tx, []byte("tx")) {
				return nil, nil
			}
			return nil, errors.New("junk")
		},
		Prepare: func(_ sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
			if s.panics {
				panic("prepare")
			}
			return &abci.ResponsePrepareProposal{Txs: req.Txs}, s.err
		},
		Process: func(sdk.Context, *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
			if s.panics {
				panic("process")
			}
			return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, s.err
		},
	}
}

var key = storetypes.NewKVStoreKey("test")

func testContext(t testing.TB) sdk.Context {
	t.Helper()
	ctx := testutil.DefaultContextWithDB(t, key, storetypes.NewTransientStoreKey("transient")).Ctx
	return ctx.WithConsensusParams(cmtproto.ConsensusParams{Abci: &cmtproto.ABCIParams{VoteExtensionsEnableHeight: 1}})
}

// TestNothingEscapes: whatever fails or panics below, the node goes on.
func TestNothingEscapes(t *testing.T) {
	for name, s := range map[string]*stub{
		"panics":   {panics: true, base: 1, next: 2, enabled: true, alive: true},
		"errors":   {err: errors.New("failed"), base: 1, next: 2, enabled: true, alive: true},
		"disabled": {base: 1, next: 2, alive: true},
		"nonsense": {base: 9, next: 2, enabled: true, alive: true},
	} {
		t.Run(name, func(t *testing.T) {
			h, ctx := handlers(s), testContext(t)
			extended, err := h.ExtendVote(ctx, &abci.RequestExtendVote{Height: 5})
			require.NoError(t, err)
			require.Empty(t, extended.VoteExtension)
			verified, err := h.VerifyVoteExtension(ctx, &abci.RequestVerifyVoteExtension{})
			require.NoError(t, err)
			require.Equal(t, abci.ResponseVerifyVoteExtension_ACCEPT, verified.Status)
			commit := abci.ExtendedCommitInfo{
				Votes: []abci.ExtendedVoteInfo{
					{Validator: abci.Validator{Address: make([]byte, 20), Power: 1}, BlockIdFlag: cmtproto.BlockIDFlagCommit,
						ExtensionSignature: make([]byte, 64)}}}
			prepared, err := h.PrepareProposal(
				ctx, &abci.RequestPrepareProposal{Height: 5, MaxTxBytes: 1000, Txs: [][]byte{[]byte("tx")},
					LocalLastCommit: commit})
			require.NoError(t, err)
			for _, tx := range prepared.Txs {
				require.False(t, IsInjection(tx))
			}
			processed, err := h.ProcessProposal(ctx,
				&abci.RequestProcessProposal{Height: 5, Txs: [][]byte{encode(fromCommit(commit))}})
			require.NoError(t, err)
			require.Equal(t, abci.ResponseProcessProposal_REJECT, processed.Status)
			ran := false
			_, err = h.PreBlocker(
				func(sdk.Context) (*sdk.ResponsePreBlock, error) { ran = true; return &sdk.ResponsePreBlock{}, nil })(ctx,
				&abci.RequestFinalizeBlock{
					Height: 5, DecidedLastCommit: abci.CommitInfo{Votes: []abci.VoteInfo{{Validator: abci.Validator{Power: 1}}}},
				})
			require.NoError(t, err)
			require.True(t, ran)
		})
	}
}

func TestVerifyLooksAtTheSizeOnly(t *testing.T) {
	h := handlers(&stub{panics: true})
	for size, want := range map[int]abci.ResponseVerifyVoteExtension_VerifyStatus{
		0: abci.ResponseVerifyVoteExtension_ACCEPT, types.MaxExtensionBytes: abci.ResponseVerifyVoteExtension_ACCEPT,
		maxAccepted: abci.ResponseVerifyVoteExtension_ACCEPT, maxAccepted + 1: abci.ResponseVerifyVoteExtension_REJECT,
		1 << 20: abci.ResponseVerifyVoteExtension_REJECT,
	} {
		response, err := h.VerifyVoteExtension(sdk.Context{},
			&abci.RequestVerifyVoteExtension{VoteExtension: bytes.Repeat([]byte{0xff}, size)})
		require.NoError(t, err)
		require.Equal(t, want, response.Status, size)
	}
	_, err := h.VerifyVoteExtension(sdk.Context{}, nil)
	require.NoError(t, err)
}

// TestFailedTallyChangesNothing: what it wrote is dropped, and the block goes on.
func TestFailedTallyChangesNothing(t *testing.T) {
	ctx := testContext(t)
	s := &stub{base: 1, next: 2, enabled: true, tallyErr: errors.New("failed"),
		tallyTouches: func(ctx sdk.Context) { ctx.KVStore(key).Set([]byte("k"), []byte("v")) }}
	block := &abci.RequestFinalizeBlock{Height: 5,
		DecidedLastCommit: abci.CommitInfo{Votes: []abci.VoteInfo{{Validator: abci.Validator{Power: 1}}}}}
	pre := handlers(s).PreBlocker(func(sdk.Context) (*sdk.ResponsePreBlock, error) { return &sdk.ResponsePreBlock{}, nil })
	_, err := pre(ctx, block)
	require.NoError(t, err)
	require.Nil(t, ctx.KVStore(key).Get([]byte("k")))
	s.tallyErr = nil
	_, err = pre(ctx, block)
	require.NoError(t, err)
	require.NotNil(t, ctx.KVStore(key).Get([]byte("k")))
	s.tallyTouches = func(sdk.Context) { panic("tally") }
	_, err = pre(ctx, block)
	require.NoError(t, err)
}

// TestVotesOf: an extension counts when both the commit and the injection say that the vote was for the block.
func TestVotesOf(t *testing.T) {
	extension, signature := types.Extension{Base: 1}.Marshal(), make([]byte, signatureSize)
	commit, absent := cmtproto.BlockIDFlagCommit, cmtproto.BlockIDFlagAbsent
	injection := encode([]vote{{commit, extension, signature}, {absent, nil, nil}, {commit, extension, signature}})
	req := &abci.RequestFinalizeBlock{Txs: [][]byte{injection}, DecidedLastCommit: abci.CommitInfo{Votes: []abci.VoteInfo{
		{Validator: abci.Validator{Power: 3}, BlockIdFlag: commit},
		{Validator: abci.Validator{Power: 2}, BlockIdFlag: commit},
		{Validator: abci.Validator{Power: 1}, BlockIdFlag: absent},
	}}}
	votes := votesOf(req)
	require.Len(t, votes, 3)
	require.Equal(t, extension, votes[0].Extension)
	require.Nil(t, votes[1].Extension)
	require.Nil(t, votes[2].Extension)
	require.EqualValues(t, 1, votes[2].Power, "who is absent weighs too")
	req.Txs[0] = req.Txs[0][:len(req.Txs[0])-1]
	for _, v := range votesOf(req) {
		require.Nil(t, v.Extension, "a block that no proposal check has passed")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(
		[]vote{{cmtproto.BlockIDFlagCommit, []byte{1, 1}, make([]byte, signatureSize)}, {cmtproto.BlockIDFlagNil, nil, nil}}),
		uint8(2))
	f.Fuzz(func(t *testing.T, tx []byte, n uint8) {
		votes, err := decode(tx, int(n))
		if err == nil && !bytes.Equal(encode(votes), tx) {
			t.Fatalf("%x has a second encoding", tx)
		}
		votesOf(&abci.RequestFinalizeBlock{Txs: [][]byte{tx},
			DecidedLastCommit: abci.CommitInfo{Votes: make([]abci.VoteInfo, n)}})
	})
}

// recordingRunner returns what it was given.
type recordingRunner struct{ txs [][]byte }

func (r *recordingRunner) Run(_ context.Context, _ storetypes.MultiStore, txs [][]byte,
	_ sdk.DeliverTxFunc) ([]*abci.ExecTxResult, error) {
	r.txs = txs
	results := make([]*abci.ExecTxResult, len(txs))
	for i := range results {
		results[i] = &abci.ExecTxResult{Code: 2, GasUsed: 1186}
	}
	return results, nil
}

// TestInjectionHasAConstantResult: executors differ in what they report for bytes that do not decode.
func TestInjectionHasAConstantResult(t *testing.T) {
	inner := &recordingRunner{}
	wrapped := WrapRunner(inner)
	results, err := wrapped.Run(context.Background(), nil, [][]byte{marker, []byte("tx")}, nil)
	require.NoError(t, err)
	require.Len(t, results, 2)
	require.Equal(t, &abci.ExecTxResult{}, results[0])
	require.Equal(t, [][]byte{[]byte("tx")}, inner.txs)
	results, err = wrapped.Run(context.Background(), nil, [][]byte{[]byte("tx"), marker}, nil)
	require.NoError(t, err)
	require.Len(t, inner.txs, 2, "only the first place is special")
	require.Len(t, results, 2)
	require.Same(t, inner, wrapped.(interface{ Unwrap() sdk.TxRunner }).Unwrap())
}
