package base_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/tokenizer"
)

// TestPinned: the files are those that `make base-model` makes.
func TestPinned(t *testing.T) {
	digest, err := checkpoint.DigestFolder(base.Files())
	if err != nil || hex.EncodeToString(digest[:]) != base.Pinned {
		t.Errorf("digest %x, %v; pinned is %s", digest, err, base.Pinned)
	}
	if config := base.Config(); config.Parameters()*2 > 4<<20 {
		t.Errorf("%d parameters in half precision are more than 4 MB", config.Parameters())
	}
}

// TestOpen: the embedded model equals the model of a folder with the same files.
func TestOpen(t *testing.T) {
	opened, vocabulary, err := base.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	folder := t.TempDir()
	if err := os.CopyFS(folder, base.Files()); err != nil {
		t.Fatal(err)
	}
	other, err := checkpoint.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if a, b := weights(t, opened), weights(t, other); a != b {
		t.Errorf("weights %s in the program, %s in a folder", a, b)
	}
	read, err := tokenizer.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if read.ChatTemplate != vocabulary.ChatTemplate || read.BOS != vocabulary.BOS || read.EOS != vocabulary.EOS {
		t.Errorf("the tokenizer's settings differ: %q %q, %q %q", read.BOS, read.EOS, vocabulary.BOS, vocabulary.EOS)
	}
	for i, token := range base.Special() {
		if id, ok := vocabulary.ID(token); !ok || id != i || !vocabulary.Special(i) {
			t.Errorf("%s has the number %d, want %d", token, id, i)
		}
	}
}

func weights(t *testing.T, c *checkpoint.Checkpoint) string {
	t.Helper()
	m, err := model.New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	m.Hash(hash)
	return hex.EncodeToString(hash.Sum(nil))
}

// TestLogits: the base computes the same bits everywhere.
func TestLogits(t *testing.T) {
	opened, vocabulary, err := base.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	pool := kernel.NewPool(2)
	defer pool.Close()
	m, err := model.New(opened, pool)
	if err != nil {
		t.Fatal(err)
	}
	tokens := vocabulary.EncodeParts([]tokenizer.Part{
		{Text: base.Begin, Trusted: true}, {Text: "Cut slices s around the first instance of sep,"},
	})
	logits, err := m.Forward([]model.Sequence{{Cache: m.NewCache(), Tokens: tokens, Positions: []int{len(tokens) - 1}}})
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(kernel.Bytes(logits.Row(0)))
	const want = "10f7073521254e7c2ff91e4ae6354cb98d37d34fc10a2fba35c40d863debf094"
	if got := hex.EncodeToString(hash[:]); got != want {
		t.Errorf("logits %s, want %s", got, want)
	}
}
