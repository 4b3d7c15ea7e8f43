package poa

import (
	"fmt"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// world of random prose, one segment a contribution, ranks from 1.
func provenanceWorld(t *testing.T, n int) (*Provenance, [][]string) {
	rng := rand.New(rand.NewSource(7))
	p := NewProvenance()
	var texts [][]string
	for rank := range n {
		words := randomWords(rng, 120)
		texts = append(texts, words)
		require.NoError(t, p.Add(uint64(rank+1), 0, []byte(strings.Join(words, " ")), nil))
	}
	return p, texts
}

// randomWords mixes rare words with common ones.
func randomWords(rng *rand.Rand, n int) []string {
	common := strings.Fields("the of and to in is that for it with as on be by this")
	words := make([]string, n)
	for i := range words {
		letters := make([]byte, 7)
		for k := range letters {
			letters[k] = byte('a' + rng.Intn(26))
		}
		if words[i] = string(letters); rng.Intn(5) < 2 {
			words[i] = common[rng.Intn(len(common))]
		}
	}
	return words
}

// editedText replaces every n-th word.
func editedText(words []string, n int) []byte {
	words = slices.Clone(words)
	for i := n - 1; i < len(words); i += n {
		words[i] = "changed"
	}
	return []byte(strings.Join(words, " "))
}

// TestProvenanceFindsTheSource: of a copy with some words changed, from texts of two, and not of one's own.
func TestProvenanceFindsTheSource(t *testing.T) {
	p, texts := provenanceWorld(t, 60)
	found, err := p.Of(100, editedText(texts[40], 6), p.Len())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.EqualValues(t, 41, found[0].Rank)
	require.Greater(t, found[0].PPM, uint32(600_000))

	found, err = p.Of(100, []byte(strings.Join(append(slices.Clone(texts[3][:60]), texts[9][60:]...), " ")), p.Len())
	require.NoError(t, err)
	require.Len(t, found, 2)

	found, err = p.Of(100, []byte(strings.Join(randomWords(rand.New(rand.NewSource(8)), 120), " ")), p.Len())
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = p.Of(41, editedText(texts[40], 6), p.Len())
	require.NoError(t, err)
	require.Empty(t, found, "of lower rank only")
	found, err = p.Of(100, editedText(texts[40], 6), 40)
	require.NoError(t, err)
	require.Empty(t, found, "of what came before only")
}

// TestProvenanceIsAFunctionOfWhatCameBefore: what is added later, or was taken away again, changes nothing.
func TestProvenanceIsAFunctionOfWhatCameBefore(t *testing.T) {
	p, texts := provenanceWorld(t, 60)
	queries := make([][]byte, len(texts))
	for i := range queries {
		queries[i] = editedText(texts[i], 4+i%5)
	}
	compute := func(n int) (out [][]Derivation) {
		for i, q := range queries {
			found, err := p.Of(uint64(1_000+i), q, n)
			require.NoError(t, err)
			out = append(out, found)
		}
		return out
	}
	before, size := compute(30), p.Bytes()
	for i, q := range queries {
		require.NoError(t, p.Add(uint64(1_000+i), 0, q, nil))
	}
	require.Equal(t, before, compute(30))
	p.Truncate(60)
	require.Equal(t, size, p.Bytes())
	require.Equal(t, 60, p.Len())
	whole := compute(60)
	short, _ := provenanceWorld(t, 30)
	p.Truncate(30)
	require.Equal(t, before, compute(30))
	for concept, list := range short.postings {
		require.Equal(t, list, p.postings[concept])
	}
	for i := 30; i < 60; i++ {
		require.NoError(t, p.Add(uint64(i+1), 0, []byte(strings.Join(texts[i], " ")), nil))
	}
	require.Equal(t, whole, compute(60))
}

// TestProvenanceIsBounded: a word in more segments than are looked at finds the first; text that repeats itself derives
// from nothing; text that no segment can have is refused.
func TestProvenanceIsBounded(t *testing.T) {
	p, texts := provenanceWorld(t, 2)
	copied := []byte(strings.Join(texts[0], " "))
	for i := range MaxSourcePostings + 50 {
		text := append(slices.Clone(copied), fmt.Sprintf(" and %d", i)...)
		found, err := p.Of(uint64(10+i), text, p.Len())
		require.NoError(t, err)
		require.EqualValues(t, 1, found[0].Rank, "copies make nothing common")
		require.NoError(t, p.Add(uint64(10+i), 0, text, found))
	}
	for _, list := range p.postings {
		require.LessOrEqual(t, len(list), MaxSourcePostings)
	}
	found, err := p.Of(1<<20, editedText(texts[1], 9), p.Len())
	require.NoError(t, err)
	require.EqualValues(t, 2, found[0].Rank)
	found, err = p.Of(1<<20, editedText(texts[0], 9), p.Len())
	require.NoError(t, err)
	require.EqualValues(t, 1, found[0].Rank, "the earliest")

	again := []byte(strings.TrimSpace(strings.Repeat("zyx ", MaxSegmentTokens)))
	require.NoError(t, p.Add(1<<19, 0, again, nil))
	found, err = p.Of(1<<20, again, p.Len())
	require.NoError(t, err)
	require.LessOrEqual(t, len(found), 1)
	_, err = p.Of(1<<20, make([]byte, MaxSegmentBytes+1), p.Len())
	require.ErrorIs(t, err, ErrOversize)
	require.ErrorIs(t, p.Add(1<<20, 0, make([]byte, MaxSegmentBytes+1), nil), ErrOversize)
	found, err = p.Of(1<<20, nil, p.Len())
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestCopiesOfCopiesPayTheAuthor: what derives from a derived text passes on to whom that one does, also where the
// author's text is not among the nearest.
func TestCopiesOfCopiesPayTheAuthor(t *testing.T) {
	p, texts := provenanceWorld(t, 30)
	author := uint64(21)
	for k := range 10 {
		rank := uint64(100 + k)
		text := editedText(append(slices.Clone(texts[20]), "copy", strconv.Itoa(k)), 11)
		found, err := p.Of(rank, text, p.Len())
		require.NoError(t, err)
		require.NotEmpty(t, found)
		require.Equal(t, author, found[0].Rank, "copy %d: %v", k, found)
		require.Greater(t, found[0].PPM, uint32(800_000), "copy %d: %v", k, found)
		require.NoError(t, p.Add(rank, 0, text, found))
	}
}

// Texts about skin: rewrittenText says what originalText does, subjectText something else.
const (
	originalText = "Pemphigoid gestationis is a rare autoimmune blistering disease of pregnancy. It usually begins in " +
		"the second or third trimester with " +
		"intense itching around the navel, followed by urticarial plaques that spread over the abdomen and turn into " +
		"tense blisters. Direct " +
		"immunofluorescence shows linear deposits of complement C3 along the basement membrane zone. Most patients " +
		"respond to topical " +
		"corticosteroids, while severe cases need oral prednisolone. Flares after delivery are common."
	rewrittenText = "A seldom seen autoimmune disorder in pregnant women that forms blisters is pemphigoid " +
		"gestationis. Strong pruritus near the navel " +
		"in the second trimester, or the third, is how it commonly starts; afterwards plaques like urticaria extend " +
		"across the belly and become tense " +
		"blisters. Along the zone of the basement membrane, linear complement C3 deposits are visible in direct " +
		"immunofluorescence. Corticosteroids " +
		"applied topically help the majority; oral prednisolone is necessary in severe cases. After birth, flares occur " +
		"frequently."
	subjectText = "Psoriasis is a chronic inflammatory disease of the skin with sharply bordered, scaly plaques over " +
		"the elbows and knees. It may begin at any " +
		"age, often after an infection of the throat. Topical corticosteroids and vitamin D analogues are used in mild " +
		"cases; severe ones need " +
		"phototherapy, methotrexate or antibodies against interleukins. Itching is common, blisters are not."
)

// Words that the table of meaning lists, and words that it does not.
const (
	listedWords = "window river carpet kitchen bridge bottle garden ladder mirror blanket needle basket candle " +
		"hammer pillow saddle"
	strangeWords = "zorvexin klimbatu quarfelo drustopi blenwicka prafunox jortelim skandovu wexlibra traquivo " +
		"fombredi glaxarun hupolven nirfasco opwendra yusticor"
)

// between returns a text of which two words in three are other ones.
func between(text, others string) string {
	words, list := strings.Fields(text), strings.Fields(others)
	for i := range words {
		if i%3 > 0 {
			words[i] = list[i%len(list)]
		}
	}
	return strings.Join(words, " ")
}

// TestNamesTell: who copies in other words keeps the names. A text with words of its own that have synonyms derives
// from another one, a text with as many words that nobody lists does not.
func TestNamesTell(t *testing.T) {
	for _, w := range strings.Fields(listedWords) {
		require.EqualValues(t, missCost, InterpretAnswer([]byte(w)).Meanings[0].Cost, w)
	}
	for _, w := range strings.Fields(strangeWords) {
		require.EqualValues(t, strangeCost, InterpretAnswer([]byte(w)).Meanings[0].Cost, w)
	}
	p, _ := provenanceWorld(t, 30)
	require.NoError(t, p.Add(200, 0, []byte(originalText), nil))
	found, err := p.Of(300, []byte(between(originalText, listedWords)), p.Len())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.EqualValues(t, 200, found[0].Rank)
	found, err = p.Of(300, []byte(between(originalText, strangeWords)), p.Len())
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestParaphraseDerives: a text that says the same in other words and another order derives from it, one about the same
// subject does not.
func TestParaphraseDerives(t *testing.T) {
	p, _ := provenanceWorld(t, 30)
	require.NoError(t, p.Add(200, 0, []byte(originalText), nil))
	found, err := p.Of(300, []byte(rewrittenText), p.Len())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.EqualValues(t, 200, found[0].Rank)
	require.Greater(t, found[0].PPM, uint32(700_000))
	found, err = p.Of(300, []byte(subjectText), p.Len())
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestGoldenProvenance freezes what texts give themselves, and what they derive from.
func TestGoldenProvenance(t *testing.T) {
	p := NewProvenance()
	type vector struct {
		Rank    uint64       `json:"rank"`
		Text    string       `json:"text"`
		Derived []Derivation `json:"derived"`
	}
	var out []vector
	half := originalText[:len(originalText)/2]
	for i, text := range []string{originalText, subjectText, rewrittenText, half + " " + subjectText,
		"妊娠性类天疱疮是一种罕见的自身免疫性水疱病。", strings.ToUpper(rewrittenText),
		between(originalText, listedWords), between(originalText, strangeWords)} {
		derived, err := p.Of(uint64(i+1), []byte(text), p.Len())
		require.NoError(t, err)
		require.NoError(t, p.Add(uint64(i+1), 0, []byte(text), derived))
		out = append(out, vector{uint64(i + 1), text, derived})
	}
	golden(t, "provenance", out)
}

func BenchmarkProvenance(b *testing.B) {
	rng := rand.New(rand.NewSource(7))
	p := NewProvenance()
	var last []string
	for rank := range 5_000 {
		last = randomWords(rng, 200)
		if err := p.Add(uint64(rank+1), 0, []byte(strings.Join(last, " ")), nil); err != nil {
			b.Fatal(err)
		}
	}
	text := editedText(last, 7)
	for b.Loop() {
		if _, err := p.Of(1<<20, text, p.Len()); err != nil {
			b.Fatal(err)
		}
	}
}
