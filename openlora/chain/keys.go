package chain

import (
	"fmt"
	"io"

	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// OpenKey returns the account of a local key in a keyring.
func OpenKey(cdc codec.Codec, backend, dir, name string, input io.Reader) (Signer, error) {
	keys, err := keyring.New(sdk.KeyringServiceName(), backend, dir, input, cdc)
	if err != nil {
		return Signer{}, err
	}
	record, err := keys.Key(name)
	if err != nil {
		return Signer{}, fmt.Errorf("key %q in %s: %w; `openledgerd keys list` shows the keys", name, dir, err)
	}
	local := record.GetLocal()
	if local == nil {
		return Signer{}, fmt.Errorf("key %q is not stored on this machine: use one that `openledgerd keys add` makes", name)
	}
	key, ok := local.PrivKey.GetCachedValue().(cryptotypes.PrivKey)
	if !ok {
		return Signer{}, fmt.Errorf("key %q has an unknown type: use a secp256k1 key", name)
	}
	return NewSigner(key), nil
}

// ImportKey writes a key into a keyring of the test backend.
func ImportKey(cdc codec.Codec, dir, name, hex string) error {
	keys, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, dir, nil, cdc)
	if err != nil {
		return err
	}
	return keys.ImportPrivKeyHex(name, hex, "secp256k1")
}
