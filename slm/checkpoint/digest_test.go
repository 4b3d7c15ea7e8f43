package checkpoint_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/openledger/openledger/slm/checkpoint"
)

func TestDigest(t *testing.T) {
	line := func(name, content string) string {
		return fmt.Sprintf("%s\x00%d\x00%x\n", name, len(content), sha256.Sum256([]byte(content)))
	}
	files := fstest.MapFS{
		"config.json": {Data: []byte("{}")}, "model.safetensors": {Data: []byte("weights")},
		"tokenizer.json": {Data: []byte("tokens")}, "README.md": {Data: []byte("not counted")},
	}
	got, err := checkpoint.DigestFolder(files)
	want := sha256.Sum256([]byte(line("config.json", "{}") + line("model.safetensors", "weights") +
		line("tokenizer.json", "tokens")))
	if err != nil || got != want {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	index := `{"weight_map":{"x":"b.safetensors","y":"a.safetensors"}}`
	files["model.safetensors.index.json"] = &fstest.MapFile{Data: []byte(index)}
	if _, err := checkpoint.DigestFolder(files); err == nil {
		t.Error("a folder without its shards has a digest")
	}
	files["a.safetensors"], files["b.safetensors"] = &fstest.MapFile{Data: []byte("a")}, &fstest.MapFile{Data: []byte("b")}
	got, err = checkpoint.DigestFolder(files)
	want = sha256.Sum256([]byte(line("a.safetensors", "a") + line("b.safetensors", "b") + line("config.json", "{}") +
		line("model.safetensors.index.json", index) + line("tokenizer.json", "tokens")))
	if err != nil || got != want {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	delete(files, "config.json")
	if _, err := checkpoint.DigestFolder(files); err == nil {
		t.Error("a folder without config.json has a digest")
	}
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.WriteFile(path, []byte("GGUF…"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := checkpoint.Digest(path); err != nil || got != sha256.Sum256([]byte("GGUF…")) {
		t.Errorf("%x, %v", got, err)
	}
	if _, err := checkpoint.Digest(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("nothing has a digest")
	}
}
