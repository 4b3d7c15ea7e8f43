package types

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"cosmossdk.io/collections/codec"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
)

const (
	// AccountsPerPage of the ledger. Measured: 32 to 64 cost the least per
	// account at a million accounts.
	AccountsPerPage = 32

	rowSize = 48 // balance, earned and contributed, 16 bytes each, big endian
)

// Row is an account in the ledger, in aopen.
type Row struct {
	Balance     poa.Amount // can be claimed
	Earned      poa.Amount // since the beginning
	Contributed poa.Amount // the part of Earned that contributions brought, bonus included
}

// Page holds the rows of AccountsPerPage neighbouring ledger ids.
type Page [AccountsPerPage]Row

// PageOf returns the page and the row of a ledger id.
func PageOf(id uint64) (page uint64, row int) {
	return id / AccountsPerPage, int(id % AccountsPerPage)
}

// AmountOf converts aopen to the packed form; it fails above 128 bits.
func AmountOf(v math.Int) (poa.Amount, error) { return poa.AmountFromBig(v.BigIntMut()) }

// IntOf converts a packed amount to aopen.
func IntOf(a poa.Amount) math.Int { return math.NewIntFromBigInt(a.Big()) }

// PageCodec stores pages as fixed binary rows.
type PageCodec struct{}

var _ codec.ValueCodec[Page] = PageCodec{}

// Encode implements codec.ValueCodec.
func (PageCodec) Encode(page Page) ([]byte, error) {
	out := make([]byte, 0, AccountsPerPage*rowSize)
	for _, row := range page {
		for _, amount := range []poa.Amount{row.Balance, row.Earned, row.Contributed} {
			packed := amount.Bytes16()
			out = append(out, packed[:]...)
		}
	}
	return out, nil
}

// Decode implements codec.ValueCodec.
func (PageCodec) Decode(b []byte) (Page, error) {
	var page Page
	if len(b) != AccountsPerPage*rowSize {
		return page, fmt.Errorf("ledger page of %d bytes, want %d", len(b), AccountsPerPage*rowSize)
	}
	for i := range page {
		row := b[i*rowSize : (i+1)*rowSize]
		page[i] = Row{Balance: amountFromBytes(row[:16]), Earned: amountFromBytes(row[16:32]), Contributed: amountFromBytes(row[32:])}
	}
	return page, nil
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
func (PageCodec) Stringify(page Page) string { return fmt.Sprint([AccountsPerPage]Row(page)) }

// ValueType implements codec.ValueCodec.
func (PageCodec) ValueType() string { return "openledger/ledger-page" }

func amountFromBytes(b []byte) poa.Amount {
	return poa.Amount{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}
