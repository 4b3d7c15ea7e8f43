package chain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/chain"
)

// TestKeysThatCannotSign: the errors say which key it is, and what to do.
func TestKeysThatCannotSign(t *testing.T) {
	cdc, err := chain.NewCodec()
	require.NoError(t, err)
	dir := t.TempDir()
	keys, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, dir, nil, cdc)
	require.NoError(t, err)
	_, err = keys.SaveOfflineKey("watched", secp256k1.GenPrivKey().PubKey())
	require.NoError(t, err)
	made, _, err := keys.NewMnemonic("local", keyring.English, sdk.FullFundraiserPath, "", hd.Secp256k1)
	require.NoError(t, err)

	_, err = chain.OpenKey(cdc, keyring.BackendTest, dir, "watched", nil)
	require.ErrorContains(t, err, `key "watched" is not stored on this machine: use one that`)
	_, err = chain.OpenKey(cdc, keyring.BackendTest, dir, "nobody", nil)
	require.ErrorContains(t, err, "`openledgerd keys list` shows the keys")
	signer, err := chain.OpenKey(cdc, keyring.BackendTest, dir, "local", nil)
	require.NoError(t, err)
	address, err := made.GetAddress()
	require.NoError(t, err)
	require.Equal(t, address, signer.Address)
}
