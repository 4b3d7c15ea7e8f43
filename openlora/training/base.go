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
	Digest [32]byte // as checkpoint.Digest gives it
	Path   string   // empty for the base that ships
}

// OpenBase opens a Hugging Face folder or a GGUF file, or the base that ships if path is empty. threads of 0 are as
// many as the machine has cores.
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

// name is what an adapter's file says of its base: it must be the same for everybody who has the base.
func (b *Base) name() string { return "sha256:" + hex.EncodeToString(b.Digest[:]) }

// CheckDigest returns an error if this is not the base with the digest.
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
