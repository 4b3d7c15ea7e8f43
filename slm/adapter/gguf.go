package adapter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/gguf"
)

func openGGUF(path string) (*Adapter, error) {
	file, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	a, err := fromGGUF(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	a.files = append(a.files, file)
	return a, nil
}

var dtypes = map[gguf.Type]checkpoint.DType{
	gguf.F32: checkpoint.F32, gguf.F16: checkpoint.F16, gguf.BF16: checkpoint.BF16,
}

func fromGGUF(file *gguf.File) (*Adapter, error) {
	if kind, _ := file.Text("general.type"); kind != "adapter" {
		return nil, fmt.Errorf("general.type is %q: not an adapter", kind)
	}
	if kind, _ := file.Text("adapter.type"); kind != "lora" {
		return nil, fmt.Errorf("adapter.type %q is not supported; use a lora adapter", kind)
	}
	architecture, _ := file.Text("general.architecture")
	switch architecture {
	case checkpoint.Llama, checkpoint.Qwen2, checkpoint.Qwen3:
	default:
		return nil, fmt.Errorf("architecture %q is not supported; use an adapter of llama, qwen2 or qwen3", architecture)
	}
	a := &Adapter{Interleaved: architecture == checkpoint.Llama}
	a.Base, _ = file.Text("general.base_model.0.name")
	pairs := pairs{}
	for _, tensor := range file.Tensors() {
		name, matrix := tensor.Name, byte(0)
		for _, suffix := range []string{".lora_a", ".lora_b"} {
			if rest, ok := strings.CutSuffix(name, suffix); ok {
				name, matrix = rest, suffix[6]
			}
		}
		full, ok := checkpoint.FromGGUF(name)
		layer, projection, isProjection := projectionOf(full)
		dtype, known := dtypes[tensor.Type]
		switch {
		case matrix == 0 || !ok || !isProjection:
			return nil, fmt.Errorf("tensor %s is not supported; adapters may change %v of the layers only",
				tensor.Name, checkpoint.Projections)
		case !known:
			return nil, fmt.Errorf("tensor %s: %s is not supported in an adapter; use F32, F16 or BF16",
				tensor.Name, tensor.Type)
		}
		pairs.add(layer, projection, matrix == 'a',
			checkpoint.Tensor{Name: full, DType: dtype, Shape: tensor.Shape, Data: tensor.Data})
	}
	a.Targets = pairs.targets()
	for _, target := range a.Targets {
		if len(target.A.Shape) == 2 {
			a.Rank = target.A.Shape[0]
		}
	}
	a.Scale = 1
	if alpha, ok := file.Float("adapter.lora.alpha"); ok && alpha != 0 && a.Rank > 0 {
		a.Scale = float32(alpha / float64(a.Rank))
	}
	return a, a.validate()
}

// projectionOf reads a name such as model.layers.3.self_attn.q_proj.weight.
func projectionOf(name string) (layer int, projection string, ok bool) {
	key := "base_model.model." + strings.TrimSuffix(name, keySuffix) + ".lora_A" + keySuffix
	layer, projection, _, ok = parseKey(key)
	return layer, projection, ok && strings.HasSuffix(name, keySuffix)
}

// WriteGGUF writes a GGUF file for the base that config describes, as llama-server --lora reads it.
func (a *Adapter) WriteGGUF(path string, config checkpoint.Config) error {
	architecture := config.Architecture
	if architecture == checkpoint.Mistral {
		architecture = checkpoint.Llama
	}
	config.RopeInterleaved = architecture == checkpoint.Llama
	targets, err := a.For(config)
	if err != nil {
		return err
	}
	types := map[checkpoint.DType]gguf.Type{}
	for of, dtype := range dtypes {
		types[dtype] = of
	}
	var tensors []gguf.Tensor
	for _, target := range targets {
		name, _ := checkpoint.ToGGUF(checkpoint.ProjectionName(target.Layer, target.Projection))
		for _, matrix := range []struct {
			suffix string
			checkpoint.Tensor
		}{{".lora_a", target.A}, {".lora_b", target.B}} {
			of, ok := types[matrix.DType]
			if !ok {
				return fmt.Errorf("an adapter of %s cannot be written", matrix.DType)
			}
			tensors = append(tensors, gguf.Tensor{Name: name + matrix.suffix, Type: of, Shape: matrix.Shape, Data: matrix.Data})
		}
	}
	metadata := []gguf.Pair{
		{Key: "general.architecture", Value: architecture}, {Key: "general.type", Value: "adapter"},
		{Key: "adapter.type", Value: "lora"}, {Key: "adapter.lora.alpha", Value: float32(roundAlpha(a.Scale, a.Rank))},
	}
	if a.Base != "" {
		metadata = append(metadata, gguf.Pair{Key: "general.base_model.count", Value: uint32(1)},
			gguf.Pair{Key: "general.base_model.0.name", Value: a.Base})
	}
	return gguf.WriteFile(path, metadata, tensors)
}
