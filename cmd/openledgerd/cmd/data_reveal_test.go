package cmd

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// onChain sends by making blocks.
type onChain struct {
	s   *chain.Scenario
	who chain.Account
	// after runs when a height was waited for.
	after func(height int64)
}

func (c onChain) send(_ context.Context, msgs ...sdk.Msg) (*sdk.TxResponse, error) {
	result := c.s.Block(chain.Tx{Signer: c.who, Msgs: msgs})[0]
	if result.Code != 0 {
		return nil, fmt.Errorf("refused: %s", result.Log)
	}
	return &sdk.TxResponse{Height: c.s.Height()}, nil
}

func (c onChain) waitHeight(_ context.Context, height int64) error {
	if n := height - c.s.Height(); n > 0 {
		c.s.Blocks(int(n))
	}
	if c.after != nil {
		c.after(height)
	}
	return nil
}

// sealedItem commits a contribution of 5 OPEN deposit.
func sealedItem(t *testing.T, s *chain.Scenario) (datanettypes.Commit, datanettypes.RevealItem) {
	t.Helper()
	item, hash := chain.RevealItem(s.DatanetID, s.Stranger,
		segmentFile("The lunula is the pale part of the nail that is seen near the fold and it is the end of the matrix."))
	s.Send(s.Stranger, &datanettypes.MsgCommitContributions{
		Contributor: s.Stranger.String(), Items: []datanettypes.CommitItem{
			{Hash: hash[:], Deposit: chain.Coin(chain.Open(5))}},
	})
	next, err := s.App.DatanetKeeper.NextRank.Peek(s.Ctx())
	require.NoError(t, err)
	commit, err := s.App.DatanetKeeper.GetCommit(s.Ctx(), next-1)
	require.NoError(t, err)
	return commit, item
}

func closeDatanet(s *chain.Scenario, closed bool) {
	s.Send(s.Owner, &datanettypes.MsgUpdateDataNet{
		Owner: s.Owner.String(), DatanetId: s.DatanetID, Name: "Skin", RoyaltyFloor: chain.Royalty, OwnerPpm: 50_000,
		Closed: closed,
	})
}

// TestClosedDataNetCostsNoDeposit: the client gives the place up before the chain takes the deposit.
func TestClosedDataNetCostsNoDeposit(t *testing.T) {
	c := newContributor(t)
	query := datanettypes.NewQueryClient(c.send.clientCtx)
	before := c.Balance(c.Stranger.Address)
	commit, item := sealedItem(t, c.Scenario)
	closeDatanet(c.Scenario, true)
	var out strings.Builder
	_, err := openSealed(context.Background(), &out, onChain{s: c.Scenario, who: c.Stranger}, query, commit, item)
	require.ErrorIs(t, err, errGivenUp)
	require.Contains(t, out.String(), "closed by its owner")
	require.Less(t, c.Height(), commit.RevealUntil)
	fees := before.Sub(c.Balance(c.Stranger.Address))
	require.True(t, fees.LT(chain.Open(1)), "the deposit of 5 OPEN is back, %s aopen were paid for gas", fees)
}

// TestClientWaitsForADataNet: what opens again in time is not given up.
func TestClientWaitsForADataNet(t *testing.T) {
	c := newContributor(t)
	query := datanettypes.NewQueryClient(c.send.clientCtx)
	commit, item := sealedItem(t, c.Scenario)
	closeDatanet(c.Scenario, true)
	send := onChain{s: c.Scenario, who: c.Stranger, after: func(height int64) {
		if height == commit.RevealFrom+3*lookAgain {
			closeDatanet(c.Scenario, false)
		}
	}}
	_, err := openSealed(context.Background(), &strings.Builder{}, send, query, commit, item)
	require.NoError(t, err)
	found, err := c.App.DatanetKeeper.GetContribution(c.Ctx(), commit.Rank)
	require.NoError(t, err)
	require.Equal(t, datanettypes.CONTRIBUTION_STATUS_SUBMITTED, found.Status)
}
