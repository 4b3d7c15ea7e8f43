package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// hfConfig is config.json as transformers writes it, versions 4 and 5.
type hfConfig struct {
	Architectures []string        `json:"architectures"`
	ModelType     string          `json:"model_type"`
	Quantization  json.RawMessage `json:"quantization_config"`

	VocabSize    int    `json:"vocab_size"`
	HiddenSize   int    `json:"hidden_size"`
	Intermediate int    `json:"intermediate_size"`
	Layers       int    `json:"num_hidden_layers"`
	Heads        int    `json:"num_attention_heads"`
	KVHeads      *int   `json:"num_key_value_heads"`
	HeadDim      *int   `json:"head_dim"`
	MaxPositions int    `json:"max_position_embeddings"`
	Activation   string `json:"hidden_act"`

	NormEps        *float64 `json:"rms_norm_eps"`
	RopeTheta      *float64 `json:"rope_theta"`
	RopeScaling    *hfRope  `json:"rope_scaling"`
	RopeParameters *hfRope  `json:"rope_parameters"` // version 5: scaling and theta together

	Tie              *bool    `json:"tie_word_embeddings"`
	AttentionBias    bool     `json:"attention_bias"`
	MLPBias          bool     `json:"mlp_bias"`
	SlidingWindow    *int     `json:"sliding_window"`
	UseSlidingWindow bool     `json:"use_sliding_window"`
	LayerTypes       []string `json:"layer_types"`

	BOS *int   `json:"bos_token_id"`
	EOS tokens `json:"eos_token_id"`
}

// hfRope is rope_scaling of version 4 and rope_parameters of version 5.
type hfRope struct {
	Type      string   `json:"rope_type"`
	OldType   string   `json:"type"`
	Theta     *float64 `json:"rope_theta"`
	Factor    float64  `json:"factor"`
	Low       float64  `json:"low_freq_factor"`
	High      float64  `json:"high_freq_factor"`
	Positions int      `json:"original_max_position_embeddings"`
	Partial   *float64 `json:"partial_rotary_factor"`
}

// tokens is null, one token or a list of tokens.
type tokens []int

func (t *tokens) UnmarshalJSON(text []byte) error {
	*t = nil
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]int)(t))
	}
	var one int
	err := json.Unmarshal(text, &one)
	*t = tokens{one}
	return err
}

// classes are the model classes of transformers that are supported, and what config.json leaves out for each.
var classes = map[string]struct {
	architecture string
	eps, theta   float64
	headDim      int // 0: hidden_size / num_attention_heads
	kvHeads      int // 0: num_attention_heads
	positions    int
}{
	"LlamaForCausalLM":   {architecture: Llama, eps: 1e-6, theta: 1e4, positions: 2048},
	"MistralForCausalLM": {architecture: Mistral, eps: 1e-6, theta: 1e4, kvHeads: 8, positions: 4096 * 32},
	"Qwen2ForCausalLM":   {architecture: Qwen2, eps: 1e-6, theta: 1e4, kvHeads: 32, positions: 32768},
	"Qwen3ForCausalLM":   {architecture: Qwen3, eps: 1e-6, theta: 1e4, kvHeads: 32, headDim: 128, positions: 32768},
}

// ParseConfig reads the text of a config.json.
func ParseConfig(text []byte) (Config, error) {
	var hf hfConfig
	if err := json.Unmarshal(text, &hf); err != nil {
		return Config{}, err
	}
	if len(hf.Architectures) != 1 {
		return Config{}, fmt.Errorf("architectures names %d classes; it must name one", len(hf.Architectures))
	}
	class, ok := classes[hf.Architectures[0]]
	if !ok {
		return Config{}, fmt.Errorf("%s is not supported; use a LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM "+
			"or Qwen3ForCausalLM", hf.Architectures[0])
	}
	if len(hf.Quantization) > 0 && !bytes.Equal(hf.Quantization, []byte("null")) {
		return Config{}, errors.New("quantization_config is set: quantised weights are not supported in a folder; use the " +
			"model as float16 or bfloat16, or as GGUF with Q8_0")
	}
	if hf.Activation != "" && hf.Activation != "silu" {
		return Config{}, fmt.Errorf("hidden_act %q is not supported; use a model with silu", hf.Activation)
	}
	config := Config{
		Architecture: class.architecture, VocabSize: hf.VocabSize, HiddenSize: hf.HiddenSize,
		IntermediateSize: hf.Intermediate, Layers: hf.Layers, Heads: hf.Heads, KVHeads: class.kvHeads,
		HeadDim: class.headDim, MaxPositions: hf.MaxPositions,
		NormEps: class.eps, RopeTheta: class.theta, TieEmbeddings: hf.Tie != nil && *hf.Tie,
		QKNorm: class.architecture == Qwen3, BOS: -1, EOS: slices.Clone(hf.EOS),
	}
	if config.MaxPositions == 0 {
		config.MaxPositions = class.positions
	}
	if config.KVHeads == 0 {
		config.KVHeads = hf.Heads
	}
	set(&config.KVHeads, hf.KVHeads)
	set(&config.HeadDim, hf.HeadDim)
	if config.HeadDim == 0 && hf.Heads > 0 {
		if hf.HiddenSize%hf.Heads != 0 {
			return Config{}, fmt.Errorf("num_attention_heads (%d) must divide hidden_size (%d) unless head_dim is given",
				hf.Heads, hf.HiddenSize)
		}
		config.HeadDim = hf.HiddenSize / hf.Heads
	}
	set(&config.NormEps, hf.NormEps)
	set(&config.RopeTheta, hf.RopeTheta)
	set(&config.BOS, hf.BOS)
	switch class.architecture {
	case Llama:
		config.AttentionBias, config.OutputBias, config.MLPBias = hf.AttentionBias, hf.AttentionBias, hf.MLPBias
	case Qwen2:
		config.AttentionBias = true
	case Qwen3:
		config.AttentionBias, config.OutputBias = hf.AttentionBias, hf.AttentionBias
	}
	if err := config.readWindow(hf); err != nil {
		return Config{}, err
	}
	for _, rope := range []*hfRope{hf.RopeScaling, hf.RopeParameters} {
		if err := config.readRope(rope); err != nil {
			return Config{}, err
		}
	}
	return config, config.Validate()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// readWindow reads how far attention reaches back: all tokens, or the same window in every layer.
func (c *Config) readWindow(hf hfConfig) error {
	window := 0
	set(&window, hf.SlidingWindow)
	switch c.Architecture {
	case Mistral:
		c.SlidingWindow = window
		return nil
	case Qwen2, Qwen3:
		if !hf.UseSlidingWindow {
			window = 0
		}
	default:
		window = 0
	}
	sliding := slices.ContainsFunc(hf.LayerTypes, func(kind string) bool { return kind != "full_attention" })
	if window > 0 && (sliding || len(hf.LayerTypes) == 0) || sliding {
		return errors.New("use_sliding_window: layers with a window beside layers without one are not supported; use a " +
			"model whose layers all see the whole context")
	}
	return nil
}

func (c *Config) readRope(rope *hfRope) error {
	if rope == nil {
		return nil
	}
	set(&c.RopeTheta, rope.Theta)
	if rope.Partial != nil && *rope.Partial != 1 {
		return fmt.Errorf("partial_rotary_factor %v is not supported; use a model that rotates whole heads", *rope.Partial)
	}
	kind := rope.Type
	if kind == "" {
		kind = rope.OldType
	}
	switch kind {
	case "", "default":
		return nil
	case RopeLinear:
		c.RopeScaling = &RopeScaling{Type: RopeLinear, Factor: rope.Factor}
	case RopeLlama3:
		c.RopeScaling = &RopeScaling{
			Type: RopeLlama3, Factor: rope.Factor, LowFreqFactor: rope.Low, HighFreqFactor: rope.High,
			OriginalPositions: rope.Positions,
		}
	default:
		c.RopeScaling = &RopeScaling{Type: kind, Factor: 1}
	}
	return c.RopeScaling.validate(*c)
}

// readGeneration takes the tokens that begin and end a text from generation_config.json, which chat models use to end
// an answer at more tokens than config.json names.
func (c *Config) readGeneration(text []byte) error {
	var generation struct {
		BOS *int   `json:"bos_token_id"`
		EOS tokens `json:"eos_token_id"`
	}
	if err := json.Unmarshal(text, &generation); err != nil {
		return err
	}
	set(&c.BOS, generation.BOS)
	if len(generation.EOS) > 0 {
		c.EOS = generation.EOS
	}
	return c.Validate()
}
