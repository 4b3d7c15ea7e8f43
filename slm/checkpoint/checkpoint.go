package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/openledger/openledger/slm/gguf"
)

// A Checkpoint is an open model. It may be read by several goroutines at once; Close ends every use of its tensors.
type Checkpoint struct {
	Config Config

	tensors []Tensor // sorted by name
	gguf    *gguf.File
	files   []io.Closer
}

// Open opens a Hugging Face folder or a GGUF file and maps its weights.
func Open(path string) (*Checkpoint, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(path)
	}
	for _, pickle := range []string{".bin", ".pt", ".pth", ".ckpt", ".pkl"} {
		if strings.HasSuffix(path, pickle) {
			return nil, fmt.Errorf("%s is a pickle, which runs code when it is read, and is refused; %s", path, saveSafely)
		}
	}
	if strings.HasSuffix(path, ".safetensors") {
		return nil, fmt.Errorf("%s holds weights alone; open its folder, which has %s", path, configFile)
	}
	return openGGUF(path)
}

// New returns a checkpoint of tensors in memory. They must be those of config.Layouts, in any order.
func New(config Config, tensors []Tensor) (*Checkpoint, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &Checkpoint{Config: config}
	return c, c.adopt(slices.Clone(tensors))
}

// GGUF returns the file that the checkpoint was opened from, for its tokenizer and chat template, or nil for a folder.
func (c *Checkpoint) GGUF() *gguf.File { return c.gguf }

// Tensor returns the tensor with a name and reports whether there is one.
func (c *Checkpoint) Tensor(name string) (Tensor, bool) {
	i, ok := slices.BinarySearchFunc(c.tensors, name, func(t Tensor, name string) int {
		return strings.Compare(t.Name, name)
	})
	if !ok {
		return Tensor{}, false
	}
	return c.tensors[i], true
}

// Names lists the tensors' names, sorted.
func (c *Checkpoint) Names() []string {
	names := make([]string, len(c.tensors))
	for i, tensor := range c.tensors {
		names[i] = tensor.Name
	}
	return names
}

// Close unmaps the weights. Tensors must not be used afterwards.
func (c *Checkpoint) Close() error {
	errs := make([]error, 0, len(c.files))
	for _, file := range c.files {
		errs = append(errs, file.Close())
	}
	c.files, c.tensors, c.gguf = nil, nil, nil
	return errors.Join(errs...)
}

// rotated are the projections whose rows are rotated, in names of weights, biases and adapters.
var rotated = regexp.MustCompile(`\.[qk]_proj\.`)

// ignored are tensors in some checkpoints that can be computed from the configuration.
var ignored = regexp.MustCompile(`^model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq$`)

// adopt checks tensors against the configuration and keeps them.
func (c *Checkpoint) adopt(tensors []Tensor) error {
	slices.SortFunc(tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(tensors); i++ {
		if tensors[i].Name == tensors[i-1].Name {
			return fmt.Errorf("tensor %s is in the checkpoint twice", tensors[i].Name)
		}
	}
	c.tensors = tensors
	layouts := c.Config.Layouts()
	for _, layout := range layouts {
		tensor, ok := c.Tensor(layout.Name)
		if !ok {
			return fmt.Errorf("the configuration calls for tensor %s, which is missing", layout.Name)
		}
		if !slices.Equal(tensor.Shape, layout.Shape) {
			return fmt.Errorf("tensor %s has the shape %v; the configuration calls for %v",
				layout.Name, tensor.Shape, layout.Shape)
		}
		if err := tensor.Validate(); err != nil {
			return err
		}
	}
	if len(layouts) == len(tensors) {
		return nil
	}
	known := make(map[string]bool, len(layouts))
	for _, layout := range layouts {
		known[layout.Name] = true
	}
	for _, tensor := range tensors {
		if !known[tensor.Name] {
			return fmt.Errorf("tensor %s does not belong to a model of this configuration (%s)",
				tensor.Name, c.Config.Architecture)
		}
	}
	return nil
}
