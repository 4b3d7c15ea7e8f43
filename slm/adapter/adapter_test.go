package adapter_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/gguf"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/safetensors"
)

func open(t testing.TB, path string) *adapter.Adapter {
	t.Helper()
	a, err := adapter.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// same checks that two adapters change a base in the same way.
func same(t testing.TB, config checkpoint.Config, a, b *adapter.Adapter) {
	t.Helper()
	if a.Rank != b.Rank || a.Scale != b.Scale || len(a.Targets) != len(b.Targets) {
		t.Fatalf("rank %d, scale %v, %d targets; want %d, %v, %d",
			b.Rank, b.Scale, len(b.Targets), a.Rank, a.Scale, len(a.Targets))
	}
	first, err := a.For(config)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.For(config)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		x, y := first[i], second[i]
		if x.Layer != y.Layer || x.Projection != y.Projection || string(x.A.Data) != string(y.A.Data) ||
			string(x.B.Data) != string(y.B.Data) || !slices.Equal(x.B.Shape, y.B.Shape) {
			t.Fatalf("%s of layer %d differs", x.Projection, x.Layer)
		}
	}
}

func TestFormatsKeepAdapters(t *testing.T) {
	for _, architecture := range []string{checkpoint.Llama, checkpoint.Mistral, checkpoint.Qwen2, checkpoint.Qwen3} {
		for _, projections := range [][]string{nil, {"q_proj", "v_proj"}, {"k_proj", "down_proj"}} {
			config := checkpointtest.Config(architecture)
			a := adaptertest.Random(t, config, 3, 2.0/3, 1, projections...)
			folder, file := t.TempDir(), filepath.Join(t.TempDir(), "lora.gguf")
			if err := a.WriteFolder(folder, config, "base"); err != nil {
				t.Fatal(err)
			}
			if err := a.WriteGGUF(file, config); err != nil {
				t.Fatal(err)
			}
			fromFolder, fromFile := open(t, folder), open(t, file)
			same(t, config, a, fromFolder)
			same(t, config, a, fromFile)
			if fromFolder.Base != "base" {
				t.Errorf("base %q", fromFolder.Base)
			}
			again, peft := filepath.Join(t.TempDir(), "again.gguf"), t.TempDir()
			if err := fromFolder.WriteGGUF(again, config); err != nil {
				t.Fatal(err)
			}
			if err := fromFile.WriteFolder(peft, config, "base"); err != nil {
				t.Fatal(err)
			}
			same(t, config, a, open(t, again))
			same(t, config, a, open(t, peft))
			interleaved := config
			interleaved.RopeInterleaved = true
			same(t, interleaved, fromFile, fromFolder)
		}
	}
}

func TestScales(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Qwen2)
	folder := t.TempDir()
	if err := adaptertest.Random(t, config, 4, 2, 1).WriteFolder(folder, config, ""); err != nil {
		t.Fatal(err)
	}
	for change, want := range map[string]float32{
		`{"use_rslora": false, "lora_alpha": 16}`: 4, `{"use_rslora": true, "lora_alpha": 16}`: 8,
		`{"use_rslora": false, "lora_alpha": 0.5}`: 0.125,
	} {
		spoil(t, folder, change)
		if a := open(t, folder); a.Scale != want {
			t.Errorf("%s: scale %v, want %v", change, a.Scale, want)
		}
	}
}

// spoil changes fields of a folder's adapter_config.json.
func spoil(t testing.TB, folder, change string) {
	t.Helper()
	path := filepath.Join(folder, "adapter_config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err = json.Unmarshal(text, &fields); err == nil {
		err = json.Unmarshal([]byte(change), &fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, _ = json.Marshal(fields)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRefusesByName(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	a := adaptertest.Random(t, config, 4, 2, 1)
	write := func() string {
		folder := t.TempDir()
		if err := a.WriteFolder(folder, config, ""); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	for change, want := range map[string]string{
		`{"use_dora": true}`: "use_dora", `{"fan_in_fan_out": true}`: "fan_in_fan_out", `{"lora_bias": true}`: "lora_bias",
		`{"modules_to_save": ["lm_head"]}`: "modules_to_save", `{"rank_pattern": {"q_proj": 8}}`: "rank_pattern",
		`{"alpha_pattern": {"q_proj": 8}}`: "alpha_pattern", `{"bias": "all"}`: "bias", `{"peft_type": "IA3"}`: `"IA3"`,
		`{"init_lora_weights": "pissa_niter_4"}`: "pissa", `{"r": 0}`: "r is 0", `{"r": 5}`: "the rank is 5",
		`{"r": 1000000000}`: "must be 1 to", `{"trainable_token_indices": [1]}`: "trainable_token_indices",
	} {
		folder := write()
		spoil(t, folder, change)
		if _, err := adapter.Open(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q: %v", change, want, err)
		}
	}
	folder := write()
	weights := filepath.Join(folder, "adapter_model.safetensors")
	if _, err := adapter.Open(weights); err == nil || !strings.Contains(err.Error(), "open its folder") {
		t.Error(err)
	}
	file, err := safetensors.Open(weights)
	if err != nil {
		t.Fatal(err)
	}
	tensors := slices.Clone(file.Tensors())
	for _, name := range []string{
		"base_model.model.model.embed_tokens.lora_embedding_A", "base_model.model.lm_head.lora_A.weight",
		"base_model.model.model.layers.00.self_attn.q_proj.lora_A.weight",
		"base_model.model.model.layers.0.mlp.q_proj.lora_A.weight",
		"base_model.model.model.layers.0.self_attn.q_proj.lora_C.weight",
		"base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
		"base_model.model.model.layers.99999999999.self_attn.q_proj.lora_A.weight",
	} {
		spoiled := slices.Clone(tensors)
		spoiled[0].Name = name
		other := write()
		if err := safetensors.WriteFile(filepath.Join(other, "adapter_model.safetensors"), spoiled, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := adapter.Open(other); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := write()
	if err := safetensors.WriteFile(filepath.Join(other, "adapter_model.safetensors"), tensors[1:], nil); err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Open(other); err == nil || !strings.Contains(err.Error(), "needs both") {
		t.Error(err)
	}
	file.Close()
	if err := os.Rename(weights, filepath.Join(folder, "adapter_model.bin")); err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Open(folder); err == nil || !strings.Contains(err.Error(), "is a pickle") {
		t.Error(err)
	}
	wide := config
	wide.HiddenSize = 128
	if _, err := a.For(wide); err == nil || !strings.Contains(err.Error(), "own base") {
		t.Error(err)
	}
	shallow := config
	shallow.Layers = 1
	if _, err := a.For(shallow); err == nil || !strings.Contains(err.Error(), "own base") {
		t.Error(err)
	}
	base := filepath.Join(t.TempDir(), "base.gguf")
	if err := gguf.WriteFile(base, []gguf.Pair{{Key: "general.type", Value: "model"}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Open(base); err == nil || !strings.Contains(err.Error(), "not an adapter") {
		t.Error(err)
	}
}

// A merged weight is W + scale·B·A, also in files whose rows of q and k are interleaved.
func TestMerge(t *testing.T) {
	for _, interleaved := range []bool{false, true} {
		config := checkpointtest.Config(checkpoint.Llama)
		a := adaptertest.Random(t, config, 4, 1.5, 2)
		config.RopeInterleaved = interleaved
		c, err := checkpoint.Open(checkpointtest.Random(t, config, checkpoint.F32, 1))
		if err != nil {
			t.Fatal(err)
		}
		change, err := a.Merge(c.Config)
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if err := c.WriteFolder(folder, checkpoint.Options{Change: change}); err != nil {
			t.Fatal(err)
		}
		merged, err := checkpoint.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range checkpointtest.Tensors(t, merged.Config, checkpoint.F32, 1) {
			got, _ := merged.Tensor(want.Name)
			values, _ := got.Values()
			base, _ := want.Values()
			for _, target := range a.Targets {
				if checkpoint.ProjectionName(target.Layer, target.Projection) != want.Name {
					continue
				}
				first, _ := target.A.Values()
				second, _ := target.B.Values()
				in := target.A.Shape[1]
				for i := range base {
					for r := range a.Rank {
						base[i] += a.Scale * second[i/in*a.Rank+r] * first[r*in+i%in]
					}
				}
			}
			for i := range values {
				if math.Abs(float64(values[i]-base[i])) > 1e-6 {
					t.Fatalf("%s: element %d is %v, want %v", want.Name, i, values[i], base[i])
				}
			}
		}
		merged.Close()
		c.Close()
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"peft_type":"LORA","r":8,"lora_alpha":16,"use_rslora":true,"init_lora_weights":true}`))
	f.Add([]byte(`{"peft_type":"LORA","r":-1,"lora_alpha":1e308,"modules_to_save":[],"rank_pattern":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rank, scale, _, err := adapter.ParseConfig(text)
		if err == nil && (rank < 1 || scale != scale) {
			t.Fatalf("rank %d, scale %v", rank, scale)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add("base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight")
	f.Fuzz(func(t *testing.T, key string) {
		layer, projection, matrix, ok := adapter.ParseKey(key)
		if !ok {
			return
		}
		name := strings.TrimSuffix(checkpoint.ProjectionName(layer, projection), ".weight")
		if want := "base_model.model." + name + ".lora_" + matrix + ".weight"; key != want {
			t.Fatalf("%q is read as %q", key, want)
		}
	})
}

func Example() {
	fail := func(err error) bool {
		if err != nil {
			fmt.Println(err)
		}
		return err != nil
	}
	t := new(testing.T)
	config := checkpointtest.Config(checkpoint.Llama)
	folder, err := os.MkdirTemp("", "adapter")
	if fail(err) {
		return
	}
	defer os.RemoveAll(folder)
	if fail(adaptertest.Random(t, config, 8, 2, 1, "q_proj", "v_proj").WriteFolder(folder, config, "my-base")) {
		return
	}
	a, err := adapter.Open(folder)
	if fail(err) {
		return
	}
	defer a.Close()
	targets, err := a.For(config)
	if fail(err) {
		return
	}
	fmt.Println(a.Rank, a.Scale, a.Base, len(targets), targets[0].Projection, targets[0].A.Shape, targets[0].B.Shape)
	// Output: 8 2 my-base 4 q_proj [8 64] [64 8]
}

func BenchmarkOpen(b *testing.B) {
	config := checkpointtest.Config(checkpoint.Llama)
	folder := b.TempDir()
	if err := adaptertest.Random(b, config, 8, 2, 1).WriteFolder(folder, config, ""); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		a, err := adapter.Open(folder)
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
	}
}

// Numbers are rounded to the nearest of a type, once; the adapter that they come from stays as it is, and what cannot
// be rounded is refused.
func TestAs(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	a := adaptertest.Random(t, config, 3, 1.5, 7)
	a.Base = "base"
	rounded, err := a.As(checkpoint.BF16)
	require.NoError(t, err)
	require.Equal(t, a.Scale, rounded.Scale)
	require.Equal(t, a.Base, rounded.Base)
	for i, target := range a.Targets {
		for matrix, tensors := range [2][2]checkpoint.Tensor{
			{target.A, rounded.Targets[i].A}, {target.B, rounded.Targets[i].B},
		} {
			require.Equal(t, checkpoint.F32, tensors[0].DType)
			require.Equal(t, checkpoint.BF16, tensors[1].DType)
			want, err := tensors[0].Values()
			require.NoError(t, err)
			got, err := tensors[1].Values()
			require.NoError(t, err)
			for k := range want {
				require.InEpsilon(t, want[k], got[k], 1.0/256, "target %d, matrix %d, number %d", i, matrix, k)
			}
		}
	}
	again, err := rounded.As(checkpoint.BF16)
	require.NoError(t, err)
	require.Equal(t, rounded.Targets, again.Targets)
	path := filepath.Join(t.TempDir(), "adapter")
	require.NoError(t, rounded.WriteFile(path, config, "base"))
	opened, err := adapter.Open(path)
	require.NoError(t, err)
	defer opened.Close()
	for i := range opened.Targets {
		require.Equal(t, rounded.Targets[i].A.Data, opened.Targets[i].A.Data)
		require.Equal(t, rounded.Targets[i].B.Data, opened.Targets[i].B.Data)
	}
	large := make([]float32, 3*config.HiddenSize)
	large[5] = math.MaxFloat32
	a.Targets[0].A.Data = kernel.Bytes(large)
	_, err = a.As(checkpoint.BF16)
	require.ErrorContains(t, err, "too large for BF16")
}
