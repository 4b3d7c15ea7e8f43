package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openledger/openledger/slm/internal/filemap"
	"github.com/openledger/openledger/slm/internal/jsonscan"
	"github.com/openledger/openledger/slm/safetensors"
)

// The files of a Hugging Face folder.
const (
	configFile     = "config.json"
	generationFile = "generation_config.json"
	weightsFile    = "model.safetensors"
	indexFile      = "model.safetensors.index.json"
)

// Limits of the files beside the weights.
const (
	saveSafely = "save the model with transformers' save_pretrained, which writes model.safetensors"

	maxConfigBytes = 1 << 20
	maxIndexBytes  = 16 << 20
	maxShards      = 1 << 10
)

func openFolder(folder string) (_ *Checkpoint, err error) {
	text, err := filemap.ReadSmall(filepath.Join(folder, configFile), maxConfigBytes)
	if err != nil {
		return nil, err
	}
	config, err := ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, configFile), err)
	}
	generation, err := filemap.ReadSmall(filepath.Join(folder, generationFile), maxConfigBytes)
	if err == nil {
		err = config.readGeneration(generation)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, generationFile), err)
	}
	shards, err := shardsOf(folder)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Config: config}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	var tensors []Tensor
	for _, shard := range shards {
		file, err := safetensors.Open(filepath.Join(folder, shard))
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, file)
		for _, tensor := range file.Tensors() {
			if ignored.MatchString(tensor.Name) || config.TieEmbeddings && tensor.Name == "lm_head.weight" {
				continue
			}
			dtype, err := ParseDType(tensor.DType)
			if err != nil {
				return nil, fmt.Errorf("%s: tensor %s: %w", shard, tensor.Name, err)
			}
			tensors = append(tensors, Tensor{tensor.Name, dtype, tensor.Shape, tensor.Data})
		}
	}
	if err := c.adopt(tensors); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return c, nil
}

// ParseDType returns the type with a name of safetensors.
func ParseDType(name string) (DType, error) {
	switch name {
	case "F32":
		return F32, nil
	case "F16":
		return F16, nil
	case "BF16":
		return BF16, nil
	}
	return 0, fmt.Errorf("dtype %s is not supported; save the model as float32, float16 or bfloat16", name)
}

// shardsOf lists the files that hold a folder's weights.
func shardsOf(folder string) ([]string, error) {
	text, err := filemap.ReadSmall(filepath.Join(folder, indexFile), maxIndexBytes)
	if err == nil {
		shards, err := parseIndex(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(folder, indexFile), err)
		}
		return shards, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(folder, weightsFile)); err == nil {
		return []string{weightsFile}, nil
	}
	pickles, err := filepath.Glob(filepath.Join(folder, "pytorch_model*.bin"))
	if err == nil && len(pickles) > 0 {
		return nil, fmt.Errorf("%s is a pickle, which runs code when it is read, and is refused; %s", pickles[0], saveSafely)
	}
	return nil, fmt.Errorf("%s has neither %s nor %s", folder, weightsFile, indexFile)
}

// parseIndex reads the names of the shards out of an index. Where a tensor lies is read from the shards themselves.
func parseIndex(text []byte) ([]string, error) {
	var shards []string
	scan := jsonscan.New(text)
	found := false
	err := scan.Object(func(key string) error {
		if key != "weight_map" || found {
			return scan.Skip()
		}
		found = true
		return scan.Object(func(string) error {
			name, err := scan.Text(nil)
			if err != nil {
				return err
			}
			at, ok := slices.BinarySearchFunc(shards, name, func(a string, b []byte) int {
				return strings.Compare(a, string(b))
			})
			if ok {
				return nil
			}
			if len(shards) == maxShards {
				return fmt.Errorf("more than %d files", maxShards)
			}
			shard := string(name)
			if shard != filepath.Base(shard) || !strings.HasSuffix(shard, ".safetensors") {
				return fmt.Errorf("%q is not a name of a safetensors file in the same folder", shard)
			}
			shards = slices.Insert(shards, at, shard)
			return nil
		})
	})
	if err == nil {
		err = scan.End()
	}
	if err == nil && len(shards) == 0 {
		err = errors.New("weight_map is missing or empty")
	}
	return shards, err
}
