package checkpoint

import (
	"fmt"
	"math"
	"slices"
)

// The architectures that are supported, as Hugging Face's model_type names them. GGUF files say llama for Mistral, too.
const (
	Llama   = "llama"
	Mistral = "mistral"
	Qwen2   = "qwen2"
	Qwen3   = "qwen3"
)

// Upper limits of a configuration. They are far above published models and keep products of sizes within 63 bits.
const (
	maxVocabulary   = 1 << 22
	maxHidden       = 1 << 16
	maxIntermediate = 1 << 20
	maxLayers       = 1 << 9
	maxHeads        = 1 << 10
	maxHeadDim      = 1 << 10
	maxPositions    = 1 << 28
	maxEnds         = 64
)

// A Config is everything but the weights that a model's forward pass depends on.
type Config struct {
	Architecture     string // Llama, Mistral, Qwen2 or Qwen3
	VocabSize        int    // rows of the embeddings, tokens
	HiddenSize       int    // width of the residual stream
	IntermediateSize int    // width of the feed-forward layer
	Layers           int
	Heads            int // query heads
	KVHeads          int // key and value heads; divides Heads
	HeadDim          int // elements of a head, even; Heads × HeadDim may differ from HiddenSize
	MaxPositions     int // tokens that the model was made for

	NormEps         float64      // added to the mean square in RMSNorm
	RopeTheta       float64      // base of the rotary frequencies
	RopeScaling     *RopeScaling // nil: none
	RopeInterleaved bool         // rotate pairs (2i, 2i+1) of a head's rows of q and k, not (i, i + HeadDim/2)

	TieEmbeddings bool // lm_head is embed_tokens; there is no lm_head.weight
	AttentionBias bool // q_proj, k_proj and v_proj have a bias
	OutputBias    bool // o_proj has a bias
	MLPBias       bool // gate_proj, up_proj and down_proj have a bias
	QKNorm        bool // RMSNorm over each head of q and k before the rotation
	SlidingWindow int  // tokens that each token sees, itself included; 0: all

	BOS int   // token that begins a text; -1: none
	EOS []int // tokens that end an answer; may be empty
}

// The kinds of rotary scaling that are supported.
const (
	RopeLinear  = "linear"  // positions are divided by Factor
	RopeLlama3  = "llama3"  // low frequencies are divided by Factor, with a smooth band between
	RopeFactors = "factors" // each frequency is divided by a factor of its own: what GGUF files keep of llama3
)

// A RopeScaling stretches the rotary frequencies to more positions than a model was first trained for.
type RopeScaling struct {
	Type   string  // RopeLinear, RopeLlama3 or RopeFactors
	Factor float64 // of RopeLinear and RopeLlama3

	// Of RopeLlama3 only. A frequency f (radians a token) has the wavelength w = 2π/f, in tokens. It stays as it is where
	// w < OriginalPositions/HighFreqFactor, becomes f/Factor where w > OriginalPositions/LowFreqFactor, and between, with
	// s = (OriginalPositions/w - LowFreqFactor) / (HighFreqFactor - LowFreqFactor), it is (1-s)·f/Factor + s·f.
	LowFreqFactor, HighFreqFactor float64
	OriginalPositions             int

	Factors []float32 // of RopeFactors: HeadDim/2 of them; frequency i, radians a token, is divided by Factors[i]
}

// Validate checks that a configuration is supported and possible.
func (c Config) Validate() error {
	if !slices.Contains([]string{Llama, Mistral, Qwen2, Qwen3}, c.Architecture) {
		return fmt.Errorf("architecture %q is not supported; use a model of llama, mistral, qwen2 or qwen3", c.Architecture)
	}
	for _, size := range []struct {
		name       string
		value, max int
	}{
		{"vocab_size", c.VocabSize, maxVocabulary}, {"hidden_size", c.HiddenSize, maxHidden},
		{"intermediate_size", c.IntermediateSize, maxIntermediate}, {"num_hidden_layers", c.Layers, maxLayers},
		{"num_attention_heads", c.Heads, maxHeads}, {"num_key_value_heads", c.KVHeads, maxHeads},
		{"head_dim", c.HeadDim, maxHeadDim}, {"max_position_embeddings", c.MaxPositions, maxPositions},
	} {
		if size.value < 1 || size.value > size.max {
			return fmt.Errorf("%s is %d; it must be 1 to %d", size.name, size.value, size.max)
		}
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("num_key_value_heads (%d) must divide num_attention_heads (%d)", c.KVHeads, c.Heads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("head_dim is %d; it must be even", c.HeadDim)
	case !(c.NormEps > 0 && c.NormEps < 1):
		return fmt.Errorf("rms_norm_eps is %v; it must be above 0 and below 1", c.NormEps)
	case !(c.RopeTheta >= 1 && c.RopeTheta <= 1e12):
		return fmt.Errorf("rope_theta is %v; it must be 1 to 1e12", c.RopeTheta)
	case c.SlidingWindow < 0 || c.SlidingWindow > maxPositions:
		return fmt.Errorf("sliding_window is %d; it must be 0 to %d", c.SlidingWindow, maxPositions)
	case c.BOS < -1 || c.BOS >= c.VocabSize:
		return fmt.Errorf("bos_token_id %d is not in the vocabulary of %d tokens", c.BOS, c.VocabSize)
	case len(c.EOS) > maxEnds:
		return fmt.Errorf("eos_token_id lists %d tokens; at most %d are read", len(c.EOS), maxEnds)
	}
	for _, id := range c.EOS {
		if id < 0 || id >= c.VocabSize {
			return fmt.Errorf("eos_token_id %d is not in the vocabulary of %d tokens", id, c.VocabSize)
		}
	}
	return c.RopeScaling.validate(c)
}

func (r *RopeScaling) validate(c Config) error {
	if r == nil {
		return nil
	}
	if r.Type == RopeFactors {
		if len(r.Factors) != c.HeadDim/2 {
			return fmt.Errorf("%d factors of rotary frequencies; a head of %d elements has %d",
				len(r.Factors), c.HeadDim, c.HeadDim/2)
		}
		for _, factor := range r.Factors {
			if !(factor >= 1e-6 && factor <= 1e6) {
				return fmt.Errorf("a factor of rotary frequencies is %v; it must be 1e-6 to 1e6", factor)
			}
		}
		return nil
	}
	if !(r.Factor >= 1 && r.Factor <= 1e6) {
		return fmt.Errorf("the factor of rope_scaling is %v; it must be 1 to 1e6", r.Factor)
	}
	switch r.Type {
	case RopeLinear:
		return nil
	case RopeLlama3:
		if !(r.LowFreqFactor > 0 && r.HighFreqFactor > r.LowFreqFactor && r.HighFreqFactor < math.MaxInt32) {
			return fmt.Errorf("low_freq_factor (%v) must be above 0 and below high_freq_factor (%v)",
				r.LowFreqFactor, r.HighFreqFactor)
		}
		if r.OriginalPositions < 1 || r.OriginalPositions > maxPositions {
			return fmt.Errorf("original_max_position_embeddings is %d; it must be 1 to %d", r.OriginalPositions, maxPositions)
		}
		return nil
	}
	return fmt.Errorf("rope_scaling of type %q is not supported; use a model with none, linear or llama3", r.Type)
}

// A Layout is the name and shape of one tensor that a configuration calls for.
type Layout struct {
	Name  string
	Shape []int
}

// LayerPrefix is the beginning of the names of a layer's tensors, such as model.layers.3.
func LayerPrefix(layer int) string { return fmt.Sprintf("model.layers.%d.", layer) }

// Layouts lists every tensor that the configuration calls for: the embeddings, the layers in order, the last norm, and
// lm_head unless it is tied. c must be valid.
func (c Config) Layouts() []Layout {
	layouts := make([]Layout, 0, 3+c.Layers*len(c.layerLayouts("")))
	layouts = append(layouts, Layout{"model.embed_tokens.weight", []int{c.VocabSize, c.HiddenSize}})
	for layer := range c.Layers {
		layouts = append(layouts, c.layerLayouts(LayerPrefix(layer))...)
	}
	layouts = append(layouts, Layout{"model.norm.weight", []int{c.HiddenSize}})
	if !c.TieEmbeddings {
		layouts = append(layouts, Layout{"lm_head.weight", []int{c.VocabSize, c.HiddenSize}})
	}
	return layouts
}

// Projections are the seven linear layers of a layer that adapters may change, in the order of the forward pass.
var Projections = [...]string{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}

// ProjectionName is the name of a projection's weight, such as model.layers.3.self_attn.q_proj.weight.
func ProjectionName(layer int, projection string) string {
	block := "mlp."
	switch projection {
	case "q_proj", "k_proj", "v_proj", "o_proj":
		block = "self_attn."
	}
	return LayerPrefix(layer) + block + projection + ".weight"
}

// ProjectionShape is the shape [out, in] of a projection's weight, and whether it is one of [Projections].
func (c Config) ProjectionShape(projection string) (out, in int, ok bool) {
	switch projection {
	case "q_proj":
		return c.Heads * c.HeadDim, c.HiddenSize, true
	case "k_proj", "v_proj":
		return c.KVHeads * c.HeadDim, c.HiddenSize, true
	case "o_proj":
		return c.HiddenSize, c.Heads * c.HeadDim, true
	case "gate_proj", "up_proj":
		return c.IntermediateSize, c.HiddenSize, true
	case "down_proj":
		return c.HiddenSize, c.IntermediateSize, true
	}
	return 0, 0, false
}

func (c Config) layerLayouts(prefix string) []Layout {
	query, keys, hidden := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim, c.HiddenSize
	layouts := []Layout{
		{prefix + "input_layernorm.weight", []int{hidden}},
		{prefix + "self_attn.q_proj.weight", []int{query, hidden}},
		{prefix + "self_attn.k_proj.weight", []int{keys, hidden}},
		{prefix + "self_attn.v_proj.weight", []int{keys, hidden}},
		{prefix + "self_attn.o_proj.weight", []int{hidden, query}},
	}
	if c.AttentionBias {
		layouts = append(layouts, Layout{prefix + "self_attn.q_proj.bias", []int{query}},
			Layout{prefix + "self_attn.k_proj.bias", []int{keys}}, Layout{prefix + "self_attn.v_proj.bias", []int{keys}})
	}
	if c.OutputBias {
		layouts = append(layouts, Layout{prefix + "self_attn.o_proj.bias", []int{hidden}})
	}
	if c.QKNorm {
		layouts = append(layouts, Layout{prefix + "self_attn.q_norm.weight", []int{c.HeadDim}},
			Layout{prefix + "self_attn.k_norm.weight", []int{c.HeadDim}})
	}
	layouts = append(layouts,
		Layout{prefix + "post_attention_layernorm.weight", []int{hidden}},
		Layout{prefix + "mlp.gate_proj.weight", []int{c.IntermediateSize, hidden}},
		Layout{prefix + "mlp.up_proj.weight", []int{c.IntermediateSize, hidden}},
		Layout{prefix + "mlp.down_proj.weight", []int{hidden, c.IntermediateSize}})
	if c.MLPBias {
		layouts = append(layouts, Layout{prefix + "mlp.gate_proj.bias", []int{c.IntermediateSize}},
			Layout{prefix + "mlp.up_proj.bias", []int{c.IntermediateSize}}, Layout{prefix + "mlp.down_proj.bias", []int{hidden}})
	}
	return layouts
}

// Parameters is the number of the model's weights. Tied embeddings count once.
func (c Config) Parameters() int64 {
	var sum int64
	for _, layout := range c.Layouts() {
		n := int64(1)
		for _, size := range layout.Shape {
			n *= int64(size)
		}
		sum += n
	}
	return sum
}
