package poa

import "encoding/binary"

// Price is a provider's quotation together with the model's royalty.
type Price struct {
	// InputPer1K and OutputPer1K are the compute price of 1,000 tokens, in aopen.
	InputPer1K, OutputPer1K Amount
	// Royalty is the model's royalty per answer, in aopen.
	Royalty Amount
}

// Compute returns the compute part of a call's fee in aopen, without the royalty:
// ceil(in·InputPer1K / 1000) + ceil(out·OutputPer1K / 1000).
func (p Price) Compute(in, out uint32) (Amount, error) {
	input, err := p.InputPer1K.perThousandRoundedUp(in)
	if err != nil {
		return Amount{}, err
	}
	output, err := p.OutputPer1K.perThousandRoundedUp(out)
	if err != nil {
		return Amount{}, err
	}
	return input.Add(output)
}

// Total returns the whole fee of a call in aopen: Compute plus Royalty.
func (p Price) Total(in, out uint32) (Amount, error) {
	compute, err := p.Compute(in, out)
	if err != nil {
		return Amount{}, err
	}
	return compute.Add(p.Royalty)
}

// Bytes returns InputPer1K ‖ OutputPer1K ‖ Royalty, 16 bytes each.
func (p Price) Bytes() []byte {
	b := make([]byte, 0, 48)
	for _, a := range [...]Amount{p.InputPer1K, p.OutputPer1K, p.Royalty} {
		w := a.Bytes16()
		b = append(b, w[:]...)
	}
	return b
}

// Voucher is the payer's authorisation of all calls of a session up to N. One signature covers them, because Head
// chains every call and every acknowledged outcome.
type Voucher struct {
	// ChainID is the chain's id, which keeps vouchers of a fork or a test network apart.
	ChainID string
	// Session is the session's id.
	Session Hash
	// Provider is the provider's raw address.
	Provider []byte
	// ModelID and ModelVersion name what answers.
	ModelID      uint64
	ModelVersion uint32
	// Price is fixed for the session.
	Price Price
	// N is the number of the last call, from 1.
	N uint64
	// Head is h_N, see NextHash.
	Head Hash
	// CumulativeMax is the sum of the maximum fees of calls 1 … N, in aopen.
	CumulativeMax Amount
}

// SignBytes returns "openledger/voucher/v1" followed by chain id, session, provider, be64 model, be32 version, price,
// be64 N, head and cumulative maximum, each with its length as four bytes big endian before it.
func (v Voucher) SignBytes() []byte {
	limit := v.CumulativeMax.Bytes16()
	b := []byte("openledger/voucher/v1")
	b = appendField(b, []byte(v.ChainID))
	b = appendField(b, v.Session[:])
	b = appendField(b, v.Provider)
	b = appendField(b, binary.BigEndian.AppendUint64(nil, v.ModelID))
	b = appendField(b, binary.BigEndian.AppendUint32(nil, v.ModelVersion))
	b = appendField(b, v.Price.Bytes())
	b = appendField(b, binary.BigEndian.AppendUint64(nil, v.N))
	b = appendField(b, v.Head[:])
	return appendField(b, limit[:])
}

// SignedAnswer is what a provider signs in the last chunk it sends. The client checks that the root is that of the text
// it displayed; a receipt with another outcome is a provable lie.
type SignedAnswer struct {
	// ChainID and Session name the session, N the call.
	ChainID string
	Session Hash
	N       uint64
	Outcome
}

// SignBytes returns "openledger/answer/v1" followed by chain id, session, be64 N, answer root, be32 input tokens, be32
// output tokens and fee, each with its length as four bytes big endian before it.
func (s SignedAnswer) SignBytes() []byte {
	fee := s.Fee.Bytes16()
	b := []byte("openledger/answer/v1")
	b = appendField(b, []byte(s.ChainID))
	b = appendField(b, s.Session[:])
	b = appendField(b, binary.BigEndian.AppendUint64(nil, s.N))
	b = appendField(b, s.AnswerRoot[:])
	b = appendField(b, binary.BigEndian.AppendUint32(nil, s.InputTokens))
	b = appendField(b, binary.BigEndian.AppendUint32(nil, s.OutputTokens))
	return appendField(b, fee[:])
}
