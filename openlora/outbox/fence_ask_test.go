package outbox_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

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
}

func (c *fenceChain) Provider(context.Context) (modelstypes.Provider, error) {
	c.reads.Add(1)
	return c.provider, c.fail
}

func (c *fenceChain) ClaimFence(_ context.Context, msg *modelstypes.MsgClaimFence) error {
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
