// Package base holds the language model that ships. It has a million weights, and was trained on the documentation of
// Go's standard library and nothing else. With it, a machine without any other model can answer, in the words of
// retrieved passages. docs/models.md says what it can and cannot do. `make base-model` trains the same bytes again.
package base

import (
	"embed"
	"io/fs"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/safetensors"
	"github.com/openledger/openledger/slm/tokenizer"
)

// Name is the name of the base.
const Name = "openledger-base-1"

//go:embed files
var embedded embed.FS

// Facts about the base.
const (
	Vocabulary = 2048
	Positions  = 512 // largest number of tokens that it reads, with its answer
	// TextVersion is the Go version whose documentation it was trained on, and TextDigest is the SHA-256 of that text.
	TextVersion = "go1.26.11"
	// Pinned is checkpoint.Digest of the model's files, in hex.
	Pinned     = "1c0df66212d5aa2ab558fbde3ab616a25c5a6d4bb7dd1f044cbb1b23c2516d69"
	TextDigest = "8a51e816c161edf143f1b500d0e51da869df73a82ec850eff94ab8c043361035"
)

// The tokens that separate the parts of a conversation.
const (
	Begin     = "<|begin|>"
	End       = "<|end|>"
	Source    = "<|source|>"
	User      = "<|user|>"
	Assistant = "<|assistant|>"
)

// ChatTemplate puts sources (a message of the system) and the conversation into the form that the base was trained on.
const ChatTemplate = `{{ bos_token }}{% for message in messages %}` +
	`{% if message['role'] == 'system' %}<|source|>{{ message['content'] }}` +
	`{% elif message['role'] == 'user' %}<|user|>{{ message['content'] }}` +
	`{% else %}<|assistant|>{{ message['content'] }}<|end|>{% endif %}{% endfor %}` +
	`{% if add_generation_prompt %}<|assistant|>{% endif %}`

// Special lists the special tokens, in the order of their numbers.
func Special() []string { return []string{Begin, End, Source, User, Assistant} }

// Config returns the configuration of the base.
func Config() checkpoint.Config {
	return checkpoint.Config{
		Architecture: "llama", VocabSize: Vocabulary, HiddenSize: 128, IntermediateSize: 352, Layers: 4, Heads: 4, KVHeads: 2,
		HeadDim: 32, MaxPositions: Positions, NormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, BOS: 0, EOS: []int{1},
	}
}

// Files returns the model's files in the form of a Hugging Face folder.
func Files() fs.FS {
	folder, err := fs.Sub(embedded, "files")
	if err != nil {
		panic(err) // the name is a constant
	}
	return folder
}

// Open returns the model and its tokenizer.
func Open() (*checkpoint.Checkpoint, *tokenizer.Tokenizer, error) {
	content := map[string][]byte{}
	for _, name := range files {
		read, err := fs.ReadFile(Files(), name)
		if err != nil {
			return nil, nil, err
		}
		content[name] = read
	}
	config, err := checkpoint.ParseConfig(content["config.json"])
	if err != nil {
		return nil, nil, err
	}
	weights, err := safetensors.Parse(content["model.safetensors"])
	if err != nil {
		return nil, nil, err
	}
	var tensors []checkpoint.Tensor
	for _, t := range weights.Tensors() {
		dtype, err := checkpoint.ParseDType(t.DType)
		if err != nil {
			return nil, nil, err
		}
		tensors = append(tensors, checkpoint.Tensor{Name: t.Name, DType: dtype, Shape: t.Shape, Data: t.Data})
	}
	opened, err := checkpoint.New(config, tensors)
	if err != nil {
		return nil, nil, err
	}
	vocabulary, err := tokenizer.Parse(content["tokenizer.json"])
	if err != nil {
		return nil, nil, err
	}
	vocabulary.ChatTemplate, vocabulary.BOS, vocabulary.EOS = ChatTemplate, Begin, End
	return opened, vocabulary, nil
}

// files are the files of the base.
var files = []string{"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
