package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestSegmentsAreProvedUnderTheirVersion: a segment of version 1 stands under the root of a contribution that says so,
// or says nothing, and under no other.
func TestSegmentsAreProvedUnderTheirVersion(t *testing.T) {
	who := sdk.AccAddress(make([]byte, 20))
	proof := types.SegmentProof{Text: []byte("This is the text of a segment.")}
	for stored, norm := range map[uint32]uint8{0: 1, 1: 1, 2: 2} {
		root := poa.SegmentLeafNorm(norm, 0, who, proof.Text)
		c := types.Contribution{Root: root[:], Contributor: who.String(), Segments: 1, NormVersion: stored}
		require.Equal(t, norm, c.Norm())
		require.Equal(t, norm, types.Snapshot{NormVersion: stored}.Norm())
		require.NoError(t, proof.Verify(c.Root, who, 1, c.Norm()))
		require.Error(t, proof.Verify(c.Root, who, 1, 3-c.Norm()))
		proved, err := c.Proved(types.DataNet{})
		require.NoError(t, err)
		require.Equal(t, norm, proved.Norm)
	}
}
