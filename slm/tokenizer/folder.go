package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openledger/openledger/slm/internal/filemap"
	"github.com/openledger/openledger/slm/internal/jsonscan"
)

// The files of a folder, and their largest sizes.
const (
	tokenizerFile = "tokenizer.json"
	settingsFile  = "tokenizer_config.json"
	templateFile  = "chat_template.jinja"

	maxFileBytes     = 64 << 20
	maxSettingsBytes = 4 << 20
	maxTemplateBytes = 1 << 18
)

// Open reads the tokenizer of a Hugging Face folder: tokenizer.json, and the chat template and the names of special
// tokens out of tokenizer_config.json and chat_template.jinja where they are there.
func Open(folder string) (*Tokenizer, error) {
	text, err := mapFile(filepath.Join(folder, tokenizerFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, model := os.Stat(filepath.Join(folder, "tokenizer.model")); model == nil {
			return nil, fmt.Errorf("%s has tokenizer.model but no %s; load it with transformers and save it again, which "+
				"writes one", folder, tokenizerFile)
		}
	}
	if err != nil {
		return nil, err
	}
	t, err := Parse(text.Data)
	if err = errors.Join(err, text.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, tokenizerFile), err)
	}
	settings, err := filemap.ReadSmall(filepath.Join(folder, settingsFile), maxSettingsBytes)
	if err == nil {
		err = t.readSettings(settings)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, settingsFile), err)
	}
	template, err := filemap.ReadSmall(filepath.Join(folder, templateFile), maxTemplateBytes)
	if err == nil {
		t.ChatTemplate = string(template)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return t, nil
}

// mapFile maps a file of at most maxFileBytes.
func mapFile(path string) (*filemap.Map, error) {
	text, err := filemap.Open(path)
	if err != nil {
		return nil, err
	}
	if len(text.Data) > maxFileBytes {
		return nil, errors.Join(fmt.Errorf("%s has more than %d bytes", path, maxFileBytes), text.Close())
	}
	return text, nil
}

// tokenText is a token in tokenizer_config.json: its text, or an object with it.
type tokenText string

func (t *tokenText) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		var object struct {
			Content string `json:"content"`
		}
		err := json.Unmarshal(text, &object)
		*t = tokenText(object.Content)
		return err
	}
	return json.Unmarshal(text, (*string)(t))
}

// chatTemplates is one template, or a list of them with names.
type chatTemplates string

func (c *chatTemplates) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '[' {
		return json.Unmarshal(text, (*string)(c))
	}
	scan := jsonscan.New(text)
	return scan.Array(func() error {
		var named struct {
			Name     string `json:"name"`
			Template string `json:"template"`
		}
		one, err := scan.Raw()
		if err == nil {
			err = json.Unmarshal(one, &named)
		}
		if named.Name == "default" {
			*c = chatTemplates(named.Template)
		}
		return err
	})
}

func (t *Tokenizer) readSettings(text []byte) error {
	var settings struct {
		BOS      tokenText     `json:"bos_token"`
		EOS      tokenText     `json:"eos_token"`
		Template chatTemplates `json:"chat_template"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return err
	}
	if len(settings.Template) > maxTemplateBytes {
		return fmt.Errorf("chat_template has more than %d bytes", maxTemplateBytes)
	}
	t.BOS, t.EOS, t.ChatTemplate = string(settings.BOS), string(settings.EOS), string(settings.Template)
	return nil
}
