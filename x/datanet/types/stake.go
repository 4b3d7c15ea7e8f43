package types

import (
	"encoding/json"
	"fmt"
	"math/big"

	"cosmossdk.io/collections/codec"
	"cosmossdk.io/math"
)

const (
	// StakeFanout is the number of children of a node of a stake tree.
	StakeFanout = 16
	// StakeLevels of a stake tree: 16^5 places.
	StakeLevels = 5
	// MaxPlaces in a stake tree.
	MaxPlaces = 1 << (4 * StakeLevels)
	// AllDataNets is the electorate of the data validators of all DataNets.
	AllDataNets = 0

	amountSize = 16
)

// StakeNode holds the stakes below each child of a node, in aopen. Level 0
// holds the stakes of validators themselves.
type StakeNode [StakeFanout]math.Int

// EmptyStakeNode has no stake.
func EmptyStakeNode() StakeNode {
	var n StakeNode
	for i := range n {
		n[i] = math.ZeroInt()
	}
	return n
}

// Total of a node.
func (n StakeNode) Total() math.Int {
	total := math.ZeroInt()
	for _, stake := range n {
		total = total.Add(stake)
	}
	return total
}

// StakeNodeCodec stores nodes as 16 big-endian amounts of 16 bytes.
type StakeNodeCodec struct{}

var _ codec.ValueCodec[StakeNode] = StakeNodeCodec{}

// Encode implements codec.ValueCodec.
func (StakeNodeCodec) Encode(n StakeNode) ([]byte, error) {
	out := make([]byte, 0, StakeFanout*amountSize)
	for _, stake := range n {
		if stake.IsNegative() || stake.BigIntMut().BitLen() > 8*amountSize {
			return nil, fmt.Errorf("stake of %s aopen", stake)
		}
		out = append(out, stake.BigIntMut().FillBytes(make([]byte, amountSize))...)
	}
	return out, nil
}

// Decode implements codec.ValueCodec.
func (StakeNodeCodec) Decode(b []byte) (StakeNode, error) {
	var n StakeNode
	if len(b) != StakeFanout*amountSize {
		return n, fmt.Errorf("stake node of %d bytes", len(b))
	}
	for i := range n {
		n[i] = math.NewIntFromBigIntMut(new(big.Int).SetBytes(b[i*amountSize : (i+1)*amountSize]))
	}
	return n, nil
}

// EncodeJSON implements codec.ValueCodec.
func (StakeNodeCodec) EncodeJSON(n StakeNode) ([]byte, error) {
	return json.Marshal([StakeFanout]math.Int(n))
}

// DecodeJSON implements codec.ValueCodec.
func (StakeNodeCodec) DecodeJSON(b []byte) (StakeNode, error) {
	var n [StakeFanout]math.Int
	err := json.Unmarshal(b, &n)
	return n, err
}

// Stringify implements codec.ValueCodec.
func (StakeNodeCodec) Stringify(n StakeNode) string { return fmt.Sprint([StakeFanout]math.Int(n)) }

// ValueType implements codec.ValueCodec.
func (StakeNodeCodec) ValueType() string { return "openledger/stake-node" }
