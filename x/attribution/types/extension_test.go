package types_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/x/attribution/types"
)

func TestExtensionSizeIsBounded(t *testing.T) {
	full := types.Extension{Base: math.MaxUint64, Verdicts: make([]types.Verdict, 2*types.MaxWindow)}
	for i := range full.Verdicts {
		full.Verdicts[i] = types.VerdictInvalid
	}
	require.Len(t, full.Marshal(), 139)
	require.Equal(t, 139, types.MaxExtensionBytes)
}

func TestExtensionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := types.Extension{Base: rapid.Uint64().Draw(t, "base"), Verdicts: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) types.Verdict {
			return types.Verdict(rapid.Uint8Range(0, 2).Draw(t, "verdict"))
		}), 0, types.MaxWindow).Draw(t, "verdicts")}
		decoded, err := types.UnmarshalExtension(e.Marshal())
		require.NoError(t, err)
		require.Equal(t, e.Base, decoded.Base)
		for i, verdict := range e.Verdicts {
			if number := e.Base + uint64(i); number >= e.Base {
				require.Equal(t, verdict, decoded.At(number))
			}
		}
		require.Equal(t, types.VerdictUnknown, decoded.At(e.Base-1))
	})
}

func TestExtensionRefusesOtherEncodings(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":            {},
		"other version":    {2, 1},
		"no base":          {1},
		"long base":        {1, 0x81, 0},
		"open base":        {1, 0x80},
		"unknown at end":   {1, 1, 0},
		"verdict 3":        {1, 1, 3},
		"beyond window":    append([]byte{1, 1}, bytes.Repeat([]byte{1}, types.MaxWindow/4+1)...),
		"a megabyte":       bytes.Repeat([]byte{1}, 1<<20),
		"base of 11 bytes": append([]byte{1}, bytes.Repeat([]byte{0xff}, 11)...),
	} {
		_, err := types.UnmarshalExtension(b)
		require.ErrorIs(t, err, types.ErrExtension, name)
	}
}

func FuzzUnmarshalExtension(f *testing.F) {
	f.Add(types.Extension{Base: 7, Verdicts: []types.Verdict{1, 2, 0, 1, 2}}.Marshal())
	f.Add([]byte{1, 0x80, 1, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := types.UnmarshalExtension(b)
		if err == nil && !bytes.Equal(e.Marshal(), b) {
			t.Fatalf("%x has a second encoding %x", b, e.Marshal())
		}
	})
}
