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
	// MaxSettings is the size of a record's settings in bytes.
	MaxSettings = 4_096
	// MaxInfluenceRows is the number of contributions that an influence file may have.
	MaxInfluenceRows = poa.MaxInfluenceRows
	// MaxReproductions is how many reproductions stand for one version.
	MaxReproductions = 64
	// MaxBaseVersions is how many versions of a base, the latest first, are looked at for the digest that a record names.
	MaxBaseVersions = 256

	maxNote = 256
)

var _ sdk.HasValidateBasic = (*MsgRecordReproduction)(nil)

// Validate reports a record of impossible form.
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

// validateSettings reports what is not a JSON object without blanks between its parts whose keys, at every level,
// ascend byte by byte. So no key stands twice, and no two parsers read something else.
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

// level is an object or a list that the walk is in.
type level struct {
	object, value, started bool // value: a key was read
	last                   string
}

// checkKeys walks valid JSON and reports a key that does not stand after the one before it.
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

// CheckTrainingOf reports a training record, or the lack of one, that a kind of model with a method cannot have.
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

// Reproduced reports whether what was found is artifact and influence file of the version.
func (v ModelVersion) Reproduced(digest, influence []byte) bool {
	return v.Training != nil && bytes.Equal(v.Digest, digest) && bytes.Equal(v.Training.InfluenceDigest, influence)
}

// Committed is what the record commits to, for package poa.
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
