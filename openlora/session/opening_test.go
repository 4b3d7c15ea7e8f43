package session_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/chain/chaintest"
	"github.com/openledger/openledger/openlora/session"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// payer opens sessions at a node.
type payer struct {
	*chaintest.Node
	client *chain.Client
	signer chain.Signer
	dir    string
}

func newPayer(t *testing.T) *payer {
	node := chaintest.Start(t)
	return &payer{Node: node, client: node.Dial(t),
		signer: chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("payer"))), dir: t.TempDir()}
}

func (p *payer) open(ctx context.Context) (*session.Client, error) {
	provider := chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("provider"))).String()
	return session.Open(ctx, p.client, p.signer, "http://gateway/", api.ModelInfo{ModelID: 1, Provider: provider},
		sdk.NewInt64Coin(rewardstypes.Denom, 10), p.dir)
}

func (p *payer) list(t *testing.T) session.Kept {
	t.Helper()
	kept, err := session.List(p.dir)
	require.NoError(t, err)
	return kept
}

// TestOpenWithWhateverTheNodeKeeps: an index of transactions, results of blocks, or the state alone.
func TestOpenWithWhateverTheNodeKeeps(t *testing.T) {
	for name, set := range map[string]func(*chaintest.Node){
		"all": func(*chaintest.Node) {}, "no index": func(n *chaintest.Node) { n.NoIndex = true },
		"no results": func(n *chaintest.Node) { n.NoIndex, n.NoResults = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPayer(t)
			set(p.Node)
			client, err := p.open(t.Context())
			require.NoError(t, err)
			require.Equal(t, "http://gateway", client.State.Gateway)
			require.Equal(t, p.signer.String(), client.State.Payer)
			kept := p.list(t)
			require.Empty(t, kept.Openings)
			require.Equal(t, client.State, kept.Sessions[0].State)

			p.Fail = true
			_, err = p.open(t.Context())
			require.ErrorIs(t, err, session.ErrNeverOpened)
			require.Empty(t, p.list(t).Openings, "there is nothing to go on with")
			require.Equal(t, 1, p.Sessions())
		})
	}
}

// TestInterruptedOpeningIsGoneOnWith: wherever it was interrupted, there is a key for whatever was deposited, and one
// deposit.
func TestInterruptedOpeningIsGoneOnWith(t *testing.T) {
	for name, c := range map[string]struct {
		interrupt func(*chaintest.Node)
		opened    int // when it was interrupted
	}{
		"before the transaction arrives": {func(n *chaintest.Node) { n.Lose = true }, 0},
		"while it is in a block":         {func(n *chaintest.Node) { n.Hang = true }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPayer(t)
			c.interrupt(p.Node)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := p.open(ctx)
			require.Error(t, err)
			require.Equal(t, c.opened, p.Sessions())
			p.Lose, p.Hang = false, false
			kept := p.list(t)
			require.Empty(t, kept.Sessions)
			require.Len(t, kept.Openings, 1)
			client, err := kept.Openings[0].Finish(t.Context(), p.client)
			require.NoError(t, err)
			require.Equal(t, 1, p.Sessions())
			require.Equal(t, kept.Openings[0].Seed, client.State.Seed)
			require.Empty(t, p.list(t).Openings)

			// What is known of an opening from before begins no session again that has gone on.
			_, err = kept.Openings[0].Finish(t.Context(), p.client)
			require.ErrorIs(t, err, session.ErrInUse)
			client.Unlock()
			path := filepath.Join(p.dir, client.State.ID.String()+".json")
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, bytes.Replace(content, []byte(`"n": 0`), []byte(`"n": 7`), 1), 0o600))
			again, err := kept.Openings[0].Finish(t.Context(), p.client)
			require.NoError(t, err)
			require.EqualValues(t, 7, again.State.N)
			require.Equal(t, 1, p.Sessions())
		})
	}
}

// TestOpeningThatCannotHappenIsForgotten when its account has gone past it, and not before.
func TestOpeningThatCannotHappenIsForgotten(t *testing.T) {
	p := newPayer(t)
	p.Lose = true
	_, err := p.open(t.Context())
	require.Error(t, err)
	p.Lose = false
	p.Skip()
	_, err = p.list(t).Openings[0].Finish(t.Context(), p.client)
	require.ErrorIs(t, err, session.ErrNeverOpened)
	require.Empty(t, p.list(t).Openings)
}

func TestEmptyQuestions(t *testing.T) {
	require.ErrorIs(t, session.CheckQuestion(" \n\t"), session.ErrQuestion)
	require.NoError(t, session.CheckQuestion("Why?"))
}

// TestOneProcessAsksInASession: two would sign for different calls of one number.
func TestOneProcessAsksInASession(t *testing.T) {
	p := newPayer(t)
	client, err := p.open(t.Context())
	require.NoError(t, err)
	other := p.list(t).Sessions[0]
	require.ErrorIs(t, other.Lock(), session.ErrInUse)
	client.Unlock()
	require.NoError(t, other.Lock())
	require.ErrorIs(t, client.Lock(), session.ErrInUse)
	require.NoError(t, other.Forget())
	require.ErrorIs(t, client.Lock(), os.ErrNotExist)
}

// TestOpeningsOfAnAccountTakeTurns: two at once would have the same sequence.
func TestOpeningsOfAnAccountTakeTurns(t *testing.T) {
	p := newPayer(t)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			_, err := p.open(t.Context())
			assert.NoError(t, err)
		})
	}
	all.Wait()
	require.Equal(t, 5, p.Sessions())
	require.Len(t, p.list(t).Sessions, 5)
}
