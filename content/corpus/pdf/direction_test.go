package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestActualText: the text that the file gives for its signs is taken, once.
func TestActualText(t *testing.T) {
	for content, want := range map[string]string{
		"BT /F1 10 Tf 72 700 Td /Span <</ActualText <FEFF0915093E>>> BDC (xy) Tj EMC ( is) Tj ET":                       "का is",
		"BT /F1 10 Tf 72 700 Td (of) Tj /Span <</ActualText (\\357\\273\\277\\303\\251)>> BDC (xyz) Tj EMC ( it) Tj ET": "ofé it",
		"BT /F1 10 Tf 72 700 Td (hy) Tj /Span <</ActualText ()>> BDC (-) Tj EMC (phen) Tj ET":                           "hyphen",
		"BT /F1 10 Tf 72 700 Td /Span <</Lang (en) /ActualText (whole)>> BDC /Span <</ActualText (in)>> BDC (ab) Tj EMC " +
			"(c) Tj EMC ( and more) Tj ET": "whole and more",
	} {
		require.Equal(t, []string{want}, paragraphsIn(t, content), content)
	}
}

// hebrew returns a font whose small letters show Hebrew letters, and whose capital L shows two Arabic ones.
func hebrew() (objects []string, font string) {
	var chars strings.Builder
	for i := range 26 {
		fmt.Fprintf(&chars, "<%02X> <%04X>\n", 'a'+i, 0x05D0+i)
	}
	for _, c := range " .,()-0123456789" {
		fmt.Fprintf(&chars, "<%02X> <%04X>\n", c, c)
	}
	chars.WriteString("<4C> <06440627>\n<4D> <0645>\n<54> <0054>\n<4E> <004E>\n<50> <05B7>\n")
	cmap := fmt.Sprintf("begincmap 1 begincodespacerange <00> <FF> endcodespacerange %d beginbfchar\n%sendbfchar endcmap",
		strings.Count(chars.String(), "\n"), chars.String())
	return []string{
			"stream " + cmap}, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 1 0 " +
			"R /FirstChar 0 /Widths [" + strings.Repeat("500 ", 256) + "] >>"
}

// TestTextThatIsReadFromTheRight: it is put into the order of reading, however the file shows it.
func TestTextThatIsReadFromTheRight(t *testing.T) {
	objects, font := hebrew()
	for content, want := range map[string]string{
		"BT /F1 10 Tf 72 700 Td (cba) Tj ET":                "אבג",
		"BT /F1 10 Tf 72 700 Td (fed cba) Tj ET":            "אבג דהו",
		"BT /F1 10 Tf 72 700 Td (fed 50 TN cba) Tj ET":      "אבג 50 TN דהו",
		"BT /F1 10 Tf 72 700 Td (.\\(fed\\) 3.5 cba) Tj ET": "אבג 3.5 (דהו).",
		"BT /F1 10 Tf 72 700 Td (TTTTT cba NNNN) Tj ET":     "TTTTT אבג NNNN",
		// one sign of two letters
		"BT /F1 10 Tf 72 700 Td (ML) Tj ET":                                                                   "لام",
		"BT /F1 10 Tf 72 700 Td [(fed) -800 (cba)] TJ ET BT /F1 10 Tf 90 700 Td (.) Tj ET":                    "אבג. דהו",
		"BT /F1 10 Tf 100 700 Td (a) Tj ET BT /F1 10 Tf 94 700 Td (b) Tj ET BT /F1 10 Tf 88 700 Td (c) Tj ET": "אבג",
	} {
		text := read(t, file(objects, []string{font}, content))
		require.Equal(t, []string{want}, text.Paragraphs, content)
	}
}

// TestLineEndsWithoutSpaces: a line end becomes no space in scripts without spaces between words.
func TestLineEndsWithoutSpaces(t *testing.T) {
	words := map[string]bool{"파일": true}
	for _, c := range []struct{ a, b, between string }{
		{"これは本です。カ", "ーネル", ""}, {"以", "及", ""}, {"使用。", "他", ""}, {"在 Debian", "中", " "}, {"ประ", "มาณ", ""},
		{"one", "two", " "},
		{"또는 파", "일 형식", ""}, {"또는", "다른", " "},
	} {
		cut, between := joint(c.a, c.b, words)
		require.Zero(t, cut)
		require.Equal(t, c.between, between, "%s %s", c.a, c.b)
	}
}

// TestRowsAreCounted: tables are not recognised, but lines that look like rows are counted.
func TestRowsAreCounted(t *testing.T) {
	row := func(y int, cells ...string) string {
		var out strings.Builder
		for i, cell := range cells {
			fmt.Fprintf(&out, "BT /F1 10 Tf %d %d Td (%s) Tj ET\n", 72+150*i, y, cell)
		}
		return out.String()
	}
	table := row(700, "drug", "dose") + row(688, "dapsone", "50 mg") + row(676, "colchicine", "1 mg")
	require.Equal(t, 3, read(t, file(nil, []string{helvetica}, table)).Rows)
	require.Zero(t, read(t, file(nil, []string{helvetica}, row(700, "drug", "dose")+row(688, "and text"))).Rows)
	contents := row(700, "One", "1") + row(688, "Two", "12") + row(676, "Three", "31")
	require.Zero(t, read(t, file(nil, []string{helvetica}, contents)).Rows)
}
