package types_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/x/attribution/types"
)

func TestExtensionSizeIsBounded(t *testing.T) {
	full := types.Extension{
		Base: types.FirstVersion - 1, Verdicts: make([]types.Verdict, 2*types.MaxWindow),
		VersionBase: math.MaxUint64, Versions: make([]types.Verdict, 2*types.MaxWindow),
	}
	for i := range full.Verdicts {
		full.Verdicts[i], full.Versions[i] = types.VerdictInvalid, types.VerdictDiffers
	}
	require.Len(t, full.Marshal(), 139)
	require.Equal(t, 139, types.MaxExtensionBytes)
}

func TestExtensionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		verdicts := func(most uint8, window int) []types.Verdict {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) types.Verdict {
				return types.Verdict(rapid.Uint8Range(0, most).Draw(t, "verdict"))
			}), 0, window).Draw(t, "verdicts")
		}
		e := types.Extension{
			Base: rapid.Uint64Range(1, types.FirstVersion-1).Draw(t, "base"), Verdicts: verdicts(2, types.BatchesWindow),
			VersionBase: rapid.Uint64Range(types.FirstVersion, 2*types.FirstVersion-1).Draw(t, "version base"),
			Versions:    verdicts(3, types.VersionsWindow),
		}
		decoded, err := types.UnmarshalExtension(e.Marshal())
		require.NoError(t, err)
		require.Equal(t, e.Base, decoded.Base)
		require.Equal(t, e.VersionBase, decoded.VersionBase)
		for i, verdict := range e.Verdicts {
			if number := e.Base + uint64(i); number < types.FirstVersion {
				require.Equal(t, verdict, decoded.At(number))
			}
		}
		for i, verdict := range e.Versions {
			require.Equal(t, verdict, decoded.At(e.VersionBase+uint64(i)))
		}
		require.Equal(t, types.VerdictUnknown, decoded.At(e.Base-1))
		require.Equal(t, types.VerdictUnknown, decoded.At(e.VersionBase+types.VersionsWindow))
	})
}

func TestExtensionRefusesOtherEncodings(t *testing.T) {
	with := func(head []byte, batches ...byte) []byte {
		return append(append(head, make([]byte, types.VersionsWindow/4)...), batches...)
	}
	_, err := types.UnmarshalExtension(with([]byte{2, 1, 1}, 2))
	require.NoError(t, err)
	for name, b := range map[string][]byte{
		"empty":             {},
		"other version":     with([]byte{1, 1, 1}),
		"no base":           {2},
		"one base":          {2, 1},
		"no versions":       {2, 1, 1},
		"few versions":      with([]byte{2, 1, 1})[:18],
		"long base":         with([]byte{2, 0x81, 0, 1}),
		"long version base": with([]byte{2, 1, 0x81, 0}),
		"open base":         {2, 0x80},
		"unknown at end":    with([]byte{2, 1, 1}, 0),
		"verdict 3":         with([]byte{2, 1, 1}, 3),
		"beyond window":     with([]byte{2, 1, 1}, bytes.Repeat([]byte{1}, types.BatchesWindow/4+1)...),
		"a megabyte":        bytes.Repeat([]byte{2}, 1<<20),
		"base of 11 bytes":  append([]byte{2}, bytes.Repeat([]byte{0xff}, 11)...),
		"base of a version": with(binary.AppendUvarint([]byte{2}, types.FirstVersion), 0),
	} {
		_, err := types.UnmarshalExtension(b)
		require.ErrorIs(t, err, types.ErrExtension, name)
	}
}

func FuzzUnmarshalExtension(f *testing.F) {
	f.Add(types.Extension{Base: 7, Verdicts: []types.Verdict{1, 2, 0, 1, 2}, Versions: []types.Verdict{3, 1}}.Marshal())
	f.Add([]byte{2, 0x80, 1, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := types.UnmarshalExtension(b)
		if err == nil && !bytes.Equal(e.Marshal(), b) {
			t.Fatalf("%x has a second encoding %x", b, e.Marshal())
		}
	})
}
