package train

import (
	"fmt"
)

// Example is a text to learn from.
type Example struct {
	Tokens []int
	// From is the index of the first learned token. Tokens before it, such as a question, are only read. The first token
	// of a text cannot be learned.
	From int
	// Parts, if there are any, are learned instead: for example, the answers of a conversation. They must be in order.
	Parts []Part
}

// Part is the range of tokens From to To-1 of an example.
type Part struct{ From, To int }

// validate returns an error that says what to change.
func (e Example) validate(vocabulary int) error {
	for _, token := range e.Tokens {
		if token < 0 || token >= vocabulary {
			return fmt.Errorf("token %d is not in the vocabulary of %d: use the model's own tokenizer", token, vocabulary)
		}
	}
	if e.From < 0 {
		return fmt.Errorf("it is learned from token %d on; give 0 or more", e.From)
	}
	at := 0
	for _, p := range e.Parts {
		if p.From < at || p.To <= p.From || p.To > len(e.Tokens) {
			return fmt.Errorf("tokens %d to %d of %d are to be learned, after those up to %d: give parts in their order",
				p.From, p.To, len(e.Tokens), at)
		}
		at = p.To
	}
	return nil
}

// learned reports for each token whether it is learned.
func (e Example) learned() []bool {
	parts := e.Parts
	if len(parts) == 0 {
		parts = []Part{{min(e.From, len(e.Tokens)), len(e.Tokens)}}
	}
	learned := make([]bool, len(e.Tokens))
	for _, p := range parts {
		for i := p.From; i < p.To; i++ {
			learned[i] = i > 0
		}
	}
	return learned
}

// Learned returns the number of learned tokens.
func (e Example) Learned() int {
	n := 0
	for _, learns := range e.learned() {
		if learns {
			n++
		}
	}
	return n
}

// piece is a part of an example that fits into the context. Its last token is only learned, so that tokens-1 of them go
// through the model.
type piece struct {
	tokens []int
	learns []bool // for each token, whether it is learned; the first is not
}

func (p piece) rows() int { return len(p.tokens) - 1 }

// learned returns the number of learned tokens.
func (p piece) learned() int {
	n := 0
	for _, learns := range p.learns[1:] {
		if learns {
			n++
		}
	}
	return n
}

// pieces cuts an example. Pieces overlap by one token, so that every token but the first is learned from.
func (e Example) pieces(context int) []piece {
	var out []piece
	learned := e.learned()
	for at := 0; at+1 < len(e.Tokens); at += context {
		end := min(at+context+1, len(e.Tokens))
		if p := (piece{e.Tokens[at:end], learned[at:end]}); p.learned() > 0 {
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
		if err := e.validate(vocabulary); err != nil {
			return nil, fmt.Errorf("example %d: %w", i, err)
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
