// Package render prints answers with their sources for people.
package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/api"
)

// Colours of sources. An answer with more sources uses them again. All codes have the same length, because columns are
// aligned by bytes.
var Colours = []string{"\x1b[38;5;039m", "\x1b[38;5;208m", "\x1b[38;5;076m", "\x1b[38;5;170m", "\x1b[38;5;220m",
	"\x1b[38;5;045m", "\x1b[38;5;203m", "\x1b[38;5;141m"}

// Escape codes.
const (
	Bold  = "\x1b[1m"
	Grey  = "\x1b[38;5;245m"
	Reset = "\x1b[0m"
)

// Text makes the text of strangers safe for a terminal: it replaces characters that move the cursor, change colours or
// turn the direction of reading by visible ones. Line ends and tabs stay.
func Text(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, text)
}

// Line is like Text, for text that must stay on its line and in its column: it also replaces line ends and tabs.
func Line(text string) string { return strings.Map(visible, text) }

// visible returns a visible character in place of one that acts on a terminal.
func visible(r rune) rune {
	switch {
	case r < ' ':
		return '\u2400' + r // the pictures of control characters, in the same order
	case r == 0x7f:
		return '\u2421'
	case unicode.IsControl(r), r >= '\u2028' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return unicode.ReplacementChar
	}
	return r
}

// Colour returns the colour of a contribution in an answer.
func Colour(proof api.Answer, contribution uint64) string {
	for i, source := range proof.Sources {
		if source.Contribution == contribution {
			return Colours[i%len(Colours)]
		}
	}
	return Grey
}

// Spans returns the text with its attributed passages coloured by source. Without colour it puts brackets around them
// and adds the number of the contribution.
func Spans(text string, proof api.Answer, colour bool) string {
	spans := slices.Clone(proof.Spans)
	slices.SortFunc(spans, func(a, b api.Span) int { return cmp.Compare(a.Start, b.Start) })
	var out strings.Builder
	at := 0
	for _, span := range spans {
		if span.Start < at || span.End > len(text) || span.Start >= span.End {
			continue
		}
		out.WriteString(Text(text[at:span.Start]))
		if passage := Text(text[span.Start:span.End]); colour {
			out.WriteString(Colour(proof, span.Contribution) + passage + Reset)
		} else {
			fmt.Fprintf(&out, "[%s]#%d", passage, span.Contribution)
		}
		at = span.End
	}
	out.WriteString(Text(text[at:]))
	return out.String()
}

// Percent writes parts per million as a percentage with two decimals.
func Percent(ppm uint32) string { return fmt.Sprintf("%d.%02d %%", ppm/10_000, ppm%10_000/100) }

// Weight writes the weight of a source, and the part of it for what it taught the adapter.
func Weight(source api.Source) string {
	if source.LoraPPM == 0 {
		return Percent(source.WeightPPM)
	}
	return Percent(source.WeightPPM) + " (" + Percent(source.LoraPPM) + " by training)"
}

// Answer prints an answer and the legend of its sources.
func Answer(w io.Writer, text string, proof api.Answer, colour bool) {
	fmt.Fprintf(w, "%s\n\n", Spans(text, proof, colour))
	if proof.Gap {
		fmt.Fprintln(w, "fee      nothing: there is no answer to pay for")
		return
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, source := range proof.Sources {
		mark := fmt.Sprintf("#%d", source.Contribution)
		if colour {
			mark = Colour(proof, source.Contribution) + "●" + Reset
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", mark, Weight(source), Line(source.Contributor), Line(source.Title))
	}
	mark := ""
	if colour {
		mark = Grey + "●" + Reset
	}
	fmt.Fprintf(tab, "%s\t%s\t%s\t\n", mark, Percent(proof.UnattributedPPM), "unattributed")
	tab.Flush()
	fmt.Fprintf(w, "\nfee      %s for %d + %d tokens\n", formatFee(proof.Fee), proof.InputTokens, proof.OutputTokens)
}

// formatFee writes an amount of aopen in OPEN.
func formatFee(aopen string) string {
	if fee, ok := math.NewIntFromString(aopen); ok {
		return amount.Format(fee)
	}
	return Line(aopen) + " aopen"
}

// Receipt prints the session and the receipt of an answer. If the sources say nothing, there is no receipt.
func Receipt(w io.Writer, proof api.Answer) {
	receipt := Line(proof.ReceiptID)
	if proof.Gap {
		receipt = "none: nothing is paid"
	}
	fmt.Fprintf(w, "\nsession  %s\nreceipt  %s\n", proof.Session, receipt)
}
