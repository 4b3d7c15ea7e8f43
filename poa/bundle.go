package poa

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	// MaxBundleBytes is the largest encoded bundle.
	MaxBundleBytes = 2 * MaxEvidenceBytes

	bundleMagic = "OLBDL1\n"
)

// Bundle is what attestors need of a batch beside the chain: the receipts as the provider made them and their evidence.
// It is addressed by Evidence.Root; the receipts are those that the batch's records commit to.
type Bundle struct {
	Receipts []Receipt
	Evidence Evidence
}

// MarshalBundle joins canonical encodings of receipts and evidence: the magic, the uvarint length of the receipts,
// receipts, evidence.
func MarshalBundle(receipts, evidence []byte) ([]byte, error) {
	b := binary.AppendUvarint([]byte(bundleMagic), uint64(len(receipts)))
	b = append(append(b, receipts...), evidence...)
	if len(b) > MaxBundleBytes {
		return nil, fmt.Errorf("%w: bundle of %d bytes, at most %d are allowed; send fewer receipts per batch", ErrOversize,
			len(b), MaxBundleBytes)
	}
	return b, nil
}

// UnmarshalBundle reads a bundle of at most maxReceipts and nothing else. Above MaxBundleBytes it returns ErrOversize,
// for other faults ErrEvidenceEncoding or the errors of UnmarshalReceipts.
func UnmarshalBundle(data []byte, maxReceipts int) (Bundle, error) {
	if len(data) > MaxBundleBytes {
		return Bundle{}, fmt.Errorf("%w: bundle of %d bytes, at most %d are allowed", ErrOversize, len(data), MaxBundleBytes)
	}
	rest, ok := bytes.CutPrefix(data, []byte(bundleMagic))
	if !ok {
		return Bundle{}, fmt.Errorf("%w: the bytes do not start with %q", ErrEvidenceEncoding, bundleMagic)
	}
	length, n := binary.Uvarint(rest)
	if n <= 0 || n > 1 && rest[n-1] == 0 || length > uint64(len(rest)-n) {
		return Bundle{}, fmt.Errorf("%w: the length of the receipts is wrong", ErrEvidenceEncoding)
	}
	receipts, evidence := rest[n:n+int(length)], rest[n+int(length):]
	var b Bundle
	var err error
	if b.Receipts, err = UnmarshalReceipts(receipts, maxReceipts); err != nil {
		return Bundle{}, err
	}
	b.Evidence, err = UnmarshalEvidence(evidence)
	return b, err
}

// MaxBundleSize returns how large the bundle of receipts can be at most, which fills so many bytes when it is packed.
// No answer opens more than its tokens, and no segment that owns none of them is listed.
func MaxBundleSize(receipts []Receipt, packed int) uint64 {
	const (
		uvarint = binary.MaxVarintLen32
		opening = uvarint + 1 + maxWord + len(Salt{}) + len(Hash{}) // and a hash of the multiproof
		segment = 2*binary.MaxVarintLen64 + uvarint + MaxSegmentBytes + 1 + MaxPathLength*len(Hash{}) + 2*uvarint
		fixed   = 64
	)
	size := uint64(len(bundleMagic)+len(evidenceMagic)+fixed) + uint64(packed)
	for i := range receipts {
		if r := &receipts[i]; !r.Gap {
			size += fixed + SketchBytes + min(uint64(r.OutputTokens), MaxAnswerTokens)*uint64(opening+segment)
		}
	}
	return min(size, MaxBundleBytes)
}

// Work returns what VerifyHeld spends on the bundle, for a provider to announce.
func (b Bundle) Work(src ContributionSource, stats *Statistics, index func(receipt int) (*Index, error),
	influence InfluenceSource) (uint64, error) {
	var work Work
	err := work.VerifyHeld(b.Receipts, b.Evidence, src, stats, index, influence)
	return work.Spent(), err
}

// Matches returns nil if this is the bundle of a batch: its evidence has the batch's root and its receipts are those of
// the records, in order. Otherwise it returns ErrBundle, which says nothing about the batch: somebody served other
// bytes.
func (b Bundle) Matches(root Hash, records []Record) error {
	if got := b.Evidence.Root(); got != root {
		return fmt.Errorf("%w: its root is %s, the batch says %s", ErrBundle, got, root)
	}
	next := 0
	for i, r := range b.Receipts {
		if r.Gap {
			continue
		}
		if next == len(records) || !r.recordedAs(records[next]) {
			return fmt.Errorf("%w: receipt %d is not the one that the batch records", ErrBundle, i)
		}
		next++
	}
	if next != len(records) {
		return fmt.Errorf("%w: %d receipts for %d records", ErrBundle, next, len(records))
	}
	return nil
}

// recordedAs reports whether a record is that of the receipt. The commitment covers query, answer and evidence, and
// what was billed and paid stands in both.
func (r Receipt) recordedAs(record Record) bool {
	same := r.N == record.N && r.Commitment() == record.Commitment && r.InputTokens == record.InputTokens &&
		r.OutputTokens == record.OutputTokens && r.Fee == record.Fee && r.UnattributedPPM == record.UnattributedPPM &&
		len(r.Entries) == len(record.Entries)
	for i := 0; same && i < len(r.Entries); i++ {
		same = r.Entries[i] == record.Entries[i]
	}
	return same
}
