package checkpoint_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/gguf"
	"github.com/openledger/openledger/slm/safetensors"
)

var architectures = []string{checkpoint.Llama, checkpoint.Mistral, checkpoint.Qwen2, checkpoint.Qwen3}

func open(t testing.TB, path string) *checkpoint.Checkpoint {
	t.Helper()
	c, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRandomFolderOpens(t *testing.T) {
	for _, architecture := range architectures {
		for _, dtype := range []checkpoint.DType{checkpoint.F32, checkpoint.F16, checkpoint.BF16} {
			config := checkpointtest.Config(architecture)
			c := open(t, checkpointtest.Random(t, config, dtype, 7))
			if !reflect.DeepEqual(c.Config, config) {
				t.Fatalf("%+v\nwant %+v", c.Config, config)
			}
			for _, want := range checkpointtest.Tensors(t, config, dtype, 7) {
				got, ok := c.Tensor(want.Name)
				if !ok || string(got.Data) != string(want.Data) || got.DType != dtype {
					t.Fatalf("%s %s: %s is not what was written", architecture, dtype, want.Name)
				}
			}
			if got, want := len(c.Names()), len(config.Layouts()); got != want {
				t.Fatalf("%d tensors, want %d", got, want)
			}
		}
	}
}

// A folder that is written as GGUF, opened, and written as a folder again holds the same weights.
func TestGGUFAndBack(t *testing.T) {
	for _, architecture := range architectures {
		for _, tied := range []bool{false, true} {
			config := checkpointtest.Config(architecture)
			config.TieEmbeddings = tied
			c := open(t, checkpointtest.Random(t, config, checkpoint.BF16, 3))
			file := filepath.Join(t.TempDir(), "model.gguf")
			if err := c.WriteGGUF(file, checkpoint.Options{}); err != nil {
				t.Fatal(err)
			}
			g := open(t, file)
			interleaved := architecture == checkpoint.Llama || architecture == checkpoint.Mistral
			if g.Config.RopeInterleaved != interleaved || g.Config.TieEmbeddings != tied {
				t.Fatalf("%s: %+v", architecture, g.Config)
			}
			bf16, folder := checkpoint.BF16, t.TempDir()
			if err := g.WriteFolder(folder, checkpoint.Options{DType: &bf16}); err != nil {
				t.Fatal(err)
			}
			again := open(t, folder)
			for _, name := range c.Names() {
				a, _ := c.Tensor(name)
				b, ok := again.Tensor(name)
				if !ok || string(a.Data) != string(b.Data) {
					t.Fatalf("%s: %s changed on the way", architecture, name)
				}
			}
		}
	}
}

// In a GGUF file of llama, row 2i of a head of k is row i of the folder, and row 2i+1 is row i + HeadDim/2.
func TestInterleavedRows(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	c := open(t, checkpointtest.Random(t, config, checkpoint.F32, 5))
	config.RopeInterleaved = true
	g := open(t, checkpointtest.Random(t, config, checkpoint.F32, 5))
	const name = "model.layers.1.self_attn.k_proj.weight"
	plain, _ := c.Tensor(name)
	interleaved, _ := g.Tensor(name)
	row := config.HiddenSize * 4
	for head := range config.KVHeads {
		for i := range config.HeadDim {
			from, to := head*config.HeadDim+i, head*config.HeadDim+i%8*2+i/8
			if string(plain.Data[from*row:(from+1)*row]) != string(interleaved.Data[to*row:(to+1)*row]) {
				t.Fatalf("row %d is not row %d of the folder", to, from)
			}
		}
	}
}

func TestRopeScaling(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	config.RopeTheta = 500000
	for _, scaling := range []checkpoint.RopeScaling{
		{Type: checkpoint.RopeLlama3, Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalPositions: 8192},
		{Type: checkpoint.RopeLinear, Factor: 2.5},
	} {
		config.RopeScaling = &scaling
		c := open(t, checkpointtest.Random(t, config, checkpoint.F32, 1))
		if !reflect.DeepEqual(c.Config, config) {
			t.Fatalf("%+v", c.Config.RopeScaling)
		}
		file := filepath.Join(t.TempDir(), "model.gguf")
		if err := c.WriteGGUF(file, checkpoint.Options{}); err != nil {
			t.Fatal(err)
		}
		got := open(t, file).Config.RopeScaling
		if scaling.Type == checkpoint.RopeLinear {
			if !reflect.DeepEqual(got, &scaling) {
				t.Fatalf("%+v", got)
			}
			continue
		}
		// The highest frequency has a wavelength of 6 tokens and stays, the lowest one of 1.2 million and is divided by 8.
		if got.Type != checkpoint.RopeFactors || got.Factors[0] != 1 || got.Factors[len(got.Factors)-1] != 8 {
			t.Fatalf("%+v", got)
		}
	}
}

func TestQ8(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Qwen2)
	c := open(t, checkpointtest.Random(t, config, checkpoint.Q8_0, 2))
	for _, want := range checkpointtest.Tensors(t, config, checkpoint.F32, 2) {
		got, _ := c.Tensor(want.Name)
		if of := map[int]checkpoint.DType{1: checkpoint.F32, 2: checkpoint.Q8_0}[len(want.Shape)]; got.DType != of {
			t.Fatalf("%s is %s", got.Name, got.DType)
		}
		a, err := got.Values()
		if err != nil {
			t.Fatal(err)
		}
		b, _ := want.Values()
		for i := range a {
			if diff := math.Abs(float64(a[i] - b[i])); diff > 0.003 {
				t.Fatalf("%s: element %d is %v, was %v", got.Name, i, a[i], b[i])
			}
		}
	}
}

// Every F16 and BF16 is decoded and encoded to itself.
func TestHalvesAreExact(t *testing.T) {
	for _, dtype := range []checkpoint.DType{checkpoint.F16, checkpoint.BF16} {
		for n := range 1 << 16 {
			data := []byte{byte(n), byte(n >> 8)}
			var value [1]float32
			checkpoint.Decode(value[:], dtype, data)
			if value[0] != value[0] {
				continue
			}
			again, err := checkpoint.Encode(dtype, value[:])
			if err != nil || string(again) != string(data) {
				t.Fatalf("%s %#x is %v and becomes %x (%v)", dtype, n, value[0], again, err)
			}
		}
	}
}

// Encode gives the nearest value, or the one with the even last bit.
func TestHalvesRoundToNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dtype := rapid.SampledFrom([]checkpoint.DType{checkpoint.F16, checkpoint.BF16}).Draw(t, "dtype")
		x := float32(rapid.Float64Range(-65000, 65000).Draw(t, "x"))
		if rapid.Bool().Draw(t, "small") {
			x *= 1e-9
		}
		data, err := checkpoint.Encode(dtype, []float32{x})
		if err != nil {
			t.Fatal(err)
		}
		at := func(step int) float64 {
			n := (int(data[0]) | int(data[1])<<8) + step
			var value [1]float32
			checkpoint.Decode(value[:], dtype, []byte{byte(n), byte(n >> 8)})
			return float64(value[0])
		}
		distance := math.Abs(at(0) - float64(x))
		for _, step := range []int{-1, 1} {
			if other := math.Abs(at(step) - float64(x)); other < distance || other == distance && data[0]&1 == 1 {
				t.Fatalf("%v becomes %v, but %v is as near or nearer", x, at(0), at(step))
			}
		}
	})
	if _, err := checkpoint.Encode(checkpoint.F16, []float32{70000}); err == nil {
		t.Fatal("70000 does not fit into F16")
	}
	if _, err := checkpoint.Encode(checkpoint.Q8_0, []float32{1}); err == nil {
		t.Fatal("one element is not a block")
	}
}

// folder writes a small folder and lets the caller spoil it.
func folder(t testing.TB, config map[string]any, spoil func(tensors []safetensors.Tensor) []safetensors.Tensor) string {
	t.Helper()
	path := checkpointtest.Random(t, checkpointtest.Config(checkpoint.Llama), checkpoint.F16, 1)
	text, err := os.ReadFile(filepath.Join(path, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for key, value := range config {
		fields[key] = value
	}
	text, _ = json.Marshal(fields)
	if err := os.WriteFile(filepath.Join(path, "config.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if spoil == nil {
		return path
	}
	file, err := safetensors.Open(filepath.Join(path, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := safetensors.WriteFile(filepath.Join(path, "model.safetensors"), spoil(file.Tensors()), nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRefusesByName(t *testing.T) {
	object := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	for want, config := range map[string]map[string]any{
		"GPT2LMHeadModel is not supported":    object("architectures", []string{"GPT2LMHeadModel"}),
		"MixtralForCausalLM is not supported": object("architectures", []string{"MixtralForCausalLM"}),
		`type "yarn" is not supported`:        object("rope_scaling", object("type", "yarn", "factor", 4)),
		`type "dynamic" is not supported`:     object("rope_parameters", object("rope_type", "dynamic", "factor", 4)),
		"quantization_config is set":          object("quantization_config", object("quant_method", "gptq")),
		`hidden_act "gelu" is not supported`:  object("hidden_act", "gelu"),
		"partial_rotary_factor 0.5":           object("rope_parameters", object("partial_rotary_factor", 0.5)),
		"num_hidden_layers is 1000000":        object("num_hidden_layers", 1000000),
		"num_hidden_layers is 0":              object("num_hidden_layers", 0),
		"must divide num_attention_heads":     object("num_key_value_heads", 3),
		"has the shape":                       object("vocab_size", 95),
		"layers.2.input_layernorm":            object("num_hidden_layers", 3),
		"does not belong":                     object("num_hidden_layers", 1),
		"eos_token_id 96":                     object("eos_token_id", 96),
		"rms_norm_eps":                        object("rms_norm_eps", 0),
		"use_sliding_window": object("architectures", []string{"Qwen2ForCausalLM"}, "use_sliding_window", true,
			"sliding_window", 8),
	} {
		_, err := checkpoint.Open(folder(t, config, nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	double := func(tensors []safetensors.Tensor) []safetensors.Tensor {
		tensors[0].DType, tensors[0].Data = "F64", make([]byte, 4*len(tensors[0].Data))
		return tensors
	}
	if _, err := checkpoint.Open(folder(t, nil, double)); err == nil || !strings.Contains(err.Error(), "dtype F64") {
		t.Error(err)
	}
	experts := func(tensors []safetensors.Tensor) []safetensors.Tensor {
		return append(tensors, safetensors.Tensor{Name: "model.layers.0.mlp.experts.0.w1", DType: "F16", Shape: []int{0}})
	}
	if _, err := checkpoint.Open(folder(t, nil, experts)); err == nil {
		t.Error("an unknown tensor is accepted")
	}
	old := func(tensors []safetensors.Tensor) []safetensors.Tensor {
		return append(tensors, safetensors.Tensor{
			Name: "model.layers.0.self_attn.rotary_emb.inv_freq", DType: "F32", Shape: []int{8}, Data: make([]byte, 32),
		})
	}
	open(t, folder(t, nil, old))
}

func TestRefusesFilesOfOtherKinds(t *testing.T) {
	path := folder(t, nil, nil)
	weights := filepath.Join(path, "model.safetensors")
	for name, want := range map[string]string{
		weights:                                         "open its folder",
		filepath.Join(path, "config.json"):              "not a GGUF file",
		filepath.Join(t.TempDir(), "nothing"):           "no such file",
		write(t, "pytorch_model.bin", "x"):              "is a pickle",
		filepath.Dir(write(t, "config.json", "{")):      "JSON",
		filepath.Dir(write(t, "config.json", "[1, 2]")): "config.json",
	} {
		if _, err := checkpoint.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q: %v", name, want, err)
		}
	}
	if err := os.Rename(weights, filepath.Join(path, "pytorch_model.bin")); err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Open(path); err == nil || !strings.Contains(err.Error(), "is a pickle") {
		t.Error(err)
	}
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShards(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Qwen3)
	path := checkpointtest.Random(t, config, checkpoint.BF16, 9)
	whole := open(t, path)
	index := map[string]string{}
	parts := [3][]safetensors.Tensor{}
	for i, name := range whole.Names() {
		tensor, _ := whole.Tensor(name)
		index[name] = fmt.Sprintf("model-%05d-of-00003.safetensors", i%3+1)
		parts[i%3] = append(parts[i%3], safetensors.Tensor{
			Name: name, DType: tensor.DType.String(), Shape: tensor.Shape, Data: tensor.Data,
		})
	}
	sharded := t.TempDir()
	for i, part := range parts {
		name := filepath.Join(sharded, fmt.Sprintf("model-%05d-of-00003.safetensors", i+1))
		if err := safetensors.WriteFile(name, part, nil); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, path, sharded, "config.json")
	saveIndex := func(index map[string]string) {
		text, _ := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": index})
		if err := os.WriteFile(filepath.Join(sharded, "model.safetensors.index.json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	saveIndex(index)
	c := open(t, sharded)
	for _, name := range whole.Names() {
		a, _ := whole.Tensor(name)
		if b, ok := c.Tensor(name); !ok || string(a.Data) != string(b.Data) {
			t.Fatalf("%s differs", name)
		}
	}
	for _, name := range []string{"../model.safetensors", "/etc/passwd", "config.json", "", ".."} {
		saveIndex(map[string]string{"a": name})
		if _, err := checkpoint.Open(sharded); err == nil || !strings.Contains(err.Error(), "not a name") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func copyFile(t testing.TB, from, to, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(from, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestGenerationConfig(t *testing.T) {
	path := folder(t, nil, nil)
	text := `{"bos_token_id": 3, "eos_token_id": [4, 5], "temperature": 0.6}`
	if err := os.WriteFile(filepath.Join(path, "generation_config.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if c := open(t, path).Config; c.BOS != 3 || !reflect.DeepEqual(c.EOS, []int{4, 5}) {
		t.Fatalf("%d %v", c.BOS, c.EOS)
	}
}

// Opening maps the weights: what is allocated is a small part of the files.
func TestOpenAllocatesLittle(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	config.HiddenSize, config.IntermediateSize, config.VocabSize = 512, 2048, 4096
	folder := checkpointtest.Random(t, config, checkpoint.F16, 1)
	config.RopeInterleaved = true
	file := checkpointtest.Random(t, config, checkpoint.F16, 1)
	for _, path := range []string{folder, file} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := open(t, path)
		runtime.ReadMemStats(&after)
		size := uint64(config.Parameters() * 2)
		if used := after.TotalAlloc - before.TotalAlloc; used > size/100 {
			t.Errorf("%d bytes were allocated to open %d", used, size)
		}
		c.Close()
	}
}

func TestRefusesGGUFByName(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Qwen2)
	base, err := gguf.Open(checkpointtest.Random(t, config, checkpoint.Q8_0, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	pairs := map[string]any{
		"general.architecture": "qwen2", "qwen2.context_length": uint32(128), "qwen2.embedding_length": uint32(64),
		"qwen2.block_count": uint32(2), "qwen2.feed_forward_length": uint32(160), "qwen2.attention.head_count": uint32(4),
		"qwen2.attention.head_count_kv": uint32(2), "qwen2.rope.freq_base": float32(1e4),
	}
	write := func(key string, value any, extra ...gguf.Tensor) string {
		var list []gguf.Pair
		for k, v := range pairs {
			if k != key {
				list = append(list, gguf.Pair{Key: k, Value: v})
			}
		}
		if value != nil {
			list = append(list, gguf.Pair{Key: key, Value: value})
		}
		path := filepath.Join(t.TempDir(), "model.gguf")
		if err := gguf.WriteFile(path, list, append(extra, base.Tensors()...)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open(t, write("general.name", "as it should be"))
	for _, test := range []struct {
		key   string
		value any
		want  string
	}{
		{"general.architecture", "gemma", `architecture "gemma" is not supported`},
		{"general.type", "adapter", "not a model"}, {"qwen2.expert_count", uint32(8), "mixtures of experts"},
		{"qwen2.rope.scaling.type", "yarn", `"yarn" is not supported`},
		{"qwen2.block_count", nil, "qwen2.block_count is missing"},
		{"qwen2.block_count", uint32(1), "does not belong"}, {"qwen2.block_count", uint32(math.MaxUint32), "31 bits"},
		{"qwen2.block_count", uint32(math.MaxInt32), "must be 1 to"}, {"qwen2.block_count", "2", "31 bits"},
		{"qwen2.attention.head_count", uint32(0), "num_attention_heads"},
		{"qwen2.attention.head_count_kv", []uint32{2, 2}, "31 bits"},
		{"qwen2.rope.dimension_count", uint32(8), "is not attention.key_length"},
		{"qwen2.attention.value_length", uint32(32), "is not attention.key_length"},
	} {
		if _, err := checkpoint.Open(write(test.key, test.value)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %v: want %q: %v", test.key, test.value, test.want, err)
		}
	}
	for _, name := range []string{"blk.0.ffn_gate_exps.weight", "blk.00.attn_q.weight", "rope_freqs.weight",
		"v.patch.bias"} {
		extra := gguf.Tensor{Name: name, Type: gguf.F32, Shape: []int{2}, Data: make([]byte, 8)}
		if _, err := checkpoint.Open(write("", nil, extra)); err == nil {
			t.Errorf("a file with %s is accepted", name)
		}
	}
}

func Example() {
	folder, err := os.MkdirTemp("", "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	config := checkpointtest.Config(checkpoint.Llama)
	var tensors []checkpoint.Tensor
	for _, layout := range config.Layouts() {
		t := checkpoint.Tensor{Name: layout.Name, DType: checkpoint.BF16, Shape: layout.Shape}
		n, _ := t.Elements()
		t.Data = make([]byte, 2*n)
		tensors = append(tensors, t)
	}
	if err := checkpoint.Write(folder, config, tensors); err != nil {
		fmt.Println(err)
		return
	}
	c, err := checkpoint.Open(folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	q, _ := c.Tensor("model.layers.0.self_attn.q_proj.weight")
	fmt.Println(c.Config.Architecture, c.Config.Parameters(), q.DType, q.Shape)

	// The same model for llama.cpp, in 8 bits.
	q8 := checkpoint.Q8_0
	fmt.Println(c.WriteGGUF(filepath.Join(folder, "model.gguf"), checkpoint.Options{DType: &q8}))
	// Output:
	// llama 98624 BF16 [64 64]
	// <nil>
}

func BenchmarkOpen(b *testing.B) {
	config := checkpointtest.Config(checkpoint.Llama)
	config.Layers = 30
	for name, path := range map[string]string{
		"folder": checkpointtest.Random(b, config, checkpoint.BF16, 1),
		"gguf":   checkpointtest.Random(b, config, checkpoint.Q8_0, 1),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, err := checkpoint.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				c.Close()
			}
		})
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, architecture := range architectures {
		text, err := checkpoint.MarshalConfig(checkpointtest.Config(architecture), checkpoint.F32)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"architectures":["LlamaForCausalLM"],"num_attention_heads":-1,"hidden_size":9223372036854775807}`))
	f.Add([]byte(`{"architectures":["Qwen3ForCausalLM"],"rope_parameters":{"rope_type":"llama3"},"eos_token_id":[1,2]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		config, err := checkpoint.ParseConfig(text)
		if err != nil {
			return
		}
		if err := config.Validate(); err != nil {
			t.Fatal(err)
		}
		written, err := checkpoint.MarshalConfig(config, checkpoint.F32)
		if err != nil {
			t.Fatal(err)
		}
		again, err := checkpoint.ParseConfig(written)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", config) && config.RopeScaling == nil {
			t.Fatalf("%+v becomes %+v", config, again)
		}
	})
}

// FuzzGGUF opens files of a model whose beginning was changed.
func FuzzGGUF(f *testing.F) {
	config := checkpointtest.Config(checkpoint.Qwen2)
	config.Layers, config.VocabSize, config.IntermediateSize, config.HiddenSize = 1, 4, 32, 32
	config.RopeInterleaved = false
	whole, err := os.ReadFile(checkpointtest.Random(f, config, checkpoint.Q8_0, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[:2048])
	f.Add(whole[:24])
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) > len(whole) {
			return
		}
		file, err := gguf.Parse(append(append([]byte(nil), head...), whole[len(head):]...))
		if err == nil {
			checkpoint.FromFile(file)
		}
	})
}
