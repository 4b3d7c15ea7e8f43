package app_test

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestFloorsAddUp: a DataNet is not cheaper for standing beside others.
func TestFloorsAddUp(t *testing.T) {
	s := newScenario(t)
	first := modelstypes.ManifestEntry{DatanetId: s.DatanetID, Version: s.Version}
	manifest := []modelstypes.ManifestEntry{first}
	for _, floor := range []int64{1, 0} { // another of one OPEN, and one that is free
		next, err := s.App.DatanetKeeper.NextDataNet.Peek(s.Ctx())
		require.NoError(t, err)
		s.Send(s.Owner, &datanettypes.MsgCreateDataNet{
			Owner: s.Owner.String(), Name: "Nails", Licence: "MIT", ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER,
			RoyaltyFloor: chain.Open(floor),
		})
		s.DatanetID = next
		s.Contribute(
			s.Alice, "The lunula is the pale part of the nail that is seen near the fold and it is the end of the matrix of number "+chain.Open(floor).String()+".")
		s.Accept()
		s.AwaitHeld()
		manifest = append(manifest, modelstypes.ManifestEntry{DatanetId: next, Version: 1})
	}
	digest := sha256.Sum256([]byte("broad"))
	register := &modelstypes.MsgRegisterModel{
		Owner: s.Owner.String(), Name: "broad", Kind: modelstypes.MODEL_KIND_RETRIEVAL, Digest: digest[:], Manifest: manifest,
		Method: modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: chain.Royalty.Add(chain.Open(1)).SubRaw(1),
	}
	s.Refuse(s.Owner, modelstypes.ErrRoyalty, register)
	register.Royalty = chain.Royalty.Add(chain.Open(1))
	s.Send(s.Owner, register)
}
