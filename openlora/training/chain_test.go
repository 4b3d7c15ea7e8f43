package training_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/training"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// TestSettingsAreThoseOfTheChain: the chain takes the settings of a record as they are written.
func TestSettingsAreThoseOfTheChain(t *testing.T) {
	settings := training.Defaults()
	settings.Seed = 1<<64 - 1
	canonical, err := settings.Canonical()
	require.NoError(t, err)
	record := modelstypes.TrainingRecord{BaseDigest: make([]byte, 32), Settings: canonical, Seed: settings.Seed,
		EngineVersion: training.EngineVersion, SketchRoot: make([]byte, 32), TableRoot: make([]byte, 32), Rows: 1,
		InfluenceDigest: make([]byte, 32)}
	require.NoError(t, record.Validate(), canonical)
}
