package training

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/influence"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// The files that a training writes to its folder.
const (
	ArtifactFile  = "adapter_model.safetensors" // the adapter, with its configuration
	InfluenceFile = "influence.bin"             // the influence file, see poa.MarshalInfluence
	RecordFile    = "training.json"             // the record, in the form that `openledgerd tx models` reads
	CardFile      = "README.md"                 // the model card

	stateFile = "state.safetensors" // the state of a training that has not ended
)

// ArtifactType is the type of an artifact's numbers. Training computes in 32 bits and rounds once, at the end.
// Influence and answers are computed from the rounded numbers. With BF16, a step of many adapters reads half as many
// bytes as with F32.
const ArtifactType = checkpoint.BF16

// Record is the training record that goes on chain, in the form of the chain's JSON.
type Record struct {
	BaseDigest      []byte `json:"base_digest"`
	Settings        string `json:"settings"`
	Seed            string `json:"seed"` // a decimal number
	EngineVersion   uint32 `json:"engine_version"`
	SketchRoot      []byte `json:"sketch_root"`
	TableRoot       []byte `json:"table_root"`
	Rows            uint32 `json:"rows"`
	InfluenceDigest []byte `json:"influence_digest"`
	InfluenceURI    string `json:"influence_uri"`
}

// RecordOf converts a record of the chain.
func RecordOf(r *modelstypes.TrainingRecord) Record {
	return Record{
		BaseDigest: r.BaseDigest, Settings: r.Settings, Seed: strconv.FormatUint(r.Seed, 10), EngineVersion: r.EngineVersion,
		SketchRoot: r.SketchRoot, TableRoot: r.TableRoot, Rows: r.Rows, InfluenceDigest: r.InfluenceDigest,
		InfluenceURI: r.InfluenceUri,
	}
}

// newRecord writes the influence file, and returns the record of a training.
func newRecord(b *Base, s Settings, rows []poa.InfluenceRow, folder string) (Record, error) {
	settings, err := s.Canonical()
	if err != nil {
		return Record{}, err
	}
	content, err := poa.MarshalInfluence(rows)
	if err != nil {
		return Record{}, err
	}
	digest, sketches, table := sha256.Sum256(content), poa.SketchRoot(rows), poa.TableRoot(rows)
	r := Record{
		BaseDigest: b.Digest[:], Settings: settings, Seed: strconv.FormatUint(s.Seed, 10), EngineVersion: EngineVersion,
		SketchRoot: sketches[:], TableRoot: table[:], Rows: uint32(len(rows)), InfluenceDigest: digest[:],
	}
	return r, file.Write(filepath.Join(folder, InfluenceFile), content, 0o644)
}

// rowsOf returns the influence rows of contributions, with their ranks.
func rowsOf(contributions []Contribution, computed []influence.Row) []poa.InfluenceRow {
	rows := make([]poa.InfluenceRow, len(computed))
	for i, r := range computed {
		rows[i] = poa.InfluenceRow{
			Rank: contributions[i].Rank, Tokens: r.Tokens, SharePPM: r.SharePPM, Sketch: poa.Sketch(r.Sketch),
		}
	}
	return rows
}

// ReadRecord reads a record from a file.
func ReadRecord(path string) (Record, error) {
	var r Record
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// digestOf returns the SHA-256 of a file.
func digestOf(path string) ([32]byte, error) {
	data, err := os.ReadFile(path)
	return sha256.Sum256(data), err
}

func hexOf(b [32]byte) string { return hex.EncodeToString(b[:]) }
