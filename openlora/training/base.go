package training

import (
	"encoding/hex"
	"fmt"

	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/checkpoint"
)

// Base is the model that is trained on.
type Base struct {
	*chat.Model
	Digest [32]byte // checkpoint.Digest of the model
	Path   string   // empty for the base that ships
}

// OpenBase opens a Hugging Face folder or a GGUF file, or the base that ships if path is empty. With threads of 0 it
// uses one thread for each core of the machine.
func OpenBase(path string, threads int) (*Base, error) {
	b := &Base{Path: path}
	var err error
	if path == "" {
		b.Digest, err = checkpoint.DigestFolder(base.Files())
	} else {
		b.Digest, err = checkpoint.Digest(path)
	}
	if err != nil {
		return nil, err
	}
	options := chat.Options{Threads: threads}
	if path == "" {
		b.Model, err = chat.Base(options)
	} else {
		b.Model, err = chat.Open(path, options)
	}
	return b, err
}

// name returns the name of the base in an adapter's file. It must be the same on every machine, so it is the digest.
func (b *Base) name() string { return "sha256:" + hex.EncodeToString(b.Digest[:]) }

// CheckDigest returns an error if the base has another digest.
func (b *Base) CheckDigest(digest []byte) error {
	if hex.EncodeToString(b.Digest[:]) == hex.EncodeToString(digest) {
		return nil
	}
	what := "the base that ships"
	if b.Path != "" {
		what = b.Path
	}
	return fmt.Errorf("the record was made on a base with the digest %x, %s has %x: name the right one with "+
		"--base", digest,
		what, b.Digest)
}
