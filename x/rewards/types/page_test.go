package types_test

import (
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
		for i := range page {
			page[i] = types.Row{
				Balance:     poa.Amount{Hi: rapid.Uint64().Draw(t, "hi"), Lo: rapid.Uint64().Draw(t, "lo")},
				Earned:      poa.Amount{Lo: rapid.Uint64().Draw(t, "earned")},
				Contributed: poa.Amount{Hi: rapid.Uint64().Draw(t, "contributed hi"), Lo: rapid.Uint64().Draw(t, "contributed")},
			}
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
	_, err := codec.Decode(make([]byte, 3))
	require.Error(t, err)
}

func TestPageOf(t *testing.T) {
	page, row := types.PageOf(types.AccountsPerPage*3 + 5)
	require.EqualValues(t, 3, page)
	require.Equal(t, 5, row)
}
