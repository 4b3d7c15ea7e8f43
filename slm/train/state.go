package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/safetensors"
)

const stateFormat = "openledger-slm-training-1"

// Save writes everything that is needed to continue to a safetensors file. It replaces the file in one step: a reader
// never sees a part of it.
func (t *Trainer) Save(path string) error {
	var tensors []safetensors.Tensor
	for _, p := range t.network.parameters {
		for suffix, values := range p.parts() {
			tensors = append(tensors, safetensors.Tensor{
				Name: p.name + suffix, DType: "F32", Shape: p.shape, Data: kernel.Bytes(values),
			})
		}
	}
	return safetensors.WriteFile(path, tensors, map[string]string{
		"format": stateFormat, "step": strconv.Itoa(t.done), "tokens": strconv.Itoa(t.tokens), "digest": t.digest(),
	})
}

// parts returns what is saved of a parameter.
func (p *parameter) parts() map[string][]float32 {
	return map[string][]float32{"": p.values, ".mean": p.mean, ".square": p.square}
}

// Resume continues from a file of Save. The base, the examples and the settings must be the same. If Resume returns an
// error, nothing has changed.
func (t *Trainer) Resume(path string) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if format := f.Metadata["format"]; format != stateFormat {
		return fmt.Errorf("%s is no state of a training: its format is %q, not %q", path, format, stateFormat)
	}
	if f.Metadata["digest"] != t.digest() {
		return fmt.Errorf("%s was saved by a training with another base, other examples or other settings: use those, or "+
			"begin anew", path)
	}
	done, errStep := strconv.Atoi(f.Metadata["step"])
	tokens, errTokens := strconv.Atoi(f.Metadata["tokens"])
	if errStep != nil || errTokens != nil || done < 0 || done > t.steps || tokens < 0 {
		return fmt.Errorf("%s is at step %q of %d and token %q: it is damaged", path, f.Metadata["step"], t.steps,
			f.Metadata["tokens"])
	}
	for _, p := range t.network.parameters {
		for suffix, values := range p.parts() {
			tensor, ok := f.Tensor(p.name + suffix)
			if !ok || tensor.DType != "F32" || len(tensor.Data) != 4*len(values) {
				return fmt.Errorf("%s has no tensor %s of %d numbers: it is damaged", path, p.name+suffix, len(values))
			}
		}
	}
	for _, p := range t.network.parameters {
		for suffix, values := range p.parts() {
			tensor, _ := f.Tensor(p.name + suffix)
			for i := range values {
				values[i] = math.Float32frombits(binary.LittleEndian.Uint32(tensor.Data[4*i:]))
			}
		}
	}
	t.done, t.tokens = done, tokens
	t.forgetGradients()
	return nil
}

// digest returns a digest of the base, the examples and the settings.
func (t *Trainer) digest() string {
	if t.identity != "" {
		return t.identity
	}
	h := sha256.New()
	for _, part := range []any{t.settings, t.base.Config()} {
		b, err := json.Marshal(part)
		if err != nil {
			panic(err) // plain numbers and strings
		}
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	for _, e := range t.examples {
		b := binary.BigEndian.AppendUint64(nil, uint64(len(e.Tokens)))
		b = binary.BigEndian.AppendUint64(b, uint64(e.From))
		for _, token := range e.Tokens {
			b = binary.BigEndian.AppendUint32(b, uint32(token))
		}
		b = binary.BigEndian.AppendUint64(b, uint64(len(e.Parts)))
		for _, p := range e.Parts {
			b = binary.BigEndian.AppendUint64(b, uint64(p.From))
			b = binary.BigEndian.AppendUint64(b, uint64(p.To))
		}
		h.Write(b)
	}
	t.base.Hash(h)
	t.identity = hex.EncodeToString(h.Sum(nil))
	return t.identity
}
