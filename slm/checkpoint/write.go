package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/slm/gguf"
	"github.com/openledger/openledger/slm/safetensors"
)

// Options are options for writing the weights of a checkpoint.
type Options struct {
	// DType is the type of matrices. Norms and biases get it in folders, and F32 in GGUF files. Nil keeps every tensor as
	// it is.
	DType *DType

	// Change, if set, is called with each matrix that it names, and may change its values: [out, in], row-major, with rows
	// of q and k in the order of the checkpoint. Adapters are merged in this way. The result is rounded to the type that
	// is written. Only one tensor's values are in memory at a time.
	Change map[string]func(values []float32) error

	// Metadata is added to a GGUF file: the tokenizer and the chat template.
	Metadata []gguf.Pair
}

// Write writes a Hugging Face folder of tensors in memory: config.json and model.safetensors. The folder is made if it
// is missing. tensors must be those of config.Layouts, in any order. The tokenizer is not written.
func Write(folder string, config Config, tensors []Tensor) error {
	c, err := New(config, tensors)
	if err != nil {
		return err
	}
	return c.WriteFolder(folder, Options{})
}

// WriteFolder writes a Hugging Face folder: config.json and model.safetensors. The folder is made if it is missing. The
// tokenizer is not written.
func (c *Checkpoint) WriteFolder(folder string, o Options) error {
	config := c.Config
	config.RopeInterleaved = false
	order := c.order(false)
	entries := make([]safetensors.Tensor, len(c.tensors))
	var first DType
	for i, tensor := range c.tensors {
		dtype := o.dtype(tensor)
		if _, err := ParseDType(dtype.String()); err != nil {
			return fmt.Errorf("tensor %s: %w", tensor.Name, err)
		}
		if tensor.Name == "model.embed_tokens.weight" {
			first = dtype
		}
		entries[i] = safetensors.Tensor{
			Name: tensor.Name, DType: dtype.String(), Shape: tensor.Shape,
			Load: func() ([]byte, error) { return o.load(tensor, dtype, order) },
		}
	}
	text, err := MarshalConfig(config, first)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	weights := filepath.Join(folder, weightsFile)
	if err := safetensors.WriteFile(weights, entries, map[string]string{"format": "pt"}); err != nil {
		return err
	}
	return file.Write(filepath.Join(folder, configFile), text, 0o644)
}

// WriteGGUF writes a GGUF file of version 3. A model with a sliding window gets a context of that window, because
// llama.cpp does not know the window of these architectures; up to there both agree.
func (c *Checkpoint) WriteGGUF(path string, o Options) error {
	if o.DType == nil {
		embeddings, _ := c.Tensor("model.embed_tokens.weight")
		o.DType = &embeddings.DType
	}
	order := c.order(c.Config.Architecture == Llama || c.Config.Architecture == Mistral)
	var tensors []gguf.Tensor
	if factors := c.Config.ropeFactors(); factors != nil {
		data, err := Encode(F32, factors)
		if err != nil {
			return err
		}
		tensors = append(tensors, gguf.Tensor{Name: ropeFactors, Type: gguf.F32, Shape: []int{len(factors)}, Data: data})
	}
	for _, layout := range c.Config.Layouts() {
		tensor, _ := c.Tensor(layout.Name)
		dtype := F32
		if len(tensor.Shape) > 1 {
			dtype = *o.DType
		}
		name, _ := ToGGUF(tensor.Name)
		tensors = append(tensors, gguf.Tensor{
			Name: name, Type: toGGUFType[dtype], Shape: tensor.Shape,
			Load: func() ([]byte, error) { return o.load(tensor, dtype, order) },
		})
	}
	return gguf.WriteFile(path, append(c.Config.ggufMetadata(*o.DType), o.Metadata...), tensors)
}

var toGGUFType = [...]gguf.Type{F32: gguf.F32, F16: gguf.F16, BF16: gguf.BF16, Q8_0: gguf.Q8_0}

// fileTypes are the values of general.file_type.
var fileTypes = [...]uint32{F32: 0, F16: 1, BF16: 32, Q8_0: 7}

func (c Config) ggufMetadata(dtype DType) []gguf.Pair {
	architecture, positions := c.Architecture, c.MaxPositions
	if architecture == Mistral {
		architecture = Llama
	}
	if c.SlidingWindow > 0 {
		positions = min(positions, c.SlidingWindow)
	}
	metadata := []gguf.Pair{
		{Key: "general.architecture", Value: architecture}, {Key: "general.type", Value: "model"},
		{Key: "general.file_type", Value: fileTypes[dtype]}, {Key: "general.quantization_version", Value: uint32(2)},
	}
	for _, pair := range []gguf.Pair{
		{Key: "vocab_size", Value: uint32(c.VocabSize)}, {Key: "context_length", Value: uint32(positions)},
		{Key: "embedding_length", Value: uint32(c.HiddenSize)}, {Key: "block_count", Value: uint32(c.Layers)},
		{Key: "feed_forward_length", Value: uint32(c.IntermediateSize)},
		{Key: "attention.head_count", Value: uint32(c.Heads)}, {Key: "attention.head_count_kv", Value: uint32(c.KVHeads)},
		{Key: "attention.key_length", Value: uint32(c.HeadDim)}, {Key: "attention.value_length", Value: uint32(c.HeadDim)},
		{Key: "attention.layer_norm_rms_epsilon", Value: float32(c.NormEps)},
		{Key: "rope.dimension_count", Value: uint32(c.HeadDim)}, {Key: "rope.freq_base", Value: float32(c.RopeTheta)},
	} {
		metadata = append(metadata, gguf.Pair{Key: architecture + "." + pair.Key, Value: pair.Value})
	}
	if c.RopeScaling != nil && c.RopeScaling.Type == RopeLinear {
		metadata = append(metadata, gguf.Pair{Key: architecture + ".rope.scaling.type", Value: RopeLinear},
			gguf.Pair{Key: architecture + ".rope.scaling.factor", Value: float32(c.RopeScaling.Factor)})
	}
	return metadata
}

// ropeFactors returns the divisor of each rotary frequency, or nil if the scaling does not divide. The divisors are
// only written to files, not computed with, because their last bit may differ between machines.
func (c Config) ropeFactors() []float32 {
	r := c.RopeScaling
	switch {
	case r == nil || r.Type == RopeLinear:
		return nil
	case r.Type == RopeFactors:
		return r.Factors
	}
	factors := make([]float32, c.HeadDim/2)
	for i := range factors {
		wavelength := 2 * math.Pi * math.Pow(c.RopeTheta, float64(2*i)/float64(c.HeadDim))
		positions := float64(r.OriginalPositions)
		switch {
		case wavelength < positions/r.HighFreqFactor:
			factors[i] = 1
		case wavelength > positions/r.LowFreqFactor:
			factors[i] = float32(r.Factor)
		default:
			smooth := (positions/wavelength - r.LowFreqFactor) / (r.HighFreqFactor - r.LowFreqFactor)
			factors[i] = float32(1 / ((1-smooth)/r.Factor + smooth))
		}
	}
	return factors
}

// dtype returns the type that a tensor is written with.
func (o Options) dtype(tensor Tensor) DType {
	if o.DType == nil || len(tensor.Shape) < 2 && *o.DType == Q8_0 {
		return tensor.DType
	}
	return *o.DType
}

// load returns the bytes of a tensor in the form that is written.
func (o Options) load(tensor Tensor, dtype DType, order func(Tensor) Tensor) ([]byte, error) {
	change := o.Change[tensor.Name]
	if change == nil && tensor.DType == dtype {
		return order(tensor).Data, nil
	}
	values, err := tensor.Values()
	if err != nil {
		return nil, err
	}
	if change != nil {
		if err := change(values); err != nil {
			return nil, err
		}
	}
	tensor.DType = dtype
	if tensor.Data, err = Encode(dtype, values); err != nil {
		return nil, err
	}
	return order(tensor).Data, nil
}

// order returns a function that puts the rows of q and k into the order that interleaved rotation, or rotate-half,
// needs.
func (c *Checkpoint) order(interleaved bool) func(Tensor) Tensor {
	if c.Config.RopeInterleaved == interleaved {
		return func(tensor Tensor) Tensor { return tensor }
	}
	return func(tensor Tensor) Tensor { return c.Config.Reorder(tensor, interleaved) }
}

// Reorder returns a copy of a tensor of q_proj or k_proj (a weight or a bias, or the B of an adapter: rows are the
// first dimension) whose rows are in the other order: from rotate-half, where element i of a head rotates with i +
// HeadDim/2, to interleaved, where 2i rotates with 2i+1, or back. Other tensors are returned as they are.
func (c Config) Reorder(tensor Tensor, interleaved bool) Tensor {
	if !rotated.MatchString(tensor.Name) || len(tensor.Shape) == 0 || tensor.Shape[0] == 0 {
		return tensor
	}
	rows, half := tensor.Shape[0], c.HeadDim/2
	size := len(tensor.Data) / rows
	data := make([]byte, 0, len(tensor.Data))
	for row := range rows {
		head, at := row/c.HeadDim*c.HeadDim, row%c.HeadDim
		from := head + at%2*half + at/2
		if !interleaved {
			from = head + at%half*2 + at/half
		}
		data = append(data, tensor.Data[from*size:(from+1)*size]...)
	}
	tensor.Data = data
	return tensor
}

// MarshalConfig returns the text of a config.json that transformers reads. dtype is the type that the weights are said
// to have.
func MarshalConfig(c Config, dtype DType) ([]byte, error) {
	class := ""
	for name, known := range classes {
		if known.architecture == c.Architecture {
			class = name
		}
	}
	fields := map[string]any{
		"architectures": []string{class}, "model_type": c.Architecture, "vocab_size": c.VocabSize,
		"hidden_size": c.HiddenSize, "intermediate_size": c.IntermediateSize, "num_hidden_layers": c.Layers,
		"num_attention_heads": c.Heads, "num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim,
		"max_position_embeddings": c.MaxPositions, "hidden_act": "silu", "rms_norm_eps": c.NormEps,
		"rope_theta": c.RopeTheta, "rope_scaling": nil, "tie_word_embeddings": c.TieEmbeddings,
		"bos_token_id": nil, "eos_token_id": nil,
		"torch_dtype": map[DType]string{F32: "float32", F16: "float16", BF16: "bfloat16"}[dtype],
	}
	if c.BOS >= 0 {
		fields["bos_token_id"] = c.BOS
	}
	if len(c.EOS) == 1 {
		fields["eos_token_id"] = c.EOS[0]
	} else if len(c.EOS) > 1 {
		fields["eos_token_id"] = c.EOS
	}
	switch c.Architecture {
	case Llama:
		fields["attention_bias"], fields["mlp_bias"] = c.AttentionBias, c.MLPBias
	case Mistral:
		fields["sliding_window"] = nil
		if c.SlidingWindow > 0 {
			fields["sliding_window"] = c.SlidingWindow
		}
	case Qwen2:
		fields["use_sliding_window"] = false
	case Qwen3:
		fields["attention_bias"], fields["use_sliding_window"] = c.AttentionBias, false
	}
	if r := c.RopeScaling; r != nil {
		scaling := map[string]any{"rope_type": r.Type, "factor": r.Factor}
		switch r.Type {
		case RopeLlama3:
			scaling["low_freq_factor"], scaling["high_freq_factor"] = r.LowFreqFactor, r.HighFreqFactor
			scaling["original_max_position_embeddings"] = r.OriginalPositions
		case RopeFactors:
			return nil, errors.New("a GGUF file keeps only the factors of rope_scaling, which config.json cannot say; " +
				"use the folder that the file was made from")
		}
		fields["rope_scaling"] = scaling
	}
	text, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return nil, err
	}
	again, err := ParseConfig(text)
	if err != nil {
		return nil, err
	}
	if again.AttentionBias != c.AttentionBias || again.OutputBias != c.OutputBias || again.MLPBias != c.MLPBias ||
		again.QKNorm != c.QKNorm || again.SlidingWindow != c.SlidingWindow {
		return nil, fmt.Errorf("a %s cannot be written as config.json with these biases, norms or window", class)
	}
	return append(text, '\n'), nil
}
