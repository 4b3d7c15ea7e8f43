package types

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"cosmossdk.io/collections/codec"

	"github.com/openledger/openledger/poa"
)

// AccountsPerPage of the ledger. With packed rows a page of 64 has about 1 kB:
// more would rewrite more than it saves in nodes of the tree.
const AccountsPerPage = 64

// Row is an account in the ledger, in aopen.
type Row struct {
	Balance     poa.Amount // can be claimed
	Earned      poa.Amount // since the beginning
	Contributed poa.Amount // the part of Earned that contributions brought, bonus included
	Threshold   bool       // the account has chosen its own payout threshold
}

// Page holds the rows of AccountsPerPage neighbouring ledger ids.
type Page struct {
	Rows [AccountsPerPage]Row
	Due  bool // in the set of pages that automatic payout visits
}

// PageOf returns the page and the row of a ledger id.
func PageOf(id uint64) (page uint64, row int) {
	return id / AccountsPerPage, int(id % AccountsPerPage)
}

// PageCodec stores pages as bytes: flags of the page, then its rows. A row is
// flags ‖ balance [‖ length ‖ earned] [‖ length ‖ contributed], amounts big
// endian without leading zeros. The flags hold the length of the balance; what
// equals the amount before it is left out. Most rows are of contributors who
// were never paid out, or always at once, and take about half of fixed rows;
// bytes written are what settlement costs most.
type PageCodec struct{}

var _ codec.ValueCodec[Page] = PageCodec{}

const (
	pageDue = 1 << 0

	rowLength      = 31     // bits 0–4: bytes of the balance, 0 to 16
	rowThreshold   = 1 << 5 // a threshold was chosen
	rowEarned      = 1 << 6 // earned follows: it is not the balance
	rowContributed = 1 << 7 // contributed follows: it is not what was earned
)

// Encode implements codec.ValueCodec.
func (PageCodec) Encode(page Page) ([]byte, error) {
	out := make([]byte, 1, 1+AccountsPerPage*20)
	if page.Due {
		out[0] = pageDue
	}
	for i := range page.Rows {
		out = page.Rows[i].append(out)
	}
	return out, nil
}

func (r *Row) append(out []byte) []byte {
	flags := byte(amountLen(r.Balance))
	if r.Threshold {
		flags |= rowThreshold
	}
	if r.Earned != r.Balance {
		flags |= rowEarned
	}
	if r.Contributed != r.Earned {
		flags |= rowContributed
	}
	out = appendAmount(append(out, flags), r.Balance)
	if flags&rowEarned != 0 {
		out = appendAmount(append(out, byte(amountLen(r.Earned))), r.Earned)
	}
	if flags&rowContributed != 0 {
		out = appendAmount(append(out, byte(amountLen(r.Contributed))), r.Contributed)
	}
	return out
}

// Decode implements codec.ValueCodec.
func (PageCodec) Decode(b []byte) (Page, error) {
	var page Page
	if len(b) == 0 || b[0]&^pageDue != 0 {
		return page, fmt.Errorf("ledger page of %d bytes with unknown flags", len(b))
	}
	page.Due = b[0]&pageDue != 0
	in := reader{rest: b[1:]}
	for i := range page.Rows {
		row := &page.Rows[i]
		flags := in.byte()
		row.Threshold = flags&rowThreshold != 0
		row.Balance = in.amount(flags & rowLength)
		row.Earned = row.Balance
		if flags&rowEarned != 0 {
			row.Earned = in.amount(in.byte())
		}
		row.Contributed = row.Earned
		if flags&rowContributed != 0 {
			row.Contributed = in.amount(in.byte())
		}
	}
	if in.short || len(in.rest) != 0 {
		return Page{}, fmt.Errorf("ledger page of %d bytes does not hold %d rows", len(b), AccountsPerPage)
	}
	return page, nil
}

// reader takes packed values from the front of bytes. After the end it gives
// zeros and says so.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.short = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) amount(n byte) poa.Amount {
	if n > 16 || int(n) > len(r.rest) {
		r.short = true
		return poa.Amount{}
	}
	a := readAmount(r.rest[:n])
	r.rest = r.rest[n:]
	return a
}

// EncodeJSON implements codec.ValueCodec.
func (c PageCodec) EncodeJSON(page Page) ([]byte, error) {
	b, err := c.Encode(page)
	if err != nil {
		return nil, err
	}
	return json.Marshal(hex.EncodeToString(b))
}

// DecodeJSON implements codec.ValueCodec.
func (c PageCodec) DecodeJSON(b []byte) (Page, error) {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return Page{}, err
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return Page{}, err
	}
	return c.Decode(raw)
}

// Stringify implements codec.ValueCodec.
func (PageCodec) Stringify(page Page) string { return fmt.Sprint(page) }

// ValueType implements codec.ValueCodec.
func (PageCodec) ValueType() string { return "openledger/ledger-page" }
