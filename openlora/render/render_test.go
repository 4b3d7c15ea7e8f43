package render_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/render"
)

// hostile texts would act on a terminal, or look like the program's own output.
var hostile = []string{
	"\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;Zm9v\x07", "\u009b31m", "\r", "\b\b\b", "\x7f", "\u202e", "\u2066", "\u2028",
	"\xff", "\nfee      nothing\n", "\t100.00 %\t", "\x00",
}

func shown(text string, proof api.Answer, colour bool) string {
	var out strings.Builder
	render.Answer(&out, text, proof, colour)
	render.Receipt(&out, proof)
	return out.String()
}

// TestSilenceHasNoReceipt: its id would look like that of a receipt that is paid and can be looked up.
func TestSilenceHasNoReceipt(t *testing.T) {
	const text = "The sources say nothing."
	silent := shown(text, api.Answer{ReceiptID: "ab12-3", Fee: "0", Gap: true}, false)
	require.Contains(t, silent, "fee      nothing: there is no answer to pay for\n")
	require.Contains(t, silent, "receipt  none: nothing is paid\n")
	require.NotContains(t, silent, "ab12-3")
	require.Contains(t, shown(text, api.Answer{ReceiptID: "ab12-3", Fee: "5"}, false), "receipt  ab12-3\n")
}

// TestAnswer: it shows the text with its passages, a line for each source, the unattributed part, and the fee.
func TestAnswer(t *testing.T) {
	proof := api.Answer{
		ReceiptID: "ab12-3", Fee: "200346000000000000", InputTokens: 7, OutputTokens: 21, UnattributedPPM: 65_500,
		Spans: []api.Span{{Start: 11, End: 15, Contribution: 7}, {Start: 0, End: 4, Contribution: 3}},
		Sources: []api.Source{
			{Contribution: 3, Contributor: "open1a", Title: "On hair", WeightPPM: 469_600},
			{Contribution: 7, Contributor: "open1bc", Title: "On nails", WeightPPM: 464_900, LoraPPM: 20_000},
		},
	}
	require.Equal(t, `[Hair]#3 is no [nail]#7.

#3  46.96 %                       open1a        On hair
#7  46.49 % (2.00 % by training)  open1bc       On nails
    6.55 %                        unattributed`+"  "+`

fee      0.200346 OPEN for 7 + 21 tokens

session  0000000000000000000000000000000000000000000000000000000000000000
receipt  ab12-3
`, shown("Hair is no nail.", proof, false))
	coloured := shown("Hair is no nail.", proof, true)
	for place, contribution := range []uint64{3, 7} {
		require.Contains(t, coloured, render.Colours[place]+[]string{"Hair", "nail"}[place]+render.Reset)
		require.Equal(t, render.Colours[place], render.Colour(proof, contribution))
	}
	require.Equal(t, render.Grey, render.Colour(proof, 9))
}

// TestColoursStartAgain: an answer may have more sources than there are colours. All codes have the same length,
// because columns are aligned by bytes.
func TestColoursStartAgain(t *testing.T) {
	var proof api.Answer
	for i := range 2*len(render.Colours) + 1 {
		proof.Sources = append(proof.Sources, api.Source{Contribution: uint64(i + 1)})
	}
	for i, source := range proof.Sources {
		code := render.Colour(proof, source.Contribution)
		require.Equal(t, render.Colours[i%len(render.Colours)], code)
		require.Len(t, code, len(render.Grey))
	}
}

func TestPercent(t *testing.T) {
	for ppm, want := range map[uint32]string{0: "0.00 %", 1: "0.00 %", 100: "0.01 %", 999_999: "99.99 %",
		1_000_000: "100.00 %", 4_294_967_295: "429496.72 %"} {
		require.Equal(t, want, render.Percent(ppm))
	}
}

var codes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// spans draws passages, in any order, which may overlap or lie outside of the text.
func spans(t *rapid.T, text string) (all []api.Span) {
	for range rapid.IntRange(0, 6).Draw(t, "spans") {
		all = append(all, api.Span{Start: rapid.IntRange(-2, len(text)+2).Draw(t, "start"),
			End: rapid.IntRange(-2, len(text)+2).Draw(t, "end"), Contribution: rapid.Uint64Range(0, 3).Draw(t, "of")})
	}
	return all
}

// TestSpansShowAllOfTheText: whatever passages a gateway names, every character of the text is shown once and in order.
// Colour adds nothing visible.
func TestSpansShowAllOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab é字\n.[]#0😀"))).Draw(t, "text")
		proof := api.Answer{Spans: spans(t, text), Sources: []api.Source{{Contribution: 1}, {Contribution: 2}}}
		given := fmt.Sprint(proof)
		coloured := codes.ReplaceAllString(render.Spans(text, proof, true), "")
		if !utf8.ValidString(coloured) || strings.ContainsRune(coloured, unicode.ReplacementChar) {
			// A passage begins inside of a character: only that character is not shown.
			coloured = strings.ReplaceAll(coloured, string(unicode.ReplacementChar), "")
			require.Subset(t, []rune(text), []rune(coloured))
		} else {
			require.Equal(t, text, coloured)
		}
		marked := render.Spans(text, proof, false)
		for _, r := range "ab\n." {
			require.Equal(t, strings.Count(text, string(r)), strings.Count(marked, string(r)))
		}
		require.Equal(t, given, fmt.Sprint(proof), "the proof is not changed")
	})
}

// TestStrangersDoNotWriteToTheTerminal: no text of an answer, its sources or its names acts on the terminal, adds a
// line, or removes visible characters.
func TestStrangersDoNotWriteToTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			part := rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(0, 5, -1))
			return strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, name), "")
		}
		answer, title := text("answer"), text("title")
		proof := api.Answer{
			Fee: text("fee"), ReceiptID: text("receipt"), Gap: rapid.Bool().Draw(t, "gap"), Spans: spans(t, answer),
			Sources: []api.Source{{Contribution: 1, Title: title, Contributor: text("contributor")}},
		}
		for _, colour := range []bool{false, true} {
			out := shown(answer, proof, colour)
			if colour {
				out = codes.ReplaceAllString(out, "")
			}
			require.True(t, utf8.ValidString(out))
			for _, r := range out {
				require.False(t, r != '\n' && r != '\t' && unicode.IsControl(r), "%q in %q", r, out)
				require.NotContains(t, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029", string(r))
			}
			lines := 9 // of the source, the rest, the fee, session and receipt, with those that are empty
			if proof.Gap {
				lines = 6
			}
			require.Equal(t, lines+strings.Count(answer, "\n"), strings.Count(out, "\n"), "%q", out)
		}
		require.Equal(t, utf8.RuneCountInString(title), utf8.RuneCountInString(render.Line(title)))
		require.Equal(t, render.Line(title), render.Line(render.Line(title)))
		require.Equal(t, render.Text(answer), render.Text(render.Text(answer)))
	})
	const plain = "Wörter, 字, عربى, 😀\nand a tab\there"
	require.Equal(t, plain, render.Text(plain))
	require.Equal(t, "␛[31m␀␡␍␊�", render.Line("\x1b[31m\x00\x7f\r\n\u202e"))
}
