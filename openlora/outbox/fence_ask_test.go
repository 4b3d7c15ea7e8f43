package outbox_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/outbox"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// fenceChain is a chain with one provider.
type fenceChain struct {
	provider modelstypes.Provider
	fail     error
	reads    atomic.Int64
	before   func() // the next claim
}

func (c *fenceChain) Provider(context.Context) (modelstypes.Provider, error) {
	c.reads.Add(1)
	return c.provider, c.fail
}

func (c *fenceChain) ClaimFence(_ context.Context, msg *modelstypes.MsgClaimFence) error {
	if c.before != nil {
		c.before()
		c.before = nil
	}
	c.provider.Fence, c.provider.FenceHolder = msg.Fence, msg.Holder
	return nil
}

// What the chain was asked is asked once, whoever waits for it, and says who holds the fence.
func TestAskOnceWhoHoldsTheFence(t *testing.T) {
	box := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	defer box.Close()
	node := &fenceChain{provider: modelstypes.Provider{Address: testProvider}}
	holder, err := box.Claim(t.Context(), node, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ours, others := attributiontypes.Session{Fence: holder.ID()}, attributiontypes.Session{Fence: []byte("another")}
	before := node.reads.Load()
	may := holder.Ask(t.Context())
	require.NoError(t, may(ours))
	require.NoError(t, may(ours))
	require.ErrorIs(t, may(others), outbox.ErrFenced)
	require.Equal(t, before+1, node.reads.Load())
	node.provider.FenceHolder = []byte("another")
	require.NoError(t, may(ours), "it says what the chain said then")
	require.ErrorIs(t, holder.May(t.Context(), ours), outbox.ErrFenced)
	node.fail = errors.New("no connection")
	require.ErrorIs(t, holder.Ask(t.Context())(ours), node.fail)
}

// A holder that was named a moment ago need not ask again; one that was not, or is not any more, has to.
func TestSureOfTheFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := open(t, filepath.Join(t.TempDir(), "outbox.db"))
		defer box.Close()
		node := &fenceChain{provider: modelstypes.Provider{Address: testProvider}}
		holder, err := box.Claim(t.Context(), node, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		session := attributiontypes.Session{Fence: holder.ID()}
		require.True(t, holder.Pins(session))
		require.False(t, holder.Pins(attributiontypes.Session{Fence: []byte("another")}))
		require.False(t, holder.Sure(), "it has asked nothing")
		require.NoError(t, holder.May(t.Context(), session))
		require.True(t, holder.Sure())
		before := node.reads.Load()
		holder.Renew()
		synctest.Wait()
		require.Equal(t, before, node.reads.Load(), "it is sure for long enough")
		time.Sleep(600 * time.Millisecond)
		require.True(t, holder.Sure())
		holder.Renew()
		holder.Renew()
		synctest.Wait()
		require.Equal(t, before+1, node.reads.Load())
		time.Sleep(600 * time.Millisecond)
		require.True(t, holder.Sure(), "it has heard anew")
		time.Sleep(500 * time.Millisecond)
		require.False(t, holder.Sure())
		require.NoError(t, holder.May(t.Context(), session))
		held := node.provider.FenceHolder
		node.provider.FenceHolder = []byte("another")
		require.True(t, holder.Sure(), "it was named a moment ago")
		require.ErrorIs(t, holder.May(t.Context(), session), outbox.ErrFenced)
		require.False(t, holder.Sure())
		node.provider.FenceHolder, node.fail = held, errors.New("no connection")
		require.Error(t, holder.May(t.Context(), session))
		require.False(t, holder.Sure())
	})
}

// A holder that replaces another signs when that one is sure no more.
func TestTakeoverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "outbox.db")
		node := &fenceChain{provider: modelstypes.Provider{Address: testProvider}}
		claim := func() (*outbox.Holder, time.Duration) {
			box := open(t, path)
			defer box.Close()
			began := time.Now()
			holder, err := box.Claim(t.Context(), node, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			return holder, time.Since(began)
		}
		first, waited := claim()
		require.Zero(t, waited, "nobody has had the fence")
		session := attributiontypes.Session{Fence: first.ID()}
		// The last moment at which the first hears that it holds the fence.
		node.before = func() { require.NoError(t, first.May(t.Context(), session)) }
		second, waited := claim()
		require.Equal(t, first.ID(), second.ID())
		require.Positive(t, waited)
		require.False(t, first.Sure())
		require.NoError(t, second.May(t.Context(), session))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		box := open(t, path)
		defer box.Close()
		_, err := box.Claim(ctx, node, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, context.Canceled)
	})
}
