package training

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/openledger/openledger/slm/train"
)

// Format says how segments are learned.
type Format string

const (
	// FormatText learns every token of a segment.
	FormatText Format = "text"
	// FormatAnswers learns answers. A line of a segment that ends with a question mark is a question, and the lines after
	// it, up to the next question, are its answer. Segments without a question are learned as text.
	FormatAnswers Format = "qa"
)

// EngineVersion is the version of the arithmetic of training and influence. A record of another version cannot be
// reproduced here.
const EngineVersion = 3

// maxSettings is the largest length of a record's settings, in bytes.
const maxSettings = 4_096

// Settings are the settings of a training. All of them are in the record on chain.
type Settings struct {
	Format Format `json:"format"`
	train.Settings
}

// Defaults returns settings for an adapter of rank 8 on all projections.
func Defaults() Settings {
	s := Settings{Format: FormatText, Settings: train.LoRASettings()}
	s.Epochs, s.LearningRate, s.Accumulation = 10, 3e-3, 1
	return s
}

// Validate returns an error that says what to change.
func (s *Settings) Validate() error {
	switch {
	case s.Format != FormatText && s.Format != FormatAnswers:
		return fmt.Errorf("format is %q; give %s or %s", s.Format, FormatText, FormatAnswers)
	case s.Rank < 1:
		return fmt.Errorf("rank is %d; give 1 or more: an adapter is trained", s.Rank)
	case s.EvalPart != 0 || s.EvalEvery != 0:
		return fmt.Errorf("evalPart and evalEvery must be 0: the training uses all text of the manifest")
	}
	return s.Settings.Validate()
}

// Canonical returns the settings in the form of a record: JSON without blanks, with keys in ascending order.
func (s *Settings) Canonical() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return "", err
	}
	text, err = json.Marshal(fields)
	if err == nil && len(text) > maxSettings {
		err = fmt.Errorf("the settings have %d bytes, at most %d are allowed", len(text), maxSettings)
	}
	return string(text), err
}

// ParseSettings reads settings in the form of Canonical. Any other form is an error.
func ParseSettings(canonical string) (Settings, error) {
	s := Settings{}
	if err := s.merge([]byte(canonical)); err != nil {
		return s, fmt.Errorf("the record's settings: %w", err)
	}
	s.ActivationBytes = train.LoRASettings().ActivationBytes
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("the record's settings: %w", err)
	}
	again, err := s.Canonical()
	if err == nil && again != canonical {
		err = fmt.Errorf("the record's settings are not those of this version of openlorad, which would write %s", again)
	}
	return s, err
}

// Merge sets the settings that YAML or JSON text names, and keeps the others. Unknown names are errors.
func (s *Settings) Merge(text []byte) error {
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	return s.merge(converted)
}

func (s *Settings) merge(text []byte) error {
	if strings.TrimSpace(string(text)) == "null" {
		return nil // an empty file
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(s)
}
