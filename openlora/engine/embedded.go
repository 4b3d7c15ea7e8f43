package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/checkpoint"
	slm "github.com/openledger/openledger/slm/engine"
	"github.com/openledger/openledger/slm/ngram"
)

// Embedded answers with a language model in this process.
type Embedded struct {
	model    *chat.Model
	ships    bool // whether it is the base that ships, which answers in the words of the manifest
	manifest manifests

	residents residents
	digest    func() ([32]byte, error) // of the base
}

// NewEmbedded opens a Hugging Face folder or a GGUF file, or the base that ships if path is empty.
func NewEmbedded(path string, options chat.Options) (*Embedded, error) {
	if path == "" {
		m, err := chat.Base(options)
		return &Embedded{model: m, ships: true, digest: func() ([32]byte, error) {
			return checkpoint.DigestFolder(base.Files())
		}}, err
	}
	m, err := chat.Open(path, options)
	return &Embedded{model: m, digest: sync.OnceValues(func() ([32]byte, error) { return checkpoint.Digest(path) })}, err
}

// Close ends all answers and frees the model.
func (e *Embedded) Close() error {
	e.model.Engine.Close() // first, because its answers use adapters
	return errors.Join(e.residents.close(), e.model.Close())
}

// Name of the model.
func (e *Embedded) Name() string { return e.model.Name }

// Parameters is the number of the model's weights.
func (e *Embedded) Parameters() int64 { return e.model.Checkpoint.Config.Parameters() }

// honoured are the options that the engine honours. Options without effect are accepted, too.
var honoured = map[string]bool{
	"temperature": true, "top_p": true, "top_k": true, "min_p": true, "repetition_penalty": true, "seed": true,
	"stop": true, "response_format": true,
}

// Accepts implements Engine.
func (e *Embedded) Accepts(options api.Options) error {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		value, err := api.Canonical(options[name])
		if honoured[name] || err == nil && slices.Contains(withoutEffect[name], string(value)) {
			continue
		}
		return api.Unsupported(name, "is not supported by the embedded engine: leave it out")
	}
	_, err := settings(options)
	return err
}

// Answer implements Engine.
func (e *Embedded) Answer(ctx context.Context, request Request, emit func(string) error) (Reply, error) {
	asked, err := settings(request.Options)
	if err != nil {
		return Reply{}, err
	}
	spoken := speaker{emit: emit}
	if request.Adapter != nil {
		weights, release, err := e.residents.use(request.Adapter.Name)
		if err != nil {
			return Reply{}, err
		}
		defer release()
		asked.Adapter = weights
	}
	if e.ships && asked.Adapter == nil { // an adapter answers in its own words
		quotes := choose(candidates(request), request.MaxTokens, false)
		if len(quotes) == 0 {
			return Reply{Text: Silence(request.Question()), Finish: FinishStop}, ErrSilent
		}
		if asked.Grammar == nil {
			asked.Mixture = e.words(request, quotes)
			spoken.sentences = ownSentences
		}
		if asked.RepetitionPenalty == 0 {
			asked.RepetitionPenalty = 1
		}
	}
	if asked.Prompt, err = e.prompt(ctx, request); err != nil {
		return Reply{}, err
	}
	asked.Scope = request.Scope
	asked.MaxTokens = min(e.model.Positions()-len(asked.Prompt), tokensPerWord*request.MaxTokens+tokensPerWord)
	result, err := e.model.Engine.Generate(ctx, asked, func(c slm.Chunk) error { return spoken.say(c.Text) })
	reply := Reply{Text: spoken.text.String(), Finish: FinishStop}
	if result.Finish == slm.FinishLength {
		reply.Finish = FinishLength
	}
	switch {
	case errors.Is(err, errSaid):
		return reply, nil
	case errors.Is(err, slm.ErrBusy):
		return reply, &UpstreamError{Busy: true, Message: err.Error()}
	}
	return reply, err
}

// words returns the texts whose continuations the base follows: first the passages, then, where these do not help, the
// manifest. The answer begins with a sentence of the passages that is about the question.
func (e *Embedded) words(request Request, chosen []quote) *ngram.Source {
	var texts [][]int
	for _, passage := range request.Passages {
		texts = append(texts, e.model.Tokenizer.Encode(string(passage)))
	}
	end, _ := e.model.Tokenizer.ID(e.model.Tokenizer.EOS)
	source := &ngram.Source{Index: ngram.New(texts), Wider: e.manifest.index(request.Manifest, e.model.Tokenizer.Encode),
		Run: longestRun, End: end}
	for _, q := range chosen {
		tokens := e.model.Tokenizer.Encode(q.text)
		source.Openings = append(source.Openings, ngram.Opening{Tokens: tokens[:min(len(tokens), openingTokens)],
			Weight: uint64(max(q.score, 1))})
	}
	return source
}

const (
	// longestRun is the largest number of tokens that the base copies from a passage in one stretch.
	longestRun = 96
	// openingTokens is the number of tokens by which sentences are told apart.
	openingTokens = 6
	// tokensPerWord bounds the number of model tokens of one canonical token.
	tokensPerWord = 24
	// ownSentences is the number of sentences after which an answer of the base that ships ends.
	ownSentences = 3
	// leastAnswer is the number of tokens that a prompt leaves free for the answer.
	leastAnswer = 128
)

// prompt puts as many passages before the conversation as fit, the best first. If even the messages do not fit, it
// leaves out the oldest.
func (e *Embedded) prompt(ctx context.Context, request Request) ([]int, error) {
	room := e.model.Positions() - leastAnswer
	if room < 1 {
		room = e.model.Positions() / 2
	}
	messages := request.Messages
	passages := request.Passages
	for {
		sources := request
		sources.Passages, sources.Messages = passages, messages
		tokens, err := e.model.Prompt(ctx, e.messages(sources))
		if err != nil {
			return nil, &UpstreamError{Refused: true, Message: err.Error()}
		}
		switch {
		case len(tokens) <= room:
			return tokens, nil
		case len(passages) > 0:
			passages = passages[:len(passages)-1]
		case len(messages) > 1:
			messages, passages = messages[1:], request.Passages[:min(1, len(request.Passages))]
		default:
			return nil, api.Invalid("messages", fmt.Sprintf(
				"the question has %d tokens of this model, which reads %d with its answer: ask a shorter one", len(tokens),
				e.model.Positions()))
		}
	}
}

// messages returns the messages for the chat template.
func (e *Embedded) messages(request Request) []chat.Message {
	all := request.Messages
	switch {
	case e.ships && len(request.Passages) > 0:
		var sources []string
		for _, passage := range request.Passages {
			sources = append(sources, string(passage))
		}
		all = append([]api.Message{{Role: "system", Content: strings.Join(sources, "\n\n")}}, all...)
	case !e.ships && len(request.Passages) > 0:
		all = request.WithSources()
	}
	out := make([]chat.Message, len(all))
	for i, message := range all {
		out[i] = chat.Message{Role: message.Role, Content: message.Content}
		if message.Role == "developer" {
			out[i].Role = "system"
		}
	}
	return out
}

// errSaid ends an answer after ownSentences sentences.
var errSaid = errors.New("enough was said")

// speaker passes an answer on, and can end it after a number of sentences.
type speaker struct {
	emit      func(string) error
	text      strings.Builder
	sentences int // 0 means no limit
}

func (s *speaker) say(piece string) error {
	if s.text.Len() == 0 {
		piece = strings.TrimLeft(piece, " \n")
	}
	if piece == "" {
		return nil
	}
	s.text.WriteString(piece)
	if err := s.emit(piece); err != nil {
		return err
	}
	if s.sentences > 0 && endsSentence(piece) {
		if s.sentences--; s.sentences == 0 {
			return errSaid
		}
	}
	return nil
}

// endsSentence reports whether a piece of a text ends a sentence.
func endsSentence(piece string) bool {
	return strings.ContainsRune(".!?。！？।؟…", lastRune(strings.TrimRight(piece, "\"'”’»)]")))
}

// settings converts the options of a request.
func settings(options api.Options) (slm.Request, error) {
	request := slm.Request{Logprobs: -1}
	for _, number := range []struct {
		name  string
		into  *float64
		least float64
		most  float64
	}{
		{"temperature", &request.Temperature, 0, 2}, {"top_p", &request.TopP, 0, 1}, {"min_p", &request.MinP, 0, 1},
		{"repetition_penalty", &request.RepetitionPenalty, 0.1, 10},
	} {
		if value, given := options[number.name]; given {
			err := json.Unmarshal(value, number.into)
			if err != nil || *number.into < number.least || *number.into > number.most {
				return request, api.Invalid(number.name, fmt.Sprintf("must be a number from %v to %v", number.least, number.most))
			}
		}
	}
	if value, given := options["top_k"]; given {
		if json.Unmarshal(value, &request.TopK) != nil || request.TopK < 0 {
			return request, api.Invalid("top_k", "must be a whole number, 0 for all tokens")
		}
	}
	if value, given := options["seed"]; given {
		var seed int64
		if json.Unmarshal(value, &seed) != nil {
			return request, api.Invalid("seed", "must be a whole number")
		}
		request.Seed = uint64(seed)
	}
	if value, given := options["stop"]; given {
		var one string
		if json.Unmarshal(value, &one) == nil {
			request.Stop = []string{one}
		} else if json.Unmarshal(value, &request.Stop) != nil {
			return request, api.Invalid("stop", "must be a string or a list of strings")
		}
		if len(request.Stop) > 4 || slices.ContainsFunc(request.Stop,
			func(s string) bool { return s == "" || len(s) > 256 }) {
			return request, api.Invalid("stop", "must be at most 4 strings of 1 to 256 bytes")
		}
	}
	var err error
	request.Grammar, err = grammar(options["response_format"])
	return request, err
}

// grammar reads response_format.
func grammar(value json.RawMessage) (*slm.Grammar, error) {
	if value == nil {
		return nil, nil
	}
	var format struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	}
	if err := json.Unmarshal(value, &format); err != nil {
		return nil, api.Invalid("response_format", "must be an object, such as {\"type\": \"json_object\"}")
	}
	switch format.Type {
	case "text":
		return nil, nil
	case "json_object":
		return slm.JSONObject(), nil
	case "json_schema":
		g, err := slm.JSONSchema(format.JSONSchema.Schema)
		if err != nil {
			return nil, api.Unsupported("response_format", err.Error())
		}
		return g, nil
	}
	return nil, api.Invalid("response_format", fmt.Sprintf("type is %q: text, json_object or json_schema", format.Type))
}
