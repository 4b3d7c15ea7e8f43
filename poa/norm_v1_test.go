package poa

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// frozen compares v, as JSON, with testdata/v1/name.json, which nothing rewrites: these are the vectors of version 1.
func frozen(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "v1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(got, '\n'), want) {
		t.Errorf("version 1 of %s has changed:\n%s", name, got)
	}
}

func idsV1(text string) []TokenID {
	var ids []TokenID
	for _, tok := range TokenizeNorm(NormVersion1, []byte(text)) {
		ids = append(ids, tok.ID)
	}
	return ids
}

func segmentV1(rank uint64, index uint32, text string) Segment {
	return newSegment(NormVersion1, rank, index, []byte(text))
}

// sentenceV1 stands in the vectors.
const sentenceV1 = "this is the text of a segment, which has all that it needs to be accepted"

func TestVersion1Tokens(t *testing.T) {
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
		for _, tok := range TokenizeNorm(NormVersion1, []byte(text)) {
			v.Tokens = append(v.Tokens, fmt.Sprintf("%d-%d %016x", tok.Start, tok.End, uint64(tok.ID)))
		}
		out = append(out, v)
	}
	frozen(t, "tokenizer", out)
}

func TestVersion1Segments(t *testing.T) {
	f := SegmentFile{Segments: [][]byte{[]byte("This is the first of two segments."), []byte("And this is the second.")},
		Norm: NormVersion1}
	contributor := []byte("contributor-address1")
	frozen(t, "segments", map[string]any{
		"file":            hex.EncodeToString(must(f.MarshalBinary())),
		"leaves":          f.Leaves(contributor),
		"root":            f.Root(contributor),
		"statistics_root": f.StatisticsRoot(),
		"commit":          CommitHash(f.Root(contributor), contributor, []byte("salt")),
		"split":           `["One.\n\nTwo is here.\n\nThree."]`, // content/segment tests it
	})
	if f.Root(contributor) == (SegmentFile{Segments: f.Segments}).Root(contributor) {
		t.Error("the leaves do not name their version")
	}
}

func TestVersion1Statistics(t *testing.T) {
	s := ProtocolStatisticsV1()
	bits := map[string]int32{}
	for _, w := range []string{"the", "of", "function", "blockchain", "der", "の", "的", "zyzzyva"} {
		bits[w] = s.Surprisal(idsV1(w)[0])
	}
	frozen(t, "statistics", map[string]any{"version": s.Version(), "total": s.Total(), "rows": s.Len(), "root": s.Root(),
		"surprisal_q16": bits})
}

func TestVersion1Attribution(t *testing.T) {
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
			Attribute(Answer{Tokens: idsV1(answer)}, []Segment{segmentV1(7, 0, second), segmentV1(3, 1, first)},
				ProtocolStatisticsV1()))
		out = append(
			out, vector{answer, []string{"rank 7, index 0: " + second, "rank 3, index 1: " + first}, att, att.Root()})
	}
	frozen(t, "span", out)
}

func TestVersion1Windows(t *testing.T) {
	source := "Contact dermatitis improves when the patient avoids nickel, applies zinc ointment twice a day and keeps " +
		"the skin dry at night."
	other := "Migraine attacks become rarer when the sleeper darkens the bedroom, drinks water and leaves coffee to " +
		"the morning hours."
	answer := "Avoiding nickel and keeping your skin dry helps dermatitis patients; zinc ointments are applied at night too."
	a := segmentV1(0, 0, answer)
	segments := []Segment{segmentV1(4, 0, source), segmentV1(2, 0, other)}
	att := must(AttributeRAG(Answer{Tokens: a.Tokens, Stems: a.Stems}, segments, segments, ProtocolStatisticsV1()))
	frozen(t, "rag", map[string]any{"answer": answer, "rank 4": source, "rank 2": other, "attribution": att,
		"root": att.Root(), "stems": a.Stems})
}

// sourceV1 is one contribution of version 1.
type sourceV1 struct{ of Contribution }

func (s sourceV1) Contribution(rank uint64) (Contribution, error) {
	if rank != 7 {
		return Contribution{}, errors.New("unknown")
	}
	return s.of, nil
}

func (sourceV1) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

func (s sourceV1) Standing(int, uint64) (Standing, error) {
	return Standing{Segments: s.of.Segments}, nil
}

// TestVersion1Evidence verifies the very bytes of the old vector, with the old statistics, and that nothing of it
// passes for version 2.
func TestVersion1Evidence(t *testing.T) {
	var vector struct {
		AnswerRoot  Hash        `json:"answer_root"`
		Root        Hash        `json:"root"`
		Attribution Attribution `json:"attribution"`
		Bytes       string      `json:"bytes"`
	}
	if err := json.Unmarshal(must(os.ReadFile("testdata/v1/evidence.json")), &vector); err != nil {
		t.Fatal(err)
	}
	e := must(UnmarshalEvidence(must(hex.DecodeString(vector.Bytes))))
	if e.Root() != vector.Root || !bytes.Equal(must(e.MarshalBinary()), must(hex.DecodeString(vector.Bytes))) {
		t.Fatal("the evidence reads otherwise")
	}
	contributor := []byte("contributor-address1")
	f := SegmentFile{Segments: [][]byte{[]byte("the other text of this contribution"), []byte(sentenceV1)},
		Norm: NormVersion1}
	src := sourceV1{Contribution{Root: f.Root(contributor), Contributor: contributor, Segments: 2, Norm: NormVersion1}}
	att := vector.Attribution
	r := receiptFor(1, vector.AnswerRoot, att)
	if err := VerifyEvidence([]Receipt{r}, e, src, ProtocolStatisticsV1()); err != nil {
		t.Error(err)
	}
	src.of.Norm = NormVersion
	if err := VerifyEvidence([]Receipt{r}, e, src, ProtocolStatisticsV1()); !errors.Is(err, ErrSegmentPath) {
		t.Errorf("a leaf of version 1 passes for one of version 2: %v", err)
	}
}

// TestMixedManifest: a segment of version 1 and one of version 2 stand in one manifest, and one rule cuts both and the
// answer.
func TestMixedManifest(t *testing.T) {
	words := "Die Größe der Läsion, “gemessen” am Rand – der Naevus – ergab α bei TNFα über 12 mm; beobachtet wurde " +
		"der Verlauf über Jahre."
	old := "Der Patient kam mit einem Café-au-lait-Fleck – seit der Geburt – und “mehreren” Knoten am Arm, der Befund " +
		"war für ihn neu."
	answer := []byte(words + " " + old)
	w := &world{index: NewIndex(ProtocolStatistics())}
	w.publish(t, 0, SegmentFile{Segments: [][]byte{[]byte(old)}, Norm: NormVersion1})
	w.publish(t, 1, SegmentFile{Segments: [][]byte{[]byte(words)}})
	w.contributions[0].Norm = NormVersion1
	w.contributions[1].AllowFewStopWords = true
	w.contributions[0].AllowFewStopWords = true
	att := must(w.index.Attribute(Answer{Tokens: TokenIDs(answer)}))
	if len(att.Entries) != 2 || att.UnattributedPPM > 60_000 {
		t.Fatalf("%+v", att)
	}
	var b EvidenceBuilder
	if err := b.AddText([32]byte{1}, answer, att, w.proof); err != nil {
		t.Fatal(err)
	}
	r := receiptFor(1, AnswerRoot([32]byte{1}, TokenIDs(answer)), att)
	e := must(UnmarshalEvidence(must(b.Evidence().MarshalBinary())))
	if err := VerifyEvidence([]Receipt{r}, e, w, ProtocolStatistics()); err != nil {
		t.Error(err)
	}
	for rank := range w.contributions {
		swapped := *w
		swapped.contributions = []Contribution{w.contributions[0], w.contributions[1]}
		swapped.contributions[rank].Norm = NormVersion + NormVersion1 - swapped.contributions[rank].Norm
		if swapped.contributions[rank].Norm > NormVersion {
			swapped.contributions[rank].Norm = NormVersion1
		}
		if err := VerifyEvidence([]Receipt{r}, e, &swapped, ProtocolStatistics()); err == nil {
			t.Errorf("rank %d passes under the other version", rank)
		}
	}
	if err := VerifyEvidence([]Receipt{r}, e, w, ProtocolStatisticsV1()); err == nil {
		t.Error("evidence of version 2 passes under the statistics of version 1")
	}
}

// TestVersion1SegmentWithManyTokens: text that version 1 took for few tokens and version 2 takes for many is seen up to
// the bound.
func TestVersion1SegmentWithManyTokens(t *testing.T) {
	text := []byte("the is of to in and a ")
	for len(text) < 3900 {
		text = append(text, "ကခဂဃင"...) // five letters of a script without spaces: one token in version 1
	}
	if err := CheckSegmentNorm(NormVersion1, text, SegmentRules{}); err != nil {
		t.Fatal(err)
	}
	if n := countTokens(text); n <= MaxSegmentTokens {
		t.Fatalf("%d tokens", n)
	}
	if s := NewSegment(1, 0, text); len(s.Tokens) != MaxSegmentTokens || s.validate() != nil ||
		len(SegmentTokens(text)) != MaxSegmentTokens {
		t.Errorf("%d tokens", len(s.Tokens))
	}
	if err := CheckSegment(text, SegmentRules{AllowFewStopWords: true}); err == nil {
		t.Error("version 2 takes it")
	}
}

func TestVersion1Refusals(t *testing.T) {
	for text, code := range map[string]string{
		"the cafe\u0301": CodeForbiddenCodePoint, "the p\u0430per": CodeMixedScript, "TNFα": CodeMixedScript,
		"می\u200cکرد":                         CodeForbiddenCodePoint,
		"alpha beta gamma delta epsilon zeta": CodeFewStopWords, "the alpha beta gamma delta": "", "": CodeEmpty,
		"\xc0":               CodeInvalidUTF8,
		"Ελληνικα\u0301 και": "", // what version 2 puts right
	} {
		err := CheckSegmentNorm(NormVersion1, []byte(text),
			SegmentRules{AllowFewStopWords: text[0:min(1, len(text))] == "\xce"})
		var refused *SegmentError
		got := ""
		if errors.As(err, &refused) {
			got = refused.Code
		}
		if got != code {
			t.Errorf("%q: %v", text, err)
		}
	}
}
