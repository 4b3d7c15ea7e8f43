package chain

import (
	"encoding/json"

	errorsmod "cosmossdk.io/errors"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// messageModules hold state that only messages change between two blocks
// without deadlines; x/rewards also moves by time.
var messageModules = []string{datanettypes.ModuleName, modelstypes.ModuleName, attributiontypes.ModuleName}

// moduleState exports the modules that messages write to.
func (c *Chain) moduleState() string {
	exported, err := c.App.ExportAppStateAndValidators(false, messageModules)
	require.NoError(c.T, err)
	return string(exported.AppState)
}

func abciInfo(err error) (string, uint32, string) { return errorsmod.ABCIInfo(err, false) }

// Decode unmarshals the response of the first message of a successful transaction.
func Decode(result *abci.ExecTxResult, response proto.Message) error {
	var data sdk.TxMsgData
	if err := proto.Unmarshal(result.Data, &data); err != nil {
		return err
	}
	return proto.Unmarshal(data.MsgResponses[0].Value, response)
}

// JSON renders a genesis for comparison.
func JSON(raw json.RawMessage) map[string]any {
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}
