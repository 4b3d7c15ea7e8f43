package voteext

import (
	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// txConfig shows an injection as an empty transaction.
type txConfig struct{ client.TxConfig }

// ClientTxConfig returns a configuration for clients and queries, whose decoder takes injections: one transaction that
// does not decode fails a whole page of a search by height. Execution keeps the strict decoder.
func ClientTxConfig(inner client.TxConfig) client.TxConfig { return txConfig{inner} }

// TxDecoder implements client.TxEncodingConfig.
func (c txConfig) TxDecoder() sdk.TxDecoder {
	decode := c.TxConfig.TxDecoder()
	return func(tx []byte) (sdk.Tx, error) {
		if IsInjection(tx) {
			return c.NewTxBuilder().GetTx(), nil
		}
		return decode(tx)
	}
}
