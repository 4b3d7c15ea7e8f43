package gateway

import (
	"errors"
	"strings"

	"github.com/openledger/openledger/poa"
)

// errFull ends an answer that has reached its length.
var errFull = errors.New("the answer has as many tokens as were paid for")

// bound passes on the pieces of an answer while they have no more canonical tokens than the client pays for. An engine
// counts in tokens of its own: without it a long answer would be given and could not be charged.
type bound struct {
	most int // canonical tokens, at least one
	send func(piece string) error
	text strings.Builder
	full bool

	// Tokens before the last one, which the next piece may still change, and where that starts.
	settled, last int
}

// emit takes the next piece, or of the last one what is paid for.
func (b *bound) emit(piece string) error {
	if b.full {
		return errFull
	}
	open := b.text.String()[b.last:] + piece
	tokens := poa.Tokenize([]byte(open))
	if b.full = b.settled+len(tokens) > b.most; b.full {
		end := b.last + tokens[b.most-b.settled-1].End
		piece = open[b.text.Len()-b.last : max(b.text.Len(), end)-b.last]
	}
	if n := len(tokens); n > 0 {
		b.settled, b.last = b.settled+n-1, b.last+tokens[n-1].Start
	}
	if piece != "" {
		b.text.WriteString(piece)
		if err := b.send(piece); err != nil {
			return err
		}
	}
	if b.full {
		return errFull
	}
	return nil
}
