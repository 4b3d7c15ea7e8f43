package tokenizer

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/slm/internal/filemap"
)

// files are the files of a Hugging Face folder that describe its tokenizer and the use of its model.
var files = []string{tokenizerFile, settingsFile, templateFile, "special_tokens_map.json", "generation_config.json"}

// Copy copies the files of a tokenizer from one Hugging Face folder to another, so that a model that is written there
// can be used. Files that the first folder does not have are skipped.
func Copy(from, to string) error {
	for _, name := range files {
		text, err := filemap.ReadSmall(filepath.Join(from, name), maxFileBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = file.Write(filepath.Join(to, name), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Write writes tokenizer.json and tokenizer_config.json of a byte-level tokenizer to a folder.
func (t *Tokenizer) Write(folder string) error {
	text, err := t.JSON()
	if err != nil {
		return err
	}
	settings, err := t.Settings()
	if err != nil {
		return err
	}
	return errors.Join(file.Write(filepath.Join(folder, tokenizerFile), text, 0o644),
		file.Write(filepath.Join(folder, settingsFile), settings, 0o644))
}
