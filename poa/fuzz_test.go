package poa

import (
	"bytes"
	"testing"
)

func FuzzTokenize(f *testing.F) {
	for _, s := range []string{"", "Hello, World", "日本語 ไทย", "\xe3", "\xf0\x9f\x98", "a\xffb", "\xe0\xb8\xb9", sentence} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkTokens(t, text)
		checkClean(t, text)
		_ = CheckSegment(text, SegmentRules{})
		tokens, err := checkSegment(NormVersion, text, SegmentRules{AllowFewStopWords: true}, NormVersion)
		if err == nil && len(tokens) != countTokens(text) {
			t.Fatal("segment has other tokens")
		}
	})
}

func FuzzParseSegmentFile(f *testing.F) {
	f.Add([]byte(segmentFileMagic + "\x01\x01a"))
	f.Add(must(SegmentFile{Segments: [][]byte{[]byte(sentence), []byte("x")}}.MarshalBinary()))
	f.Add([]byte(segmentFileMagic + "\xff\xff\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseSegmentFile(data)
		if err == nil && !bytes.Equal(must(file.MarshalBinary()), data) {
			t.Fatal("not canonical")
		}
	})
}

func FuzzUnmarshalReceipts(f *testing.F) {
	f.Add([]byte{0})
	f.Add(must(MarshalReceipts([]Receipt{sampleReceipt(), {N: 1, Gap: true, Call: AckCall}})))
	byInfluence := sampleReceipt()
	byInfluence.Entries[0].LoraPPM = 7
	f.Add(must(MarshalReceipts([]Receipt{byInfluence})))
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		receipts, err := UnmarshalReceipts(data, 1000)
		if err == nil && !bytes.Equal(must(MarshalReceipts(receipts)), data) {
			t.Fatal("not canonical")
		}
	})
}

func FuzzUnmarshalRecord(f *testing.F) {
	f.Add(must(sampleRecord(1).MarshalBinary()))
	f.Add(must(Record{N: 1}.MarshalBinary()))
	f.Add(PackRecords([]Record{sampleRecord(1), sampleRecord(2)}, 4096)[0])
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := UnmarshalRecord(data)
		if err == nil && !bytes.Equal(must(record.MarshalBinary()), data) {
			t.Fatal("record is not canonical")
		}
		records, err := UnpackRecords(data)
		if err == nil {
			if pages := PackRecords(records, len(data)); len(pages) != 1 || !bytes.Equal(pages[0], data) {
				t.Fatal("page is not canonical")
			}
		}
		var path MMRPath
		if path.UnmarshalBinary(data) == nil && !bytes.Equal(must(path.MarshalBinary()), data) {
			t.Fatal("path is not canonical")
		}
	})
}

func FuzzUnmarshalEvidence(f *testing.F) {
	w, b := scenario(f, 21)
	f.Add([]byte(evidenceMagic + "\x00\x00"))
	f.Add(must(b.evidence.MarshalBinary()))
	f.Add(must(Evidence{Answers: []AnswerEvidence{{Count: 5, Proof: hashesN(1)}}}.MarshalBinary()))
	asks := AnswerEvidence{Count: 5, Proof: hashesN(1), Query: &LoraQuery{Sketch{Exponent: -1}}}
	f.Add(must(Evidence{Answers: []AnswerEvidence{asks}}.MarshalBinary()))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := UnmarshalEvidence(data)
		if err != nil {
			return
		}
		if !bytes.Equal(must(e.MarshalBinary()), data) {
			t.Fatal("not canonical")
		}
		if WorkUnits(e) < 1<<28 {
			err := VerifyEvidence(b.receipts, e, w, ProtocolStatistics())
			if err == nil && e.Root() != b.evidence.Root() {
				t.Fatal("other evidence verifies")
			}
		}
	})
}

func FuzzUnmarshalDispute(f *testing.F) {
	for _, d := range allDisputes(f) {
		f.Add(must(d.MarshalBinary()))
	}
	l := newLiar(f, 26)
	c := l.claim()
	lora := newLoraLiar(f, 3)
	honest := lora.claim()
	for _, d := range lora.all() {
		f.Add(must(d.MarshalBinary()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := UnmarshalDispute(data)
		if err != nil {
			return
		}
		if !bytes.Equal(must(d.MarshalBinary()), data) {
			t.Fatal("not canonical")
		}
		d.QueryHash, d.AnswerRoot, d.EvidenceRoot = c.QueryHash, c.AnswerRoot, c.EvidenceRoot
		if losses, err := d.Verify(c.Record, c.Bundle, nil, l.w, ProtocolStatistics()); err == nil && d.WrongAnswer == nil {
			t.Fatalf("an honest provider is convicted: %v", losses)
		}
		d.QueryHash, d.AnswerRoot, d.EvidenceRoot = honest.QueryHash, honest.AnswerRoot, honest.EvidenceRoot
		if losses, err := d.Verify(honest.Record, honest.Bundle, honest.Training, lora.w, ProtocolStatistics()); err == nil &&
			d.WrongAnswer == nil {
			t.Fatalf("an honest provider is convicted: %v", losses)
		}
	})
}
