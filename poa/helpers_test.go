package poa

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden vectors in testdata")

// golden compares v, as JSON, with testdata/name.json.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the golden vector: this is a new version of the rule, not a correction\n%s", path, got)
	}
}

func hashN(n uint64) Hash { return LeafHash(fmt.Append(nil, n)) }

func hashesN(n int) []Hash {
	out := make([]Hash, n)
	for i := range out {
		out[i] = hashN(uint64(i))
	}
	return out
}

// flat returns statistics in which tokens 0 … 999 weigh about 4 bits and all others 12.
func flat(t testing.TB) *Statistics {
	t.Helper()
	rows := make([]TokenCount, 1000)
	for i := range rows {
		rows[i] = TokenCount{ID: TokenID(i), DF: 1 << 16}
	}
	s, err := NewStatistics(7, 1<<20, rows)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const rare = 1 << 40 // tokens from here weigh 12 bits

// seq returns n distinct rare tokens starting at from.
func seq(from, n int) []TokenID {
	out := make([]TokenID, n)
	for i := range out {
		out[i] = TokenID(rare) + TokenID(from+i)
	}
	return out
}

func join(parts ...[]TokenID) []TokenID {
	var out []TokenID
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// prose writes n words in which two of five are common.
func prose(rng *rand.Rand, n int) []byte {
	common := strings.Split("the of and to in is that for it with as on be by this are from or an which", " ")
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		if rng.Intn(5) < 2 {
			b.WriteString(common[rng.Intn(len(common))])
		} else {
			fmt.Fprintf(&b, "w%d", rng.Intn(20_000))
		}
	}
	return []byte(b.String())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is a registry of contributions with an index, as a provider and a verifier have it.
type world struct {
	files         []SegmentFile // by rank
	contributions []Contribution
	index         *Index
	// stopped answers for stopped segments; nil for none.
	stopped func(receipt int, rank uint64, segment uint32) (to uint64, stopped bool)
}

func newWorld(t testing.TB, rng *rand.Rand, contributions, segments, words int) *world {
	t.Helper()
	w := &world{index: NewIndex(ProtocolStatistics())}
	for rank := range contributions {
		var f SegmentFile
		for range segments {
			f.Segments = append(f.Segments, prose(rng, words))
		}
		w.publish(t, rank, f)
	}
	return w
}

func (w *world) publish(t testing.TB, rank int, f SegmentFile) {
	t.Helper()
	contributor := fmt.Appendf(nil, "contributor-%d", rank)
	w.files = append(w.files, f)
	w.contributions = append(w.contributions,
		Contribution{Root: f.Root(contributor), Contributor: contributor, Segments: uint32(len(f.Segments))})
	for i, s := range f.Segments {
		if err := w.index.Add(Segment{Rank: uint64(rank), Index: uint32(i), Tokens: TokenIDs(s)}); err != nil {
			t.Fatal(err)
		}
	}
}

// Contribution implements ContributionSource.
func (w *world) Contribution(rank uint64) (Contribution, error) {
	if rank >= uint64(len(w.contributions)) {
		return Contribution{}, fmt.Errorf("rank %d is unknown", rank)
	}
	return w.contributions[rank], nil
}

// Stopped implements ContributionSource.
func (w *world) Stopped(receipt int, rank uint64, segment uint32) (bool, uint64, error) {
	if w.stopped == nil {
		return false, 0, nil
	}
	to, stopped := w.stopped(receipt, rank, segment)
	return stopped, to, nil
}

func (w *world) proof(rank uint64, index uint32) (SegmentProof, error) {
	c, err := w.Contribution(rank)
	if err != nil {
		return SegmentProof{}, err
	}
	path, err := MerklePath(w.files[rank].Leaves(c.Contributor), int(index))
	if err != nil {
		return SegmentProof{}, err
	}
	return SegmentProof{Rank: rank, Index: index, Content: w.files[rank].Segments[index], Path: path}, nil
}

// answer quotes chunks of random segments with filler between them.
func (w *world) answer(rng *rand.Rand, words int) []TokenID {
	var out []TokenID
	for len(out) < words {
		out = append(out, TokenIDs(prose(rng, 4+rng.Intn(10)))...)
		f := w.files[rng.Intn(len(w.files))]
		s := TokenIDs(f.Segments[rng.Intn(len(f.Segments))])
		n := min(12+rng.Intn(14), len(s))
		from := rng.Intn(len(s) - n + 1)
		out = append(out, s[from:from+n]...)
	}
	return out[:words]
}

// batch is a set of receipts with their evidence.
type batch struct {
	receipts []Receipt
	evidence Evidence
	answers  [][]TokenID
	keys     [][32]byte
}

func (w *world) batch(t testing.TB, rng *rand.Rand, answers, words int) batch {
	t.Helper()
	var out batch
	var b EvidenceBuilder
	for i := range answers {
		tokens := w.answer(rng, words)
		key := [32]byte{byte(i), 1}
		att := must(w.index.Attribute(Answer{Tokens: tokens}))
		if err := b.Add(key, tokens, att, w.proof); err != nil {
			t.Fatal(err)
		}
		out.receipts = append(out.receipts, receiptFor(uint64(2*i+1), AnswerRoot(key, tokens), att))
		out.receipts = append(out.receipts, Receipt{N: uint64(2*i + 2), Gap: true, Call: AckCall})
		out.answers = append(out.answers, tokens)
		out.keys = append(out.keys, key)
	}
	out.evidence = b.Evidence()
	return out
}

func receiptFor(n uint64, root Hash, att Attribution) Receipt {
	r := Receipt{
		N: n, QueryHash: hashN(n), MaxFee: NewAmount(1_000_000), AnswerRoot: root, EvidenceRoot: att.Root(),
		InputTokens: 40, OutputTokens: 300, Fee: NewAmount(900_000), Entries: att.Entries,
		UnattributedPPM: att.UnattributedPPM,
	}
	r.Call = r.CallHash()
	return r
}

// Standing implements ContributionSource by what Stopped says.
func (w *world) Standing(receipt int, rank uint64) (Standing, error) {
	c, err := w.Contribution(rank)
	if err != nil {
		return Standing{}, nil
	}
	s := Standing{Segments: c.Segments}
	for i := range c.Segments {
		if stopped, _, _ := w.Stopped(receipt, rank, i); stopped {
			s.Stopped++
		}
	}
	return s, nil
}
