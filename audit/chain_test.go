package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanetkeeper "github.com/openledger/openledger/x/datanet/keeper"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelskeeper "github.com/openledger/openledger/x/models/keeper"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestReceiptsOfAChain verifies what the application itself recorded, through
// its query services.
func TestReceiptsOfAChain(t *testing.T) {
	s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(t, accounts) })
	c := s.Open(chain.Open(100))
	blocks := make(map[int64][][]byte)
	submit := func(msg *attributiontypes.MsgSubmitReceipts) {
		encoded := s.Sign(chain.Tx{Signer: s.Provider, Msgs: []sdk.Msg{msg}}, 0)
		result := s.RawBlock(encoded).TxResults[0]
		require.Zero(t, result.Code, result.Log)
		blocks[s.Height()] = [][]byte{encoded}
		c.Recorded()
	}
	c.Ask("In short: " + chain.Texts[0][0] + " On the other hand, and this matters more: " + chain.Texts[1][1])
	c.Gap(poa.AckCall)
	c.Ask("Nobody knows.")
	submit(c.Acknowledged())
	c.Ask(chain.Texts[1][0])
	submit(c.Unacknowledged())

	conn := baseapp.NewQueryServerTestHelper(s.Ctx(), s.App.InterfaceRegistry())
	attributiontypes.RegisterQueryServer(conn, attributionkeeper.NewQueryServer(s.App.AttributionKeeper))
	datanettypes.RegisterQueryServer(conn, datanetkeeper.NewQueryServer(s.App.DatanetKeeper))
	modelstypes.RegisterQueryServer(conn, modelskeeper.NewQueryServer(s.App.ModelsKeeper))
	source := audit.FromNode(chain.ID, conn, func(_ context.Context, height int64) ([][]byte, error) {
		if txs, ok := blocks[height]; ok {
			return txs, nil
		}
		return nil, fmt.Errorf("%w %d", audit.ErrPruned, height)
	})
	for _, call := range []uint64{1, 3, 4} {
		report, err := audit.Verify(context.Background(), source, c.ReceiptID(call))
		require.NoError(t, err)
		require.True(t, report.OK, "%v", report.Steps)
		require.Equal(t, call != 4, report.Recorded.Acknowledged)
	}
	for _, call := range []uint64{2, 5} {
		_, err := audit.Verify(context.Background(), source, c.ReceiptID(call))
		require.ErrorIs(t, err, audit.ErrNotFound)
	}
}
