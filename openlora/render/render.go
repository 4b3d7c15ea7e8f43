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

// Colours of sources; an answer with more sources starts again. The codes have
// one length, because columns are aligned by bytes.
var Colours = []string{"\x1b[38;5;039m", "\x1b[38;5;208m", "\x1b[38;5;076m", "\x1b[38;5;170m", "\x1b[38;5;220m",
	"\x1b[38;5;045m", "\x1b[38;5;203m", "\x1b[38;5;141m"}

// Escape codes.
const (
	Bold  = "\x1b[1m"
	Grey  = "\x1b[38;5;245m"
	Reset = "\x1b[0m"
)

// Text returns what strangers wrote as a terminal may show it: characters that move its cursor, change its colours or
// turn the direction of reading are replaced by ones that are seen. Line ends and tabs stay.
func Text(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, text)
}

// Line is Text of what must stay on its line and in its column: line ends and tabs are replaced as well.
func Line(text string) string { return strings.Map(visible, text) }

// visible returns a character that is seen in the place of one that acts.
func visible(r rune) rune {
	switch {
	case r < ' ':
		return '\u2400' + r // the pictures of control characters stand in their order
	case r == 0x7f:
		return '\u2421'
	case unicode.IsControl(r), r >= '\u2028' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return unicode.ReplacementChar
	}
	return r
}

// Colour of a contribution in an answer.
func Colour(proof api.Answer, contribution uint64) string {
	for i, source := range proof.Sources {
		if source.Contribution == contribution {
			return Colours[i%len(Colours)]
		}
	}
	return Grey
}

// Spans returns the text with its attributed passages coloured by source, or
// marked with the number of the contribution where there is no colour.
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

// Percent of parts per million, with two digits.
func Percent(ppm uint32) string { return fmt.Sprintf("%d.%02d %%", ppm/10_000, ppm%10_000/100) }

// Weight of a source, and how much of it is for what it taught the adapter.
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
	fmt.Fprintf(w, "\nfee      %s for %d + %d tokens\n", open(proof.Fee), proof.InputTokens, proof.OutputTokens)
}

// open writes aopen in OPEN.
func open(aopen string) string {
	if fee, ok := math.NewIntFromString(aopen); ok {
		return amount.Format(fee)
	}
	return Line(aopen) + " aopen"
}

// Receipt prints where an answer was asked and what it is paid by. Where the sources say nothing there is no receipt.
func Receipt(w io.Writer, proof api.Answer) {
	receipt := Line(proof.ReceiptID)
	if proof.Gap {
		receipt = "none: nothing is paid"
	}
	fmt.Fprintf(w, "\nsession  %s\nreceipt  %s\n", proof.Session, receipt)
}
