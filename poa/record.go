package poa

import (
	"encoding/binary"
	"fmt"
)

// Record is a receipt as the chain stores it through the dispute window. With eight entries it takes at most 160 bytes
// as long as ranks stay below 2^28 and amounts below 2^72 aopen.
type Record struct {
	// Session is the session's id, N the call's number in it.
	Session Hash
	N       uint64
	// Commitment is Receipt.Commitment.
	Commitment Hash
	// InputTokens and OutputTokens are the model's tokens that were billed, Fee what was paid in aopen.
	InputTokens, OutputTokens uint32
	Fee                       Amount
	// Entries and UnattributedPPM are those of the receipt; both are empty for a gap.
	Entries         []Entry
	UnattributedPPM uint32
	// Acknowledged tells that the payer signed on after this answer.
	Acknowledged bool
	// ModelID, ModelVersion and Method (MethodSPAN and others) say what answered and how it was attributed.
	ModelID      uint64
	ModelVersion uint32
	Method       uint8
}

// Validate checks order, number and sum of the entries. A record without any weight is that of a gap.
func (r Record) Validate() error {
	if r.isGap() {
		return nil
	}
	if err := validateEntries(r.Entries, r.UnattributedPPM); err != nil {
		return fmt.Errorf("%w: %s", ErrRecord, err.Error())
	}
	if r.Method != MethodLora && hasLora(r.Entries) {
		return fmt.Errorf("%w: entries by influence are those of method %d, the record's is %d", ErrRecord, MethodLora,
			r.Method)
	}
	return nil
}

func (r Record) isGap() bool { return len(r.Entries) == 0 && r.UnattributedPPM == 0 }

// MarshalBinary returns session ‖ body, where the body is
//
//	uvarint N, commitment, uvarint input tokens, uvarint output tokens, amount fee, entries as in a receipt, uvarint
//	unattributed ppm, byte acknowledged (0 or 1), uvarint model, uvarint model version, byte method
func (r Record) MarshalBinary() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return r.packed(), nil
}

func (r Record) packed() []byte {
	b := append(make([]byte, 0, 192), r.Session[:]...)
	return r.appendBody(b)
}

func (r Record) appendBody(b []byte) []byte {
	b = binary.AppendUvarint(b, r.N)
	b = append(b, r.Commitment[:]...)
	b = binary.AppendUvarint(b, uint64(r.InputTokens))
	b = binary.AppendUvarint(b, uint64(r.OutputTokens))
	b = appendAmount(b, r.Fee)
	b = appendEntries(b, r.Entries)
	b = binary.AppendUvarint(b, uint64(r.UnattributedPPM))
	acknowledged := byte(0)
	if r.Acknowledged {
		acknowledged = 1
	}
	b = append(b, acknowledged)
	b = binary.AppendUvarint(b, r.ModelID)
	b = binary.AppendUvarint(b, uint64(r.ModelVersion))
	return append(b, r.Method)
}

// UnmarshalRecord reads the form of MarshalBinary and nothing else.
func UnmarshalRecord(data []byte) (Record, error) {
	r := reader{data: data}
	session := r.hash()
	out := readRecordBody(&r)
	out.Session = session
	if err := r.finish(ErrRecordEncoding); err != nil {
		return Record{}, err
	}
	if err := out.Validate(); err != nil {
		return Record{}, err
	}
	return out, nil
}

func readRecordBody(r *reader) Record {
	out := Record{N: r.uvarint(^uint64(0)), Commitment: r.hash()}
	out.InputTokens = uint32(r.uvarint(1<<32 - 1))
	out.OutputTokens = uint32(r.uvarint(1<<32 - 1))
	out.Fee = r.amount()
	out.Entries = readEntries(r)
	out.UnattributedPPM = uint32(r.uvarint(TotalPPM))
	switch r.byte() {
	case 0:
	case 1:
		out.Acknowledged = true
	default:
		r.failf("acknowledged is neither 0 nor 1")
	}
	out.ModelID = r.uvarint(^uint64(0))
	out.ModelVersion = uint32(r.uvarint(1<<32 - 1))
	out.Method = r.byte()
	return out
}

// Leaf returns the record's leaf in the batch root: LeafHash of its packed form.
func (r Record) Leaf() Hash { return LeafHash(r.packed()) }
