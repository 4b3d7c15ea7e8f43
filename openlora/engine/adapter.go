package engine

import (
	"context"
	"errors"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/checkpoint"
)

// Adapter is a low-rank change (LoRA) of the base that an engine runs. The whole lineage of a model version is in it:
// an adapter of an adapter is stacked before an engine sees it. It does not change.
type Adapter struct {
	// Name is unique and safe in a path and in a URL: "openledger-MODEL-VERSION".
	Name string
	// Digest is the SHA-256 of File. Of a lineage of one adapter it is what the chain registered.
	Digest [32]byte
	// File is the artifact on disk: safetensors with the metadata "adapter_config", or GGUF.
	File string
	// Folder holds the same adapter as PEFT lays it out: adapter_config.json and adapter_model.safetensors.
	Folder string
	// Rank of its matrices, and the bytes that they take in memory.
	Rank  int
	Bytes int64
}

// ErrAdapter is a reason for which an adapter cannot be used, that stays: its format, its shapes or its base.
var ErrAdapter = errors.New("the adapter cannot be used with this engine")

// Host is an engine that takes adapters while it runs. Its methods may be called at the same time.
type Host interface {
	// Load makes an adapter ready. Loading what is loaded does nothing. An adapter that does not fit is an ErrAdapter.
	Load(ctx context.Context, adapter *Adapter) error
	// Unload forgets an adapter. Answers in flight that use it go on. Unloading what is not loaded does nothing.
	Unload(ctx context.Context, name string) error
	// Loaded returns the names of the adapters that are ready, sorted.
	Loaded(ctx context.Context) ([]string, error)
}

// Sketcher is an engine that can recompute what a LoRA answer owes to its training data.
type Sketcher interface {
	// Sketch returns the query of method LORA for an answer of an adapter to a conversation, without what was retrieved
	// for it.
	Sketch(ctx context.Context, adapter *Adapter, messages []api.Message, answer string) (*poa.LoraQuery, error)
}

// Based is an engine that says which base it runs.
type Based interface {
	// Config is the shape of the base.
	Config() checkpoint.Config
	// BaseDigest is the digest of the base, as checkpoint.Digest gives it. It may read the whole base, once.
	BaseDigest() ([32]byte, error)
}

// Started is an engine that may have been started with adapters, by the operator's own hand.
type Started interface {
	// Started reports whether the engine has the adapter of a model without being given its file.
	Started(model uint64) bool
}
