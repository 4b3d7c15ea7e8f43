package types

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"

	collcodec "cosmossdk.io/collections/codec"

	"github.com/openledger/openledger/poa"
)

// CreditsPerChunk is about how many credits of a list are stored in one value: some 4 KB. Larger values save keys (a
// quarter of them some 10 % of the end-block's CPU), and memory pays for it: a tree's cache counts nodes, whatever they
// hold, and keeps what was deleted for long.
const CreditsPerChunk = 256

// AccountCredit is what a batch pays one ledger account, in aopen.
type AccountCredit struct {
	LedgerID    uint64
	Amount      poa.Amount // from fees
	Contributed poa.Amount // the part of Amount that contributions brought
	Bonus       poa.Amount // asked for; all of it is contributed
}

// Chunk is a stored part of a credit list: credits by ledger id, packed. No
// page of the ledger has credits in two chunks of a list.
type Chunk []byte

const (
	creditLength      = 31     // bits 0–4: bytes of the amount, 0 to 16
	creditContributed = 1 << 5 // all of the amount was contributed
	creditPart        = 1 << 6 // a part of the amount was contributed; it follows
	creditBonus       = 1 << 7 // a bonus follows
)

// PackCredits packs credits, sorted by ledger id, in chunks. It returns the
// first ledger id of each.
func PackCredits(credits []AccountCredit) (chunks []Chunk, firsts []uint64) {
	for len(credits) > 0 {
		n := min(len(credits), CreditsPerChunk)
		for n < len(credits) && samePage(credits[n-1], credits[n]) {
			n++
		}
		chunks, firsts = append(chunks, packChunk(credits[:n])), append(firsts, credits[0].LedgerID)
		credits = credits[n:]
	}
	return chunks, firsts
}

func samePage(a, b AccountCredit) bool {
	return a.LedgerID/AccountsPerPage == b.LedgerID/AccountsPerPage
}

func packChunk(credits []AccountCredit) Chunk {
	out := make([]byte, 0, len(credits)*20)
	last := uint64(0)
	for _, credit := range credits {
		out = binary.AppendUvarint(out, credit.LedgerID-last)
		last = credit.LedgerID
		flags := byte(amountLen(credit.Amount))
		switch {
		case credit.Contributed.IsZero():
		case credit.Contributed == credit.Amount:
			flags |= creditContributed
		default:
			flags |= creditPart
		}
		if !credit.Bonus.IsZero() {
			flags |= creditBonus
		}
		out = appendAmount(append(out, flags), credit.Amount)
		if flags&creditPart != 0 {
			out = appendAmount(append(out, byte(amountLen(credit.Contributed))), credit.Contributed)
		}
		if flags&creditBonus != 0 {
			out = appendAmount(append(out, byte(amountLen(credit.Bonus))), credit.Bonus)
		}
	}
	return out
}

// CreditReader reads the credits of a chunk in order.
type CreditReader struct {
	in    reader
	last  uint64
	begun bool
}

// Read returns a reader of the chunk.
func (c Chunk) Read() CreditReader { return CreditReader{in: reader{rest: c}} }

// Done reports whether all credits were read.
func (r *CreditReader) Done() bool { return len(r.in.rest) == 0 }

// Next returns the next credit, or an error when the chunk is broken.
func (r *CreditReader) Next() (AccountCredit, error) {
	delta, n := binary.Uvarint(r.in.rest)
	if n <= 0 || delta == 0 && r.begun || r.last+delta < r.last {
		return AccountCredit{}, fmt.Errorf("credit without a higher ledger id after account %d", r.last)
	}
	r.in.rest, r.begun = r.in.rest[n:], true
	r.last += delta
	flags := r.in.byte()
	credit := AccountCredit{LedgerID: r.last, Amount: r.in.amount(flags & creditLength)}
	if flags&creditContributed != 0 {
		credit.Contributed = credit.Amount
	}
	if flags&creditPart != 0 {
		credit.Contributed = r.in.amount(r.in.byte())
	}
	if flags&creditBonus != 0 {
		credit.Bonus = r.in.amount(r.in.byte())
	}
	if r.in.short {
		return AccountCredit{}, fmt.Errorf("credit of account %d is cut off", r.last)
	}
	return credit, nil
}

// Credits returns all credits of the chunk.
func (c Chunk) Credits() ([]AccountCredit, error) {
	var credits []AccountCredit
	for r := c.Read(); !r.Done(); {
		credit, err := r.Next()
		if err != nil {
			return nil, err
		}
		credits = append(credits, credit)
	}
	return credits, nil
}

// Proto returns the credit as it stands in genesis and answers.
func (c AccountCredit) Proto() Credit {
	return Credit{LedgerId: c.LedgerID, Amount: IntOf(c.Amount), Contributed: IntOf(c.Contributed), Bonus: IntOf(c.Bonus)}
}

// Packed returns the credit in its packed form.
func (c Credit) Packed() (AccountCredit, error) {
	out := AccountCredit{LedgerID: c.LedgerId}
	var err error
	if out.Amount, err = AmountOf(c.Amount); err != nil {
		return out, err
	}
	if out.Contributed, err = AmountOf(c.Contributed); err != nil {
		return out, err
	}
	out.Bonus, err = AmountOf(c.Bonus)
	return out, err
}

// ChunkCodec stores chunks as they are.
type ChunkCodec struct{}

var _ collcodec.ValueCodec[Chunk] = ChunkCodec{}

// Encode implements codec.ValueCodec.
func (ChunkCodec) Encode(chunk Chunk) ([]byte, error) { return chunk, nil }

// Decode implements codec.ValueCodec.
func (ChunkCodec) Decode(b []byte) (Chunk, error) { return b, nil }

// EncodeJSON implements codec.ValueCodec.
func (ChunkCodec) EncodeJSON(chunk Chunk) ([]byte, error) {
	return json.Marshal(hex.EncodeToString(chunk))
}

// DecodeJSON implements codec.ValueCodec.
func (ChunkCodec) DecodeJSON(b []byte) (Chunk, error) {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// Stringify implements codec.ValueCodec.
func (ChunkCodec) Stringify(chunk Chunk) string { return hex.EncodeToString(chunk) }

// ValueType implements codec.ValueCodec.
func (ChunkCodec) ValueType() string { return "openledger/credit-chunk" }

// ChunkOf returns the chunk that holds the first credit on or after a page, or
// the one before it, given the first ledger ids of all chunks.
func ChunkOf(firsts []uint64, page uint64) int {
	// A page is never in two chunks, so that it is in the last one that does
	// not start after it.
	n := sort.Search(len(firsts), func(n int) bool { return firsts[n]/AccountsPerPage > page })
	return max(n-1, 0)
}
