package poa

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTokenize(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		" .,;\n":                            nil,
		"Hello, World2x!":                   {"hello", "world2x"},
		"don't":                             {"don", "t"},
		"café-Bar naïve":                    {"café", "bar", "naïve"},
		"русский текст":                     {"русский", "текст"},
		"文字の連":                              {"文", "字", "の", "連"},
		"a文b":                               {"a", "文", "b"},
		"ไทย":                               {"ไ", "ท", "ย"},
		"ที่นี่":                            {"ที่", "นี่"},
		"ភាសាខ្មែរ":                         {"ភា", "សា", "ខ្មែ", "រ"},
		"हिन्दी":                            {"हिन्दी"},
		"한국":                                {"한", "국"},
		"한국":                            {"한", "국"},
		"x😀y":                               {"x", "y"},
		"“quoted”—dash…":                    {"quoted", "dash"},
		"l’été, l'été":                      {"l", "été", "l", "été"},
		"Ärzte ÉTÉ été":                   {"ärzte", "été", "été"},
		"TNFα TNF-α IFNγ αSMA":              {"tnf", "α", "tnf", "α", "ifn", "γ", "α", "sma"},
		"5 µm, 5 μm, 10 kΩ":                 {"5", "μ", "m", "5", "μ", "m", "10", "k", "ω"},
		"ΟΔΟΣ οδός":                         {"οδοσ", "οδόσ"},
		"ﬁbroﬂuid ＡＢＣ１２":                    {"fibrofluid", "abc12"},
		"ｶﾞｽ":                               {"ガ", "ス"},
		"hyper-\nsensitivity":               {"hypersensitivity"},
		"hyper­\n  sensitivity, re­action":  {"hypersensitivity", "reaction"},
		"anti-\nPD1 1990-\n2000 well-known": {"anti", "pd1", "1990", "2000", "well", "known"},
		"a-\n\nb":                           {"a", "b"},
		"می‌کرد میکرد":                      {"ميكرد", "ميكرد"},
		"İstanbul ISPARTA ısparta":          {"istanbul", "isparta", "isparta"},
		"𝐛𝐨𝐥𝐝 Ⅳ ĳs":                         {"bold", "iv", "ijs"},
		"CO₂ 10⁻⁶":                          {"co₂", "10", "⁶"},
		"é́":                               {"é́"},
		"́a":                                {"a"},
		"\xff\xfe":                          nil,
		"\xe3":                              nil,
		"\xe3\x81a":                         {"a"},
		"\xf0\x9f\x98\x80\x80\x80":          nil,
		"ab\xe0\xb8cd":                      {"ab", "cd"},
	} {
		var got []string
		h := tokenHasher{}
		for _, tok := range Tokenize([]byte(text)) {
			if id := h.id([]byte(text[tok.Start:tok.End])); id != tok.ID {
				t.Errorf("%q: token %x is %x", text, tok.ID, id)
			}
			got = append(got, string(h.buf))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q instead of %q", text, got, want)
		}
	}
	if TokenIDs([]byte("HeLLo"))[0] != TokenIDs([]byte("hello"))[0] {
		t.Error("case matters")
	}
	// SHA-256("abc") starts with ba7816bf8f01cfea.
	if id := TokenIDs([]byte("abc"))[0]; id != 0xba7816bf8f01cfea {
		t.Errorf("id %x", uint64(id))
	}
}

func TestTokenizeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkTokens(t, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		checkTokens(t, []byte(rapid.StringOf(someRune()).Draw(t, "text")))
	})
}

// checkTokens: tokens stand in order and cover all letters, and the folded form of each is one token that folds to
// itself.
func checkTokens(t interface{ Fatalf(string, ...any) }, text []byte) {
	tokens := Tokenize(text)
	if len(tokens) != countTokens(text) || len(tokens) != len(TokenIDs(text)) {
		t.Fatalf("counts differ")
	}
	h := tokenHasher{}
	end := 0
	for i, tok := range tokens {
		if tok.Start < end || tok.End <= tok.Start || tok.End > len(text) {
			t.Fatalf("token %d is %+v after %d", i, tok, end)
		}
		if lost := letters(text[end:tok.Start]); lost != "" {
			t.Fatalf("letters %q lost", lost)
		}
		end = tok.End
		h.fold(text[tok.Start:tok.End])
		word := string(h.buf)
		if len(word) == 0 || hashToken(h.buf) != tok.ID {
			t.Fatalf("token %q folds to nothing", text[tok.Start:tok.End])
		}
		if start, stop := nextToken([]byte(word), 0); start != 0 || stop != len(word) {
			t.Fatalf("%q folds to %q, whose token ends at %d", text[tok.Start:tok.End], word, stop)
		}
		if h.fold([]byte(word)); string(h.buf) != word {
			t.Fatalf("%q folds to %q", word, h.buf)
		}
	}
	if lost := letters(text[end:]); lost != "" {
		t.Fatalf("letters %q lost", lost)
	}
}

// letters returns the letters and numbers of a text.
func letters(text []byte) string {
	var out []byte
	for i := 0; i < len(text); {
		c, size := decodeRune(text[i:])
		if size == 0 {
			i++
			continue
		}
		if class := unicodeV2.of(c).class; class == classWord || class == classAlone {
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return string(out)
}

func TestDecodeRuneAgreesWithStandardLibrary(t *testing.T) {
	check := func(b []byte) {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size <= 1 {
			r, size = 0, 0
		}
		if c, n := decodeRune(b); n != size || n > 0 && c != uint32(r) {
			t.Fatalf("%x: U+%04X, %d instead of U+%04X, %d", b, c, n, r, size)
		}
	}
	for c := rune(0); c <= 0x110010; c++ {
		check([]byte(string(c)))
	}
	for a := range 256 {
		for b := range 256 {
			for _, tail := range []string{"", "\x80", "\x80\x80", "\xbf\xbf", "a"} {
				check(append([]byte{byte(a), byte(b)}, tail...))
			}
		}
	}
}

const sentence = "this is the text of a segment, which has all that it needs to be accepted"

func TestCheckSegment(t *testing.T) {
	for _, text := range []string{
		sentence,
		"The resistor has 10 kΩ and the change Δt of it is 5 µs.",
		"Das ist der Text, der für die Prüfung geschrieben wurde.",
		"这是一个用来测试的句子,它应该被接受。",
		"これはテストのための文です。",
		"이것은 시험을 위한 문장이다.",
		"Это текст, который не содержит ничего запрещённого, и он должен быть принят.",
		"it is a ☀️ day in the sun",
		"the vowel ɛ̃ is one of the nasal ones",
	} {
		if err := CheckSegment([]byte(text), SegmentRules{}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, c := range []struct {
		name, text, code string
		offset           int
	}{
		{"nothing", "", CodeEmpty, 0},
		{"no words", " ... \n", CodeEmpty, 0},
		{"long", strings.Repeat("a ", 2049), CodeTooLong, 4096},
		{"many", strings.Repeat("a ", 513), CodeTooManyTokens, 1024},
		{"latin 1", sentence + "\xe9", CodeInvalidUTF8, len(sentence)},
		{"surrogate", "\xed\xa0\x80", CodeInvalidUTF8, 0},
		{"overlong", "\xc0\xaf", CodeInvalidUTF8, 0},
		{"zero width", "the\u200bre", CodeForbiddenCodePoint, 3},
		{"soft hyphen", "the\u00adre", CodeForbiddenCodePoint, 3},
		{"bidi", "the\u202ere", CodeForbiddenCodePoint, 3},
		{"isolate", "the\u2066re", CodeForbiddenCodePoint, 3},
		{"private", "the\ue000re", CodeForbiddenCodePoint, 3},
		{"private plane", "the\U00100000re", CodeForbiddenCodePoint, 3},
		{"tag", "the\U000e0041re", CodeForbiddenCodePoint, 3},
		{"byte order mark", "\ufeffthe", CodeForbiddenCodePoint, 0},
		{"control", "the\x00re", CodeForbiddenCodePoint, 3},
		{"no-break space", "the\u00a0re", CodeForbiddenCodePoint, 3},
		{"decomposed", "the cafe\u0301", CodeForbiddenCodePoint, 8},
		{"selector in word", "the\ufe0fre", CodeForbiddenCodePoint, 3},
		{"cyrillic a", "the p\u0430per", CodeMixedScript, 5},
		{"greek o", "the w\u03bfrd", CodeMixedScript, 5},
		{"glossary", "alpha beta gamma delta epsilon zeta", CodeWordList, 0},
	} {
		err := CheckSegment([]byte(c.text), SegmentRules{})
		var refused *SegmentError
		if !errors.As(err, &refused) || !errors.Is(err, ErrSegment) || refused.Code != c.code || refused.Offset != c.offset ||
			refused.Detail == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := CheckSegment([]byte("alpha beta gamma"), SegmentRules{AllowFewStopWords: true}); err != nil {
		t.Error(err)
	}
}

func TestTablesAreSorted(t *testing.T) {
	for _, table := range [][]codeRange{forbiddenRangesV1, symbolRanges, joinerRanges} {
		for i, r := range table {
			if r.last < r.first || i > 0 && r.first <= table[i-1].last {
				t.Errorf("range %d: %X", i, r)
			}
		}
	}
	if len(stopWords) < 800 {
		t.Errorf("%d stop words", len(stopWords))
	}
	for _, w := range strings.Fields(stopWordText) {
		if n := len(TokenizeNorm(NormVersion1, []byte(w))); n != 1 {
			t.Errorf("stop word %q has %d tokens", w, n)
		}
		if CheckText([]byte(w)) != nil || checkCodePointsV1([]byte(w)) != nil {
			t.Errorf("stop word %q is not allowed", w)
		}
	}
}

func forbiddenV1(s string) bool {
	previous := uint32(0)
	for _, r := range s {
		if _, bad := forbiddenCodeV1(previous, uint32(r)); bad {
			return true
		}
		previous = uint32(r)
	}
	return false
}

func TestSegmentLeafBindsEverything(t *testing.T) {
	leaf := SegmentLeaf(1, []byte("ab"), []byte("text"))
	long := bytes.Repeat([]byte{7}, 300)
	hashed := hashConcat(long)
	for i, other := range []Hash{
		SegmentLeaf(2, []byte("ab"), []byte("text")), SegmentLeaf(1, []byte("abc"), []byte("text")),
		SegmentLeaf(1, nil, []byte("text")),
		SegmentLeaf(1, []byte("ab"), []byte("texu")), SegmentLeaf(1, []byte("ab"), []byte("text ")),
		SegmentLeaf(1, long, []byte("text")), SegmentLeaf(1, hashed[:], []byte("text")),
	} {
		if other == leaf {
			t.Errorf("leaf %d is the same", i)
		}
	}
	if SegmentLeaf(1, long, nil) == SegmentLeaf(1, hashed[:], nil) {
		t.Error("a long contributor equals its hash")
	}
	if CommitHash(leaf, []byte("ab"), []byte("c")) == CommitHash(leaf, []byte("a"), []byte("bc")) {
		t.Error("commit hash is ambiguous")
	}
}

func TestSegmentFile(t *testing.T) {
	f := SegmentFile{Segments: [][]byte{[]byte(sentence), []byte("the second of the segments"), []byte("the")}}
	data := must(f.MarshalBinary())
	back := must(ParseSegmentFile(data))
	if !slices.EqualFunc(f.Segments, back.Segments, bytes.Equal) {
		t.Fatal("round trip")
	}
	if f.Tokens() != uint64(16+5+1) {
		t.Errorf("%d tokens", f.Tokens())
	}
	leaves := f.Leaves([]byte("x"))
	if err := VerifyPath(f.Root([]byte("x")), leaves[1], 1, 3, must(MerklePath(leaves, 1))); err != nil {
		t.Error(err)
	}
	if f.Root([]byte("x")) == f.Root([]byte("y")) {
		t.Error("root does not bind the contributor")
	}
	for i := range data {
		if _, err := ParseSegmentFile(data[:i]); !errors.Is(err, ErrSegmentFile) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	magic := segmentFileMagic
	for _, bad := range []string{
		string(data) + "x", magic + "\x00", magic + "\x81\x00\x01a", magic + "\x01\x81\x00a", magic + "\x01\x00",
		magic + "\xff\xff\x03\x01a",
		magic + "\x01\xff\xff\x7fa", magic + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		if _, err := ParseSegmentFile([]byte(bad)); !errors.Is(err, ErrSegmentFile) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []SegmentFile{{}, {Segments: [][]byte{nil}}, {Segments: [][]byte{make([]byte, 4097)}},
		{Segments: make([][]byte, MaxFileSegments+1)}} {
		if _, err := bad.MarshalBinary(); !errors.Is(err, ErrSegmentFile) {
			t.Error(err)
		}
	}
	big := SegmentFile{}
	for range MaxSegmentFileBytes/MaxSegmentBytes + 1 {
		big.Segments = append(big.Segments, make([]byte, MaxSegmentBytes))
	}
	if _, err := big.MarshalBinary(); !errors.Is(err, ErrSegmentFile) {
		t.Error(err)
	}
	if _, err := ParseSegmentFile(make([]byte, MaxSegmentFileBytes+1)); !errors.Is(err, ErrSegmentFile) {
		t.Error(err)
	}
	f.Segments[2] = []byte("\x00")
	if err := f.Check(SegmentRules{}); !errors.Is(err, ErrSegment) || !strings.HasPrefix(err.Error(), "segment 2: ") {
		t.Error(err)
	}
	if err := (SegmentFile{Segments: f.Segments[:2]}).Check(SegmentRules{}); err != nil {
		t.Error(err)
	}
}

func TestStatisticsRootCountsOncePerSegment(t *testing.T) {
	f := SegmentFile{Segments: [][]byte{[]byte("a b a"), []byte("a c")}}
	want := []TokenCount{{TokenIDs([]byte("a"))[0], 2}, {TokenIDs([]byte("b"))[0], 1}, {TokenIDs([]byte("c"))[0], 1}}
	slices.SortFunc(want, compareCounts)
	if got := f.statistics(); !slices.Equal(got, want) || f.StatisticsRoot() != MerkleRoot(statisticsLeaves(want)) {
		t.Errorf("%v", got)
	}
	if (SegmentFile{}).StatisticsRoot() != MerkleRoot(nil) {
		t.Error("empty file")
	}
}

func TestLog2(t *testing.T) {
	for x := uint64(1); x < 2_000_000; x = x + 1 + x/500 {
		got := float64(Log2Q16(x)) / 65536
		if d := math.Log2(float64(x)) - got; d < 0 || d > 1.54e-5 {
			t.Fatalf("log2(%d) is off by %g", x, d)
		}
	}
	for n := range 64 {
		if got := Log2Q16(1 << n); got != uint32(n)<<16 {
			t.Errorf("log2(2^%d) is %x", n, got)
		}
	}
	if Log2Q16(0) != 0 || Log2Q16(^uint64(0))>>16 != 63 {
		t.Error("ends of the range")
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64Max(^uint64(0)-1).Draw(t, "x")
		if Log2Q16(x) > Log2Q16(x+1) {
			t.Fatalf("falls at %d", x)
		}
	})
}

func TestStatistics(t *testing.T) {
	rows := []TokenCount{{5, 1}, {6, 1 << 19}, {1 << 60, 300}, {^TokenID(0), 1 << 20}}
	s := must(NewStatistics(3, 1<<20, rows))
	if s.Version() != 3 || s.Total() != 1<<20 || s.Len() != 4 {
		t.Error("accessors")
	}
	for _, id := range []TokenID{0, 5, 6, 7, 1 << 60, 1<<60 + 1, ^TokenID(0)} {
		df := uint32(0)
		for _, r := range rows {
			if r.ID == id {
				df = r.DF
			}
		}
		want := min(int32(Log2Q16(1<<20+1)-Log2Q16(uint64(df)+1)), MaxSurprisal)
		if got := s.Surprisal(id); got != want {
			t.Errorf("token %d weighs %d instead of %d", id, got, want)
		}
	}
	if s.Root() == must(NewStatistics(4, 1<<20, rows)).Root() || s.Root() == must(NewStatistics(3, 1<<21, rows)).Root() {
		t.Error("root does not bind version and total")
	}
	for _, bad := range [][]TokenCount{{{5, 0}}, {{5, 1<<20 + 1}}, {{5, 1}, {5, 1}}, {{6, 1}, {5, 1}}} {
		if _, err := NewStatistics(1, 1<<20, bad); !errors.Is(err, ErrStatistics) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for _, total := range []uint64{0, MaxStatisticsTotal + 1} {
		if _, err := NewStatistics(1, total, nil); !errors.Is(err, ErrStatistics) {
			t.Error(err)
		}
	}
}

func TestProtocolStatistics(t *testing.T) {
	s := ProtocolStatistics()
	lines := strings.Count(protocolTable, "\n")
	if s.Len() != lines || lines != 24_000 {
		t.Errorf("%d rows from %d lines", s.Len(), lines)
	}
	if got, err := NewStatistics(ProtocolStatisticsVersion, ProtocolStatisticsTotal, s.rows); err != nil ||
		got.Root() != s.Root() {
		t.Error(err)
	}
	the, unknown := s.Surprisal(TokenIDs([]byte("the"))[0]), s.Surprisal(TokenIDs([]byte("zyzzyva"))[0])
	if the < 4<<16 || the > 6<<16 || unknown != MaxSurprisal {
		t.Errorf("the weighs %d, an unknown word %d", the, unknown)
	}
	for _, bad := range []string{"x the\n", "5\n", " the\n", "0 the\n", "99999999 the\n", "-1 the\n"} {
		if rows := parseTable(bad, NormVersion); len(rows) != 0 {
			t.Errorf("%q gives %v", bad, rows)
		}
	}
	if fmt.Sprint(parseTable("7 a\n5 a\n", NormVersion)[0].DF) != "5" {
		t.Error("repeated token")
	}
}

func TestVersion1Composes(t *testing.T) {
	for _, s := range []string{"è", "é", "ê", "ñ", "ā", "ă", "ż", "ü", "å", "ő", "č", "ị", "ç", "ą", "É", "Z\u030c"} {
		decomposed := map[string]string{
			"è": "e\u0300", "é": "e\u0301", "ê": "e\u0302", "ñ": "n\u0303", "ā": "a\u0304", "ă": "a\u0306", "ż": "z\u0307",
			"ü": "u\u0308",
			"å": "a\u030a", "ő": "o\u030b", "č": "c\u030c", "ị": "i\u0323", "ç": "c\u0327", "ą": "a\u0328", "É": "E\u0301",
			"Z\u030c": "Z\u030c",
		}[s]
		if !forbiddenV1(decomposed) {
			t.Errorf("%q is allowed", decomposed)
		}
	}
	for _, s := range []string{"q\u0301", "ẹ\u0301", "1\u0301", "x\u0304", "[\u0301", "b\u0328", "a\u0305"} {
		if forbiddenV1(s) {
			t.Errorf("%q is refused", s)
		}
	}
}
