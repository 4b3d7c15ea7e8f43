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
	most int // canonical tokens
	send func(piece string) error
	text strings.Builder
	full bool
}

// emit takes the next piece. A client that has gone changes nothing: the answer is finished, kept for when it asks again, and charged.
func (b *bound) emit(piece string) error {
	if b.full || len(poa.TokenIDs([]byte(b.text.String()+piece))) > b.most {
		b.full = true
		return errFull
	}
	b.text.WriteString(piece)
	_ = b.send(piece)
	return nil
}

// cut says that the answer ends before the engine did, with what was passed on of it.
func (b *bound) cut() bool { return b.full && b.text.Len() > 0 }
