package poa

import (
	"encoding/binary"
	"fmt"
)

// Wire form of receipts: uvarint number, then per receipt
//
//	uvarint session·2 + gap
//	uvarint N
//	gap:      call hash
//	answered: query hash, amount maximum fee, answer root, evidence root, uvarint input tokens, uvarint output tokens,
//	          amount fee, byte number of entries, per entry uvarint rank and uvarint weight; if one of them has something
//	          by influence, the number plus 128, and per entry uvarint LoraPPM, too
//
// An amount is one length byte and the big-endian bytes without leading zeros. The unattributed share and the call hash
// of an answered call are not sent: they follow from the rest.

const minReceiptBytes = 34 // session, number and the call hash of a gap

// MarshalReceipts returns the canonical packing. Every receipt must pass Validate.
func MarshalReceipts(receipts []Receipt) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(receipts)))
	for i, r := range receipts {
		if err := r.Validate(); err != nil {
			return nil, fmt.Errorf("receipt %d: %w", i, err)
		}
		b = appendReceipt(b, r)
	}
	return b, nil
}

func appendReceipt(b []byte, r Receipt) []byte {
	head := uint64(r.Session) << 1
	if r.Gap {
		b = binary.AppendUvarint(b, head|1)
		b = binary.AppendUvarint(b, r.N)
		return append(b, r.Call[:]...)
	}
	b = binary.AppendUvarint(b, head)
	b = binary.AppendUvarint(b, r.N)
	b = append(b, r.QueryHash[:]...)
	b = appendAmount(b, r.MaxFee)
	b = append(b, r.AnswerRoot[:]...)
	b = append(b, r.EvidenceRoot[:]...)
	b = binary.AppendUvarint(b, uint64(r.InputTokens))
	b = binary.AppendUvarint(b, uint64(r.OutputTokens))
	b = appendAmount(b, r.Fee)
	return appendEntries(b, r.Entries)
}

// UnmarshalReceipts reads at most max receipts in canonical packing and nothing else. Receipts it returns pass
// Validate. Malformed bytes are ErrReceiptEncoding, contradictory receipts ErrReceipt, too many ErrOversize.
func UnmarshalReceipts(data []byte, max int) ([]Receipt, error) {
	r := reader{data: data}
	n := r.uvarint(^uint64(0))
	if r.ok() && (max < 0 || n > uint64(max)) {
		return nil, fmt.Errorf("%w: %d receipts, at most %d are allowed; send several batches", ErrOversize, n, max)
	}
	count := r.count(n, n, minReceiptBytes)
	receipts := make([]Receipt, 0, count)
	for i := 0; i < count && r.ok(); i++ {
		receipt := readReceipt(&r)
		if !r.ok() {
			break
		}
		// The call hash was derived, not read.
		if err := receipt.validate(); err != nil {
			return nil, fmt.Errorf("receipt %d: %w", i, err)
		}
		receipts = append(receipts, receipt)
	}
	if err := r.finish(ErrReceiptEncoding); err != nil {
		return nil, err
	}
	return receipts, nil
}

func readReceipt(r *reader) Receipt {
	head := r.uvarint(1<<33 - 1)
	out := Receipt{Session: uint32(head >> 1), Gap: head&1 == 1, N: r.uvarint(^uint64(0))}
	if out.Gap {
		out.Call = r.hash()
		return out
	}
	out.QueryHash = r.hash()
	out.MaxFee = r.amount()
	out.AnswerRoot = r.hash()
	out.EvidenceRoot = r.hash()
	out.InputTokens = uint32(r.uvarint(MaxCallTokens))
	out.OutputTokens = uint32(r.uvarint(MaxCallTokens))
	out.Fee = r.amount()
	out.Entries = readEntries(r)
	sum := uint32(0) // at most MaxEntries · TotalPPM
	for _, e := range out.Entries {
		sum += e.WeightPPM
	}
	if sum > TotalPPM {
		r.failf("weights sum to %d ppm, above %d", sum, TotalPPM)
		return out
	}
	out.UnattributedPPM = TotalPPM - sum
	out.Call = out.CallHash()
	return out
}

// loraEntries is added to the number of entries if one of them has a part by influence.
const loraEntries = 128

// appendEntries appends the number of entries as one byte and each entry as two uvarints, or three. Entries above
// MaxEntries cannot pass validation; those above 127 are cut off.
func appendEntries(b []byte, entries []Entry) []byte {
	entries = entries[:min(len(entries), loraEntries-1)]
	number, lora := byte(len(entries)), hasLora(entries)
	if lora {
		number += loraEntries
	}
	b = append(b, number)
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.Rank)
		b = binary.AppendUvarint(b, uint64(e.WeightPPM))
		if lora {
			b = binary.AppendUvarint(b, uint64(e.LoraPPM))
		}
	}
	return b
}

func readEntries(r *reader) []Entry {
	number := r.byte()
	lora := number >= loraEntries
	if lora {
		number -= loraEntries
	}
	n := r.count(uint64(number), MaxEntries, 2)
	if n == 0 {
		if lora {
			r.failf("entries by influence of which there is none")
		}
		return nil
	}
	entries := make([]Entry, n)
	for i := range entries {
		entries[i].Rank = r.uvarint(^uint64(0))
		entries[i].WeightPPM = uint32(r.uvarint(TotalPPM))
		if lora {
			entries[i].LoraPPM = uint32(r.uvarint(TotalPPM))
		}
	}
	if lora && !hasLora(entries) {
		r.failf("entries by influence of which none has anything")
	}
	return entries
}
