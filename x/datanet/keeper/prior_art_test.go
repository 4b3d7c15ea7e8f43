package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/testutil/solo"
	"github.com/openledger/openledger/x/datanet/types"
)

func TestPriorArtBecomesCommons(t *testing.T) {
	r := datanettest.NewReviews(t, 9)
	rank := r.Seed()
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, nil, []byte(datanettest.Text(1))),
		poa.SegmentLeaf(1, nil, []byte(r.Texts[rank]))})
	accept := &types.MsgAcceptSnapshot{Authority: solo.Authority(), Name: "Encyclopaedia", Root: root[:], Segments: 2}
	foreign := *accept
	foreign.Authority = r.Alice.String()
	datanettest.Refuse(r.Fixture, r.Msgs.AcceptSnapshot, &foreign, types.ErrUnauthorized)
	prove := &types.MsgProvePriorArt{Prover: r.Bob.String(), Rank: rank, Segment: *r.Segment(rank), Snapshot: 1}
	leaf := poa.SegmentLeaf(0, nil, []byte(datanettest.Text(1)))
	prove.SnapshotSegment = types.SegmentProof{Index: 1, Text: []byte(r.Texts[rank]), Path: [][]byte{leaf[:]}}
	datanettest.Refuse(r.Fixture, r.Msgs.ProvePriorArt, prove, types.ErrSnapshot)
	require.EqualValues(t, 1, datanettest.Must(r.Fixture, r.Msgs.AcceptSnapshot, accept).Id)
	wrong := *prove
	wrong.SnapshotSegment.Path = nil
	datanettest.Refuse(r.Fixture, r.Msgs.ProvePriorArt, &wrong, types.ErrDuplicate)
	before, deposit := r.Bank.Of(r.Ctx, r.Bob), r.Contribution(rank).Deposit.Amount
	datanettest.Must(r.Fixture, r.Msgs.ProvePriorArt, prove)
	require.Equal(t, types.CONTRIBUTION_STATUS_COMMONS, r.Contribution(rank).Status)
	require.EqualValues(t, 1, r.Contribution(rank).Snapshot)
	require.Equal(t, deposit.QuoRaw(2), r.Bank.Of(r.Ctx, r.Bob).Sub(before))
	datanettest.Refuse(r.Fixture, r.Msgs.ProvePriorArt, prove, types.ErrContributionStatus)
}
