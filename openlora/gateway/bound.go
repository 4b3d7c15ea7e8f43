package gateway

import (
	"errors"
	"strings"

	"github.com/openledger/openledger/poa"
)

// errFull ends an answer that has reached its length.
var errFull = errors.New("the answer has as many tokens as were paid for")

// bound passes on the pieces of an answer while they have no more canonical tokens than the client pays for. An engine counts in tokens of
// its own: without it a long answer would be given and could not be charged.
type bound struct {
	most int // canonical tokens, at least one
	send func(piece string) error
	text strings.Builder
	full bool
}

// emit takes the next piece, or of the last one what is paid for.
func (b *bound) emit(piece string) error {
	if b.full {
		return errFull
	}
	whole := b.text.String() + piece
	tokens := poa.Tokenize([]byte(whole))
	if b.full = len(tokens) > b.most; b.full {
		piece = whole[b.text.Len():max(b.text.Len(), tokens[b.most-1].End)]
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
