// Package chat holds conversations with a language model: it takes messages and returns text. It combines the other
// packages of slm: a checkpoint, its tokenizer and chat template, and the engine that runs it.
//
//	m, err := chat.Open("SmolLM2-135M-Instruct", chat.Options{})
//	defer m.Close()
//	prompt, err := m.Prompt(ctx, []chat.Message{{Role: "user", Content: "Why is the sky blue?"}})
//	result, err := m.Engine.Generate(ctx, engine.Request{Prompt: prompt, MaxTokens: 200}, nil)
//
// Base opens the model that ships, which needs no file.
package chat

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/engine"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/template"
	"github.com/openledger/openledger/slm/tokenizer"
)

// Message is a message of a conversation. Roles are system, user, assistant, and others that the model's template
// knows.
type Message = template.Message

// Options are the options of a model.
type Options struct {
	Threads int // 0 means one for each core of the machine
	Engine  engine.Options
	// Template replaces the chat template that came with the model.
	Template string
}

// Model is an open model that answers.
type Model struct {
	Name       string
	Engine     *engine.Engine
	Tokenizer  *tokenizer.Tokenizer
	Checkpoint *checkpoint.Checkpoint
	Model      *model.Model

	template *template.Template // nil if the model has none
	pool     *kernel.Pool
}

// Open opens a Hugging Face folder or a GGUF file.
func Open(path string, o Options) (*Model, error) {
	opened, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	vocabulary, err := openTokenizer(path, opened)
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	m, err := build(opened, vocabulary, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), opened.Close())
	}
	m.Name = strings.TrimSuffix(filepath.Base(filepath.Clean(path)), ".gguf")
	return m, nil
}

func openTokenizer(path string, opened *checkpoint.Checkpoint) (*tokenizer.Tokenizer, error) {
	if file := opened.GGUF(); file != nil {
		return tokenizer.FromGGUF(file)
	}
	return tokenizer.Open(path)
}

// Base opens the model that ships.
func Base(o Options) (*Model, error) {
	opened, vocabulary, err := base.Open()
	if err != nil {
		return nil, err
	}
	m, err := build(opened, vocabulary, o)
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	m.Name = base.Name
	return m, nil
}

func build(opened *checkpoint.Checkpoint, vocabulary *tokenizer.Tokenizer, o Options) (*Model, error) {
	if n := opened.Config.VocabSize; vocabulary.Len() > n {
		return nil, fmt.Errorf("the tokenizer has %d tokens and the model %d: they do not belong together", vocabulary.Len(),
			n)
	}
	m := &Model{Tokenizer: vocabulary, Checkpoint: opened}
	source := vocabulary.ChatTemplate
	if o.Template != "" {
		source = o.Template
	}
	if source != "" {
		parsed, err := template.Parse(source)
		if err != nil {
			return nil, err
		}
		m.template = parsed
	}
	if o.Threads <= 0 {
		o.Threads = runtime.NumCPU()
	}
	m.pool = kernel.NewPool(o.Threads)
	var err error
	if m.Model, err = model.New(opened, m.pool); err == nil {
		m.Engine, err = engine.New(m.Model, vocabulary, o.Engine)
	}
	if err != nil {
		m.pool.Close()
		return nil, err
	}
	return m, nil
}

// Close ends all conversations and frees the model.
func (m *Model) Close() error {
	m.Engine.Close()
	m.pool.Close()
	return m.Checkpoint.Close()
}

// Positions returns the largest number of tokens that the model reads, including its answer.
func (m *Model) Positions() int { return m.Checkpoint.Config.MaxPositions }

// Prompt returns the tokens of a conversation, up to where the model's answer begins. Special tokens come only from the
// chat template, never from text that people write. A model without a template gets the texts one after another.
func (m *Model) Prompt(ctx context.Context, messages []Message) ([]int, error) {
	return m.PromptAt(ctx, messages, time.Now())
}

// PromptAt is Prompt with a given time, because templates may write the date: to compute a prompt again, use the same
// time.
func (m *Model) PromptAt(ctx context.Context, messages []Message, now time.Time) ([]int, error) {
	if m.template == nil {
		return append(m.prefix(), m.Tokenizer.Encode(plain(messages))...), nil
	}
	parts, err := m.template.Render(ctx, template.Input{
		Messages: template.Chat(messages...), BOS: m.Tokenizer.BOS, EOS: m.Tokenizer.EOS, AddGenerationPrompt: true,
		Now: now,
	})
	if err != nil {
		return nil, err
	}
	return m.Tokenizer.EncodeParts(parts), nil
}

func (m *Model) prefix() []int { return append([]int(nil), m.Tokenizer.Prefix()...) }

// plain returns a conversation for a model without a chat template.
func plain(messages []Message) string {
	var text strings.Builder
	for _, message := range messages {
		switch message.Role {
		case "system":
			text.WriteString(message.Content + "\n\n")
		case "assistant":
			text.WriteString("Answer: " + message.Content + "\n\n")
		default:
			text.WriteString("Question: " + message.Content + "\n\n")
		}
	}
	return text.String() + "Answer:"
}
