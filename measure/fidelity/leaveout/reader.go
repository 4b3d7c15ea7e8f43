// Package leaveout measures whether a small language model can tell where the sentence of an answer comes from: how
// many bits fewer the sentence takes if the model reads a passage before it than if it reads another passage, or none.
package leaveout

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/influence"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/ngram"
)

// Prediction is a way to predict the next token of a sentence.
type Prediction int

// The predictions. Ngrams and Words mix the model with the passage; without a passage they are the model.
const (
	Alone  Prediction = iota // the model
	Ngrams                   // what followed the last tokens in the passage, as the embedded engine has it
	Words                    // one of the tokens of the passage, with the probability wordShare
	predictions
)

// Predictions lists all.
var Predictions = []Prediction{Alone, Ngrams, Words}

// String names the prediction.
func (p Prediction) String() string {
	return [...]string{"the model", "the model and n-grams of the passage", "the model and words of the passage"}[p]
}

// wordShare is the share of the passage in Words.
const wordShare = .2

// Bits are what a sentence takes, by prediction.
type Bits [predictions]float64

// Reader predicts sentences. It is not safe for concurrent use.
type Reader struct {
	model *chat.Model
	ships bool

	// Tokens is the number of tokens that it has read, and Pairs the number of sentences that it has read, each time
	// with one passage or none.
	Tokens, Pairs int
}

// Open opens the base that ships if path is empty, or else a Hugging Face folder or a GGUF file.
func Open(path string) (*Reader, error) {
	options := chat.Options{Threads: 1}
	if path == "" {
		m, err := chat.Base(options)
		return &Reader{model: m, ships: true}, err
	}
	m, err := chat.Open(path, options)
	return &Reader{model: m}, err
}

// Close closes the model.
func (r *Reader) Close() error { return r.model.Close() }

// Name of the model.
func (r *Reader) Name() string { return r.model.Name }

// encode returns the tokens of sentences that follow each other. The space between two of them belongs to the second
// one, as models have it.
func (r *Reader) encode(sentences []string) [][]int {
	out := make([][]int, len(sentences))
	space := ""
	for i, text := range sentences {
		trimmed := strings.TrimRight(text, " \n\t")
		out[i] = r.model.Tokenizer.Encode(space + trimmed)
		space = text[len(trimmed):]
	}
	return out
}

// prompt returns the prompt of a question, in the form that the embedded engine gives it, with a passage or with none
// if it is empty. An answer without a question has none.
func (r *Reader) prompt(question, passage string) ([]int, error) {
	request := engine.Request{}
	if question != "" {
		request.Messages = []api.Message{{Role: "user", Content: question}}
	}
	switch {
	case passage == "":
	case r.ships:
		request.Messages = append([]api.Message{{Role: "system", Content: passage}}, request.Messages...)
	default:
		request.Passages = [][]byte{[]byte(passage)}
		request.Messages = request.WithSources()
	}
	messages := make([]chat.Message, len(request.Messages))
	for i, m := range request.Messages {
		messages[i] = chat.Message{Role: m.Role, Content: m.Content}
	}
	return r.model.PromptAt(context.Background(), messages, influence.Now)
}

// pieces cuts a passage that takes more than half of what the model reads into pieces that overlap by half.
func (r *Reader) pieces(passage string) []string {
	tokens, most := len(r.model.Tokenizer.Encode(passage)), r.model.Positions()/2
	if tokens <= most {
		return []string{passage}
	}
	words := strings.SplitAfter(passage, " ")
	size := max(1, len(words)*most/tokens)
	var out []string
	for from := 0; ; from += max(1, size/2) {
		out = append(out, strings.Join(words[from:min(from+size, len(words))], ""))
		if from+size >= len(words) {
			return out
		}
	}
}

// Read returns what the wanted sentences of an answer take after a passage, or after none if it is empty. They are
// given by their numbers, in order. Of a passage that is cut into pieces, a sentence has the piece that helps it most.
func (r *Reader) Read(question, passage string, sentences []string, wanted []int) ([]Bits, error) {
	answer := r.encode(sentences)
	out := make([]Bits, len(wanted))
	r.Pairs += len(wanted)
	for n, piece := range r.pieces(passage) {
		bits, err := r.read(question, piece, answer, wanted)
		if err != nil {
			return nil, err
		}
		for i := range out {
			for p := range out[i] {
				if n == 0 || bits[i][p] < out[i][p] {
					out[i][p] = bits[i][p]
				}
			}
		}
	}
	return out, nil
}

// context is the largest number of tokens of the answer that are read before a sentence, in parts of what the model
// reads: one in so many.
const contextPart = 8

func (r *Reader) read(question, piece string, answer [][]int, wanted []int) ([]Bits, error) {
	prompt, err := r.prompt(question, piece)
	if err != nil {
		return nil, err
	}
	positions := r.model.Positions()
	if len(prompt) > positions*3/4 { // a long question loses its end
		prompt = prompt[:positions*3/4]
	}
	from := &mixed{prompt: prompt}
	if piece != "" {
		tokens := r.model.Tokenizer.Encode(piece)
		end, _ := r.model.Tokenizer.ID(r.model.Tokenizer.EOS)
		from.ngrams = &ngram.Source{Index: ngram.New([][]int{tokens}), End: end}
		from.words = map[int]float64{}
		for _, t := range tokens {
			from.words[t] += 1 / float64(len(tokens))
		}
	}
	starts := []int{0}
	for _, tokens := range answer {
		from.answer = append(from.answer, tokens...)
		starts = append(starts, len(from.answer))
	}
	room := positions - len(prompt)
	out := make([]Bits, len(wanted))
	for at := 0; at < len(wanted); {
		// One pass reads as many sentences as fit.
		first := starts[wanted[at]]
		begin := max(0, first-min(positions/contextPart, room/2))
		until := at + 1
		for until < len(wanted) && starts[wanted[until]+1]-begin <= room {
			until++
		}
		end := min(starts[wanted[until-1]+1], begin+room) // a long sentence loses its end
		logits, err := r.logits(prompt, from.answer[begin:end])
		if err != nil {
			return nil, err
		}
		for i := at; i < until; i++ {
			for t := starts[wanted[i]]; t < min(starts[wanted[i]+1], end); t++ {
				from.add(&out[i], t, logits.Row(t-begin))
			}
		}
		at = until
	}
	return out, nil
}

// logits returns those of the tokens of a continuation of a prompt, each before it is read.
func (r *Reader) logits(prompt, continuation []int) (kernel.Matrix, error) {
	tokens := append(slices.Clone(prompt), continuation...)
	tokens = tokens[:len(tokens)-1]
	var wanted []int
	for i := range continuation {
		wanted = append(wanted, len(prompt)-1+i)
	}
	r.Tokens += len(tokens)
	m := r.model.Model
	out, err := m.Forward([]model.Sequence{{Cache: m.NewCache(), Tokens: tokens, Positions: wanted}})
	if err != nil {
		return out, fmt.Errorf("%s: %w", r.Name(), err)
	}
	return out, nil
}

// mixed are the predictions of an answer's tokens.
type mixed struct {
	prompt, answer []int
	ngrams         *ngram.Source   // nil without a passage
	words          map[int]float64 // the share of each token in the passage
}

// add adds what a token of the answer takes.
func (x *mixed) add(bits *Bits, at int, logits []float32) {
	token := x.answer[at]
	own := probability(logits, token)
	p := [predictions]float64{own, own, own}
	if x.ngrams != nil {
		share, next, _ := x.ngrams.Next(x.prompt, x.answer[:at])
		if share > 0 {
			var all, hits uint64
			for _, c := range next {
				if all += c.Count; c.Token == token {
					hits += c.Count
				}
			}
			s := float64(share) / 65536
			p[Ngrams] = (1-s)*own + s*float64(hits)/float64(all)
		}
		p[Words] = (1-wordShare)*own + wordShare*x.words[token]
	}
	for i := range p {
		bits[i] -= math.Log2(p[i])
	}
}

// probability returns the probability of a token, at least a millionth of a millionth.
func probability(logits []float32, token int) float64 {
	most := slices.Max(logits)
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v - most))
	}
	return max(1e-12, math.Exp(float64(logits[token]-most))/sum)
}
