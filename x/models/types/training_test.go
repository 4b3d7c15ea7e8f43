package types_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/models/types"
)

func record() *types.TrainingRecord {
	return &types.TrainingRecord{
		BaseDigest: make([]byte, 32), Settings: `{"epochs":3,"rank":8}`, Seed: 1, EngineVersion: 1,
		SketchRoot: make([]byte, 32), TableRoot: make([]byte, 32), Rows: 2, InfluenceDigest: make([]byte, 32),
		InfluenceUri: "https://example.org/influence",
	}
}

func TestTrainingRecordForm(t *testing.T) {
	require.NoError(t, record().Validate())
	for name, edit := range map[string]func(*types.TrainingRecord){
		"no base":              func(r *types.TrainingRecord) { r.BaseDigest = nil },
		"a long base":          func(r *types.TrainingRecord) { r.BaseDigest = make([]byte, 33) },
		"a short sketch root":  func(r *types.TrainingRecord) { r.SketchRoot = make([]byte, 31) },
		"no table root":        func(r *types.TrainingRecord) { r.TableRoot = nil },
		"no influence digest":  func(r *types.TrainingRecord) { r.InfluenceDigest = nil },
		"engine version 0":     func(r *types.TrainingRecord) { r.EngineVersion = 0 },
		"no rows":              func(r *types.TrainingRecord) { r.Rows = 0 },
		"too many rows":        func(r *types.TrainingRecord) { r.Rows = types.MaxInfluenceRows + 1 },
		"a URI that is none":   func(r *types.TrainingRecord) { r.InfluenceUri = "influence" },
		"a URI of a file":      func(r *types.TrainingRecord) { r.InfluenceUri = "file:///etc/passwd" },
		"no settings":          func(r *types.TrainingRecord) { r.Settings = "" },
		"settings of a list":   func(r *types.TrainingRecord) { r.Settings = `[1]` },
		"settings of a number": func(r *types.TrainingRecord) { r.Settings = `1` },
		"blanks":               func(r *types.TrainingRecord) { r.Settings = `{"a": 1}` },
		"a blank at the end":   func(r *types.TrainingRecord) { r.Settings = "{}\n" },
		"keys out of order":    func(r *types.TrainingRecord) { r.Settings = `{"b":1,"a":1}` },
		"a key twice":          func(r *types.TrainingRecord) { r.Settings = `{"a":1,"a":2}` },
		"a key twice, escaped": func(r *types.TrainingRecord) { r.Settings = `{"a":1,"\u0061":2}` },
		"inner keys":           func(r *types.TrainingRecord) { r.Settings = `{"a":[{"c":{},"b":1}]}` },
		"keys after a value":   func(r *types.TrainingRecord) { r.Settings = `{"c":{"z":1},"b":1}` },
		"two objects":          func(r *types.TrainingRecord) { r.Settings = `{}{}` },
		"bytes, not text":      func(r *types.TrainingRecord) { r.Settings = "{\"a\":\"\xff\"}" },
		"settings too long": func(r *types.TrainingRecord) {
			r.Settings = `{"a":"` + strings.Repeat("x", types.MaxSettings) + `"}`
		},
		"a deep hole": func(r *types.TrainingRecord) { r.Settings = strings.Repeat("[", types.MaxSettings) },
	} {
		t.Run(name, func(t *testing.T) {
			r := record()
			edit(r)
			require.ErrorIs(t, r.Validate(), types.ErrTraining)
		})
	}
}

// TestSettingsOfGoAreCanonical: what encoding/json writes of a map is accepted, and not with blanks in it.
func TestSettingsOfGoAreCanonical(t *testing.T) {
	value := rapid.OneOf(rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "text") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Int().Draw(t, "number") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Bool().Draw(t, "switch") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.MapOfN(rapid.String(), rapid.Int(), 0, 4).Draw(t, "object") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "list") }))
	rapid.Check(t, func(t *rapid.T) {
		settings := rapid.MapOfN(rapid.String(), value, 0, 6).Draw(t, "settings")
		raw, err := json.Marshal(settings)
		require.NoError(t, err)
		r := record()
		if r.Settings = string(raw); len(raw) > types.MaxSettings {
			require.ErrorIs(t, r.Validate(), types.ErrTraining)
			return
		}
		require.NoError(t, r.Validate())
		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, raw, "", " "))
		if len(settings) > 0 {
			r.Settings = indented.String()
			require.ErrorIs(t, r.Validate(), types.ErrTraining)
		}
	})
}

func FuzzSettings(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":{"c":[1,2.5e3,null]}}`, `[[[`, `{"a"`, "{\"\\ud800\":1}", "", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, settings string) {
		r := record()
		r.Settings = settings
		if r.Validate() != nil {
			return
		}
		var read map[string]any
		require.NoError(t, json.Unmarshal([]byte(settings), &read))
		require.LessOrEqual(t, len(settings), types.MaxSettings)
	})
}

// TestOnlyAdaptersAreTrained: the kind decides who may have a record, and method LORA needs one.
func TestOnlyAdaptersAreTrained(t *testing.T) {
	meaning, lora := types.ATTRIBUTION_METHOD_MEANING, types.ATTRIBUTION_METHOD_LORA
	for _, test := range []struct {
		kind   types.ModelKind
		method types.AttributionMethod
		record *types.TrainingRecord
		want   error
	}{
		{types.MODEL_KIND_ADAPTER, lora, record(), nil},
		{types.MODEL_KIND_ADAPTER, meaning, record(), nil},
		{types.MODEL_KIND_ADAPTER, meaning, nil, nil},
		{types.MODEL_KIND_ADAPTER, lora, nil, types.ErrTraining},
		{types.MODEL_KIND_BASE, lora, nil, types.ErrInvalidModel},
		{types.MODEL_KIND_BASE, meaning, record(), types.ErrTraining},
		{types.MODEL_KIND_RETRIEVAL, lora, record(), types.ErrTraining},
		{types.MODEL_KIND_RETRIEVAL, meaning, nil, nil},
	} {
		msg := &types.MsgRegisterModel{
			Owner: sdk.AccAddress(make([]byte, 20)).String(), Name: "model", Kind: test.kind, Digest: make([]byte, 32),
			Method: test.method, Royalty: math.ZeroInt(), Training: test.record,
			Manifest: []types.ManifestEntry{{DatanetId: 1, Version: 1}},
		}
		if test.kind == types.MODEL_KIND_ADAPTER {
			msg.ParentId = 1
		}
		if test.want == nil {
			require.NoError(t, msg.ValidateBasic())
		} else {
			require.ErrorIs(t, msg.ValidateBasic(), test.want)
		}
	}
}

// trainedGenesis is lineageGenesis with a record on the adapter of the adapter, and one reproduction of it.
func trainedGenesis() *types.GenesisState {
	genesis := lineageGenesis()
	version := &genesis.ModelVersions[2]
	version.Training, version.Method = record(), types.ATTRIBUTION_METHOD_LORA
	provider := sdk.AccAddress(make([]byte, 20)).String()
	genesis.Providers = []types.Provider{{Address: provider, Name: "provider", AnswerKey: make([]byte, 32),
		Bond: math.ZeroInt(), Liability: math.ZeroInt(), Unbonding: math.ZeroInt()}}
	genesis.Reproductions = []types.Reproduction{{ModelId: 3, Version: 1, Sender: provider, Digest: make([]byte, 32),
		InfluenceDigest: make([]byte, 32), Matches: true}}
	return genesis
}

func TestGenesisRefusesWhatNoTrainingCanBe(t *testing.T) {
	require.NoError(t, trainedGenesis().Validate())
	for name, edit := range map[string]func(*types.GenesisState){
		"method LORA without a record": func(g *types.GenesisState) { g.ModelVersions[2].Training = nil },
		"a record of another base":     func(g *types.GenesisState) { g.ModelVersions[2].Training.BaseDigest[0]++ },
		"a record of a base model":     func(g *types.GenesisState) { g.ModelVersions[0].Training = record() },
		"a record of no form":          func(g *types.GenesisState) { g.ModelVersions[2].Training.Rows = 0 },
		"a reproduction of no record":  func(g *types.GenesisState) { g.Reproductions[0].ModelId = 2 },
		"a reproduction of no version": func(g *types.GenesisState) { g.Reproductions[0].Version = 2 },
		"a reproduction by nobody":     func(g *types.GenesisState) { g.Providers = nil },
		"two reproductions by one": func(g *types.GenesisState) {
			g.Reproductions = append(g.Reproductions, g.Reproductions[0])
		},
		"a match that is none": func(g *types.GenesisState) {
			g.Reproductions[0].Digest = bytes.Repeat([]byte{1}, 32)
		},
		"a match that is not said":        func(g *types.GenesisState) { g.Reproductions[0].Matches = false },
		"a digest of no form":             func(g *types.GenesisState) { g.Reproductions[0].Digest = nil },
		"a note that is too long":         func(g *types.GenesisState) { g.Reproductions[0].Note = strings.Repeat("x", 257) },
		"before the version was recorded": func(g *types.GenesisState) { g.Reproductions[0].Height = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			genesis := trainedGenesis()
			edit(genesis)
			require.ErrorIs(t, genesis.Validate(), types.ErrInvalidGenesis)
		})
	}
}
