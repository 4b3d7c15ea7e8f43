package types

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
)

// Bounds of training records and reproductions.
const (
	// MaxSettings is the largest size of a record's settings, in bytes.
	MaxSettings = 4_096
	// MaxInfluenceRows is the largest number of rows of an influence file, one for each contribution.
	MaxInfluenceRows = poa.MaxInfluenceRows
	// MaxReproductions is the largest number of reproductions of one version.
	MaxReproductions = 64
	// MaxBaseVersions is the largest number of a base's versions, the latest first, that are compared with the base digest
	// of a record.
	MaxBaseVersions = 256

	maxNote = 256
)

var _ sdk.HasValidateBasic = (*MsgRecordReproduction)(nil)

// Validate returns ErrTraining for a record with an invalid form.
func (r TrainingRecord) Validate() error {
	for _, field := range []struct {
		name  string
		value []byte
	}{
		{"base_digest", r.BaseDigest}, {"sketch_root", r.SketchRoot}, {"table_root", r.TableRoot},
		{"influence_digest", r.InfluenceDigest},
	} {
		if len(field.value) != digestSize {
			return errorsmod.Wrapf(ErrTraining, "%s of %d bytes, want %d", field.name, len(field.value), digestSize)
		}
	}
	if r.EngineVersion < 1 {
		return errorsmod.Wrap(ErrTraining, "engine_version starts at 1")
	}
	if r.Rows < 1 || r.Rows > MaxInfluenceRows {
		return errorsmod.Wrapf(ErrTraining, "%d rows, want 1 to %d: one for each contribution", r.Rows, MaxInfluenceRows)
	}
	if err := validateSettings(r.Settings); err != nil {
		return errorsmod.Wrapf(ErrTraining, "settings: %s; write a JSON object without blanks, keys in ascending order", err)
	}
	return validateURI(ErrTraining, "influence_uri", r.InfluenceUri, true)
}

// validateSettings returns an error unless settings are a JSON object without blanks between its parts, whose keys
// ascend byte by byte at every level. So no key occurs twice, and all parsers read the same.
func validateSettings(settings string) error {
	if len(settings) > MaxSettings || !utf8.ValidString(settings) {
		return errorsmod.Wrapf(ErrTraining, "%d bytes, at most %d of UTF-8", len(settings), MaxSettings)
	}
	raw := []byte(settings)
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return err
	}
	if !bytes.Equal(compact.Bytes(), raw) || raw[0] != '{' {
		return errors.New("no object, or blanks between its parts")
	}
	return checkKeys(json.NewDecoder(&compact))
}

// level is an object or a list that contains the current position.
type level struct {
	object, value, started bool // value says that a key was read and its value comes next
	last                   string
}

// checkKeys walks valid JSON and returns an error for a key that does not come after the key before it.
func checkKeys(decoder *json.Decoder) error {
	decoder.UseNumber()
	var levels []level
	for {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			if levels = levels[:len(levels)-1]; len(levels) == 0 {
				return nil
			}
			continue
		}
		if len(levels) > 0 {
			top := &levels[len(levels)-1]
			if top.object && !top.value {
				key, _ := token.(string)
				if top.started && key <= top.last {
					return errorsmod.Wrapf(ErrTraining, "key %q does not stand after %q", key, top.last)
				}
				top.value, top.started, top.last = true, true, key
				continue
			}
			top.value = false
		}
		if delim, ok := token.(json.Delim); ok {
			levels = append(levels, level{object: delim == '{'})
		}
	}
}

// CheckTrainingOf returns an error if a model of this kind and method must not have a training record but has one, or
// must have one but has none.
func CheckTrainingOf(kind ModelKind, method AttributionMethod, training *TrainingRecord) error {
	switch {
	case training != nil && kind != MODEL_KIND_ADAPTER:
		return errorsmod.Wrap(ErrTraining, "only adapters have a training record")
	case method == ATTRIBUTION_METHOD_LORA && kind != MODEL_KIND_ADAPTER:
		return errorsmod.Wrap(ErrInvalidModel, "method LORA is for adapters: choose ATTRIBUTION_METHOD_MEANING")
	case method == ATTRIBUTION_METHOD_LORA && training == nil:
		return errorsmod.Wrap(ErrTraining,
			"method LORA needs a training record: set --training to the file that `openlorad train` wrote")
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRecordReproduction) ValidateBasic() error {
	if err := validateAddress("sender", m.Sender); err != nil {
		return err
	}
	if m.ModelId == 0 || m.Version == 0 {
		return errorsmod.Wrap(ErrReproduction, "name a model and one of its versions, both from 1")
	}
	return validateFound(m.Digest, m.InfluenceDigest, m.Note)
}

func validateFound(digest, influence []byte, note string) error {
	if len(digest) != digestSize || len(influence) != digestSize {
		return errorsmod.Wrapf(ErrReproduction, "digest of %d and influence_digest of %d bytes, want %d each", len(digest),
			len(influence), digestSize)
	}
	return validateText(ErrReproduction, "note", note, 0, maxNote)
}

// Reproduced reports whether the digests are those of the version's artifact and influence file.
func (v ModelVersion) Reproduced(digest, influence []byte) bool {
	return v.Training != nil && bytes.Equal(v.Digest, digest) && bytes.Equal(v.Training.InfluenceDigest, influence)
}

// Committed returns what the record commits to, for package poa.
func (r TrainingRecord) Committed() (poa.Training, error) {
	out := poa.Training{Rows: r.Rows}
	for _, field := range []struct {
		to   *poa.Hash
		from []byte
	}{{&out.SketchRoot, r.SketchRoot}, {&out.TableRoot, r.TableRoot}, {&out.Influence, r.InfluenceDigest}} {
		hash, err := poa.HashFromBytes(field.from)
		if err != nil {
			return poa.Training{}, errorsmod.Wrap(ErrTraining, err.Error())
		}
		*field.to = hash
	}
	return out, nil
}
