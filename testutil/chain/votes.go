package chain

import (
	"bytes"
	"encoding/json"
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtcrypto "github.com/cometbft/cometbft/crypto"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/voteext"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Voter returns the verdicts of a validator on the open items, and false when its attestor is not alive.
type Voter func(validator int, base, next uint64) ([]attributiontypes.Verdict, bool)

// Attest switches attestation on or off at genesis.
func Attest(on bool) Genesis {
	return func(a *app.App, state map[string]json.RawMessage) {
		var genesis attributiontypes.GenesisState
		a.AppCodec().MustUnmarshalJSON(state[attributiontypes.ModuleName], &genesis)
		genesis.Params.Attestation = on
		state[attributiontypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
	}
}

// AllSay is a Voter whose validators agree on everything.
func AllSay(verdict attributiontypes.Verdict) Voter {
	return func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) {
		return slices.Repeat([]attributiontypes.Verdict{verdict}, int(next-base)), true
	}
}

type validator struct {
	operator sdk.ValAddress
	key      cmtcrypto.PrivKey
	info     abci.Validator
}

// sortValidators sorts as commits do.
func sortValidators(validators []validator) {
	slices.SortFunc(validators, func(a, b validator) int {
		if a.info.Power != b.info.Power {
			return int(b.info.Power - a.info.Power)
		}
		return bytes.Compare(a.info.Address, b.info.Address)
	})
}

// Operator of a validator, in the order of commits.
func (c *Chain) Operator(i int) sdk.ValAddress { return c.validators[i].operator }

// vote returns the votes on the block to come. They are made on the state of the block before it.
func (c *Chain) vote() []abci.ExtendedVoteInfo {
	c.T.Helper()
	votes := make([]abci.ExtendedVoteInfo, len(c.validators))
	for i, v := range c.validators {
		votes[i] = abci.ExtendedVoteInfo{Validator: v.info, BlockIdFlag: cmtproto.BlockIDFlagCommit}
		if c.Voter == nil {
			continue
		}
		c.App.SetVerdicts(voterAt{c.Voter, i})
		response, err := c.served().ExtendVote(c.T.Context(), &abci.RequestExtendVote{Height: c.height})
		require.NoError(c.T, err)
		verified, err := c.served().VerifyVoteExtension(
			&abci.RequestVerifyVoteExtension{Height: c.height, VoteExtension: response.VoteExtension})
		require.NoError(c.T, err)
		require.Equal(c.T, abci.ResponseVerifyVoteExtension_ACCEPT, verified.Status)
		votes[i].VoteExtension = response.VoteExtension
		c.SignExtension(i, &votes[i], c.height)
	}
	return votes
}

// SignExtension signs the extension of a validator's vote on a block.
func (c *Chain) SignExtension(i int, vote *abci.ExtendedVoteInfo, height int64) {
	c.T.Helper()
	signed := cmttypes.VoteExtensionSignBytes(ID,
		&cmtproto.Vote{Type: cmtproto.PrecommitType, Height: height, Extension: vote.VoteExtension})
	signature, err := c.validators[i].key.Sign(signed)
	require.NoError(c.T, err)
	vote.ExtensionSignature = signature
}

type voterAt struct {
	voter     Voter
	validator int
}

var _ voteext.Verdicts = voterAt{}

// Verdicts implements voteext.Verdicts.
func (v voterAt) Verdicts(base, next uint64) ([]attributiontypes.Verdict, bool) {
	return v.voter(v.validator, base, next)
}

// lastCommit is the commit of the block before; empty in the first block.
func (c *Chain) lastCommit() abci.CommitInfo {
	commit := abci.CommitInfo{Votes: make([]abci.VoteInfo, len(c.votes))}
	for i, v := range c.votes {
		commit.Votes[i] = abci.VoteInfo{Validator: v.Validator, BlockIdFlag: v.BlockIdFlag}
	}
	return commit
}

// Propose returns what the application proposes for the block to come, which is not made.
func (c *Chain) Propose() [][]byte {
	c.T.Helper()
	c.height++
	defer func() { c.height-- }()
	return c.propose(nil)
}

// propose has the application propose a block, and accept it.
func (c *Chain) propose(txs [][]byte) [][]byte {
	c.T.Helper()
	commit := abci.ExtendedCommitInfo{Votes: slices.Clone(c.votes)}
	if c.Tamper != nil {
		c.Tamper(&commit)
	}
	prepared, err := c.served().PrepareProposal(&abci.RequestPrepareProposal{
		Height: c.height, Time: c.time, Txs: txs, MaxTxBytes: 4 << 20, LocalLastCommit: commit,
		ProposerAddress: c.validators[0].info.Address,
	})
	require.NoError(c.T, err)
	require.Equal(c.T, abci.ResponseProcessProposal_ACCEPT, c.judge(prepared.Txs),
		"the application refuses its own proposal")
	return prepared.Txs
}

// Judge returns what a validator says of a proposal for the block to come.
func (c *Chain) Judge(txs [][]byte) abci.ResponseProcessProposal_ProposalStatus {
	c.T.Helper()
	c.height++
	defer func() { c.height-- }()
	return c.judge(txs)
}

func (c *Chain) judge(txs [][]byte) abci.ResponseProcessProposal_ProposalStatus {
	c.T.Helper()
	response, err := c.served().ProcessProposal(&abci.RequestProcessProposal{
		Height: c.height, Time: c.time, Txs: txs, ProposedLastCommit: c.lastCommit(),
		ProposerAddress: c.validators[0].info.Address,
	})
	require.NoError(c.T, err)
	return response.Status
}
