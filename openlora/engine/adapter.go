package engine

import (
	"context"
	"errors"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/checkpoint"
)

// Adapter is a low-rank change (LoRA) of the base that an engine runs. It holds the whole lineage of a model version:
// an adapter of an adapter is stacked before an engine gets it. An Adapter must not be changed.
type Adapter struct {
	// Name is unique and safe in a path and in a URL: "openledger-MODEL-VERSION".
	Name string
	// Digest is the SHA-256 of File. For a lineage of one adapter it is the digest on chain.
	Digest [32]byte
	// File is the artifact on disk: safetensors with the metadata "adapter_config", or GGUF.
	File string
	// Folder holds the same adapter as a PEFT folder: adapter_config.json and adapter_model.safetensors.
	Folder string
	// Rank is the rank of its matrices, and Bytes the memory that they take.
	Rank  int
	Bytes int64
}

// ErrAdapter reports that an adapter can never be used with an engine, because of its format, its shapes or its base.
var ErrAdapter = errors.New("the adapter cannot be used with this engine")

// Host is an engine that loads adapters while it runs. Its methods are safe for concurrent use.
type Host interface {
	// Load makes an adapter ready. It does nothing if the adapter is loaded. It returns an error that wraps ErrAdapter for
	// an adapter that does not fit.
	Load(ctx context.Context, adapter *Adapter) error
	// Unload removes an adapter. Answers in flight that use it go on. It does nothing if the adapter is not loaded.
	Unload(ctx context.Context, name string) error
	// Loaded returns the names of the adapters that are ready, sorted.
	Loaded(ctx context.Context) ([]string, error)
}

// Sketcher is an engine that computes queries of method LORA.
type Sketcher interface {
	// Sketch returns the query of an adapter's answer to a conversation, without the retrieved passages.
	Sketch(ctx context.Context, adapter *Adapter, messages []api.Message, answer string) (*poa.LoraQuery, error)
}

// Based is an engine that knows its base.
type Based interface {
	// Config returns the configuration of the base.
	Config() checkpoint.Config
	// BaseDigest returns checkpoint.Digest of the base. The first call may read the whole base.
	BaseDigest() ([32]byte, error)
}

// Started is an engine that the operator may have started with adapters.
type Started interface {
	// Started reports whether the engine has the adapter of a model without being given its file.
	Started(model uint64) bool
}
