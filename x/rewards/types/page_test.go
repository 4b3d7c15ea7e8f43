package types_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

func TestPageCodecRoundTrip(t *testing.T) {
	codec := types.PageCodec{}
	rapid.Check(t, func(t *rapid.T) {
		var page types.Page
		page.Due = rapid.Bool().Draw(t, "due")
		for i := range page.Rows {
			row := types.Row{Balance: packedAmount(t, "balance"), Threshold: rapid.Bool().Draw(t, "threshold")}
			row.Earned, row.Contributed = row.Balance, row.Balance
			if rapid.Bool().Draw(t, "paid out") {
				row.Earned = packedAmount(t, "earned")
			}
			if rapid.Bool().Draw(t, "other income") {
				row.Contributed = packedAmount(t, "contributed")
			}
			page.Rows[i] = row
		}
		encoded, err := codec.Encode(page)
		require.NoError(t, err)
		decoded, err := codec.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, page, decoded)
		asJSON, err := codec.EncodeJSON(page)
		require.NoError(t, err)
		decoded, err = codec.DecodeJSON(asJSON)
		require.NoError(t, err)
		require.Equal(t, page, decoded)
	})
	encoded, err := codec.Encode(types.Page{})
	require.NoError(t, err)
	for name, broken := range map[string][]byte{
		"empty": {}, "cut off": encoded[:len(encoded)-1], "longer": append(slices.Clone(encoded), 0),
		"unknown flags": append([]byte{2}, encoded[1:]...),
		"long amount":   append(append([]byte{0}, 31), make([]byte, 100)...),
	} {
		_, err := codec.Decode(broken)
		require.Error(t, err, name)
	}
}

// packedAmount draws amounts of every length.
func packedAmount(t *rapid.T, name string) poa.Amount {
	amount := poa.Amount{Hi: rapid.Uint64().Draw(t, name+" hi"), Lo: rapid.Uint64().Draw(t, name+" lo")}
	if shift := rapid.IntRange(0, 128).Draw(t, name+" shift"); shift >= 64 {
		amount = poa.Amount{Lo: amount.Lo >> (shift - 64)}
	} else {
		amount.Hi >>= shift
	}
	return amount
}

func FuzzPageDecode(f *testing.F) {
	encoded, _ := types.PageCodec{}.Encode(types.Page{Due: true})
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, b []byte) {
		page, err := types.PageCodec{}.Decode(b)
		if err != nil {
			return
		}
		again, err := types.PageCodec{}.Encode(page)
		require.NoError(t, err)
		decoded, err := types.PageCodec{}.Decode(again)
		require.NoError(t, err)
		require.Equal(t, page, decoded)
	})
}

func TestPageOf(t *testing.T) {
	page, row := types.PageOf(types.AccountsPerPage*3 + 5)
	require.EqualValues(t, 3, page)
	require.Equal(t, 5, row)
}
