package segment

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
)

func TestTablesKeepRowsWholeAndRepeatTheHeader(t *testing.T) {
	var text strings.Builder
	text.WriteString("The doses are in this table.\n| drug | dose |\n|:--|--:|\n")
	for i := range 60 {
		fmt.Fprintf(&text, "| drug%d | the dose of it is %d mg and it is given in the morning |\n", i, 50+i)
	}
	text.WriteString("And this follows it.\n")
	segments := Split([]byte(text.String()))
	require.Greater(t, len(segments), 3)
	require.Equal(t, "The doses are in this table.", string(segments[0]))
	require.Equal(t, "And this follows it.", string(segments[len(segments)-1]))
	rows := 0
	for _, s := range segments[1 : len(segments)-1] {
		lines := strings.Split(string(s), "\n")
		require.Equal(t, []string{"| drug | dose |", "|:--|--:|"}, lines[:2])
		for _, l := range lines[2:] {
			require.Equal(t, fmt.Sprintf("| drug%d | the dose of it is %d mg and it is given in the morning |", rows, 50+rows),
				l)
			rows++
		}
		require.LessOrEqual(t, len(s), SplitBytes)
	}
	require.Equal(t, 60, rows)
}

func TestSmallTablesStandWithText(t *testing.T) {
	// A small table is not cut, and may stand with the text around it.
	require.Equal(t, [][]byte{[]byte("Before.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nAfter.")},
		Split([]byte("Before.\n| a | b |\n|---|---|\n| 1 | 2 |\nAfter.")))
}

func TestLongRowsAndHeaders(t *testing.T) {
	word := func(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }
	// A row above the usual size stands alone with its header.
	long := "| a | b |\n|---|---|\n| 1 | 2 |\n| " + word(300) + " | x |\n| 3 | 4 |"
	segments := Split([]byte(long))
	require.Len(t, segments, 3)
	require.Equal(t, "| a | b |\n|---|---|\n| "+word(300)+" | x |", string(segments[1]))
	// A row that no segment holds is cut as text is.
	segments = Split([]byte("| a | b |\n|---|---|\n| " + word(2000) + " | x |"))
	require.Greater(t, len(segments), 8)
	require.True(t, strings.HasPrefix(string(segments[0]), "| a | b | | word word"),
		"the names of the columns are kept: %q", segments[0])
	// A header as long as text is not repeated.
	segments = Split([]byte("| " + word(150) + " | b |\n|---|---|\n" + strings.Repeat("| one | two |\n", 300)))
	require.NotContains(t, string(segments[len(segments)-1]), "word")
}

func TestSplitLosesNoWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"| a | b |\n", "|---|---|\n", "| 1 | 2 |\n", "some words of text. ", "\n", "\r\n", "```\n", "|", "é世 ",
			strings.Repeat("| long cell of a table | x |\n", 50), strings.Repeat("| | |\n", 300), strings.Repeat("word ", 300),
		}), 0, 30).Draw(t, "parts")
		text := []byte(strings.Join(parts, ""))
		segments := Split(text)
		held := make(map[poa.TokenID]int)
		for _, s := range segments {
			if len(s) > poa.MaxSegmentBytes || len(poa.TokenIDs(s)) > poa.MaxSegmentTokens {
				t.Fatalf("a segment of %d bytes", len(s))
			}
			for _, id := range poa.TokenIDs(s) {
				held[id]++
			}
		}
		for _, id := range poa.TokenIDs(text) {
			if held[id]--; held[id] < 0 { // a repeated header may add, nothing may lack
				t.Fatalf("a word is lost of %q", text)
			}
		}
		if again := Split(text); !equal(segments, again) {
			t.Fatal("the same text gave other segments")
		}
	})
}

func equal(a, b [][]byte) bool {
	return bytes.Equal(bytes.Join(a, []byte{0}), bytes.Join(b, []byte{0}))
}
