// Package signing says how transactions are signed: which sign modes there are and what their documents are made of.
package signing

import (
	"context"
	"fmt"
	"regexp"

	signingv1beta1 "cosmossdk.io/api/cosmos/tx/signing/v1beta1"
	txv1beta1 "cosmossdk.io/api/cosmos/tx/v1beta1"

	"google.golang.org/protobuf/proto"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/tx/signing/aminojson"
)

// NewTxConfig encodes, decodes and signs transactions by SIGN_MODE_DIRECT, SIGN_MODE_DIRECT_AUX and
// SIGN_MODE_LEGACY_AMINO_JSON. It panics if codec has no signing context.
func NewTxConfig(codec codec.Codec) client.TxConfig {
	return authtx.NewTxConfig(codec,
		[]signingtypes.SignMode{signingtypes.SignMode_SIGN_MODE_DIRECT, signingtypes.SignMode_SIGN_MODE_DIRECT_AUX},
		aminoHandler{aminojson.NewSignModeHandler(aminojson.SignModeHandlerOptions{})},
	)
}

// aminoHandler makes the JSON that hardware wallets sign of the bytes of a transaction. The SDK's own handler takes
// messages as Go writes them after decoding, where an amount that the sender left out has become "0": the node then
// verified another document than the wallet had signed.
type aminoHandler struct{ inner *aminojson.SignModeHandler }

// Mode returns SIGN_MODE_LEGACY_AMINO_JSON.
func (h aminoHandler) Mode() signingv1beta1.SignMode { return h.inner.Mode() }

// GetSignBytes returns the sorted JSON of data.BodyBytes and data.AuthInfo.
func (h aminoHandler) GetSignBytes(ctx context.Context, signer txsigning.SignerData,
	data txsigning.TxData) ([]byte, error) {
	body := new(txv1beta1.TxBody)
	if err := proto.Unmarshal(data.BodyBytes, body); err != nil {
		return nil, fmt.Errorf("body of the transaction: %w", err)
	}
	data.Body = body
	document, err := h.inner.GetSignBytes(ctx, signer, data)
	if err != nil {
		return nil, err
	}
	return separators.ReplaceAllFunc(document, func(escaped []byte) []byte {
		switch string(escaped) {
		case `\u2028`:
			return []byte("\u2028")
		case `\u2029`:
			return []byte("\u2029")
		}
		return escaped
	}), nil
}

// separators matches every escape of JSON, so that a backslash before "u2028" is told from an escape. Go escapes the
// line and the paragraph separator; the libraries of wallets do not.
var separators = regexp.MustCompile(`\\(u[0-9a-f]{4}|.)`)
