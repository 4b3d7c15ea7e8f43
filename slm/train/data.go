package train

import (
	"fmt"
)

// Example is a text to learn from.
type Example struct {
	Tokens []int
	// From is the first token that is learned: those before it, such as a question, are only read. The first token of a
	// text cannot be learned.
	From int
}

// piece is a part of an example that fits into the context: tokens, of which those from from on are learned. Its last
// token is only learned, so that tokens-1 of them go through the model.
type piece struct {
	tokens []int
	from   int
}

func (p piece) rows() int { return len(p.tokens) - 1 }

// learned returns how many tokens are learned.
func (p piece) learned() int { return len(p.tokens) - p.from }

// pieces cuts an example. Pieces overlap by one token, so that every token but the first is learned from.
func (e Example) pieces(context int) []piece {
	var out []piece
	for at := 0; at+1 < len(e.Tokens); at += context {
		end := min(at+context+1, len(e.Tokens))
		p := piece{e.Tokens[at:end], max(1, e.From-at)}
		if p.learned() > 0 {
			out = append(out, p)
		}
	}
	return out
}

// data are pieces to learn from, and to evaluate.
type data struct {
	learn, evaluate []piece
}

func newData(s *Settings, vocabulary int, examples []Example) (*data, error) {
	d := &data{}
	split := newSource(s.Seed, "evaluation")
	for i, e := range examples {
		for _, token := range e.Tokens {
			if token < 0 || token >= vocabulary {
				return nil, fmt.Errorf("example %d has token %d, which is not in the vocabulary of %d: use the model's own "+
					"tokenizer", i, token, vocabulary)
			}
		}
		if e.From < 0 {
			return nil, fmt.Errorf("example %d is learned from token %d on; give 0 or more", i, e.From)
		}
		if split.unit() < s.EvalPart {
			d.evaluate = append(d.evaluate, e.pieces(s.ContextTokens)...)
		} else {
			d.learn = append(d.learn, e.pieces(s.ContextTokens)...)
		}
	}
	if len(d.learn) == 0 {
		return nil, fmt.Errorf("no example has a token to learn: give examples of at least two tokens")
	}
	return d, nil
}

// micro is the pieces of a micro-batch.
type micro []piece

// step is the micro-batches of a step.
type step []micro

// epoch returns the steps of an epoch, in the order that seed and epoch give.
func (d *data) epoch(s *Settings, epoch int) []step {
	order := make([]int, len(d.learn))
	for i := range order {
		order[i] = i
	}
	random := newSource(s.Seed, fmt.Sprint("epoch ", epoch))
	for i := len(order) - 1; i > 0; i-- {
		j := random.below(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	pieces := make([]piece, len(order))
	for i, at := range order {
		pieces[i] = d.learn[at]
	}
	micros := s.micros(pieces)
	var steps []step
	for len(micros) > 0 {
		n := min(s.Accumulation, len(micros))
		steps, micros = append(steps, micros[:n]), micros[n:]
	}
	return steps
}

// micros cuts pieces into micro-batches, in their order.
func (s *Settings) micros(pieces []piece) []micro {
	var micros []micro
	rows := 0
	for i, p := range pieces {
		full := rows+p.rows() > s.BatchTokens
		if !s.Packing {
			full = i%s.BatchTexts == 0
		}
		if full || len(micros) == 0 {
			micros, rows = append(micros, nil), 0
		}
		last := len(micros) - 1
		micros[last] = append(micros[last], p)
		rows += p.rows()
	}
	return micros
}
