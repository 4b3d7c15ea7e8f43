package chain

import (
	"crypto/sha256"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// InfluenceRows are the rows of an influence file of all contributions, with equal shares. Their sketches point into
// directions of their own: a query of one of them asks that contribution alone.
func (s *Scenario) InfluenceRows() []poa.InfluenceRow {
	rows := make([]poa.InfluenceRow, len(s.Contributions))
	for i, c := range s.Contributions {
		rows[i] = poa.InfluenceRow{Rank: c.Rank, Tokens: uint32(c.File.Tokens()), SharePPM: poa.TotalPPM / uint32(len(rows))}
		for j := i; j < poa.SketchSize; j += len(rows) {
			rows[i].Sketch.Set(j, 7)
		}
	}
	return rows
}

// PublishAdapter registers an adapter of a base that was trained on all that is accepted, and answers by method LORA,
// with the record of an influence file of some rows. The provider offers it, and sessions are with it from now on.
func (s *Scenario) PublishAdapter(rows []poa.InfluenceRow) {
	s.T.Helper()
	file, err := poa.MarshalInfluence(rows)
	require.NoError(s.T, err)
	trained, adapter := sha256.Sum256([]byte("base")), sha256.Sum256([]byte("adapter"))
	influence, sketches, table := sha256.Sum256(file), poa.SketchRoot(rows), poa.TableRoot(rows)
	manifest := []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}}
	var registered modelstypes.MsgRegisterModelResponse
	require.NoError(s.T, Decode(s.Send(s.Owner, &modelstypes.MsgRegisterModel{
		Owner: s.Owner.String(), Name: "base", Kind: modelstypes.MODEL_KIND_BASE, Digest: trained[:], Manifest: manifest,
		Method: modelstypes.ATTRIBUTION_METHOD_MEANING, Royalty: Royalty,
	}), &registered))
	require.NoError(s.T, Decode(s.Send(s.Owner, &modelstypes.MsgRegisterModel{
		Owner: s.Owner.String(), Name: "adapter", Kind: modelstypes.MODEL_KIND_ADAPTER, ParentId: registered.ModelId,
		Digest: adapter[:], Manifest: manifest, Method: modelstypes.ATTRIBUTION_METHOD_LORA, Royalty: Royalty,
		Training: &modelstypes.TrainingRecord{
			BaseDigest: trained[:], Settings: "{}", EngineVersion: 1, SketchRoot: sketches[:], TableRoot: table[:],
			Rows: uint32(len(rows)), InfluenceDigest: influence[:],
		},
	}), &registered))
	s.ModelID, s.method, s.influence = registered.ModelId, modelstypes.ATTRIBUTION_METHOD_LORA, rows
	s.Send(s.Provider, &modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID, InputPrice: InputPrice,
		OutputPrice: OutputPrice})
}

// Influence are the rows of the influence file of the adapter that was published.
func (s *Scenario) Influence() []poa.InfluenceRow { return s.influence }

// Training is what the record of the adapter that was published commits to.
func (s *Scenario) Training() *poa.Training {
	s.T.Helper()
	version, err := s.App.ModelsKeeper.GetModelVersion(s.Ctx(), s.ModelID, 1)
	require.NoError(s.T, err)
	training, err := version.Training.Committed()
	require.NoError(s.T, err)
	return &training
}

// Source answers for the scenario's contributions, as a proof's is.
func (s *Scenario) Source() poa.ContributionSource { return proved{s} }
