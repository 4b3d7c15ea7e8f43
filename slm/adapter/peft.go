package adapter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/internal/filemap"
	"github.com/openledger/openledger/slm/safetensors"
)

// The files of a PEFT folder.
const (
	configFile  = "adapter_config.json"
	weightsFile = "adapter_model.safetensors"

	maxConfigBytes = 1 << 20
)

// peftConfig is adapter_config.json.
type peftConfig struct {
	Type      string  `json:"peft_type"`
	Base      string  `json:"base_model_name_or_path"`
	Rank      int     `json:"r"`
	Alpha     float64 `json:"lora_alpha"`
	RankRoot  bool    `json:"use_rslora"`
	BiasWords string  `json:"bias"`

	// Fields that are refused if they are set.
	DoRA             bool            `json:"use_dora"`
	QALoRA           bool            `json:"use_qalora"`
	Transposed       bool            `json:"fan_in_fan_out"`
	LoraBias         bool            `json:"lora_bias"`
	ModulesToSave    json.RawMessage `json:"modules_to_save"`
	RankPattern      json.RawMessage `json:"rank_pattern"`
	AlphaPattern     json.RawMessage `json:"alpha_pattern"`
	LayerReplication json.RawMessage `json:"layer_replication"`
	TrainableTokens  json.RawMessage `json:"trainable_token_indices"`
	TargetParameters json.RawMessage `json:"target_parameters"`
	Init             json.RawMessage `json:"init_lora_weights"`
}

// parseConfig reads the text of an adapter_config.json into rank and scale.
func parseConfig(text []byte) (rank int, scale float32, base string, err error) {
	var c peftConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return 0, 0, "", err
	}
	if c.Type != "LORA" {
		return 0, 0, "", fmt.Errorf("peft_type %q is not supported; use a LORA adapter", c.Type)
	}
	empty := func(raw json.RawMessage) bool {
		switch string(raw) {
		case "", "null", "[]", "{}":
			return true
		}
		return false
	}
	for _, refused := range []struct {
		name string
		set  bool
	}{
		{"use_dora", c.DoRA}, {"use_qalora", c.QALoRA}, {"fan_in_fan_out", c.Transposed}, {"lora_bias", c.LoraBias},
		{"modules_to_save", !empty(c.ModulesToSave)}, {"rank_pattern", !empty(c.RankPattern)},
		{"alpha_pattern", !empty(c.AlphaPattern)}, {"layer_replication", !empty(c.LayerReplication)},
		{"trainable_token_indices", !empty(c.TrainableTokens)}, {"target_parameters", !empty(c.TargetParameters)},
		{"bias", c.BiasWords != "" && c.BiasWords != "none"},
	} {
		if refused.set {
			return 0, 0, "", fmt.Errorf("%s is set and not supported; train the adapter without it, or merge it into its base",
				refused.name)
		}
	}
	var init string
	if json.Unmarshal(c.Init, &init) == nil {
		for _, changing := range []string{"pissa", "olora", "corda", "loftq", "lora_ga"} {
			if strings.HasPrefix(strings.ToLower(init), changing) {
				return 0, 0, "", fmt.Errorf("init_lora_weights %q changes the base and is not supported; convert the adapter to "+
					"plain LoRA with PEFT's save_pretrained(path_initial_model_for_weight_conversion=…)", init)
			}
		}
	}
	if c.Rank < 1 || c.Rank > maxRank {
		return 0, 0, "", fmt.Errorf("r is %d; it must be 1 to %d", c.Rank, maxRank)
	}
	scale64 := c.Alpha / float64(c.Rank)
	if c.RankRoot {
		scale64 = c.Alpha / math.Sqrt(float64(c.Rank))
	}
	return c.Rank, float32(scale64), c.Base, nil
}

func openFolder(folder string) (*Adapter, error) {
	path := filepath.Join(folder, configFile)
	text, err := filemap.ReadSmall(path, maxConfigBytes)
	if err != nil {
		return nil, err
	}
	a := &Adapter{}
	if a.Rank, a.Scale, a.Base, err = parseConfig(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	path = filepath.Join(folder, weightsFile)
	file, err := safetensors.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		pickle := filepath.Join(folder, "adapter_model.bin")
		if _, there := os.Stat(pickle); there == nil {
			return nil, errPickle(pickle)
		}
	}
	if err != nil {
		return nil, err
	}
	return a.read(path, file)
}

// read reads the tensors of a file. It closes the file if it returns an error.
func (a *Adapter) read(path string, file *safetensors.File) (*Adapter, error) {
	a.files = append(a.files, file)
	err := a.readTensors(file.Tensors())
	if err == nil {
		err = a.validate()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), a.Close())
	}
	return a, nil
}

func (a *Adapter) readTensors(tensors []safetensors.Tensor) error {
	pairs := pairs{}
	for _, tensor := range tensors {
		layer, projection, matrix, ok := parseKey(tensor.Name)
		if !ok {
			return fmt.Errorf("tensor %s is not supported; adapters may change %v of the layers only",
				tensor.Name, checkpoint.Projections)
		}
		dtype, err := checkpoint.ParseDType(tensor.DType)
		if err != nil {
			return fmt.Errorf("tensor %s: %w", tensor.Name, err)
		}
		name := checkpoint.ProjectionName(layer, projection)
		pairs.add(layer, projection, matrix == "A",
			checkpoint.Tensor{Name: name, DType: dtype, Shape: tensor.Shape, Data: tensor.Data})
	}
	a.Targets = pairs.targets()
	return nil
}

const (
	keyPrefix = "base_model.model.model.layers."
	keySuffix = ".weight"
)

// parseKey reads a key such as base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight.
func parseKey(key string) (layer int, projection, matrix string, ok bool) {
	rest, begins := strings.CutPrefix(key, keyPrefix)
	rest, ends := strings.CutSuffix(rest, keySuffix)
	parts := strings.Split(rest, ".")
	if !begins || !ends || len(parts) != 4 {
		return 0, "", "", false
	}
	n, err := strconv.ParseUint(parts[0], 10, 15)
	if err != nil || strconv.FormatUint(n, 10) != parts[0] {
		return 0, "", "", false
	}
	matrix, lora := strings.CutPrefix(parts[3], "lora_")
	if !lora || matrix != "A" && matrix != "B" {
		return 0, "", "", false
	}
	layer, projection = int(n), parts[2]
	ok = place(projection) >= 0 && checkpoint.ProjectionName(layer, projection) ==
		fmt.Sprintf("model.layers.%d.%s.%s%s", layer, parts[1], parts[2], keySuffix)
	return layer, projection, matrix, ok
}

// keyOf returns the key of a matrix, A or B.
func (t Target) keyOf(matrix string) string {
	name := strings.TrimSuffix(checkpoint.ProjectionName(t.Layer, t.Projection), keySuffix)
	return "base_model.model." + name + ".lora_" + matrix + keySuffix
}

// WriteFolder writes a PEFT folder for the base that config describes; the folder is made if it is missing. base is the
// name or path that the file gives for the base model. Layers may differ in which projections are changed; PEFT then
// starts the others as zero.
func (a *Adapter) WriteFolder(folder string, config checkpoint.Config, base string) error {
	tensors, text, err := a.peft(config, base)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	err = safetensors.WriteFile(filepath.Join(folder, weightsFile), tensors, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	return file.Write(filepath.Join(folder, configFile), text, 0o644)
}

// peft returns the tensors of a PEFT adapter and the text of its adapter_config.json.
func (a *Adapter) peft(config checkpoint.Config, base string) ([]safetensors.Tensor, []byte, error) {
	plain := config
	plain.RopeInterleaved = false
	targets, err := a.For(plain)
	if err != nil {
		return nil, nil, err
	}
	var tensors []safetensors.Tensor
	var modules []string
	for _, target := range targets {
		for matrix, t := range map[string]checkpoint.Tensor{"A": target.A, "B": target.B} {
			if _, err := checkpoint.ParseDType(t.DType.String()); err != nil {
				return nil, nil, err
			}
			tensors = append(tensors, safetensors.Tensor{
				Name: target.keyOf(matrix), DType: t.DType.String(), Shape: t.Shape, Data: t.Data,
			})
		}
		if !slices.Contains(modules, target.Projection) {
			modules = append(modules, target.Projection)
		}
	}
	slices.Sort(modules)
	text, err := json.MarshalIndent(map[string]any{
		"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "inference_mode": true,
		"r": a.Rank, "lora_alpha": roundAlpha(a.Scale, a.Rank), "lora_dropout": 0.0, "bias": "none",
		"use_rslora": false, "use_dora": false, "fan_in_fan_out": false, "modules_to_save": nil, "target_modules": modules,
		"rank_pattern": map[string]int{}, "alpha_pattern": map[string]int{}, "init_lora_weights": true,
	}, "", "  ")
	return tensors, append(text, '\n'), err
}

// roundAlpha returns scale × rank, as a whole number if that gives the same scale.
func roundAlpha(scale float32, rank int) float64 {
	alpha := float64(scale) * float64(rank)
	if whole := math.Round(alpha); float32(whole/float64(rank)) == scale {
		return whole
	}
	return alpha
}
