package checkpoint

import (
	"errors"
	"fmt"
	"math"

	"github.com/openledger/openledger/slm/gguf"
)

var fromGGUFType = map[gguf.Type]DType{gguf.F32: F32, gguf.F16: F16, gguf.BF16: BF16, gguf.Q8_0: Q8_0}

func openGGUF(path string) (_ *Checkpoint, err error) {
	file, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := fromGGUF(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return c, nil
}

// fromGGUF takes over a file; its Close closes the file.
func fromGGUF(file *gguf.File) (*Checkpoint, error) {
	config, err := configOfGGUF(file)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Config: config, gguf: file}
	var tensors []Tensor
	for _, tensor := range file.Tensors() {
		if tensor.Name == ropeFactors {
			continue
		}
		name, ok := FromGGUF(tensor.Name)
		if !ok {
			return nil, fmt.Errorf("tensor %s does not belong to a model of architecture %s", tensor.Name, config.Architecture)
		}
		tensors = append(tensors, Tensor{name, fromGGUFType[tensor.Type], tensor.Shape, tensor.Data})
	}
	if err := c.adopt(tensors); err != nil {
		return nil, err
	}
	c.files = append(c.files, file)
	return c, nil
}

func configOfGGUF(file *gguf.File) (Config, error) {
	if kind, ok := file.Text("general.type"); ok && kind != "model" {
		return Config{}, fmt.Errorf("general.type is %q: not a model; an adapter is opened beside its base", kind)
	}
	architecture, _ := file.Text("general.architecture")
	switch architecture {
	case Llama, Qwen2, Qwen3:
	default:
		return Config{}, fmt.Errorf("architecture %q is not supported; use a GGUF of llama, qwen2 or qwen3", architecture)
	}
	r := &ggufReader{file: file, prefix: architecture + "."}
	if r.int("expert_count", 0) > 0 {
		return Config{}, errors.New("mixtures of experts are not supported; use a dense model")
	}
	config := Config{
		Architecture: architecture, RopeInterleaved: architecture == Llama,
		Layers: r.int("block_count", -1), HiddenSize: r.int("embedding_length", -1),
		IntermediateSize: r.int("feed_forward_length", -1), Heads: r.int("attention.head_count", -1),
		MaxPositions: r.int("context_length", -1), NormEps: r.float("attention.layer_norm_rms_epsilon", 1e-5),
		RopeTheta: r.float("rope.freq_base", 1e4), SlidingWindow: r.int("attention.sliding_window", 0),
		QKNorm: architecture == Qwen3, BOS: -1,
	}
	config.KVHeads = r.int("attention.head_count_kv", config.Heads)
	if config.Heads > 0 {
		config.HeadDim = r.int("attention.key_length", config.HiddenSize/config.Heads)
	}
	for _, key := range []string{"attention.value_length", "rope.dimension_count"} {
		if n := r.int(key, config.HeadDim); n != config.HeadDim && r.err == nil {
			return Config{}, fmt.Errorf("%s%s is %d; models where it is not attention.key_length (%d) are not supported",
				r.prefix, key, n, config.HeadDim)
		}
	}
	if r.err != nil {
		return Config{}, r.err
	}
	embeddings, ok := file.Tensor("token_embd.weight")
	if !ok || len(embeddings.Shape) != 2 {
		return Config{}, errors.New("tensor token_embd.weight is missing")
	}
	config.VocabSize = embeddings.Shape[0]
	has := func(name string) bool { _, ok := file.Tensor(name); return ok }
	config.TieEmbeddings = !has("output.weight")
	config.AttentionBias, config.OutputBias = has("blk.0.attn_q.bias"), has("blk.0.attn_output.bias")
	config.MLPBias = has("blk.0.ffn_gate.bias")
	if err := config.readGGUFRope(r); err != nil {
		return Config{}, err
	}
	config.readGGUFTokens(file)
	return config, config.Validate()
}

// ggufReader reads numbers of one architecture and keeps the first error.
type ggufReader struct {
	file   *gguf.File
	prefix string
	err    error
}

// int returns a whole number up to 2^31-1. If the key is missing, it returns missing; if missing is -1, that is an
// error.
func (r *ggufReader) int(key string, missing int) int {
	n, ok := r.file.Uint(r.prefix + key)
	switch {
	case ok && n <= math.MaxInt32:
		return int(n)
	case !ok && !r.file.Has(r.prefix+key) && missing >= 0:
		return missing
	case r.err == nil:
		r.err = fmt.Errorf("metadata: %s%s is missing or not one whole number of 31 bits", r.prefix, key)
	}
	return 0
}

func (r *ggufReader) float(key string, missing float64) float64 {
	x, ok := r.file.Float(r.prefix + key)
	if !ok {
		return missing
	}
	return x
}

func (c *Config) readGGUFRope(r *ggufReader) error {
	kind, _ := r.file.Text(r.prefix + "rope.scaling.type")
	switch kind {
	case "", "none":
	case RopeLinear:
		c.RopeScaling = &RopeScaling{Type: RopeLinear, Factor: r.float("rope.scaling.factor", 1)}
	default:
		return (&RopeScaling{Type: kind, Factor: 1}).validate(*c)
	}
	tensor, ok := r.file.Tensor(ropeFactors)
	if !ok {
		return nil
	}
	if c.RopeScaling != nil || tensor.Type != gguf.F32 || len(tensor.Shape) != 1 || 2*tensor.Shape[0] != c.HeadDim {
		return fmt.Errorf("tensor %s must have %d elements of F32 and stand alone", ropeFactors, c.HeadDim/2)
	}
	factors := make([]float32, tensor.Shape[0])
	Decode(factors, F32, tensor.Data)
	c.RopeScaling = &RopeScaling{Type: RopeFactors, Factors: factors}
	return nil
}

// readGGUFTokens takes the tokens that begin and end a text. It ignores tokens outside of the vocabulary: converters
// write the tokens of the tokenizer, which may have more tokens than the model has rows.
func (c *Config) readGGUFTokens(file *gguf.File) {
	if n, ok := file.Uint("tokenizer.ggml.bos_token_id"); ok && n < uint64(c.VocabSize) {
		c.BOS = int(n)
	}
	for _, key := range []string{"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"} {
		if n, ok := file.Uint(key); ok && n < uint64(c.VocabSize) && (len(c.EOS) == 0 || c.EOS[0] != int(n)) {
			c.EOS = append(c.EOS, int(n))
		}
	}
}
