package terms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/terms"
)

// TestFormsOfOneWord: in each script they have one term, which other words do not have.
func TestFormsOfOneWord(t *testing.T) {
	for _, c := range []struct {
		forms, others []string
	}{
		{[]string{"disease", "diseases", "Disease", "DISEASE"}, []string{"display", "ease"}},
		{[]string{"glacier", "glaciers", "Glacier’s"}, []string{"glass"}},
		{[]string{"Gletscher", "gletschern", "Gletschers"}, []string{"Gleis"}},
		{[]string{"café", "cafe", "cafe\u0301", "CAFÉS"}, []string{"coffee"}},
		{[]string{"Straße", "STRASSE", "strassen"}, []string{"strand"}},
		{[]string{"arılar", "arıların", "ARILAR"}, []string{"aralık"}},
		{[]string{"ледник", "ледника", "ледники", "ледником", "Ледник"}, []string{"ледяной"}},
		{[]string{"пчёлы", "пчелы", "пчёлами"}, []string{"пчеловод"}},
		{[]string{"παγετώνας", "παγετώνα", "ΠΑΓΕΤΏΝΑΣ", "παγετώνες"}, []string{"πάγος"}},
		{[]string{"الكتاب", "كتاب", "والكتاب", "كِتاب"}, []string{"قلم"}},
		{[]string{"रोग", "रोगों", "रोगी"}, []string{"राग"}},
		{[]string{"プリズム", "ﾌﾟﾘｽﾞﾑ"}, []string{"リズム", "プリン"}},
		{[]string{"ビール"}, []string{"ビル"}},
		{[]string{"HIF1", "hif1", "ＨＩＦ１"}, []string{"hif2"}},
	} {
		want := terms.Of(c.forms[0])
		require.Len(t, want, 1, c.forms[0])
		for _, form := range c.forms {
			require.Contains(t, terms.Of(form), want[0], form)
		}
		for _, other := range c.others {
			require.NotContains(t, terms.Of(other), want[0], "%s and %s", c.forms[0], other)
		}
	}
}

// TestWhatSaysNothing: stop words and words that ask have no terms.
func TestWhatSaysNothing(t *testing.T) {
	for _, text := range []string{
		"", "?!", "What is the of it, and how does it do that?", "Was ist das und wie?", "Qu'est-ce que c'est?",
		"¿Qué es y cómo?", "Что это и как?", "Τι είναι και πώς;",
		"ما هو هذا؟", "यह क्या है और कैसे?", "这是什么？", "これは何ですか？", "그것은 무엇입니까?", "คืออะไร", "a b c",
	} {
		require.Empty(t, terms.Words(text), text)
	}
}

func TestWords(t *testing.T) {
	worth := func(text string) (sum int64) {
		for _, w := range terms.Words(text) {
			sum += w.Worth
		}
		return sum
	}
	require.EqualValues(t, 2*terms.WholeWord, worth("hair follicle, hair and follicles"), "each once")
	require.EqualValues(t, terms.WholeWord+12, worth("skin of Darier"), "names count more")
	require.EqualValues(t, terms.WholeWord, worth("Darier"), "but not for their first letter at the start")
	require.EqualValues(t, 2*terms.WholeWord, worth("红斑狼疮"), "two characters are about a word")
	require.EqualValues(t, worth("红斑狼疮"), worth("红斑狼疮是什么？"))
	require.EqualValues(t, 2*worth("红斑狼疮"), worth("红斑狼疮和风湿关节"))
	require.Len(t, terms.Words("根の塩分"), 3, "a single kanji is a word")
	require.Equal(t, terms.Of("氷が"), terms.Of("氷の"))
}

// TestEqualTextsHaveEqualTerms: every word of a question is found in the same text, whatever the script.
func TestEqualTextsHaveEqualTerms(t *testing.T) {
	pieces := []string{"glacier ", "Wörter ", "лёд ", "πάγος ", "كتاب ", "रोग ", "冰川", "氷", "の", "プリズム", "빙하는 ", "น้ำแข็ง",
		" ", ",", "?", "3", "\xff", "\u0301", "ー"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "pieces"), "")
		of := terms.Of(text)
		for _, w := range terms.Words(text) {
			if len(w.Terms) == 0 || w.Worth <= 0 {
				t.Fatalf("%v of %q", w, text)
			}
			for _, term := range w.Terms {
				if !slices.Contains(of, term) {
					t.Fatalf("a word of %q is not among its terms", text)
				}
			}
		}
	})
}

func TestIndex(t *testing.T) {
	x := terms.NewIndex()
	require.Empty(t, x.Rank("glacier", 3))
	for _, text := range []string{"the glacier and the valley", "a glacier moves, the glacier slides", "the violin",
		"冰川移动", "ธารน้ำแข็งเคลื่อนที่"} {
		x.Add(text)
	}
	require.Equal(t, []int{1, 0}, x.Rank("Why do glaciers move?", 3))
	require.Equal(t, []int{0}, x.Rank("What is a valley?", 3))
	require.Equal(t, []int{1}, x.Rank("glaciers moving", 1))
	require.Equal(t, []int{3}, x.Rank("冰川是什么？", 3))
	require.Equal(t, []int{4}, x.Rank("น้ำแข็ง", 3))
	require.Empty(t, x.Rank("what is the of it?", 3))
	term := func(word string) terms.Term { return terms.Of(word)[0] }
	require.Greater(t, x.Rarity(term("violin")), x.Rarity(term("glacier")))
	require.Equal(t, x.Rarity(term("violin")), x.Rarity(term("absent")))
}

// TestIndexIsTheSameEachTime: only the order of the texts matters.
func TestIndexIsTheSameEachTime(t *testing.T) {
	build := func() *terms.Index {
		x := terms.NewIndex()
		for i := range 200 {
			x.Add(fmt.Sprintf("word%d glacier word%d", i%7, i%13))
		}
		return x
	}
	first := build().Rank("glacier word3 word5", 200)
	for range 5 {
		require.Equal(t, first, build().Rank("glacier word3 word5", 200))
	}
}

func FuzzTerms(f *testing.F) {
	for _, s := range []string{"What is a glacier?", "冰川", "น้ำแข็ง", "كتاب", "\xff\u0301", "ーー", "ﾌﾟﾘ", "각"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		of := terms.Of(text)
		for _, w := range terms.Words(text) {
			if len(w.Terms) == 0 || !slices.Contains(of, w.Terms[0]) {
				t.Fatalf("%q", text)
			}
		}
	})
}

// BenchmarkIndex adds segments and ranks them for a question.
func BenchmarkIndex(b *testing.B) {
	text := strings.Repeat(
		"A glacier moves because ice deforms slowly under its own weight and slides over a film of meltwater. ", 8)
	b.Run("add", func(b *testing.B) {
		x := terms.NewIndex()
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			x.Add(fmt.Sprintf("%s unique%d words%d", text, i, i/3))
		}
	})
	x := terms.NewIndex()
	for i := range 20_000 {
		x.Add(fmt.Sprintf("%s unique%d words%d", text, i, i/3))
	}
	b.Run("rank", func(b *testing.B) {
		for range b.N {
			x.Rank("Why does a glacier slide over words77?", 64)
		}
	})
}
