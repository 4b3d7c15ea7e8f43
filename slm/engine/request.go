package engine

import (
	"fmt"

	"github.com/openledger/openledger/slm/model"
)

// Vocabulary maps tokens to text.
type Vocabulary interface {
	// Bytes returns what a token adds to a text, which may be a part of a UTF-8 character. It returns nil for special
	// tokens, such as the one that ends an answer: they add nothing.
	Bytes(token int) []byte
}

// Request is a question.
type Request struct {
	Prompt  []int          // tokens, at least one
	Adapter *model.Adapter // nil means the base alone
	// Scope separates prefix caches: conversations use each other's beginnings only within one scope. The speed of an
	// answer tells whether somebody in the scope asked something with the same beginning.
	Scope string

	MaxTokens int // of the answer; 0 means as many as the model reads

	Temperature       float64 // 0 means always the most likely token
	TopK              int     // 0: all
	TopP              float64 // 0 or 1: all
	MinP              float64 // 0: all
	RepetitionPenalty float64 // 0 or 1: none
	Seed              uint64

	Stop       []string // end the answer where one of them begins
	StopTokens []int    // end the answer, besides the model's own
	IgnoreEnd  bool     // go on after the model's own end tokens

	// Logprobs is the number of most likely tokens that are returned with each token. Logprobs are natural logarithms of
	// the model's probabilities before penalties, grammar and temperature. -1 means that not even the token's own logprob
	// is returned.
	Logprobs int
	Grammar  *Grammar // nil means any text

	Mixture Mixture // takes part in the prediction; nil means the model alone
}

// Mixture takes part in the prediction of tokens, for example from texts that the model was not trained on. Its results
// must depend only on its arguments, which it must not change.
type Mixture interface {
	// Next predicts the token after a prompt and the beginning of an answer. It returns its share of the prediction, in
	// 65536ths, the tokens that it expects, each once, and barred tokens, which must not come from the model either.
	Next(prompt, answer []int) (share uint32, next []Count, barred []int)
}

// Count is a token that a mixture expects, with its weight.
type Count struct {
	Token int
	Count uint64
}

// Limits of a request.
const (
	maxStops     = 16
	maxStopBytes = 256
	maxLogprobs  = 20
)

// validate returns an error that says what to change.
func (r *Request) validate(vocabulary, positions int) error {
	part := func(v float64) bool { return v >= 0 && v <= 1 }
	switch {
	case len(r.Prompt) == 0:
		return fmt.Errorf("the prompt has no token: give at least the one that begins a text")
	case len(r.Prompt) >= positions:
		return fmt.Errorf("the prompt has %d tokens and the model reads %d with its answer: shorten it", len(r.Prompt),
			positions)
	case r.MaxTokens < 0:
		return fmt.Errorf("max tokens is %d; give a positive number, or 0 for as many as fit", r.MaxTokens)
	case r.MaxTokens > positions-len(r.Prompt):
		return fmt.Errorf("the prompt has %d tokens and %d more are asked for; the model reads %d: ask for at most %d",
			len(r.Prompt), r.MaxTokens, positions, positions-len(r.Prompt))
	case !(r.Temperature >= 0 && r.Temperature <= 100):
		return fmt.Errorf("temperature is %v; give 0 to 100", r.Temperature)
	case r.TopK < 0:
		return fmt.Errorf("top k is %d; give a positive number, or 0 for all tokens", r.TopK)
	case !part(r.TopP) || !part(r.MinP):
		return fmt.Errorf("top p is %v and min p %v; give 0 to 1", r.TopP, r.MinP)
	case r.RepetitionPenalty != 0 && !(r.RepetitionPenalty >= 0.01 && r.RepetitionPenalty <= 100):
		return fmt.Errorf("repetition penalty is %v; give 0.01 to 100, or 0 for none", r.RepetitionPenalty)
	case len(r.Stop) > maxStops || len(r.StopTokens) > maxStops:
		return fmt.Errorf("%d stop strings and %d stop tokens; give at most %d of each", len(r.Stop), len(r.StopTokens),
			maxStops)
	case r.Logprobs < -1 || r.Logprobs > maxLogprobs:
		return fmt.Errorf("logprobs is %d; give 0 to %d, or -1 for none", r.Logprobs, maxLogprobs)
	}
	for _, stop := range r.Stop {
		if stop == "" || len(stop) > maxStopBytes {
			return fmt.Errorf("a stop string has %d bytes; give 1 to %d", len(stop), maxStopBytes)
		}
	}
	for _, tokens := range [][]int{r.Prompt, r.StopTokens} {
		for _, token := range tokens {
			if token < 0 || token >= vocabulary {
				return fmt.Errorf("token %d is not in the vocabulary of %d: use the model's own tokenizer", token, vocabulary)
			}
		}
	}
	return nil
}

// Finish is the reason for which an answer ended.
type Finish string

const (
	FinishStop   Finish = "stop"   // an end token, a stop string, or the end of what the grammar allows
	FinishLength Finish = "length" // MaxTokens, or the model's context is full
)

// Token is a token of an answer.
type Token struct {
	ID      int
	Logprob float64 // NaN if none was asked for
	Top     []Alternative
}

// Alternative is a token that could have been said.
type Alternative struct {
	ID      int
	Logprob float64
}

// Chunk is a part of an answer. Text holds whole UTF-8 characters; invalid UTF-8 becomes U+FFFD. The text may lag
// behind the tokens, for example where a stop string may have begun. The last chunk has no token.
type Chunk struct {
	Text   string
	Tokens []Token
}

// Result is a whole answer.
type Result struct {
	Text         string
	Tokens       []Token // with the end token, if there was one
	Finish       Finish
	PromptTokens int
	CachedTokens int // tokens of the prompt that were in the prefix cache
}
