package checkpoint

import (
	"strconv"
	"strings"
)

// The tensors of a GGUF file beside the layers, and their names in Hugging Face checkpoints.
var ggufNames = map[string]string{
	"token_embd.weight":  "model.embed_tokens.weight",
	"output_norm.weight": "model.norm.weight",
	"output.weight":      "lm_head.weight",
}

// The parts of a layer: blk.N.PART.weight in GGUF, model.layers.N.PART.weight in Hugging Face checkpoints.
var ggufParts = map[string]string{
	"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
	"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
	"attn_output": "self_attn.o_proj",
	"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
	"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}

var (
	hubNames = invert(ggufNames)
	hubParts = invert(ggufParts)
)

func invert(names map[string]string) map[string]string {
	inverse := make(map[string]string, len(names))
	for key, value := range names {
		inverse[value] = key
	}
	return inverse
}

// ropeFactors is the name of the tensor of a GGUF file that divides the rotary frequencies.
const ropeFactors = "rope_freqs.weight"

// FromGGUF returns the Hugging Face name of a tensor of a GGUF file, and whether there is one.
func FromGGUF(name string) (string, bool) {
	return rename(name, ggufNames, ggufParts, "blk.", "model.layers.")
}

// ToGGUF returns the name in GGUF files of a tensor with a Hugging Face name, and whether there is one.
func ToGGUF(name string) (string, bool) {
	return rename(name, hubNames, hubParts, "model.layers.", "blk.")
}

func rename(name string, names, parts map[string]string, from, to string) (string, bool) {
	if other, ok := names[name]; ok {
		return other, true
	}
	rest, ok := strings.CutPrefix(name, from)
	if !ok {
		return "", false
	}
	layer, rest, ok := strings.Cut(rest, ".")
	if n, err := strconv.ParseUint(layer, 10, 16); !ok || err != nil || strconv.FormatUint(n, 10) != layer {
		return "", false
	}
	dot := strings.LastIndexByte(rest, '.')
	if dot < 0 || rest[dot:] != ".weight" && rest[dot:] != ".bias" {
		return "", false
	}
	part, ok := parts[rest[:dot]]
	return to + layer + "." + part + rest[dot:], ok
}
