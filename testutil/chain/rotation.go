package chain

import (
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	"github.com/stretchr/testify/require"

	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// rotationDelay is the number of blocks after which CometBFT uses the validators that a block has decided.
const rotationDelay = 2

// Rotate returns a message that gives a validator a new key, to be sent by its operator. The validator votes with it
// when CometBFT would have it do so.
func (c *Chain) Rotate(i int) *stakingtypes.MsgRotateConsPubKey {
	c.T.Helper()
	rotated := c.validators[i]
	rotated.key = cmted25519.GenPrivKeyFromSecret(append([]byte("openledger/test/rotated "), rotated.operator...))
	rotated.info.Address = rotated.key.PubKey().Address()
	key, err := cryptocodec.FromCmtPubKeyInterface(rotated.key.PubKey())
	require.NoError(c.T, err)
	msg, err := stakingtypes.NewMsgRotateConsPubKey(rotated.operator.String(), key)
	require.NoError(c.T, err)
	c.rotating = append(c.rotating, rotated)
	return msg
}

// scheduleKeys notes when the new keys of a block's response are used. Powers stay those of the genesis.
func (c *Chain) scheduleKeys(response *abci.ResponseFinalizeBlock) {
	for _, update := range response.ValidatorUpdates {
		i := slices.IndexFunc(c.rotating, func(v validator) bool { return isKey(update.PubKey, v) })
		if update.Power > 0 && i >= 0 {
			c.rotated[c.height+rotationDelay] = append(c.rotated[c.height+rotationDelay], c.rotating[i])
		}
	}
}

func isKey(key cmtproto.PublicKey, v validator) bool {
	return slices.Equal(key.GetEd25519(), v.key.PubKey().Bytes())
}

// useKeys has validators vote with the keys that are theirs from this block on.
func (c *Chain) useKeys() {
	for _, rotated := range c.rotated[c.height] {
		i := slices.IndexFunc(c.validators, func(v validator) bool { return v.operator.Equals(rotated.operator) })
		c.validators = slices.Clone(c.validators) // an imported chain shares them
		c.validators[i] = rotated
	}
	sortValidators(c.validators)
}
