package adapter

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/safetensors"
)

// metadataKey is the key in the metadata of a file of WriteFile under which the text of adapter_config.json stands.
const metadataKey = "adapter_config"

// WriteFile writes the adapter as one file: the adapter_model.safetensors of a PEFT folder, whose metadata have the
// text of adapter_config.json under the key adapter_config. Its bytes depend only on the adapter and the arguments.
func (a *Adapter) WriteFile(path string, config checkpoint.Config, base string) error {
	tensors, text, err := a.peft(config, base)
	if err != nil {
		return err
	}
	return safetensors.WriteFile(path, tensors, map[string]string{"format": "pt", metadataKey: string(text)})
}

func openFile(path string) (*Adapter, error) {
	tensors, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s is neither safetensors nor GGUF: %w", path, err)
	}
	text, ok := tensors.Metadata[metadataKey]
	if !ok {
		err := fmt.Errorf("%s holds weights alone, without %s in its metadata; open its folder, which has %s", path,
			metadataKey, configFile)
		return nil, errors.Join(err, tensors.Close())
	}
	a := &Adapter{}
	if a.Rank, a.Scale, a.Base, err = parseConfig([]byte(text)); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %s: %w", path, metadataKey, err), tensors.Close())
	}
	return a.read(path, tensors)
}

// Unpack makes a PEFT folder from a file of WriteFile, for servers that only load folders: adapter_config.json, and the
// file itself as adapter_model.safetensors. The folder is made if it is missing.
func Unpack(path, folder string) error {
	tensors, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	text, ok := tensors.Metadata[metadataKey]
	if err := tensors.Close(); err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s has no %s in its metadata: it cannot be made a folder", path, metadataKey)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	err = file.WriteFrom(filepath.Join(folder, weightsFile), 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
	if err != nil {
		return err
	}
	return file.Write(filepath.Join(folder, configFile), []byte(text), 0o644)
}
