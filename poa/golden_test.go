package poa

import (
	"encoding/hex"
	"fmt"
	"math/rand"
	"testing"
)

func TestGoldenTokens(t *testing.T) {
	type vector struct {
		Text   string   `json:"text_hex"`
		Tokens []string `json:"tokens"`
	}
	var out []vector
	for _, text := range []string{
		"", "Hello, World2x!", "don't stop", "naïve Café", "русский Текст", "日本語とEnglish", "ไทย", "हिन्दी", "한국어", "a😀b",
		"\xff\xe3\x81", "x\xc3", "“quoted”—dash",
	} {
		v := vector{Text: hex.EncodeToString([]byte(text))}
		for _, tok := range Tokenize([]byte(text)) {
			v.Tokens = append(v.Tokens, fmt.Sprintf("%d-%d %016x", tok.Start, tok.End, uint64(tok.ID)))
		}
		out = append(out, v)
	}
	golden(t, "tokenizer", out)
}

func TestGoldenSegments(t *testing.T) {
	f := SegmentFile{Segments: [][]byte{[]byte("This is the first of two segments."), []byte("And this is the second.")}}
	contributor := []byte("contributor-address1")
	golden(t, "segments", map[string]any{
		"file":            hex.EncodeToString(must(f.MarshalBinary())),
		"leaves":          f.Leaves(contributor),
		"root":            f.Root(contributor),
		"statistics_root": f.StatisticsRoot(),
		"commit":          CommitHash(f.Root(contributor), contributor, []byte("salt")),
	})
}

func TestGoldenLog2(t *testing.T) {
	type vector struct {
		X   uint64 `json:"x,string"`
		Q16 uint32 `json:"q16"`
	}
	var out []vector
	for _, x := range []uint64{0, 1, 2, 3, 4, 5, 7, 10, 100, 1000, 65535, 65536, 65537, 1 << 20, 1<<20 + 1, 1999999,
		1<<31 - 1, 1 << 32, 1<<53 + 1, 1<<63 + 1, ^uint64(0)} {
		out = append(out, vector{x, Log2Q16(x)})
	}
	golden(t, "log2", out)
}

func TestGoldenStatistics(t *testing.T) {
	s := ProtocolStatistics()
	bits := map[string]int32{}
	for _, w := range []string{"the", "of", "function", "blockchain", "der", "の", "的", "zyzzyva"} {
		bits[w] = s.Surprisal(TokenIDs([]byte(w))[0])
	}
	golden(t, "statistics", map[string]any{"version": s.Version(), "total": s.Total(), "rows": s.Len(), "root": s.Root(),
		"surprisal_q16": bits})
}

func TestGoldenMerkle(t *testing.T) {
	type vector struct {
		Leaves int    `json:"leaves"`
		Root   Hash   `json:"root"`
		Path   []Hash `json:"path_of_last,omitempty"`
	}
	var out []vector
	for _, n := range []int{0, 1, 2, 3, 5, 8, 13} {
		v := vector{Leaves: n, Root: MerkleRoot(hashesN(n))}
		if n > 0 {
			v.Path = must(MerklePath(hashesN(n), n-1))
		}
		out = append(out, v)
	}
	golden(t, "merkle", out)
}

func TestGoldenMultiproof(t *testing.T) {
	type vector struct {
		Leaves    int      `json:"leaves"`
		Positions []uint32 `json:"positions"`
		Proof     []Hash   `json:"proof"`
	}
	var out []vector
	for _, v := range []vector{{Leaves: 0}, {Leaves: 3}, {Leaves: 1, Positions: []uint32{0}},
		{Leaves: 11, Positions: []uint32{0, 4, 5, 10}}, {Leaves: 16, Positions: []uint32{7, 8}}} {
		v.Proof = must(Multiproof(hashesN(v.Leaves), v.Positions))
		out = append(out, v)
	}
	golden(t, "multiproof", out)
}

func TestGoldenMMR(t *testing.T) {
	type vector struct {
		Range MMR     `json:"range"`
		Root  Hash    `json:"root"`
		Proof MMRPath `json:"proof_of_leaf_0"`
		Bytes string  `json:"proof_bytes"`
	}
	out := []any{map[string]any{"range": MMR{}, "root": MMR{}.Root()}}
	var m MMR
	for n := 1; n <= 11; n++ {
		m.Append(hashN(uint64(n - 1)))
		if n == 1 || n == 6 || n == 11 {
			p := must(MMRProof(hashesN(n), 0))
			out = append(out, vector{m, m.Root(), p, hex.EncodeToString(must(p.MarshalBinary()))})
		}
	}
	golden(t, "mmr", out)
}

func TestGoldenVoucher(t *testing.T) {
	call := Call{QueryHash: hashN(1), MaxFee: Amount{1, 2}}
	outcome := Outcome{hashN(3), 40, 300, NewAmount(900)}
	v := Voucher{"openledger-1", hashN(1), []byte("provider-address-001"), 5, 2,
		Price{NewAmount(100), NewAmount(300), NewAmount(7)}, 4, NextHash(hashN(2), call.Hash(), outcome), NewAmount(5000)}
	golden(t, "voucher", map[string]any{
		"call":    call.Hash(),
		"ack":     AckCall,
		"first":   NextHash(Hash{}, call.Hash(), Outcome{}),
		"next":    v.Head,
		"voucher": hex.EncodeToString(v.SignBytes()),
		"answer":  hex.EncodeToString(SignedAnswer{"openledger-1", hashN(1), 4, outcome}.SignBytes()),
	})
}

func TestGoldenReceipts(t *testing.T) {
	receipts := []Receipt{sampleReceipt(), {Session: 3, N: 8, Gap: true, Call: AckCall}}
	records := []Record{sampleRecord(1), sampleRecord(2), sampleRecord(1)}
	golden(t, "receipts", map[string]any{
		"receipts":   hex.EncodeToString(must(MarshalReceipts(receipts))),
		"commitment": receipts[0].Commitment(),
		"record":     hex.EncodeToString(must(records[0].MarshalBinary())),
		"leaf":       records[0].Leaf(),
		"page":       hex.EncodeToString(PackRecords(records, 4096)[0]),
	})
}

func TestGoldenSpan(t *testing.T) {
	type vector struct {
		Answer      string      `json:"answer"`
		Segments    []string    `json:"segments"`
		Attribution Attribution `json:"attribution"`
		RowsRoot    Hash        `json:"rows_root"`
	}
	first := "A Merkle mountain range is an append only accumulator that keeps the peaks of perfect binary trees of " +
		"decreasing height."
	second := "Keeps the peaks of perfect binary trees of decreasing height, and every new leaf merges equal " +
		"neighbours from the right."
	var out []vector
	for _, answer := range []string{
		"",
		"Nothing of this was ever registered.",
		"As one reads, an append only accumulator that keeps the peaks of perfect binary trees of decreasing height.",
		"It keeps the peaks of perfect binary trees of decreasing height, and every new leaf merges equal neighbours from " +
			"the right side.",
		"An append only accumulator which keeps all the peaks of binary trees of decreasing height and every new leaf " +
			"merges neighbours from the right.",
	} {
		att := must(
			Attribute(Answer{Tokens: TokenIDs([]byte(answer))},
				[]Segment{NewSegment(7, 0, []byte(second)), NewSegment(3, 1, []byte(first))}, ProtocolStatistics()))
		out = append(
			out, vector{answer, []string{"rank 7, index 0: " + second, "rank 3, index 1: " + first}, att, att.Root()})
	}
	golden(t, "span", out)
}

// A whole bundle, and the hash of the results of a large deterministic world.
func TestGoldenEvidence(t *testing.T) {
	key, tokens := [32]byte{1, 2, 3}, TokenIDs([]byte("as one reads "+sentence+" today"))
	f := SegmentFile{Segments: [][]byte{[]byte("the other text of this contribution"), []byte(sentence)}}
	contributor := []byte("contributor-address1")
	att := must(Attribute(Answer{Tokens: tokens}, []Segment{NewSegment(7, 1, []byte(sentence))}, ProtocolStatistics()))
	a, segments, err := BuildEvidence(key, tokens, att, func(rank uint64, index uint32) (SegmentProof, error) {
		return SegmentProof{rank, index, f.Segments[index], must(MerklePath(f.Leaves(contributor), int(index)))}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e := Evidence{segments, []AnswerEvidence{a}}
	rng := rand.New(rand.NewSource(99))
	w := newWorld(t, rng, 8, 4, 80)
	var all []Hash
	for range 20 {
		answer := Answer{Tokens: w.answer(rng, 150)}
		found := must(w.index.Attribute(answer))
		all = append(all, found.Root(), LeafHash(appendEntries(nil, found.Entries)))
	}
	golden(t, "evidence", map[string]any{
		"answer_root":   AnswerRoot(key, tokens),
		"salt_0":        hex.EncodeToString(func() []byte { s := PositionSalt(key, 0); return s[:] }()),
		"leaf_0":        AnswerLeaves(key, tokens)[0],
		"evidence_root": att.Root(),
		"attribution":   att,
		"root":          e.Root(),
		"bytes":         hex.EncodeToString(must(e.MarshalBinary())),
		"work_units":    WorkUnits(e),
		"large_world":   MerkleRoot(all),
	})
}
