package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestWithheldSegmentWinsNoDispute: who registers a text early, withholds it until others are paid for the same words,
// and shows it then, proves nothing against an answer of a version without it, whether validators hold it by then or
// not. Of a version that has it, it does.
func TestWithheldSegmentWinsNoDispute(t *testing.T) {
	s := attested(t, func(p *attributiontypes.Params) { p.AttestTicks, p.HoldRetryBlocks = 3, 10 })
	const text = "Nails grow from a matrix under the proximal fold; the plate slides over its bed for about six months " +
		"before it reaches the free edge of the finger."
	withheld, paid := s.Contribute(s.Stranger, text), s.Contribute(s.Bob, text+" It thickens with age.")
	accept := func(rank uint64) {
		result := s.Send(
			s.Owner, &datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID,
				Ranks: []uint64{rank}})
		var response datanettypes.MsgAcceptContributionsResponse
		require.NoError(t, chain.Decode(result, &response))
		s.Version = response.Version
	}
	accept(paid.Rank)
	s.AwaitHeld()
	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN)
	s.Voter = say(unknown, unknown, unknown, unknown)
	accept(withheld.Rank) // into a version that nobody holds
	s.Reindex(withheld.Rank)
	claim := func() (uint64, *chain.Conversation) {
		c := s.Open(chain.Open(100))
		c.Ask("As is well known: " + text)
		_, batch := c.Submit(c.Acknowledged())
		return batch, c
	}
	shown := func(c *chain.Conversation) poa.Dispute {
		a := c.Answers[0]
		require.Equal(t, paid.Rank, a.Attribution.Rows[0].Rank)
		row, err := poa.NewRowProof(a.Attribution, 0)
		require.NoError(t, err)
		segment, err := s.SegmentProof(withheld.Rank, 0)
		require.NoError(t, err)
		var positions []uint32
		for p := row.Row.Position; p < row.Row.Position+row.Row.Length; p++ {
			positions = append(positions, p)
		}
		opened, err := poa.Narrow(c.Evidence.Answers[0], positions)
		require.NoError(t, err)
		d := header(a)
		d.EarlierSegment = &poa.EarlierSegment{Row: row, Segment: segment, Opened: opened}
		return d
	}
	batch, c := claim()
	datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
	require.NoError(t, err)
	require.Less(t, datanet.HeldVersion, s.Version)
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED,
		newDispute(t, s.Stranger, batch, 0, shown(c)).play(s).Verdict, "not held")
	s.Voter = chain.AllSay(valid)
	s.Blocks(20)
	s.AwaitHeld()
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_REFUTED, newDispute(t, s.Alice, batch, 0, shown(c)).play(s).Verdict,
		"held, and in no manifest")

	s.Publish(modelstypes.ATTRIBUTION_METHOD_SPAN) // with it
	s.Reindex(withheld.Rank)
	batch, c = claim()
	require.Equal(t, attributiontypes.DISPUTE_VERDICT_UPHELD,
		newDispute(t, s.Stranger, batch, 0, shown(c)).play(s).Verdict, "passed over")
}
