package adapter_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/safetensors"
)

// An adapter in one file opens under any name, has the same bytes each time, and can be unpacked to a folder.
func TestFile(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	a := adaptertest.Random(t, config, 3, 2.0/3, 1, "q_proj", "up_proj")
	folder := t.TempDir()
	var written [2][]byte
	for i, name := range []string{"a.safetensors", "0f3a"} {
		path := filepath.Join(folder, name)
		if err := a.WriteFile(path, config, "base"); err != nil {
			t.Fatal(err)
		}
		opened := open(t, path)
		same(t, config, a, opened)
		if opened.Base != "base" {
			t.Errorf("base %q", opened.Base)
		}
		var err error
		if written[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(written[0], written[1]) {
		t.Error("the same adapter has other bytes")
	}
	unpacked := filepath.Join(folder, "peft")
	if err := adapter.Unpack(filepath.Join(folder, "0f3a"), unpacked); err != nil {
		t.Fatal(err)
	}
	same(t, config, a, open(t, unpacked))
	weights, err := os.ReadFile(filepath.Join(unpacked, "adapter_model.safetensors"))
	if err != nil || !bytes.Equal(weights, written[0]) {
		t.Errorf("the folder's weights are not the file: %v", err)
	}
	unnamed := filepath.Join(folder, "unnamed")
	if err := a.WriteGGUF(unnamed, config); err != nil {
		t.Fatal(err)
	}
	same(t, config, a, open(t, unnamed))
}

func TestFileRefuses(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"empty": "", "short": "GG", "text": "this is neither of the formats that are read here",
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := adapter.Open(path); err == nil || !strings.Contains(err.Error(), "neither") {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(folder, "other")
	for _, config := range []string{"{", `{"peft_type":"LORA","r":0}`, `{"peft_type":"IA3","r":1}`} {
		if err := safetensors.WriteFile(path, nil, map[string]string{"adapter_config": config}); err != nil {
			t.Fatal(err)
		}
		if _, err := adapter.Open(path); err == nil {
			t.Errorf("%s was taken", config)
		}
	}
	if err := safetensors.WriteFile(path, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := adapter.Unpack(path, folder); err == nil || !strings.Contains(err.Error(), "adapter_config") {
		t.Error(err)
	}
}
