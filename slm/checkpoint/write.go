package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openledger/openledger/slm/safetensors"
)

// Write writes a Hugging Face folder: config.json and model.safetensors. The folder is made if it is missing. tensors
// must be those of config.Layouts, in any order. The tokenizer is not written.
func Write(folder string, config Config, tensors []Tensor) error {
	if err := config.Validate(); err != nil {
		return err
	}
	if config.RopeInterleaved {
		return errors.New("a Hugging Face folder needs the rows of q and k in rotate-half order; RopeInterleaved is set")
	}
	if err := (&Checkpoint{Config: config}).adopt(append([]Tensor(nil), tensors...)); err != nil {
		return err
	}
	entries := make([]safetensors.Tensor, len(tensors))
	for i, tensor := range tensors {
		if _, err := ParseDType(tensor.DType.String()); err != nil {
			return fmt.Errorf("tensor %s: %w", tensor.Name, err)
		}
		entries[i] = safetensors.Tensor{
			Name: tensor.Name, DType: tensor.DType.String(), Shape: tensor.Shape, Data: tensor.Data,
		}
	}
	text, err := MarshalConfig(config, tensors[0].DType)
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
	return os.WriteFile(filepath.Join(folder, configFile), text, 0o644)
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
		if r.Type == RopeLlama3 {
			scaling["low_freq_factor"], scaling["high_freq_factor"] = r.LowFreqFactor, r.HighFreqFactor
			scaling["original_max_position_embeddings"] = r.OriginalPositions
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
