package datanettest

import (
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/datanet/types"
)

// Several contributes segments, and returns the rank and a proof of each.
func (r *Reviews) Several(by sdk.AccAddress, texts ...string) (uint64, []types.SegmentProof) {
	leaves := make([]poa.Hash, len(texts))
	for i, content := range texts {
		leaves[i] = poa.SegmentLeaf(uint32(i), by, []byte(content))
	}
	root := poa.MerkleRoot(leaves)
	s := r.Sealed(by, "")
	s.Item.Root, s.Item.Segments, s.Item.Tokens = root[:], uint32(len(texts)), uint64(60*len(texts))
	s.Hash = poa.CommitHash(root, by, s.Item.Salt)
	r.N++
	items := r.Commit(by, Open(20), s)
	r.Blocks(2)
	Must(r.Fixture, r.Msgs.RevealContributions, RevealMsg(by, items...))
	proofs := make([]types.SegmentProof, len(texts))
	for i := range texts {
		path, err := poa.MerklePath(leaves, i)
		require.NoError(r.T, err)
		proofs[i] = types.SegmentProof{Index: uint32(i), Text: []byte(texts[i])}
		for _, hash := range path {
			proofs[i].Path = append(proofs[i].Path, hash[:])
		}
	}
	return items[0].Rank, proofs
}

// Accepted has the owner of an own DataNet accept, and validators hold it.
func (r *Reviews) Accepted(datanet uint64, ranks ...uint64) {
	version := Must(r.Fixture, r.Msgs.AcceptContributions, AcceptMsg(r.Owner, datanet, ranks...)).Version
	require.NoError(r.T, r.Keeper.SetInCustody(r.Ctx, datanet, version))
	r.Blocks(1)
}
